/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-composer.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/chat-completion-popover.h"
#include "app/chat-emoji-names.h"
#include "core/chat-names.h"

#define TEXT_LIMIT CHAT_TEXT_MAX_CHARS
#define COUNT_FROM (TEXT_LIMIT - 500)
#define REST_MS 2000  /* after the last key */
#define CODE_FROM 600 /* bytes of several pasted lines that are offered as a block of code */

struct _ChatComposer
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  GtkMenuButton *emoji_button;
  GtkTextView *view;
  GtkLabel *placeholder;
  GtkLabel *counter;
  GtkWidget *send_button;
  GtkRevealer *mode_revealer;
  GtkLabel *mode_title;
  GtkLabel *mode_excerpt;
  GtkWidget *mode_cancel;
  GtkRevealer *code_revealer;
  GtkWidget *code_button;

  /* Borrowed */
  GtkTextBuffer *buffer;

  /* Owned */
  ChatCompletionPopover *popover; /* of the view */
  ChatCompleter *completer;
  char *aside; /* what was written before an edit */
  guint rest_source;
  GtkTextMark *pasted_from, *pasted_to;

  ChatComposerMode mode;
  gboolean enter_sends;
};

enum
{
  PROP_ENTER_SENDS = 1,
  N_PROPS
};

enum
{
  SEND,
  CANCELLED,
  EDIT_LAST,
  RESTED,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (ChatComposer, chat_composer, GTK_TYPE_WIDGET)

static gboolean
has_words (const char *text)
{
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    if (!g_unichar_isspace (g_utf8_get_char (at)))
      return TRUE;
  return FALSE;
}

static void
hide_code_offer (ChatComposer *self)
{
  gtk_revealer_set_reveal_child (self->code_revealer, FALSE);
  if (self->pasted_from == NULL)
    return;
  gtk_text_buffer_delete_mark (self->buffer, self->pasted_from);
  gtk_text_buffer_delete_mark (self->buffer, self->pasted_to);
  self->pasted_from = self->pasted_to = NULL;
}

/* The text is what it was before the mode, or empty. */
static void
end_mode (ChatComposer *self)
{
  g_autofree char *aside = g_steal_pointer (&self->aside);

  if (self->mode == CHAT_COMPOSER_EDIT)
    chat_composer_set_text (self, aside);
  self->mode = CHAT_COMPOSER_NEW;
  gtk_revealer_set_reveal_child (self->mode_revealer, FALSE);
}

static void
cancel (ChatComposer *self)
{
  end_mode (self);
  chat_composer_focus (self);
  g_signal_emit (self, signals[CANCELLED], 0);
}

static void
send (ChatComposer *self)
{
  g_autofree char *written = g_strchomp (chat_composer_dup_text (self));
  g_autofree char *text = chat_emoji_replace (written);
  gboolean taken = FALSE;

  /* one that is too long goes on: who takes it says so */
  if (!has_words (text))
    {
      gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }
  g_signal_emit (self, signals[SEND], 0, text, &taken);
  if (!taken)
    return;
  hide_code_offer (self);
  if (self->mode != CHAT_COMPOSER_EDIT)
    gtk_text_buffer_set_text (self->buffer, "", 0);
  end_mode (self);
}

/* Completions */

static void
show_completions (ChatComposer *self)
{
  g_autofree char *text = NULL;
  GtkTextIter cursor;
  GdkRectangle at;
  GPtrArray *found;

  gtk_text_buffer_get_iter_at_mark (self->buffer, &cursor, gtk_text_buffer_get_insert (self->buffer));
  if (self->completer == NULL || !gtk_widget_has_focus (GTK_WIDGET (self->view))
      || gtk_text_buffer_get_has_selection (self->buffer))
    {
      gtk_popover_popdown (GTK_POPOVER (self->popover));
      return;
    }
  text = chat_composer_dup_text (self);
  found = chat_completer_complete (self->completer, text, (guint)gtk_text_iter_get_offset (&cursor));
  gtk_text_view_get_iter_location (self->view, &cursor, &at);
  gtk_text_view_buffer_to_window_coords (self->view, GTK_TEXT_WINDOW_WIDGET, at.x, at.y, &at.x, &at.y);
  chat_completion_popover_show (self->popover, found, &at);
}

static void
chosen_cb (ChatComposer *self, ChatCompletion *completion)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_iter_at_offset (self->buffer, &start, (int)completion->start);
  gtk_text_buffer_get_iter_at_offset (self->buffer, &end, (int)completion->end);
  gtk_text_buffer_begin_user_action (self->buffer);
  gtk_text_buffer_delete (self->buffer, &start, &end);
  gtk_text_buffer_insert (self->buffer, &start, completion->insert, -1);
  gtk_text_buffer_end_user_action (self->buffer);
}

