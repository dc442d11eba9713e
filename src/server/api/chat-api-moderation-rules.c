/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-json.h"
#include "core/chat-language.h"
#include "core/chat-names.h"
#include "core/chat-time.h"
#include "server/api/chat-api-json.h"
#include "server/api/chat-api-moderation.h"
#include "server/api/chat-api-query.h"
#include "server/api/chat-api-routes.h"

/* One request about the rules on its way. */
typedef struct
{
  ChatApiRequest *request;     /* owned */
  ChatRulesRevision *revision; /* (nullable) owned: which one the answer is about */
  char *version;               /* (nullable): of the rules that it makes */
} Call;

static void
call_free (Call *self)
{
  chat_api_request_unref (self->request);
  g_clear_pointer (&self->revision, chat_rules_revision_free);
  g_free (self->version);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

static Call *
call_new (ChatApiRequest *request)
{
  Call *self = g_new0 (Call, 1);

  self->request = chat_api_request_ref (request);
  return self;
}

/*
 * What they are
 */

/* `lists`: the entries counted by language, rule and severity, in the order in which they come. */
static JsonArray *
count_entries (GPtrArray *entries)
{
  JsonArray *lists = json_array_new ();
  g_autoptr (GHashTable) places = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < entries->len; i++)
    {
      const ChatRulesEntry *entry = g_ptr_array_index (entries, i);
      const char *severity = chat_severity_to_string (entry->severity);
      g_autofree char *key = g_strjoin ("\n", entry->language, entry->rule, severity, NULL);
      JsonObject *list = g_hash_table_lookup (places, key);

      if (list == NULL)
        {
          list = json_object_new ();
          json_object_set_string_member (list, "name", entry->rule);
          json_object_set_string_member (list, "language", entry->language);
          json_object_set_string_member (list, "rule", entry->rule);
          json_object_set_string_member (list, "severity", severity);
          json_object_set_int_member (list, "entries", 0);
          g_hash_table_insert (places, g_steal_pointer (&key), list);
          json_array_add_object_element (lists, list);
        }
      json_object_set_int_member (list, "entries", json_object_get_int_member (list, "entries") + 1);
    }
  return lists;
}

static void
entries_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = chat_rules_source_list_finish (CHAT_RULES_SOURCE (source), result, &error);
  const ChatRulesRevision *revision = self->revision;
  JsonObject *answer;

  if (entries == NULL)
    {
      chat_api_request_fail (self->request, error);
      return;
    }
  answer = json_object_new ();
  json_object_set_int_member (answer, "revision", revision->revision);
  json_object_set_string_member (answer, "text", revision->text);
  chat_api_json_set_text (answer, "by", revision->by);
  chat_api_json_set_text (answer, "remark", revision->remark);
  chat_api_json_set_time (answer, "time", revision->revision > 0 ? revision->time : CHAT_TIME_UNKNOWN);
  json_object_set_string_member (answer, "version", self->version);
  json_object_set_array_member (answer, "lists", count_entries (entries));
  chat_api_request_reply (self->request, SOUP_STATUS_OK, answer);
}

static void
got_rules_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) self = user_data;
  ChatApiRequest *request = self->request;
  g_autoptr (GError) error = NULL;

  self->revision = chat_moderation_store_get_rules_finish (CHAT_MODERATION_STORE (source), result, &error);
  if (self->revision == NULL)
    {
      chat_api_moderation_fail (request, error, CHAT_API_ERROR_NO_RESOURCE, "There is no such revision of the rules");
      return;
    }
  chat_rules_source_list_async (request->context->rules, NULL, request->cancellable, entries_cb, self);
  self = NULL;
}

static void
get_rules (ChatApiRequest *request)
{
  static const char *const names[] = { "revision", NULL };
  g_autoptr (GError) error = NULL;
  gint64 revision = 0;
  Call *self;

  if (!chat_api_query_check_names (request, names, &error)
      || !chat_api_query_get_number (request, "revision", &revision, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  self = call_new (request);
  self->version = g_strdup (chat_rules_get_version (chat_rules_source_get_rules (request->context->rules)));
  chat_moderation_store_get_rules_async (chat_store_get_moderation (request->context->store), revision,
                                         request->cancellable, got_rules_cb, self);
}

/*
 * Publishing others: compiled first, as strictly as can be
 */

static void
published_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) self = user_data;
  ChatApiRequest *request = self->request;
  g_autoptr (GError) error = NULL;

  if (chat_moderation_store_publish_rules_finish (CHAT_MODERATION_STORE (source), result, &error))
    {
      chat_control_feed_announce (request->context->control, CHAT_KIND_RULES, NULL, NULL, NULL);
      chat_rules_source_list_async (request->context->rules, self->revision->text, NULL, entries_cb, self);
      self = NULL;
      return;
    }
  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT))
    {
      g_clear_error (&error);
      error = g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_RULES_CHANGED,
                           "Revision %" G_GINT64_FORMAT
                           " is not the next one: the rules were changed meanwhile. Get them "
                           "again, and make your changes there",
                           self->revision->revision);
    }
  chat_api_request_fail (request, error);
}

