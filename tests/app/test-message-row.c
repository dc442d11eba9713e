/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a row shows follows its item. */
#include "app/chat-message-row.h"

#include "client/chat-message-item-private.h"
#include "core/chat-time.h"

static const ChatWarning hint = { .id = (char *)"w",
                                  .target = (char *)"m",
                                  .channel = (char *)"general",
                                  .words = (char *[]){ NULL },
                                  .strike = 1,
                                  .limit = 3,
                                  .forgiven = CHAT_TIME_UNKNOWN };

/* Whether a label under @widget has @part in its text. */
static gboolean
says (GtkWidget *widget, const char *part)
{
  if (GTK_IS_LABEL (widget) && strstr (gtk_label_get_text (GTK_LABEL (widget)), part) != NULL)
    return TRUE;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    if (says (child, part))
      return TRUE;
  return FALSE;
}

static GtkWidget *
find_toggle (GtkWidget *widget)
{
  GtkWidget *found = GTK_IS_TOGGLE_BUTTON (widget) ? widget : NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (widget); found == NULL && child != NULL;
       child = gtk_widget_get_next_sibling (child))
    found = find_toggle (child);
  return found;
}

/* A broker's hint comes without the words, and the service's own word later: on the same card, which stays open. */
static void
test_warning (void)
{
  g_autoptr (ChatMessageItem) item = chat_message_item_new_warning (&hint);
  g_autoptr (GtkWidget) row = g_object_ref_sink (chat_message_row_new (NULL));
  ChatWarning whole = hint;

  chat_message_row_set_item (CHAT_MESSAGE_ROW (row), item);
  g_assert_true (says (row, "Warning 1 of 3"));
  g_assert_true (says (row, "A word of your message"));
  gtk_toggle_button_set_active (GTK_TOGGLE_BUTTON (find_toggle (row)), TRUE);

  whole.rule = (char *)"es/insults";
  whole.words = (char *[]){ (char *)"mierda", NULL };
  g_assert_true (chat_message_item_set_warning (item, &whole));
  chat_message_item_emit_changed (item);
  g_assert_true (says (row, "“mierda” matched the rule es/insults."));
  g_assert_false (says (row, "A word of your message"));
  g_assert_true (gtk_toggle_button_get_active (GTK_TOGGLE_BUTTON (find_toggle (row))));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (!gtk_init_check ())
    {
      g_print ("1..0 # SKIP display: there is none\n");
      return 0;
    }
  g_test_add_func ("/message-row/warning", test_warning);
  return g_test_run ();
}
