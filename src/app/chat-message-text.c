/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-message-text.h"

#include <glib/gi18n.h>

#include "core/chat-time.h"

#define QUOTE_CHARS 120

static char *
format_local (gint64 time_ms, const char *format)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time_ms / 1000);
  g_autoptr (GDateTime) local = utc == NULL ? NULL : g_date_time_to_local (utc);

  return local == NULL ? g_strdup ("") : g_date_time_format (local, format);
}

char *
chat_message_text_format_clock (gint64 time, ChatLook *look)
{
  g_autoptr (GDateTime) local = g_date_time_new_from_unix_local (time / 1000);

  return local == NULL ? g_strdup ("") : chat_look_format_time (look, local);
}

char *
chat_message_text_format_day (gint64 time)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (time / 1000);
  g_autoptr (GDateTime) day = utc == NULL ? NULL : g_date_time_to_local (utc);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  if (day == NULL)
    return g_strdup ("");
  /* Translators: a day of this year above its messages, such as "Friday, 20 November" */
  if (g_date_time_get_year (day) == g_date_time_get_year (now))
    return g_date_time_format (day, _ ("%A, %-d %B"));
  /* Translators: a day of another year above its messages, such as "Friday, 20 November 2020" */
  return g_date_time_format (day, _ ("%A, %-d %B %Y"));
}

static const char *
author_of (ChatMessage *message)
{
  const char *author = chat_message_get_author (message);

  return author == NULL || *author == '\0' ? _ ("Unknown") : author;
}

static char *
dup_deleted (ChatMessageItem *item)
{
  const char *by = chat_message_item_get_deleted_by (item);

  if (by == NULL)
    return g_strdup (_ ("This message was deleted."));
  return g_strdup_printf (_ ("This message was deleted by %s."), by);
}

char *
chat_message_text_dup (ChatMessageItem *item)
{
  ChatMessage *message = chat_message_item_get_message (item);
  const char *author = author_of (message);
  const char *data = chat_message_item_get_text (item);

  if (chat_message_item_get_deleted (item) != CHAT_TIME_UNKNOWN)
    return dup_deleted (item);
  switch ((int)chat_message_get_kind (message))
    {
    case CHAT_KIND_JOIN:
      return g_strdup_printf (_ ("%s joined"), author);
    case CHAT_KIND_LEAVE:
      return g_strdup_printf (_ ("%s left"), author);
    case CHAT_KIND_TOPIC:
      return g_strdup_printf (_ ("%s changed the topic: %s"), author, data == NULL ? "" : data);
    case CHAT_KIND_NOTICE:
      /* Translators: what somebody does rather than says: the name, and the words behind /me */
      return g_strdup_printf (_ ("%s %s"), author, data == NULL ? "" : data);
    default:
      return g_strdup (data == NULL ? "" : data);
    }
}

char *
chat_message_text_dup_excerpt (const char *text, guint chars)
{
  GString *out = g_string_new (NULL);
  gboolean space = FALSE;
  guint n = 0;

  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar character = g_utf8_get_char (at);

      if (g_unichar_isspace (character))
        {
          space = out->len > 0;
          continue;
        }
      if (n + space >= chars)
        {
          g_string_append (out, "…");
          break;
        }
      if (space)
        g_string_append_c (out, ' ');
      g_string_append_unichar (out, character);
      n += 1 + space;
      space = FALSE;
    }
  return g_string_free (out, FALSE);
}

char *
chat_message_text_dup_quote (ChatMessageItem *item)
{
  ChatMessage *message = chat_message_item_get_message (item);
  ChatMessage *quoted = chat_message_item_get_quoted (item);
  const ChatMessageState *state;
  const char *text;

  if (message == NULL || chat_message_get_reply_to (message) == NULL)
    return NULL;
  if (quoted == NULL)
    return g_strdup (_ ("An earlier message"));
  state = chat_message_get_state (quoted);
  text = chat_message_get_data (quoted);
  if ((state != NULL && state->deleted != CHAT_TIME_UNKNOWN) || text == NULL)
    return g_strdup (_ ("A deleted message"));

  g_autofree char *excerpt = chat_message_text_dup_excerpt (text, QUOTE_CHARS);
  /* Translators: a quoted message: its author and its first words */
  return g_strdup_printf (_ ("%s: %s"), author_of (quoted), excerpt);
}