static void
compiled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Call) self = user_data;
  ChatApiRequest *request = self->request;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatRules) rules = chat_rules_source_compile_finish (CHAT_RULES_SOURCE (source), result, &error);

  if (rules == NULL)
    {
      chat_api_request_fail (request, error);
      return;
    }
  self->version = g_strdup (chat_rules_get_version (rules));
  chat_moderation_store_publish_rules_async (chat_store_get_moderation (request->context->store), self->revision, NULL,
                                             published_cb, self);
  self = NULL;
}

static void
publish_rules (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *text = NULL, *remark = NULL;
  gint64 revision = 0;
  Call *self;

  if (!chat_json_get_int (request->body, "revision", TRUE, &revision, &error)
      || !chat_json_get_string (request->body, "text", TRUE, &text, &error)
      || !chat_api_moderation_get_remark (request, "remark", &remark, &error))
    {
      chat_api_request_fail (request, error);
      return;
    }
  if (revision < 1)
    {
      error = g_error_new_literal (CHAT_API_ERROR, CHAT_API_ERROR_MEMBER,
                                   "\"revision\" must be one more than that of the rules in force, so from 1");
      chat_api_request_fail (request, error);
      return;
    }
  self = call_new (request);
  self->revision = g_new0 (ChatRulesRevision, 1);
  self->revision->revision = revision;
  self->revision->text = g_strdup (text);
  self->revision->by = g_strdup (request->session->user);
  self->revision->remark = g_strdup (remark);
  self->revision->time = chat_time_now ();
  chat_rules_source_compile_async (request->context->rules, text, request->cancellable, compiled_cb, self);
}

/*
 * Trying them out on a text
 */

static void
reply_tested (ChatApiRequest *request, ChatRules *rules)
{
  const char *data = json_object_get_string_member (request->body, "data");
  const char *language = NULL;
  g_auto (GStrv) languages = NULL;
  g_autoptr (GArray) found = NULL;
  g_autofree char *masked = NULL;
  JsonArray *hits = json_array_new ();
  JsonObject *answer = json_object_new ();

  chat_json_get_string (request->body, "language", FALSE, &language, NULL);
  if (language != NULL && *language != '\0')
    languages = chat_languages_split (language);
  found = chat_rules_find (rules, data, (const char *const *)languages);
  masked = chat_rules_mask (data, found);
  for (guint i = 0; found != NULL && i < found->len; i++)
    {
      const ChatHit *hit = &g_array_index (found, ChatHit, i);
      g_autofree char *word = g_utf8_substring (data, hit->start, hit->start + hit->length);
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "rule", hit->rule);
      json_object_set_int_member (object, "start", hit->start);
      json_object_set_int_member (object, "length", hit->length);
      json_object_set_string_member (object, "severity", chat_severity_to_string (hit->severity));
      json_object_set_string_member (object, "word", word);
      json_array_add_object_element (hits, object);
    }
  json_object_set_string_member (answer, "masked", masked);
  json_object_set_array_member (answer, "hits", hits);
  chat_api_request_reply (request, SOUP_STATUS_OK, answer);
}

static void
test_compiled_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (ChatApiRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (ChatRules) rules = chat_rules_source_compile_finish (CHAT_RULES_SOURCE (source), result, &error);

  if (rules != NULL)
    reply_tested (request, rules);
  else
    chat_api_request_fail (request, error);
}

static void
test_rules (ChatApiRequest *request)
{
  g_autoptr (GError) error = NULL;
  const char *data = NULL, *text = NULL, *language = NULL;

  if (!chat_json_get_string (request->body, "data", TRUE, &data, &error)
      || !chat_json_get_string (request->body, "text", FALSE, &text, &error)
      || !chat_json_get_string (request->body, "language", FALSE, &language, &error) || !chat_text_check (data, &error)
      || (language != NULL && *language != '\0' && !chat_languages_check (language, &error)))
    {
      chat_api_request_fail (request, error);
      return;
    }
  if (text != NULL)
    chat_rules_source_compile_async (request->context->rules, text, request->cancellable, test_compiled_cb,
                                     chat_api_request_ref (request));
  else
    reply_tested (request, chat_rules_source_get_rules (request->context->rules));
}

const ChatApiRoute chat_api_moderation_rules_routes[] = {
  { "GET", "/v1/moderation/rules", 0, get_rules, CHAT_ROLE_MODERATOR },
  { "PUT", "/v1/moderation/rules", CHAT_API_BODY, publish_rules, CHAT_ROLE_MODERATOR },
  { "POST", "/v1/moderation/rules/test", CHAT_API_BODY, test_rules, CHAT_ROLE_MODERATOR, .rate = CHAT_API_RATE_SEARCH },
  { 0 },
};