/* Pasting: several long lines are code, more often than not */

static void
pasted_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatComposer) self = data;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);
  GtkTextIter at;

  if (text == NULL || gtk_widget_get_root (GTK_WIDGET (self)) == NULL)
    return;
  hide_code_offer (self);
  gtk_text_buffer_begin_user_action (self->buffer);
  gtk_text_buffer_delete_selection (self->buffer, TRUE, TRUE);
  gtk_text_buffer_get_iter_at_mark (self->buffer, &at, gtk_text_buffer_get_insert (self->buffer));
  self->pasted_from = gtk_text_buffer_create_mark (self->buffer, NULL, &at, TRUE);
  gtk_text_buffer_insert (self->buffer, &at, text, -1);
  self->pasted_to = gtk_text_buffer_create_mark (self->buffer, NULL, &at, TRUE);
  gtk_text_buffer_end_user_action (self->buffer);
  gtk_text_view_scroll_mark_onscreen (self->view, gtk_text_buffer_get_insert (self->buffer));
  if (strlen (text) >= CODE_FROM && strchr (text, '\n') != NULL && strstr (text, "```") == NULL)
    gtk_revealer_set_reveal_child (self->code_revealer, TRUE);
  else
    hide_code_offer (self);
}

static void
paste_cb (ChatComposer *self)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self->view));

  g_signal_stop_emission_by_name (self->view, "paste-clipboard");
  gdk_clipboard_read_text_async (clipboard, NULL, pasted_cb, g_object_ref (self));
}

static void
make_code_cb (ChatComposer *self)
{
  GtkTextIter from, to;

  if (self->pasted_from == NULL)
    return;
  gtk_text_buffer_begin_user_action (self->buffer);
  gtk_text_buffer_get_iter_at_mark (self->buffer, &to, self->pasted_to);
  gtk_text_buffer_insert (self->buffer, &to, gtk_text_iter_starts_line (&to) ? "```\n" : "\n```\n", -1);
  gtk_text_buffer_get_iter_at_mark (self->buffer, &from, self->pasted_from);
  gtk_text_buffer_insert (self->buffer, &from, gtk_text_iter_starts_line (&from) ? "```\n" : "\n```\n", -1);
  gtk_text_buffer_end_user_action (self->buffer);
  hide_code_offer (self);
  chat_composer_focus (self);
}

