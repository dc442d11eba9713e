/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "core/chat-uuid.h"

#include "core/chat-time.h"

#include <string.h>
#include <sys/random.h>

#define UUID_BYTES 16
#define UUID_CHARS 36
#define COUNTER_END 0x1000 /* 12 bits: rand_a of RFC 9562 §5.7 */

/* Tertulia's own name space: a random UUID (version 4), drawn once. Changing it would change every derived id. */
static const guint8 root_name_space[UUID_BYTES]
    = { 0x5d, 0x1f, 0x8a, 0x37, 0x0c, 0x6e, 0x4b, 0x92, 0x9e, 0x44, 0xd3, 0x2b, 0x71, 0xa8, 0xf6, 0x05 };

static char *
format (const guint8 *uuid)
{
  static const char digits[] = "0123456789abcdef";
  char *text = g_malloc (UUID_CHARS + 1);
  char *out = text;

  for (guint i = 0; i < UUID_BYTES; i++)
    {
      if (i == 4 || i == 6 || i == 8 || i == 10)
        *out++ = '-';
      *out++ = digits[uuid[i] >> 4];
      *out++ = digits[uuid[i] & 15];
    }
  *out = '\0';
  return text;
}

static void
set_version (guint8 *uuid, guint version)
{
  uuid[6] = (guint8)((uuid[6] & 0x0f) | (version << 4));
  uuid[8] = (guint8)((uuid[8] & 0x3f) | 0x80);
}

static void
fill_random (guint8 *bytes, gsize length)
{
  gsize done = 0;

  while (done < length)
    {
      gssize n = getrandom (bytes + done, length - done, 0);

      /* Interrupted at most: for so few bytes getrandom(2) has no other error on a kernel that has it. Where it is
       * forbidden (seccomp), GLib's generator, which seeds itself as well as it can, is the next best. */
      if (n > 0)
        done += (gsize)n;
      else
        bytes[done++] = (guint8)g_random_int ();
    }
}

static void
hash_name (const guint8 *name_space, const void *name, gsize length, guint8 *uuid)
{
  g_autoptr (GChecksum) sha1 = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;

  g_checksum_update (sha1, name_space, UUID_BYTES);
  if (length > 0)
    g_checksum_update (sha1, name, (gssize)length);
  g_checksum_get_digest (sha1, digest, &size);
  memcpy (uuid, digest, UUID_BYTES);
  set_version (uuid, 5);
}

/* The next millisecond and counter. "Strictly increasing within the process" is a promise about the process, so this is
 * the one place of the layer with state of its own. */
static void
next_tick (guint32 random, gint64 *ms, guint *counter)
{
  static GMutex mutex;
  static gint64 last_ms;
  static guint last_counter;
  gint64 now = chat_time_now ();

  g_mutex_lock (&mutex);
  if (now > last_ms)
    {
      last_ms = now;
      last_counter = random % (COUNTER_END / 2); /* leaves room to count up within this millisecond */
    }
  else if (++last_counter == COUNTER_END)
    {
      /* More than the counter holds, or the clock was set back: run ahead of it (RFC 9562 §6.2). */
      last_ms++;
      last_counter = 0;
    }
  *ms = last_ms;
  *counter = last_counter;
  g_mutex_unlock (&mutex);
}

char *
chat_uuid_v7 (void)
{
  guint8 uuid[UUID_BYTES];
  gint64 ms;
  guint counter;

  fill_random (uuid + 4, UUID_BYTES - 4);
  next_tick ((guint32)uuid[4] << 8 | uuid[5], &ms, &counter);
  for (guint i = 0; i < 6; i++)
    uuid[i] = (guint8)(ms >> (8 * (5 - i)));
  uuid[6] = (guint8)(counter >> 8);
  uuid[7] = (guint8)counter;
  set_version (uuid, 7);
  return format (uuid);
}

char *
chat_uuid_v5 (const char *name_space, const void *name, gsize length)
{
  guint8 space[UUID_BYTES], uuid[UUID_BYTES];

  g_return_val_if_fail (name_space != NULL, NULL);
  g_return_val_if_fail (name != NULL || length == 0, NULL);

  hash_name (root_name_space, name_space, strlen (name_space), space);
  hash_name (space, name, length, uuid);
  return format (uuid);
}

gboolean
chat_uuid_is_valid (const char *text)
{
  guint i;

  if (text == NULL)
    return FALSE;
  for (i = 0; text[i] != '\0'; i++)
    {
      gboolean dash = i == 8 || i == 13 || i == 18 || i == 23;

      if (i >= UUID_CHARS || (dash ? text[i] != '-' : !g_ascii_isxdigit (text[i])))
        return FALSE;
    }
  return i == UUID_CHARS;
}
