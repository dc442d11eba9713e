/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-warning-card.h"

#include <glib/gi18n.h>

struct _ChatWarningCard
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  GtkLabel *title;
  GtkLabel *body;
  GtkLabel *why;
  GtkRevealer *why_revealer;
  GtkToggleButton *why_button;
  GtkActionable *appeal_button;
};

G_DEFINE_FINAL_TYPE (ChatWarningCard, chat_warning_card, GTK_TYPE_WIDGET)

char *
chat_warning_card_dup_text (const ChatWarning *warning)
{
  g_autofree char *words = NULL;

  /* over a broker it comes without them */
  if (warning->rule == NULL || warning->words == NULL || warning->words[0] == NULL)
    return g_strdup (_ ("A word of your message is not allowed here."));
  words = g_strjoinv ("”, “", warning->words);
  /* Translators: the masked words, then the rule that names them */
  return g_strdup_printf (_ ("“%s” matched the rule %s."), words, warning->rule);
}

static void
dispose (GObject *object)
{
  g_clear_pointer (&CHAT_WARNING_CARD (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (chat_warning_card_parent_class)->dispose (object);
}

static void
chat_warning_card_class_init (ChatWarningCardClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-warning-card.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatWarningCard, box);
  gtk_widget_class_bind_template_child (widget_class, ChatWarningCard, title);
  gtk_widget_class_bind_template_child (widget_class, ChatWarningCard, body);
  gtk_widget_class_bind_template_child (widget_class, ChatWarningCard, why);
  gtk_widget_class_bind_template_child (widget_class, ChatWarningCard, why_revealer);
  gtk_widget_class_bind_template_child (widget_class, ChatWarningCard, why_button);
  gtk_widget_class_bind_template_child (widget_class, ChatWarningCard, appeal_button);
}

static void
chat_warning_card_init (ChatWarningCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_object_bind_property (self->why_button, "active", self->why_revealer, "reveal-child", G_BINDING_SYNC_CREATE);
}

GtkWidget *
chat_warning_card_new (const ChatWarning *warning)
{
  ChatWarningCard *self = g_object_new (CHAT_TYPE_WARNING_CARD, NULL);

  chat_warning_card_set_warning (self, warning);
  return GTK_WIDGET (self);
}

void
chat_warning_card_set_warning (ChatWarningCard *self, const ChatWarning *warning)
{
  g_autofree char *title = g_strdup_printf (_ ("Warning %u of %u"), warning->strike, warning->limit);
  g_autofree char *body = chat_warning_card_dup_text (warning);
  guint left = warning->limit > warning->strike ? warning->limit - warning->strike : 0;
  g_autofree char *why = NULL;

  if (left == 0)
    why = g_strdup (
        _ ("Others saw asterisks in place of the word. This was the last warning: you can read, but not write, "
           "until a moderator lifts the block."));
  else
    why = g_strdup_printf (
        ngettext ("Others saw asterisks in place of the word. After %u more warning you will be blocked.",
                  "Others saw asterisks in place of the word. After %u more warnings you will be blocked.", left),
        left);
  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->body, body);
  gtk_label_set_text (self->why, why);
  gtk_actionable_set_action_name (self->appeal_button, "message.appeal");
  gtk_actionable_set_action_target (self->appeal_button, "s", warning->id);
}
