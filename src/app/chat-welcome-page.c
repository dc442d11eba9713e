/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-welcome-page.h"

struct _ChatWelcomePage
{
  GtkWidget parent_instance;

  /* Template */
  GtkWidget *box;
  GtkStack *stack;
  GtkLabel *error;
  GtkLabel *busy;
  GtkSpinner *spinner;
};

G_DEFINE_FINAL_TYPE (ChatWelcomePage, chat_welcome_page, GTK_TYPE_WIDGET)

static void
dispose (GObject *object)
{
  g_clear_pointer (&CHAT_WELCOME_PAGE (object)->box, gtk_widget_unparent);
  G_OBJECT_CLASS (chat_welcome_page_parent_class)->dispose (object);
}

static void
chat_welcome_page_class_init (ChatWelcomePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = dispose;
  gtk_widget_class_set_template_from_resource (widget_class, "/chat/tertulia/Tertulia/chat-welcome-page.ui");
  gtk_widget_class_bind_template_child (widget_class, ChatWelcomePage, box);
  gtk_widget_class_bind_template_child (widget_class, ChatWelcomePage, stack);
  gtk_widget_class_bind_template_child (widget_class, ChatWelcomePage, error);
  gtk_widget_class_bind_template_child (widget_class, ChatWelcomePage, busy);
  gtk_widget_class_bind_template_child (widget_class, ChatWelcomePage, spinner);
}

static void
chat_welcome_page_init (ChatWelcomePage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
chat_welcome_page_new (void)
{
  return g_object_new (CHAT_TYPE_WELCOME_PAGE, NULL);
}

void
chat_welcome_page_set_busy (ChatWelcomePage *self, const char *text)
{
  gtk_label_set_text (self->busy, text == NULL ? "" : text);
  gtk_spinner_set_spinning (self->spinner, text != NULL);
  gtk_stack_set_visible_child_name (self->stack, text != NULL ? "busy" : "choices");
}

void
chat_welcome_page_set_error (ChatWelcomePage *self, const char *text)
{
  gtk_label_set_text (self->error, text == NULL ? "" : text);
  gtk_widget_set_visible (GTK_WIDGET (self->error), text != NULL);
}
