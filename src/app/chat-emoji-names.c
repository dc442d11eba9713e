/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/chat-emoji-names.h"

#include <string.h>

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789_+-"

/* The ones that people type; the chooser has all there are. By name (bytes): they are looked up by halves. */
static const ChatEmojiName names[] = {
  { "+1", "👍" },
  { "-1", "👎" },
  { "100", "💯" },
  { "alarm", "🚨" },
  { "angry", "😠" },
  { "apple", "🍎" },
  { "arrow_down", "⬇️" },
  { "arrow_left", "⬅️" },
  { "arrow_right", "➡️" },
  { "arrow_up", "⬆️" },
  { "baby", "👶" },
  { "balloon", "🎈" },
  { "battery", "🔋" },
  { "beer", "🍺" },
  { "bell", "🔔" },
  { "bike", "🚲" },
  { "bird", "🐦" },
  { "blush", "😊" },
  { "book", "📖" },
  { "boom", "💥" },
  { "brain", "🧠" },
  { "bread", "🍞" },
  { "broken_heart", "💔" },
  { "bug", "🐛" },
  { "bulb", "💡" },
  { "bus", "🚌" },
  { "cake", "🍰" },
  { "calendar", "📅" },
  { "camera", "📷" },
  { "car", "🚗" },
  { "cat", "🐱" },
  { "chart", "📈" },
  { "chart_down", "📉" },
  { "check", "✅" },
  { "checkered_flag", "🏁" },
  { "clap", "👏" },
  { "clipboard", "📋" },
  { "clock", "🕐" },
  { "cloud", "☁️" },
  { "coffee", "☕" },
  { "cold", "🥶" },
  { "computer", "💻" },
  { "confused", "😕" },
  { "construction", "🚧" },
  { "cool", "😎" },
  { "cow", "🐮" },
  { "crown", "👑" },
  { "cry", "😢" },
  { "cyclone", "🌀" },
  { "dancer", "💃" },
  { "dart", "🎯" },
  { "dizzy", "💫" },
  { "dog", "🐶" },
  { "door", "🚪" },
  { "droplet", "💧" },
  { "ear", "👂" },
  { "earth", "🌍" },
  { "egg", "🥚" },
  { "electric_plug", "🔌" },
  { "email", "📧" },
  { "exclamation", "❗" },
  { "eyes", "👀" },
  { "facepalm", "🤦" },
  { "factory", "🏭" },
  { "fire", "🔥" },
  { "fireworks", "🎆" },
  { "fish", "🐟" },
  { "fist", "✊" },
  { "flag", "🚩" },
  { "floppy", "💾" },
  { "flower", "🌸" },
  { "fountain", "⛲" },
  { "fox", "🦊" },
  { "gear", "⚙️" },
  { "gem", "💎" },
  { "ghost", "👻" },
  { "gift", "🎁" },
  { "goat", "🐐" },
  { "green_circle", "🟢" },
  { "grin", "😁" },
  { "hammer", "🔨" },
  { "handshake", "🤝" },
  { "heart", "❤️" },
  { "heart_eyes", "😍" },
  { "hospital", "🏥" },
  { "hot", "🥵" },
  { "hourglass", "⏳" },
  { "house", "🏠" },
  { "hug", "🤗" },
  { "ice", "🧊" },
  { "inbox", "📥" },
  { "info", "ℹ️" },
  { "joy", "😂" },
  { "key", "🔑" },
  { "kiss", "😘" },
  { "label", "🏷️" },
  { "lemon", "🍋" },
  { "lightning", "⚡" },
  { "link", "🔗" },
  { "lock", "🔒" },
  { "loudspeaker", "📢" },
  { "mag", "🔍" },
  { "mask", "😷" },
  { "medal", "🏅" },
  { "memo", "📝" },
  { "microscope", "🔬" },
  { "money", "💰" },
  { "moon", "🌙" },
  { "mouse", "🐭" },
  { "muscle", "💪" },
  { "music", "🎵" },
  { "mute", "🔇" },
  { "neutral", "😐" },
  { "new", "🆕" },
  { "no_entry", "⛔" },
  { "ok", "🆗" },
  { "ok_hand", "👌" },
  { "orange_circle", "🟠" },
  { "outbox", "📤" },
  { "package", "📦" },
  { "palm_tree", "🌴" },
  { "panda", "🐼" },
  { "party", "🎉" },
  { "peach", "🍑" },
  { "pencil", "✏️" },
  { "penguin", "🐧" },
  { "phone", "☎️" },
  { "pin", "📌" },
  { "pizza", "🍕" },
  { "plane", "✈️" },
  { "pray", "🙏" },
  { "printer", "🖨️" },
  { "pushpin", "📌" },
  { "question", "❓" },
  { "rabbit", "🐰" },
  { "rain", "🌧️" },
  { "rainbow", "🌈" },
  { "raised_hand", "✋" },
  { "recycle", "♻️" },
  { "red_circle", "🔴" },
  { "robot", "🤖" },
  { "rocket", "🚀" },
  { "rose", "🌹" },
  { "runner", "🏃" },
  { "satellite", "🛰️" },
  { "scream", "😱" },
  { "seedling", "🌱" },
  { "shield", "🛡️" },
  { "ship", "🚢" },
  { "shrug", "🤷" },
  { "siren", "🚨" },
  { "skull", "💀" },
  { "sleeping", "😴" },
  { "smile", "😄" },
  { "smirk", "😏" },
  { "snow", "❄️" },
  { "soap", "🧼" },
  { "sob", "😭" },
  { "soccer", "⚽" },
  { "sparkles", "✨" },
  { "speech", "💬" },
  { "star", "⭐" },
  { "stop", "🛑" },
  { "stopwatch", "⏱️" },
  { "sun", "☀️" },
  { "sweat", "😅" },
  { "tada", "🎉" },
  { "taxi", "🚕" },
  { "telescope", "🔭" },
  { "test_tube", "🧪" },
  { "thermometer", "🌡️" },
  { "thinking", "🤔" },
  { "thumbsdown", "👎" },
  { "thumbsup", "👍" },
  { "ticket", "🎫" },
  { "tools", "🛠️" },
  { "train", "🚆" },
  { "trash", "🗑️" },
  { "tree", "🌳" },
  { "triangle", "🔺" },
  { "trophy", "🏆" },
  { "truck", "🚚" },
  { "turtle", "🐢" },
  { "umbrella", "☔" },
  { "unlock", "🔓" },
  { "upside_down", "🙃" },
  { "victory", "✌️" },
  { "warning", "⚠️" },
  { "watch", "⌚" },
  { "wave", "👋" },
  { "whale", "🐳" },
  { "wheelchair", "♿" },
  { "wine", "🍷" },
  { "wink", "😉" },
  { "wrench", "🔧" },
  { "x", "❌" },
  { "yawn", "🥱" },
  { "yellow_circle", "🟡" },
  { "zap", "⚡" },
  { "zzz", "💤" },
};