static const char *
delivery_sentence (ChatDelivery delivery)
{
  switch (delivery)
    {
    case CHAT_DELIVERY_QUEUED:
      return _ ("Waiting to be sent");
    case CHAT_DELIVERY_ACCEPTED:
      return _ ("Accepted by the service");
    case CHAT_DELIVERY_MODERATED:
      return _ ("Moderated, everybody sees it");
    case CHAT_DELIVERY_STORED:
      return _ ("Stored in the history");
    case CHAT_DELIVERY_FAILED:
      return _ ("Could not be sent");
    case CHAT_DELIVERY_REFUSED:
      return _ ("Refused by the service");
    case CHAT_DELIVERY_NONE:
    default:
      return NULL;
    }
}

static void
append_clock (GString *out, gint64 time, const char *label)
{
  g_autofree char *text = time > 0 ? chat_time_format (time) : NULL;

  if (text != NULL)
    /* Translators: what a time is of, and the time */
    g_string_append_printf (out, _ ("\n%s: %s"), label, text);
}

char *
chat_message_text_dup_details (ChatMessageItem *item)
{
  ChatMessage *message = chat_message_item_get_message (item);
  const ChatModerationNote *note = chat_message_get_moderation (message);
  const char *state = delivery_sentence (chat_message_item_get_delivery (item));
  GString *out = g_string_new (NULL);
  g_autofree char *local = format_local (chat_message_item_get_time (item), "%c");

  g_string_append (out, local);
  append_clock (out, chat_message_get_timestamp (message), _ ("Server's clock"));
  append_clock (out, chat_message_get_sent (message), _ ("Sender's clock"));
  append_clock (out, chat_message_item_get_edited (item), _ ("Edited"));
  if (chat_message_item_get_seq (item) > 0)
    {
      g_autofree char *seq = g_strdup_printf ("%" G_GINT64_FORMAT, chat_message_item_get_seq (item));
      g_string_append_printf (out, _ ("\nNumber %s of its channel"), seq);
    }
  if (note != NULL && note->rule != NULL)
    g_string_append_printf (out, _ ("\nMasked by the rule %s"), note->rule);
  if (state != NULL)
    g_string_append_printf (out, "\n%s", state);
  if (chat_message_item_get_reason (item) != NULL)
    g_string_append_printf (out, ": %s", chat_message_item_get_reason (item));
  return g_string_free (out, FALSE);
}

static void
append_reactions (GString *out, ChatMessageItem *item)
{
  GPtrArray *groups = chat_message_item_get_reactions (item);

  for (guint i = 0; i < groups->len; i++)
    {
      const ChatReactionGroup *group = g_ptr_array_index (groups, i);

      g_string_append_printf (out, "%s%s %u", i == 0 ? ". " : ", ", group->emoji, g_strv_length (group->users));
    }
}

char *
chat_message_text_dup_label (ChatMessageItem *item, ChatLook *look)
{
  ChatMessage *message = chat_message_item_get_message (item);
  g_autofree char *time = chat_message_text_format_clock (chat_message_item_get_time (item), look);
  g_autofree char *text = NULL, *quote = NULL;
  GString *out;
  const char *state;

  if (message == NULL)
    {
      const ChatWarning *warning = chat_message_item_get_warning (item);

      return g_strdup_printf (_ ("Warning %u of %u, %s, rule %s"), warning->strike, warning->limit, time,
                              warning->rule);
    }
  text = chat_message_text_dup (item);
  quote = chat_message_text_dup_quote (item);
  state = delivery_sentence (chat_message_item_get_delivery (item));
  out = g_string_new (NULL);
  g_string_append_printf (out, "%s, %s: %s", author_of (message), time, text);
  if (quote != NULL)
    /* Translators: behind a message, for a screen reader: which one it answers */
    g_string_append_printf (out, _ (" (reply to %s)"), quote);
  if (chat_message_item_get_edited (item) != CHAT_TIME_UNKNOWN
      && chat_message_item_get_deleted (item) == CHAT_TIME_UNKNOWN)
    g_string_append (out, _ (" (edited)"));
  if (state != NULL && chat_message_item_get_reason (item) != NULL)
    g_string_append_printf (out, " (%s: %s)", state, chat_message_item_get_reason (item));
  else if (state != NULL)
    g_string_append_printf (out, " (%s)", state);
  append_reactions (out, item);
  return g_string_free (out, FALSE);
}
