/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "app/chat-link.h"

#include <string.h>

#include "core/chat-core-error.h"

static const struct
{
  const char *text, *uri, *user, *channel;
} good[] = {
  { "tertulia://chat.example.org", "https://chat.example.org/", NULL, NULL },
  { "tertulia://chat.example.org/", "https://chat.example.org/", NULL, NULL },
  { "tertulia://chat.example.org/general", "https://chat.example.org/", NULL, "general" },
  { "tertulia://chat.example.org/general/", "https://chat.example.org/", NULL, "general" },
  { "tertulia://chat.example.org/..", "https://chat.example.org/", NULL, NULL },
  { "tertulia://chat.example.org:443/general", "https://chat.example.org/", NULL, "general" },
  { "tertulia://chat.example.org:8080/general", "http://chat.example.org:8080/", NULL, "general" },
  { "TERTULIA://127.0.0.1:4000/linea-2", "http://127.0.0.1:4000/", NULL, "linea-2" },
  { "tertulia://[::1]:4000/general", "http://[::1]:4000/", NULL, "general" },
  { "tertulia://ana@chat.example.org/general", "https://chat.example.org/", "ana", "general" },
  { "tertulia://jos%C3%A9@chat.example.org/", "https://chat.example.org/", "josé", NULL },
};

static const char *const bad[] = {
  "",
  "tertulia",
  "tertulia:",
  "tertulia:general",
  "tertulia://",
  "tertulia:///general",
  "tertulia://host:0/general",
  "tertulia://host:65536/general",
  "tertulia://host:port/general",
  "tertulia://host/General",
  "tertulia://host/general/other",
  "tertulia://host//general",
  "tertulia://host/a%2fb",
  "tertulia://host/general?connect=1",
  "tertulia://host/general#x",
  "tertulia://ana:secret@host/general",
  "tertulia://@host/general",
  "tertulia://ana%0a@host/general",
  "tertulia://evil.example%2f@host/",
  "tertulia://ho%2fst/general",
  "tertulia://ho%40st/general",
  "tertulia://ho%00st/general",
  "tertulia://host name/general",
  "https://chat.example.org/general",
  "file:///etc/hostname",
  "javascript:alert(1)",
  "tertulia://host/\xff\xfe",
};

static void
test_good (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (ChatLink) link = chat_link_parse (good[i].text, &error);

      g_test_message ("%s", good[i].text);
      g_assert_no_error (error);
      g_assert_cmpstr (link->uri, ==, good[i].uri);
      g_assert_cmpstr (link->user, ==, good[i].user);
      g_assert_cmpstr (link->channel, ==, good[i].channel);
    }
}

static void
assert_refused (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = g_strescape (text, NULL);
  ChatLink *link = chat_link_parse (text, &error);

  g_test_message ("%.80s", shown);
  g_assert_error (error, CHAT_CORE_ERROR, CHAT_CORE_ERROR_INVALID);
  g_assert_null (link);
  g_assert_nonnull (strstr (error->message, "tertulia://chat.example.org/general"));
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

static void
test_bad (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (bad[i]);
}

/* What the message shows of it stays readable. */
static void
test_long (void)
{
  g_autofree char *most = g_strnfill (100000, 'a');
  g_autofree char *text = g_strconcat ("tertulia://host\u202e\n/", most, NULL);
  g_autoptr (GError) error = NULL;

  assert_refused (text);
  g_assert_null (chat_link_parse (text, &error));
  g_assert_cmpint (g_utf8_strlen (error->message, -1), <, 200);
  g_assert_null (strstr (error->message, "\u202e"));
  g_assert_null (strchr (error->message, '\n'));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/link/good", test_good);
  g_test_add_func ("/link/bad", test_bad);
  g_test_add_func ("/link/long", test_long);
  return g_test_run ();
}
