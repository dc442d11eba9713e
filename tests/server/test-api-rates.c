/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rate limits as plain values: the buckets, who is who, and the gate that they make. */
#include "core/chat-core-error.h"
#include "server/api/chat-api-address.h"
#include "server/api/chat-api-error.h"
#include "server/api/chat-api-gate.h"

#define S G_TIME_SPAN_SECOND

/*
 * Rates
 */

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    ChatRate rate;
  } good[] = {
    { "0", { 0, 0, 0 } },
    { "60 then 5/s", { 60, 5, S } },
    { "1 then 1000000/min", { 1, 1000000, 60 * S } },
    { "1000000 then 1/h", { 1000000, 1, 3600 * S } },
  };
  static const char *const bad[] = { "",
                                     "60",
                                     "60 then",
                                     "60 then 5",
                                     "60 then 5/",
                                     "60 then 5/d",
                                     "60 then 5/s/s",
                                     "0 then 5/s",
                                     "5 then 0/s",
                                     "-1 then 5/s",
                                     "60  then 5/s",
                                     " 0",
                                     "60 Then 5/s",
                                     "1000001 then 5/s",
                                     "99999999999999999999 then 5/s",
                                     "60 then 5/s " };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      ChatRate rate;

      g_assert_true (chat_rate_parse (good[i].text, &rate, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (rate.burst, ==, good[i].rate.burst);
      g_assert_cmpuint (rate.count, ==, good[i].rate.count);
      g_assert_cmpint (rate.period_us, ==, good[i].rate.period_us);
    }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      ChatRate rate;

      g_assert_false (chat_rate_parse (bad[i], &rate, &error));
      g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
      g_assert_cmpuint (rate.burst, ==, 0);
    }
}

static void
test_bucket (void)
{
  const ChatRate rate = { 3, 2, S };
  g_autoptr (ChatRateLimiter) limiter = chat_rate_limiter_new (&rate, 10);
  gint64 now = 1000 * S;

  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (chat_rate_limiter_take (limiter, "a", now), ==, 0);
  /* The wait is exact, and asking costs nothing. */
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (chat_rate_limiter_take (limiter, "a", now), ==, S / 2);
  g_assert_cmpint (chat_rate_limiter_peek (limiter, "a", now + S / 4), ==, S / 4);
  g_assert_cmpint (chat_rate_limiter_take (limiter, "a", now + S / 2), ==, 0);
  g_assert_cmpint (chat_rate_limiter_take (limiter, "a", now + S / 2), ==, S / 2);
  /* Others have their own. */
  g_assert_cmpint (chat_rate_limiter_take (limiter, "b", now), ==, 0);
  /* It fills up to the burst, however long it rests. */
  now += 1000 * S;
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (chat_rate_limiter_take (limiter, "a", now), ==, 0);
  g_assert_cmpint (chat_rate_limiter_take (limiter, "a", now), >, 0);
}

/* In the long run there are as many as the rate says, whatever the order of asking. */
static void
test_long_run (void)
{
  const ChatRate rate = { 10, 7, S };
  g_autoptr (ChatRateLimiter) limiter = chat_rate_limiter_new (&rate, 10);
  gint64 now = 5 * S, end = now + 100 * S;
  guint taken = 0;

  while (now < end)
    {
      taken += chat_rate_limiter_take (limiter, "a", now) == 0;
      now += g_test_rand_int_range (0, 20000);
    }
  g_assert_cmpuint (taken, >=, 10 + 7 * 100 - 3);
  g_assert_cmpuint (taken, <=, 10 + 7 * 100 + 1);
}

static void
test_off (void)
{
  const ChatRate off = { 0, 0, 0 };
  g_autoptr (ChatRateLimiter) limiter = chat_rate_limiter_new (&off, 1);

  for (guint i = 0; i < 100; i++)
    g_assert_cmpint (chat_rate_limiter_take (limiter, "a", 0), ==, 0);
  g_assert_cmpint (chat_rate_limiter_peek (limiter, "a", 0), ==, 0);
  g_assert_cmpuint (chat_rate_limiter_get_size (limiter), ==, 0);
}

static void
test_bounded (void)
{
  const ChatRate rate = { 1, 1, S };
  g_autoptr (ChatRateLimiter) limiter = chat_rate_limiter_new (&rate, 100);

  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *key = g_strdup_printf ("%u", i);

      g_assert_cmpint (chat_rate_limiter_take (limiter, key, 0), ==, 0);
    }
  g_assert_cmpuint (chat_rate_limiter_get_size (limiter), ==, 100);
  g_assert_cmpint (chat_rate_limiter_take (limiter, "9999", 0), >, 0);
}

/*
 * Addresses
 */

static void
check_client (const char *peer, const char *forwarded, const char *expected)
{
  const char *const proxies[] = { "10.0.0.1", "::1", "::ffff:10.0.0.2", NULL };
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (peer, 1234);
  g_autofree char *key = chat_api_address_find_client (address, forwarded, proxies);

  g_assert_cmpstr (key, ==, expected);
}