static gboolean
key_pressed_cb (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, ChatComposer *self)
{
  gboolean shift = (state & GDK_SHIFT_MASK) != 0;
  gboolean control = (state & GDK_CONTROL_MASK) != 0;

  if (chat_completion_popover_handle_key (self->popover, key, state))
    return GDK_EVENT_STOP;
  if (key == GDK_KEY_Escape && self->mode != CHAT_COMPOSER_NEW)
    {
      cancel (self);
      return GDK_EVENT_STOP;
    }
  if ((key == GDK_KEY_Up || key == GDK_KEY_KP_Up) && !shift && !control && self->mode == CHAT_COMPOSER_NEW
      && gtk_text_buffer_get_char_count (self->buffer) == 0)
    {
      g_signal_emit (self, signals[EDIT_LAST], 0);
      return GDK_EVENT_STOP;
    }
  if (key != GDK_KEY_Return && key != GDK_KEY_KP_Enter && key != GDK_KEY_ISO_Enter)
    return GDK_EVENT_PROPAGATE;
  /* An input method that is composing has the key first. */
  if (gtk_text_view_im_context_filter_keypress (self->view,
                                                gtk_event_controller_get_current_event (GTK_EVENT_CONTROLLER (keys))))
    return GDK_EVENT_STOP;
  if (control || shift != self->enter_sends)
    {
      send (self);
      return GDK_EVENT_STOP;
    }
  gtk_text_buffer_insert_at_cursor (self->buffer, "\n", 1);
  gtk_text_view_scroll_mark_onscreen (self->view, gtk_text_buffer_get_insert (self->buffer));
  return GDK_EVENT_STOP;
}

static gboolean
rested_cb (gpointer data)
{
  ChatComposer *self = data;

  self->rest_source = 0;
  g_signal_emit (self, signals[RESTED], 0);
  return G_SOURCE_REMOVE;
}

static void
text_changed_cb (ChatComposer *self)
{
  int length = gtk_text_buffer_get_char_count (self->buffer);
  g_autofree char *count = g_strdup_printf ("%d", TEXT_LIMIT - length);

  g_clear_handle_id (&self->rest_source, g_source_remove);
  self->rest_source = g_timeout_add (REST_MS, rested_cb, self);
  gtk_widget_set_visible (GTK_WIDGET (self->placeholder), length == 0);
  gtk_widget_set_sensitive (self->send_button, length > 0 && length <= TEXT_LIMIT);
  gtk_widget_set_visible (GTK_WIDGET (self->counter), length > COUNT_FROM);
  gtk_label_set_text (self->counter, count);
  if (length > TEXT_LIMIT)
    {
      gtk_widget_add_css_class (GTK_WIDGET (self->counter), "error");
      gtk_widget_set_tooltip_text (GTK_WIDGET (self->counter),
                                   _ ("A message has at most 8,000 characters: shorten it."));
    }
  else
    {
      gtk_widget_remove_css_class (GTK_WIDGET (self->counter), "error");
      gtk_widget_set_tooltip_text (GTK_WIDGET (self->counter), _ ("Characters left"));
    }
}

static void
emoji_picked_cb (ChatComposer *self, const char *emoji)
{
  gtk_text_buffer_insert_at_cursor (self->buffer, emoji, -1);
  chat_composer_focus (self);
}

/* The chooser loads a large table: only when somebody wants it. */
static void
create_emoji_chooser_cb (GtkMenuButton *button, gpointer data)
{
  GtkWidget *chooser;

  if (gtk_menu_button_get_popover (button) != NULL)
    return;
  chooser = gtk_emoji_chooser_new ();
  g_signal_connect_object (chooser, "emoji-picked", G_CALLBACK (emoji_picked_cb), data, G_CONNECT_SWAPPED);
  gtk_menu_button_set_popover (button, chooser);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ENTER_SENDS)
    g_value_set_boolean (value, CHAT_COMPOSER (object)->enter_sends);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_ENTER_SENDS)
    CHAT_COMPOSER (object)->enter_sends = g_value_get_boolean (value);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
dispose (GObject *object)
{
  ChatComposer *self = CHAT_COMPOSER (object);

  if (self->popover != NULL)
    gtk_widget_unparent (GTK_WIDGET (g_steal_pointer (&self->popover)));
  g_clear_handle_id (&self->rest_source, g_source_remove);
  g_clear_object (&self->completer);
  g_clear_pointer (&self->aside, g_free);
  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (chat_composer_parent_class)->dispose (object);
}