const ChatEmojiName *
chat_emoji_names (gsize *n)
{
  *n = G_N_ELEMENTS (names);
  return names;
}

static const char *
find (const char *name, gsize length)
{
  gsize low = 0, high = G_N_ELEMENTS (names);

  while (low < high)
    {
      gsize middle = (low + high) / 2;
      int order = strncmp (names[middle].name, name, length);

      if (order == 0 && names[middle].name[length] != '\0')
        order = 1;
      if (order == 0)
        return names[middle].emoji;
      if (order < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return NULL;
}

const char *
chat_emoji_find (const char *name)
{
  return find (name, strlen (name));
}

char *
chat_emoji_replace (const char *text)
{
  GString *result = g_string_sized_new (strlen (text) + 1);
  gboolean code = FALSE;

  for (const char *at = text; *at != '\0'; at++)
    {
      /* 10:100:20 is no party */
      gboolean begins = *at == ':' && !code && (at == text || !g_ascii_isalnum (at[-1]));
      gsize length = begins ? strspn (at + 1, NAME_CHARACTERS) : 0;
      const char *emoji = length > 0 && at[length + 1] == ':' ? find (at + 1, length) : NULL;

      if (*at == '`')
        code = !code;
      if (emoji != NULL)
        {
          g_string_append (result, emoji);
          at += length + 1;
        }
      else
        g_string_append_c (result, *at);
    }
  return g_string_free (result, FALSE);
}