static void
test_addresses (void)
{
  check_client ("192.0.2.7", NULL, "192.0.2.7");
  check_client ("::ffff:192.0.2.7", NULL, "192.0.2.7");
  /* One subscriber has a whole network. */
  check_client ("2001:db8:1:2:3:4:5:6", NULL, "2001:db8:1:2::/64");
  check_client ("2001:db8:1:2:ffff::1", NULL, "2001:db8:1:2::/64");
  /* A stranger's word is worth nothing. */
  check_client ("192.0.2.7", "198.51.100.1", "192.0.2.7");
  check_client ("10.0.0.1", "198.51.100.1", "198.51.100.1");
  check_client ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1");
  check_client ("10.0.0.2", "[2001:db8::1]:4711", "2001:db8::/64");
  check_client ("::1", "2001:db8::1", "2001:db8::/64");
  /* The last that is no proxy: what stands before it anybody can write. */
  check_client ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1");
  check_client ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1");
  check_client ("10.0.0.1", "", "10.0.0.1");
  check_client ("10.0.0.1", "[", "10.0.0.1");
  check_client ("10.0.0.1", "a:b:c:1,", "10.0.0.1");
}

/*
 * The gate
 */

static const ChatApiRates rates = {
  .per_user = { [CHAT_API_RATE_POST] = { 2, 1, S }, [CHAT_API_RATE_SIGN_IN] = { 3, 1, S } },
  .per_address = { [CHAT_API_RATE_POST] = { 5, 1, S }, [CHAT_API_RATE_SIGN_IN] = { 6, 1, S } },
};

static guint
count_admitted (ChatApiGate *gate, ChatApiRate rate, const char *address, const char *user)
{
  guint admitted = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 wait_ms = 0;

      if (chat_api_gate_admit (gate, rate, address, user, S, &wait_ms, &error))
        admitted++;
      else
        {
          g_assert_error (error, CHAT_API_ERROR, CHAT_API_ERROR_RATE_LIMITED);
          g_assert_cmpint (wait_ms, >, 0);
          g_assert_cmpint (wait_ms, <=, 1000);
        }
    }
  return admitted;
}

static void
test_gate_classes (void)
{
  g_autoptr (ChatApiGate) gate = chat_api_gate_new (&rates);

  /* Each user has his share, and what is over it is not taken from the address. */
  g_assert_cmpuint (count_admitted (gate, CHAT_API_RATE_POST, "here", "ana"), ==, 2);
  g_assert_cmpuint (count_admitted (gate, CHAT_API_RATE_POST, "here", "eva"), ==, 2);
  g_assert_cmpuint (count_admitted (gate, CHAT_API_RATE_POST, "here", "leo"), ==, 1);
  g_assert_cmpuint (count_admitted (gate, CHAT_API_RATE_POST, "there", "pia"), ==, 2);
  g_assert_cmpuint (count_admitted (gate, CHAT_API_RATE_READ, "here", "ana"), ==, 20);
}

static guint
count_names (ChatApiGate *gate, const char *address, const char *name)
{
  guint admitted = 0;
  gint64 wait_ms;

  for (guint i = 0; i < 20; i++)
    admitted += chat_api_gate_admit_name (gate, address, name, S, &wait_ms, NULL);
  return admitted;
}

static void
test_gate_names (void)
{
  g_autoptr (ChatApiGate) gate = chat_api_gate_new (&rates);

  /* Who has got in is not locked out by whoever guesses, from elsewhere, with whatever spelling. */
  chat_api_gate_signed_in (gate, "home", "Ana", "token");
  g_assert_cmpuint (count_names (gate, "there", "ana"), ==, 3);
  g_assert_cmpuint (count_names (gate, "elsewhere", "ANA"), ==, 0);
  g_assert_cmpuint (count_names (gate, "elsewhere", "eva"), ==, 3);
  g_assert_cmpuint (count_names (gate, "home", "ana"), ==, 20);
}

static gboolean
try_token (ChatApiGate *gate, const char *address, const char *token, gboolean right)
{
  gint64 wait_ms;

  if (!chat_api_gate_admit_token (gate, address, token, S, &wait_ms, NULL))
    return FALSE;
  chat_api_gate_judge_token (gate, address, token, right, S);
  return TRUE;
}

static void
test_gate_tokens (void)
{
  g_autoptr (ChatApiGate) gate = chat_api_gate_new (&rates);

  g_assert_true (try_token (gate, "here", "right", TRUE));
  for (guint i = 0; i < 6; i++)
    g_assert_true (try_token (gate, "here", "wrong", FALSE));
  /* From here on a guess is not even looked at, right or not; who was in stays in. */
  g_assert_false (try_token (gate, "here", "wrong", FALSE));
  g_assert_false (try_token (gate, "here", "right by chance", TRUE));
  g_assert_true (try_token (gate, "here", "right", TRUE));
  g_assert_true (try_token (gate, "there", "right by chance", TRUE));
  g_assert_cmpuint (count_admitted (gate, CHAT_API_RATE_SIGN_IN, "here", NULL), ==, 0);
  chat_api_gate_signed_in (gate, "here", "ana", "new");
  g_assert_true (try_token (gate, "here", "new", TRUE));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rates/parse", test_parse);
  g_test_add_func ("/rates/bucket", test_bucket);
  g_test_add_func ("/rates/long-run", test_long_run);
  g_test_add_func ("/rates/off", test_off);
  g_test_add_func ("/rates/bounded", test_bounded);
  g_test_add_func ("/rates/addresses", test_addresses);
  g_test_add_func ("/rates/gate/classes", test_gate_classes);
  g_test_add_func ("/rates/gate/names", test_gate_names);
  g_test_add_func ("/rates/gate/tokens", test_gate_tokens);
  return g_test_run ();
}
