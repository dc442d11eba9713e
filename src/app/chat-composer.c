/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-composer.h"

#include <glib/gi18n.h>

#define TEXT_LIMIT 8000 /* code points of a message */
#define COUNT_FROM (TEXT_LIMIT - 500)

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

  /* Borrowed */
  GtkTextBuffer *buffer;

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
send (ChatComposer *self)
{
  g_autofree char *text = g_strchomp (chat_composer_dup_text (self));
  gboolean taken = FALSE;

  /* one that is too long goes on: who takes it says so */
  if (!has_words (text))
    {
      gtk_widget_error_bell (GTK_WIDGET (self));
      return;
    }
  g_signal_emit (self, signals[SEND], 0, text, &taken);
  if (taken)
    gtk_text_buffer_set_text (self->buffer, "", 0);
}

static gboolean
key_pressed_cb (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, ChatComposer *self)
{
  gboolean shift = (state & GDK_SHIFT_MASK) != 0;
  gboolean control = (state & GDK_CONTROL_MASK) != 0;

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

static void
text_changed_cb (ChatComposer *self)
{
  int length = gtk_text_buffer_get_char_count (self->buffer);
  g_autofree char *count = g_strdup_printf ("%d", TEXT_LIMIT - length);

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
  g_clear_pointer (&CHAT_COMPOSER (object)->box, gtk_widget_unparent);
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
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-composer.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, box);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, emoji_button);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, view);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, placeholder);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, counter);
  gtk_widget_class_bind_template_child (widget_class, ChatComposer, send_button);
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
chat_composer_focus (ChatComposer *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}
