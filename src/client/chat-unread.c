/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/chat-unread.h"

/* What is remembered one by one; what is older is a number. */
#define RECENT_MOST 256

typedef struct
{
  char *id;
  gint64 seq; /* 0: not known */
  gboolean mention;
  gboolean missed; /* its receipt may have been missed */
  gboolean silent; /* and the numbers below count it, unless its receipt comes after all */
} Recent;

struct _ChatUnread
{
  GQueue recent;  /* Recent: counted here, the oldest first */
  gint64 counted; /* up to which seq the numbers below count */
  guint unread;   /* besides the recent ones */
  guint mentions;
};

static void
recent_free (Recent *recent)
{
  g_free (recent->id);
  g_free (recent);
}

ChatUnread *
chat_unread_new (void)
{
  return g_new0 (ChatUnread, 1);
}

void
chat_unread_free (ChatUnread *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->recent, (GDestroyNotify)recent_free);
  g_free (self);
}

static GList *
find_recent (ChatUnread *self, const char *id)
{
  for (GList *link = self->recent.tail; link != NULL; link = link->prev)
    if (g_str_equal (((Recent *)link->data)->id, id))
      return link;
  return NULL;
}

static void
drop (ChatUnread *self, GList *link)
{
  recent_free (link->data);
  g_queue_delete_link (&self->recent, link);
}

void
chat_unread_add (ChatUnread *self, const char *id, gint64 seq, gboolean mention)
{
  Recent *recent;

  if (id == NULL)
    return;
  if (seq > 0)
    chat_unread_place (self, id, seq);
  if ((seq > 0 && seq <= self->counted) || find_recent (self, id) != NULL)
    return;
  recent = g_new (Recent, 1);
  *recent = (Recent){ .id = g_strdup (id), .seq = seq, .mention = mention };
  g_queue_push_tail (&self->recent, recent);
  if (self->recent.length <= RECENT_MOST)
    return;
  recent = self->recent.head->data;
  self->unread += recent->silent ? 0 : 1;
  self->mentions += recent->mention && !recent->silent ? 1 : 0;
  self->counted = MAX (self->counted, recent->seq);
  drop (self, self->recent.head);
}

void
chat_unread_place (ChatUnread *self, const char *id, gint64 seq)
{
  GList *link = find_recent (self, id);

  if (link == NULL)
    return;
  ((Recent *)link->data)->seq = seq;
  ((Recent *)link->data)->silent = FALSE;
  if (seq <= self->counted)
    drop (self, link);
}

void
chat_unread_miss (ChatUnread *self)
{
  for (GList *link = self->recent.head; link != NULL; link = link->next)
    ((Recent *)link->data)->missed = TRUE;
}

void
chat_unread_take (ChatUnread *self, gint64 head, guint unread, guint mentions)
{
  self->counted = head;
  self->unread = unread;
  self->mentions = mentions;
  for (GList *link = self->recent.head, *next; link != NULL; link = next)
    {
      Recent *recent = link->data;

      next = link->next;
      recent->silent = recent->silent || (recent->seq == 0 && recent->missed);
      if (recent->seq > 0 && recent->seq <= head)
        drop (self, link);
    }
}

void
chat_unread_clear (ChatUnread *self, gint64 head)
{
  g_queue_clear_full (&self->recent, (GDestroyNotify)recent_free);
  self->counted = MAX (self->counted, head);
  self->unread = self->mentions = 0;
}

guint
chat_unread_get_unread (ChatUnread *self)
{
  guint unread = self->unread;

  for (GList *link = self->recent.head; link != NULL; link = link->next)
    unread += ((Recent *)link->data)->silent ? 0 : 1;
  return unread;
}

guint
chat_unread_get_mentions (ChatUnread *self)
{
  guint mentions = self->mentions;

  for (GList *link = self->recent.head; link != NULL; link = link->next)
    mentions += ((Recent *)link->data)->mention && !((Recent *)link->data)->silent ? 1 : 0;
  return mentions;
}
