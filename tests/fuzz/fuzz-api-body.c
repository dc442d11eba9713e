/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever is sent as a body, it is one JSON object or refused as none; and what a `subscribe` asks for is read whole
 * or refused with a reason that is a problem of the caller's. */
#include "core/chat-core-error.h"
#include "core/chat-json.h"
#include "server/api/chat-api-error.h"
#include "server/api/chat-api-live-subscription.h"

#include <stdint.h>
#include <string.h>

#define MAX_DEPTH 32

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* What is answered to an error is itself right, and blames the caller. */
static void
check_problem (const GError *error)
{
  guint status;
  g_autoptr (JsonObject) problem = NULL;

  g_assert_nonnull (error);
  problem = chat_api_problem_new (error, NULL, &status);
  g_assert_cmpuint (status, >=, 400);
  g_assert_cmpuint (status, <, 500);
  g_assert_false (chat_api_problem_is_ours (error));
  g_assert_true (g_utf8_validate (json_object_get_string_member (problem, "detail"), -1, NULL));
}

static void
check (gboolean taken, GError **error)
{
  g_assert_true (taken == (*error == NULL));
  if (!taken)
    check_problem (*error);
  g_clear_error (error);
}

/* Members are typed, or refused by name. */
static void
check_members (JsonObject *body)
{
  JsonObjectIter iter;
  const char *member;

  json_object_iter_init (&iter, body);
  while (json_object_iter_next (&iter, &member, NULL))
    {
      GError *error = NULL;
      const char *text = NULL;
      gint64 number = 0;
      gboolean flag = FALSE;

      check (chat_json_get_string (body, member, TRUE, &text, &error), &error);
      g_assert_true (text == NULL || g_utf8_validate (text, -1, NULL));
      check (chat_json_get_int (body, member, TRUE, &number, &error), &error);
      check (chat_json_get_boolean (body, member, TRUE, &flag, &error), &error);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) refusal = NULL;
  g_autoptr (JsonObject) body = chat_json_parse_object (data, size, MAX_DEPTH, &error);
  g_autoptr (ChatApiLiveSubscription) subscription = NULL;

  if (body == NULL)
    {
      check_problem (error);
      return 0;
    }
  check_members (body);
  subscription = chat_api_live_subscription_new (1, body, CHAT_ROLE_MEMBER, &refusal);
  if (subscription == NULL)
    check_problem (refusal);
  else
    g_assert_true (subscription->channels != NULL || chat_api_live_subscription_covers (subscription, "general"));
  return 0;
}
