/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/chat-conversation-private.h"

#include <glib/gi18n.h>

#include "app/chat-text-dialog.h"
#include "core/chat-message-codec.h"
#include "core/chat-time.h"

/* What comes to mind first; the chooser has the rest. */
static const char *const quick_emoji[] = { "👍", "❤️", "😄", "🎉", "👀", "✅" };

static const char *
menu_id (ChatConversation *self)
{
  return chat_message_get_id (chat_message_item_get_message (self->menu_item));
}

static const char *
channel_name (ChatConversation *self)
{
  return chat_channel_get_name (self->channel);
}

static void
menu_closed_cb (ChatConversation *self)
{
  gtk_widget_set_can_target (GTK_WIDGET (self->list), TRUE);
  if (self->menu_focus == NULL || !gtk_widget_grab_focus (self->menu_focus))
    chat_composer_focus (self->composer);
}

/* Reactions */

static void
react (ChatConversation *self, const char *emoji)
{
  GPtrArray *groups = chat_message_item_get_reactions (self->menu_item);
  gboolean mine = FALSE;

  for (guint i = 0; i < groups->len; i++)
    {
      const ChatReactionGroup *group = g_ptr_array_index (groups, i);

      mine |= group->mine && g_str_equal (group->emoji, emoji);
    }
  chat_workspace_react (self->workspace, channel_name (self), menu_id (self), emoji, !mine);
  gtk_popover_popdown (GTK_POPOVER (self->menu));
}

static void
quick_clicked_cb (ChatConversation *self, GtkButton *button)
{
  react (self, gtk_button_get_label (button));
}

static void
emoji_picked_cb (ChatConversation *self, const char *emoji)
{
  react (self, emoji);
}

static void
create_chooser_cb (GtkMenuButton *button, gpointer data)
{
  GtkWidget *chooser;

  if (gtk_menu_button_get_popover (button) != NULL)
    return;
  chooser = gtk_emoji_chooser_new ();
  g_signal_connect_object (chooser, "emoji-picked", G_CALLBACK (emoji_picked_cb), data, G_CONNECT_SWAPPED);
  gtk_menu_button_set_popover (button, chooser);
}

static GtkWidget *
create_picker (ChatConversation *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 2);
  GtkWidget *more = gtk_menu_button_new ();

  gtk_widget_add_css_class (box, "reaction-picker");
  for (guint i = 0; i < G_N_ELEMENTS (quick_emoji); i++)
    {
      GtkWidget *button = gtk_button_new_with_label (quick_emoji[i]);
      /* Translators: a reaction's button for a screen reader; %s is an emoji */
      g_autofree char *label = g_strdup_printf (_ ("React with %s"), quick_emoji[i]);

      gtk_widget_add_css_class (button, "flat");
      gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
      g_signal_connect_object (button, "clicked", G_CALLBACK (quick_clicked_cb), self, G_CONNECT_SWAPPED);
      gtk_box_append (GTK_BOX (box), button);
    }
  gtk_menu_button_set_icon_name (GTK_MENU_BUTTON (more), "chat-emoji-symbolic");
  gtk_widget_add_css_class (more, "flat");
  gtk_widget_set_tooltip_text (more, _ ("React with another emoji"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (more), GTK_ACCESSIBLE_PROPERTY_LABEL, _ ("React with another emoji"),
                                  -1);
  gtk_menu_button_set_create_popup_func (GTK_MENU_BUTTON (more), create_chooser_cb, self, NULL);
  gtk_box_append (GTK_BOX (box), more);
  return box;
}

/* The menu */

static void
set_enabled (ChatConversation *self, const char *name, gboolean enabled)
{
  GAction *action = g_action_map_lookup_action (G_ACTION_MAP (self->message_actions), name);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (action), enabled);
}

