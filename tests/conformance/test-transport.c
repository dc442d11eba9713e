/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The contract of the transports (src/transport/chat-transport.h), as cases that every implementation passes. What an
 * implementation does not promise (chat_transport_get_features(), and the members of its TransportFixture) it must
 * refuse; what it promises is tested. The cases are in transport-publish.c, transport-subscribe.c, transport-group.c
 * and transport-fault.c.
 *
 *   test-transport                            all fixtures
 *   test-transport -p /transport/log          one
 */
#include "transport-case.h"

typedef struct
{
  const TransportFixture *fixture;
  const TransportCase *test;
} Run;

static const char *
missing (const TransportFixture *fixture, const TransportCase *test)
{
  if ((fixture->features & test->needs) != test->needs)
    return "the transport does not have the feature";
  if ((test->wants & WANTS_MANY) != 0 && !fixture->many)
    return "the broker takes one transport";
  if ((test->wants & WANTS_BREAK) != 0 && fixture->set_reachable == NULL)
    return "its connection can't be broken";
  if ((test->wants & WANTS_TRIM) != 0 && fixture->trim == NULL)
    return "its retention can't be provoked";
  if ((test->wants & WANTS_VERBATIM) != 0 && !fixture->verbatim)
    return "it does not carry every payload";
  if ((test->wants & WANTS_SHARDS) != 0 && fixture->shards < 2)
    return "its topics have one shard";
  return NULL;
}

static void
run_case (gconstpointer data)
{
  const Run *run = data;
  g_autofree char *unavailable = run->fixture->available != NULL ? run->fixture->available () : NULL;
  const char *why = unavailable != NULL ? unavailable : missing (run->fixture, run->test);
  Case c = { run->fixture, NULL, NULL };

  if (why != NULL)
    {
      g_test_skip (why);
      return;
    }
  c.broker = run->fixture->broker_new ();
  c.transport = run->fixture->transport_new (c.broker);
  if ((run->test->wants & WANTS_OFFLINE) == 0)
    case_connect (c.transport);
  run->test->run (&c);
  case_close (c.transport);
  g_assert_finalize_object (c.transport);
  run->fixture->broker_free (c.broker);
}

void
transport_conformance_add (const TransportFixture *fixture)
{
  const TransportCase *groups[]
      = { transport_cases_publish, transport_cases_subscribe, transport_cases_group, transport_cases_fault };

  for (guint i = 0; i < G_N_ELEMENTS (groups); i++)
    for (const TransportCase *test = groups[i]; test->name != NULL; test++)
      {
        const char *variant = fixture->variant != NULL ? fixture->variant : fixture->name;
        g_autofree char *path = g_strdup_printf ("/transport/%s/%s", variant, test->name);
        Run *run = g_new (Run, 1);

        run->fixture = fixture;
        run->test = test;
        g_test_add_data_func_full (path, run, run_case, g_free);
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  transport_conformance_add (&transport_fixture_log);
  transport_conformance_add (&transport_fixture_loopback);
  transport_conformance_add (&transport_fixture_loopback_poor);
  transport_conformance_add (&transport_fixture_websocket);
#if CHAT_HAVE_KAFKA
  transport_conformance_add (&transport_fixture_kafka);
#endif
#if CHAT_HAVE_RABBITMQ
  transport_conformance_add (&transport_fixture_rabbitmq);
#endif
  return g_test_run ();
}