static void
chat_composer_class_init (ChatComposerClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->get_property = get_property;
  G_OBJECT_CLASS (klass)->set_property = set_property;
  G_OBJECT_CLASS (klass)->dispose = dispose;
  properties[PROP_ENTER_SENDS]
      = g_param_spec_boolean ("enter-sends", NULL, NULL, TRUE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
  signals[SEND] = g_signal_new ("send", CHAT_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, g_signal_accumulator_true_handled,
                                NULL, NULL, G_TYPE_BOOLEAN, 1, G_TYPE_STRING);
  signals[CANCELLED]
      = g_signal_new ("cancelled", CHAT_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[RESTED] = g_signal_new ("rested", CHAT_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[EDIT_LAST]
      = g_signal_new ("edit-last", CHAT_TYPE_COMPOSER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-composer.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, box);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, emoji_button);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, view);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, placeholder);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, counter);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, send_button);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, mode_revealer);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, mode_title);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, mode_excerpt);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, mode_cancel);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, code_revealer);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, code_button);
}

static void
chat_composer_init (ChatComposer *self)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  self->enter_sends = TRUE;
  self->buffer = gtk_text_view_get_buffer (self->view);
  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_pressed_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self->view), keys);
  self->popover = CHAT_COMPLETION_POPOVER (chat_completion_popover_new ());
  gtk_widget_set_parent (GTK_WIDGET (self->popover), GTK_WIDGET (self->view));
  g_signal_connect_object (self->popover, "chosen", G_CALLBACK (chosen_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->buffer, "notify::cursor-position", G_CALLBACK (show_completions), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "notify::has-focus", G_CALLBACK (show_completions), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->view, "paste-clipboard", G_CALLBACK (paste_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->mode_cancel, "clicked", G_CALLBACK (cancel), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->code_button, "clicked", G_CALLBACK (make_code_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->buffer, "changed", G_CALLBACK (text_changed_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->send_button, "clicked", G_CALLBACK (send), self, G_CONNECT_SWAPPED);
  gtk_menu_button_set_create_popup_func (self->emoji_button, create_emoji_chooser_cb, self, NULL);
}

char *
chat_composer_dup_text (ChatComposer *self)
{
  GtkTextIter start, end;

  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  return gtk_text_buffer_get_text (self->buffer, &start, &end, FALSE);
}

void
chat_composer_set_text (ChatComposer *self, const char *text)
{
  gtk_text_buffer_set_text (self->buffer, text == NULL ? "" : text, -1);
}

void
chat_composer_set_title (ChatComposer *self, const char *title)
{
  /* Translators: in the empty message field; %s is a channel such as #general, or a person */
  g_autofree char *text = g_strdup_printf (_ ("Message %s"), title);

  gtk_label_set_text (self->placeholder, text);
}

void
chat_composer_set_mode (ChatComposer *self, ChatComposerMode mode, const char *title, const char *excerpt)
{
  g_return_if_fail (CHAT_IS_COMPOSER (self));

  end_mode (self);
  self->mode = mode;
  if (mode == CHAT_COMPOSER_NEW)
    return;
  if (mode == CHAT_COMPOSER_EDIT)
    self->aside = chat_composer_dup_text (self);
  gtk_label_set_text (self->mode_title, title == NULL ? "" : title);
  gtk_label_set_text (self->mode_excerpt, excerpt == NULL ? "" : excerpt);
  gtk_revealer_set_reveal_child (self->mode_revealer, TRUE);
}

ChatComposerMode
chat_composer_get_mode (ChatComposer *self)
{
  return self->mode;
}

char *
chat_composer_dup_draft (ChatComposer *self)
{
  return self->mode == CHAT_COMPOSER_EDIT ? g_strdup (self->aside) : chat_composer_dup_text (self);
}

void
chat_composer_set_completer (ChatComposer *self, ChatCompleter *completer)
{
  g_set_object (&self->completer, completer);
}

void
chat_composer_focus (ChatComposer *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}