static void
update_actions (ChatConversation *self, ChatMessageItem *item)
{
  ChatDelivery delivery = chat_message_item_get_delivery (item);
  ChatMessage *message = chat_message_item_get_message (item);
  ChatMessageKind kind = chat_message_get_kind (message);
  gboolean failed = delivery == CHAT_DELIVERY_FAILED || delivery == CHAT_DELIVERY_REFUSED;
  gboolean said = kind == CHAT_KIND_MESSAGE || kind == CHAT_KIND_NOTICE;
  gboolean stands = said && !failed && chat_message_item_get_deleted (item) == CHAT_TIME_UNKNOWN;
  gboolean blocked = chat_workspace_get_blocked (self->workspace);
  gboolean own = chat_message_item_get_own (item);
  gboolean service = chat_workspace_has_service (self->workspace);
  guint role = CHAT_ROLE_MEMBER;

  g_object_get (self->workspace, "role", &role, NULL);
  set_enabled (self, "retry", failed);
  set_enabled (self, "discard", failed);
  set_enabled (self, "reply", stands && !blocked && service);
  set_enabled (self, "edit", stands && own && !blocked && service);
  set_enabled (self, "delete",
               stands && service
                   && (own || (role >= CHAT_ROLE_MODERATOR && !chat_channel_get_private (self->channel))));
  set_enabled (self, "report", stands && !own && service);
  set_enabled (self, "copy", chat_message_item_get_deleted (item) == CHAT_TIME_UNKNOWN);
  gtk_widget_set_visible (self->picker, stands && !blocked && service);
}

static void
create_menu (ChatConversation *self)
{
  self->menu = gtk_popover_menu_new_from_model (self->message_menu);
  self->picker = create_picker (self);
  gtk_popover_menu_add_child (GTK_POPOVER_MENU (self->menu), self->picker, "picker");
  gtk_widget_set_parent (self->menu, GTK_WIDGET (self));
  gtk_popover_set_has_arrow (GTK_POPOVER (self->menu), FALSE);
  gtk_widget_set_halign (self->menu, GTK_ALIGN_START);
  g_signal_connect_object (self->menu, "closed", G_CALLBACK (menu_closed_cb), self, G_CONNECT_SWAPPED);
}

static void
activate_menu_cb (ChatConversation *self, ChatMessageItem *item, double x, double y)
{
  double at_x, at_y;

  if (chat_message_item_get_message (item) == NULL)
    return;
  gtk_widget_translate_coordinates (GTK_WIDGET (self->list), GTK_WIDGET (self), x, y, &at_x, &at_y);
  g_set_object (&self->menu_item, item);
  if (self->menu == NULL)
    create_menu (self);
  update_actions (self, item);
  /* no row's tooltip over the menu */
  gtk_widget_set_can_target (GTK_WIDGET (self->list), FALSE);
  g_set_weak_pointer (&self->menu_focus, gtk_root_get_focus (gtk_widget_get_root (GTK_WIDGET (self))));
  gtk_popover_set_pointing_to (GTK_POPOVER (self->menu), &(GdkRectangle){ (int)at_x, (int)at_y, 1, 1 });
  gtk_popover_popup (GTK_POPOVER (self->menu));
}

static void
copy_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;
  const char *text = chat_message_item_get_text (self->menu_item);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text == NULL ? "" : text);
}

static void
copy_json_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;
  g_autoptr (GBytes) bytes = chat_message_encode (chat_message_item_get_message (self->menu_item));
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
}

static void
retry_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;

  chat_workspace_retry (self->workspace, menu_id (self));
}

static void
discard_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;

  chat_workspace_discard (self->workspace, menu_id (self));
}

static void
reply_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;

  chat_conversation_reply (self, self->menu_item);
}

static void
edit_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;

  chat_conversation_edit (self, self->menu_item);
}

/* A deletion can't be taken back, so it is asked for twice. */

static void
delete_answered_cb (ChatConversation *self, const char *response, GtkWidget *dialog)
{
  const char *id = g_object_get_data (G_OBJECT (dialog), "message");
  const char *channel = g_object_get_data (G_OBJECT (dialog), "channel");

  if (g_str_equal (response, "delete") && self->workspace != NULL)
    chat_workspace_delete (self->workspace, channel, id);
}

