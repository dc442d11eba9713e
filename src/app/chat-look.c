/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-look.h"

#include <glib/gi18n.h>
#include <langinfo.h>
#include <string.h>

struct _ChatLook
{
  GObject parent_instance;

  /* Owned */
  GSettings *settings;
  char *user; /* nullable */

  gboolean compact;
  gboolean half_days;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatLook, chat_look, G_TYPE_OBJECT)

static gboolean
locale_has_half_days (void)
{
  const char *format = nl_langinfo (T_FMT);

  return strstr (format, "%r") != NULL || strstr (format, "%I") != NULL || strstr (format, "%l") != NULL
         || strstr (format, "%p") != NULL;
}

static void
update (ChatLook *self)
{
  g_autofree char *density = g_settings_get_string (self->settings, "density");
  g_autofree char *clock = g_settings_get_string (self->settings, "clock");

  self->compact = g_str_equal (density, "compact");
  self->half_days = g_str_equal (clock, "12") || (g_str_equal (clock, "locale") && locale_has_half_days ());
}

static void
changed_cb (ChatLook *self)
{
  update (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
finalize (GObject *object)
{
  g_clear_object (&CHAT_LOOK (object)->settings);
  g_clear_pointer (&CHAT_LOOK (object)->user, g_free);
  G_OBJECT_CLASS (chat_look_parent_class)->finalize (object);
}

static void
chat_look_class_init (ChatLookClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = finalize;
  signals[CHANGED] = g_signal_new ("changed", CHAT_TYPE_LOOK, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
chat_look_init (ChatLook *self)
{
}

ChatLook *
chat_look_new (GSettings *settings)
{
  ChatLook *self = g_object_new (CHAT_TYPE_LOOK, NULL);

  self->settings = g_object_ref (settings);
  g_signal_connect_object (settings, "changed::density", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (settings, "changed::clock", G_CALLBACK (changed_cb), self, G_CONNECT_SWAPPED);
  update (self);
  return self;
}

gboolean
chat_look_get_compact (ChatLook *self)
{
  return self->compact;
}

void
chat_look_set_user (ChatLook *self, const char *user)
{
  g_return_if_fail (CHAT_IS_LOOK (self));

  if (g_strcmp0 (self->user, user) == 0)
    return;
  g_free (self->user);
  self->user = g_strdup (user);
  g_signal_emit (self, signals[CHANGED], 0);
}

const char *
chat_look_get_user (ChatLook *self)
{
  return self->user;
}

char *
chat_look_format_time (ChatLook *self, GDateTime *time)
{
  g_autofree char *hours = NULL;
  const char *half;

  if (!(self == NULL ? locale_has_half_days () : self->half_days))
    return g_date_time_format (time, "%H:%M");
  /* Many locales have no words for the halves of the day, and the hours alone would be ambiguous. */
  half = nl_langinfo (g_date_time_get_hour (time) < 12 ? AM_STR : PM_STR);
  if (*half == '\0')
    half = g_date_time_get_hour (time) < 12 ? _ ("am") : _ ("pm");
  hours = g_date_time_format (time, "%-I:%M");
  return g_strdup_printf ("%s %s", hours, half);
}
