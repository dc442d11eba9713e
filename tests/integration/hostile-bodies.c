/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hostile.h"

#define WITH_NUL(literal) literal, sizeof literal - 1

/* Not one JSON object in UTF-8. */
#define BROKEN 400, "json-invalid", NULL, NULL, FALSE
/* The same, and what is wrong can be named. */
#define UNREADABLE(word) 400, "json-invalid", word, NULL, FALSE
/* One, but of its members one is wrong. */
#define WRONG(word) 422, "member-invalid", word, NULL, TRUE
#define TOO_LARGE(word) 413, "too-large", word, NULL, TRUE
#define FINE(text) 202, "", NULL, text, TRUE

static const HostileBody bodies[] = {
  { "nothing", "", 0, BROKEN },
  { "plain text", "good morning", -1, BROKEN },
  { "an array", "[{\"data\":\"x\"}]", -1, BROKEN },
  { "a string", "\"x\"", -1, BROKEN },
  { "null", "null", -1, BROKEN },
  { "two objects", "{\"data\":\"x\"}{\"data\":\"y\"}", -1, BROKEN },
  { "half an object", "{\"data\":\"x\"", -1, BROKEN },
  { "half a string", "{\"data\":\"x", -1, BROKEN },
  { "one brace more", "{\"data\":\"x\"}}", -1, BROKEN },
  { "a comma more", "{\"data\":\"x\",}", -1, BROKEN },
  { "single quotes", "{'data':'x'}", -1, BROKEN },
  { "a comment", "{\"data\":\"x\"/* y */}", -1, BROKEN },
  { "UTF-16", WITH_NUL ("{\0\"\0d\0a\0t\0a\0\"\0:\0\"\0x\0\"\0}\0"), BROKEN },
  { "only NULs", WITH_NUL ("\0\0\0\0\0\0\0\0"), BROKEN },
  { "a NUL in a text", WITH_NUL ("{\"data\":\"a\0b\"}"), BROKEN },
  { "a NUL behind it", WITH_NUL ("{\"data\":\"x\"}\0"), BROKEN },
  { "a bare line end in a text", "{\"data\":\"a\nb\"}", -1, BROKEN },
  { "Latin-1",
    "{\"data\":\"ma\xf1"
    "ana\"}",
    -1, BROKEN },
  { "UTF-8 that goes on for ever", "{\"data\":\"\x80\x80\x80\"}", -1, BROKEN },
  { "half a character", "{\"data\":\"\xe2\x82\"}", -1, BROKEN },
  { "an overlong NUL", "{\"data\":\"\xc0\x80\"}", -1, BROKEN },
  { "a surrogate in UTF-8", "{\"data\":\"\xed\xa0\x80\"}", -1, BROKEN },
  { "beyond Unicode", "{\"data\":\"\xf4\x90\x80\x80\"}", -1, BROKEN },
  { "an unknown escape", "{\"data\":\"\\x41\"}", -1, BROKEN },
  { "not a number", "{\"data\":\"x\",\"n\":NaN}", -1, BROKEN },

  { "no members", "{}", -1, WRONG ("data") },
  { "no data", "{\"kind\":\"message\"}", -1, WRONG ("data") },
  { "data is null", "{\"data\":null}", -1, WRONG ("data") },
  { "data is empty", "{\"data\":\"\"}", -1, WRONG ("data") },
  { "data is a number", "{\"data\":7}", -1, WRONG ("data") },
  { "data is true", "{\"data\":true}", -1, WRONG ("data") },
  { "data is an object", "{\"data\":{\"text\":\"x\"}}", -1, WRONG ("data") },
  { "data is an array", "{\"data\":[\"x\"]}", -1, WRONG ("data") },
  { "data twice", "{\"data\":\"x\",\"data\":\"y\"}", -1, UNREADABLE ("“data”") },
  { "a member twice, deep in another", "{\"data\":\"x\",\"a\":{\"b\":1,\"b\":2}}", -1, UNREADABLE ("“b”") },
  { "an escaped NUL", "{\"data\":\"a\\u0000b\"}", -1, UNREADABLE ("NUL") },
  { "half a surrogate pair", "{\"data\":\"\\ud83d!\"}", -1, UNREADABLE ("surrogate") },
  { "a bell", "{\"data\":\"a\\u0007b\"}", -1, WRONG ("U+0007") },
  { "a terminal's escape", "{\"data\":\"\\u001b[31mred\"}", -1, WRONG ("U+001B") },
  { "DEL", "{\"data\":\"\\u007f\"}", -1, WRONG ("U+007F") },
  { "a C1 control", "{\"data\":\"\xc2\x85\"}", -1, WRONG ("U+0085") },
  { "an id that is no UUID", "{\"id\":\"1\",\"data\":\"x\"}", -1, WRONG ("id") },
  { "an id that is empty", "{\"id\":\"\",\"data\":\"x\"}", -1, WRONG ("id") },
  { "an id that is a number", "{\"id\":1,\"data\":\"x\"}", -1, WRONG ("id") },
  { "an id that walks the file system", "{\"id\":\"../../../../../../etc/passwd-000000\",\"data\":\"x\"}", -1,
    WRONG ("id") },
  { "sent in words", "{\"data\":\"x\",\"sent\":\"yesterday\"}", -1, WRONG ("sent") },
  { "sent in the month 13", "{\"data\":\"x\",\"sent\":\"2021-13-10T10:10:10Z\"}", -1, WRONG ("sent") },
  { "sent is true", "{\"data\":\"x\",\"sent\":true}", -1, WRONG ("sent") },
  { "sent is empty", "{\"data\":\"x\",\"sent\":\"\"}", -1, WRONG ("sent") },
  { "sent at infinity", "{\"data\":\"x\",\"sent\":1e999}", -1, UNREADABLE ("1e999") },
  { "reply_to is a number", "{\"data\":\"x\",\"reply_to\":5}", -1, WRONG ("reply_to") },
  { "kind is a number", "{\"data\":\"x\",\"kind\":5}", -1, WRONG ("kind") },
  { "a kind of the service", "{\"data\":\"x\",\"kind\":\"warning\",\"target\":\"x\",\"user\":\"bob\"}", -1,
    WRONG ("kind") },
  { "a kind that nobody knows", "{\"data\":\"x\",\"kind\":\"dance\"}", -1, WRONG ("kind") },
  { "somebody else's name", "{\"data\":\"x\",\"author\":\"bob\"}", -1, WRONG ("author") },
  { "another channel", "{\"data\":\"x\",\"channel\":\"other\"}", -1, WRONG ("channel") },

  { "a byte order mark in front", "\xef\xbb\xbf{\"data\":\"marked\"}", -1, 202, "", NULL, "marked", FALSE },
  { "right to left", "{\"data\":\"safe \\u202egpj.exe\"}", -1, FINE ("safe \u202egpj.exe") },
  { "nothing to be seen", "{\"data\":\"\\u200b\\u2060\\ufeff\"}", -1, FINE ("\u200b\u2060\ufeff") },
  { "no character", "{\"data\":\"\\uffff\\ufdd0\"}", -1, FINE ("\uffff\ufdd0") },
  { "a tower of marks", "{\"data\":\"a\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\"}", -1,
    FINE ("a\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85") },
  { "mark-up", "{\"data\":\"<b onclick=x>&amp;</b><![CDATA[\"}", -1, FINE ("<b onclick=x>&amp;</b><![CDATA[") },
  { "SQL", "{\"data\":\"'); DROP TABLE messages; --\"}", -1, FINE ("'); DROP TABLE messages; --") },
  { "printf", "{\"data\":\"%s%n%x%1000000d\"}", -1, FINE ("%s%n%x%1000000d") },
  { "an emoji in two escapes", "{\"data\":\"\\ud83d\\ude00\"}", -1, FINE ("\U0001f600") },
  { "line ends and a tab", "{\"data\":\"a\\n\\tb\"}", -1, FINE ("a\n\tb") },
  { "what only the service says",
    "{\"data\":\"humble\",\"seq\":1,\"bot\":true,\"user\":\"x\",\"reason\":\"x\",\"ids\":{},"
    "\"moderation\":{\"rule\":\"x\"}}",
    -1, FINE ("humble") },
  { "a time of its own", "{\"data\":\"in time\",\"timestamp\":\"1970-01-01T00:00:00Z\"}", -1, FINE ("in time") },
  { "sent in ten thousand years", "{\"data\":\"late\",\"sent\":\"9999-12-31T23:59:59Z\"}", -1, FINE ("late") },
  { 0 },
};

const HostileBody *
hostile_bodies (void)
{
  return bodies;
}

char *
hostile_body_repeat (const char *before, const char *unit, guint count, const char *after)
{
  GString *body = g_string_new (before);

  for (guint i = 0; i < count; i++)
    g_string_append (body, unit);
  g_string_append (body, after);
  return g_string_free (body, FALSE);
}