static void
delete_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;
  GtkWindow *parent = GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  GtkWidget *dialog = adw_message_dialog_new (parent, _ ("Delete this message?"),
                                              _ ("Its text goes for everybody. That it was there stays visible."));

  g_object_set_data_full (G_OBJECT (dialog), "message", g_strdup (menu_id (self)), g_free);
  g_object_set_data_full (G_OBJECT (dialog), "channel", g_strdup (channel_name (self)), g_free);
  adw_message_dialog_add_responses (ADW_MESSAGE_DIALOG (dialog), "cancel", _ ("_Cancel"), "delete", _ ("_Delete"),
                                    NULL);
  adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "delete", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect_object (dialog, "response", G_CALLBACK (delete_answered_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
reported_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatConversation) self = data;
  g_autoptr (GError) error = NULL;

  if (chat_workspace_report_finish (CHAT_WORKSPACE (source), result, &error))
    chat_conversation_tell (self, _ ("Reported to the moderators"));
  else
    chat_conversation_tell_error (self, error);
}

static void
report_written_cb (ChatConversation *self, const char *reason, GtkWidget *dialog)
{
  const char *id = g_object_get_data (G_OBJECT (dialog), "message");

  if (self->workspace != NULL)
    chat_workspace_report_async (self->workspace, id, *reason == '\0' ? NULL : reason, NULL, reported_cb,
                                 g_object_ref (self));
}

static void
report_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;
  GtkWidget *dialog
      = chat_text_dialog_new (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _ ("Report this message"),
                              _ ("A moderator will see the message, who wrote it, and what you write here."),
                              _ ("_Report"), FALSE);

  g_object_set_data_full (G_OBJECT (dialog), "message", g_strdup (menu_id (self)), g_free);
  g_signal_connect_object (dialog, "written", G_CALLBACK (report_written_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
appealed_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ChatConversation) self = data;
  g_autoptr (GError) error = NULL;

  if (chat_workspace_appeal_finish (CHAT_WORKSPACE (source), result, &error))
    chat_conversation_tell (self, _ ("Your appeal is with the moderators"));
  else
    chat_conversation_tell_error (self, error);
}

static void
appeal_written_cb (ChatConversation *self, const char *text, GtkWidget *dialog)
{
  const char *id = g_object_get_data (G_OBJECT (dialog), "warning");

  if (self->workspace != NULL)
    chat_workspace_appeal_async (self->workspace, id, text, NULL, appealed_cb, g_object_ref (self));
}

/* From a warning's card, or for the last warning from where it says that one is blocked. */
static void
appeal_cb (GSimpleAction *action, GVariant *parameter, gpointer data)
{
  ChatConversation *self = data;
  GtkWidget *dialog = chat_text_dialog_new (
      GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))), _ ("Appeal"),
      _ ("Say why the warning was wrong. A moderator will see the message as you wrote it, and decide."),
      _ ("_Send appeal"), TRUE);

  g_object_set_data_full (G_OBJECT (dialog), "warning", g_variant_dup_string (parameter, NULL), g_free);
  g_signal_connect_object (dialog, "written", G_CALLBACK (appeal_written_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

void
chat_conversation_menu_init (ChatConversation *self)
{
  static const GActionEntry entries[] = {
    { "reply", reply_cb, NULL, NULL, NULL, { 0 } },   { "edit", edit_cb, NULL, NULL, NULL, { 0 } },
    { "delete", delete_cb, NULL, NULL, NULL, { 0 } }, { "report", report_cb, NULL, NULL, NULL, { 0 } },
    { "copy", copy_cb, NULL, NULL, NULL, { 0 } },     { "copy-json", copy_json_cb, NULL, NULL, NULL, { 0 } },
    { "retry", retry_cb, NULL, NULL, NULL, { 0 } },   { "discard", discard_cb, NULL, NULL, NULL, { 0 } },
    { "appeal", appeal_cb, "s", NULL, NULL, { 0 } },
  };

  self->message_actions = g_simple_action_group_new ();
  g_action_map_add_action_entries (G_ACTION_MAP (self->message_actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "message", G_ACTION_GROUP (self->message_actions));
  g_signal_connect_object (self->list, "activate-menu", G_CALLBACK (activate_menu_cb), self, G_CONNECT_SWAPPED);
}
