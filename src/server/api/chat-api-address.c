/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-address.h"

#include <string.h>

#define IPV6_BYTES 16
#define NETWORK_BYTES 8 /* of an IPv6 address: the /64 */

static const guint8 mapped_prefix[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

/* As an IPv4 address where it is one in an IPv6 coat. */
static GInetAddress *
normalize (GInetAddress *address)
{
  const guint8 *bytes = g_inet_address_to_bytes (address);

  if (g_inet_address_get_native_size (address) == IPV6_BYTES
      && memcmp (bytes, mapped_prefix, sizeof mapped_prefix) == 0)
    return g_inet_address_new_from_bytes (bytes + sizeof mapped_prefix, G_SOCKET_FAMILY_IPV4);
  return g_object_ref (address);
}

static GInetAddress *
get_inet (GSocketAddress *address)
{
  if (!G_IS_INET_SOCKET_ADDRESS (address))
    return NULL;
  return normalize (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static char *
inet_to_key (GInetAddress *address)
{
  guint8 network[IPV6_BYTES] = { 0 };
  g_autoptr (GInetAddress) masked = NULL;
  g_autofree char *text = NULL;

  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return g_inet_address_to_string (address);
  memcpy (network, g_inet_address_to_bytes (address), NETWORK_BYTES);
  masked = g_inet_address_new_from_bytes (network, G_SOCKET_FAMILY_IPV6);
  text = g_inet_address_to_string (masked);
  return g_strconcat (text, "/64", NULL);
}

static gboolean
inet_is_proxy (GInetAddress *address, const char *const *proxies)
{
  for (; proxies != NULL && *proxies != NULL; proxies++)
    {
      g_autoptr (GInetAddress) written = g_inet_address_new_from_string (*proxies);
      g_autoptr (GInetAddress) proxy = written != NULL ? normalize (written) : NULL;

      if (proxy != NULL && g_inet_address_equal (proxy, address))
        return TRUE;
    }
  return FALSE;
}

/* "1.2.3.4", "1.2.3.4:567", "2001:db8::1", "[2001:db8::1]:567" */
static GInetAddress *
parse_forwarded (const char *text)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_autoptr (GInetAddress) plain = g_inet_address_new_from_string (stripped);
  g_autoptr (GSocketAddress) with_port = NULL;
  char *colon = strrchr (stripped, ':');

  if (plain != NULL)
    return normalize (plain);
  if (*stripped == '[' && strchr (stripped, ']') != NULL)
    {
      *strchr (stripped, ']') = '\0';
      with_port = g_inet_socket_address_new_from_string (stripped + 1, 0);
    }
  else if (colon != NULL)
    {
      *colon = '\0';
      with_port = g_inet_socket_address_new_from_string (stripped, 0);
    }
  return with_port != NULL ? get_inet (with_port) : NULL;
}

char *
chat_api_address_to_key (GSocketAddress *address)
{
  g_autoptr (GInetAddress) inet = get_inet (address);

  return inet != NULL ? inet_to_key (inet) : g_strdup ("local");
}

gboolean
chat_api_address_is_proxy (GSocketAddress *address, const char *const *proxies)
{
  g_autoptr (GInetAddress) inet = get_inet (address);

  return inet != NULL && inet_is_proxy (inet, proxies);
}

gboolean
chat_api_address_is_loopback (GSocketAddress *address)
{
  g_autoptr (GInetAddress) inet = get_inet (address);

  return inet != NULL && g_inet_address_get_is_loopback (inet);
}

char *
chat_api_address_find_client (GSocketAddress *peer, const char *forwarded, const char *const *proxies)
{
  g_autoptr (GInetAddress) client = get_inet (peer);
  g_auto (GStrv) entries = g_strsplit (forwarded != NULL ? forwarded : "", ",", -1);

  if (client == NULL)
    return g_strdup ("local");
  for (guint i = g_strv_length (entries); i > 0 && inet_is_proxy (client, proxies); i--)
    {
      GInetAddress *before = parse_forwarded (entries[i - 1]);

      if (before == NULL)
        break; /* what stands further left is no proxy's word */
      g_object_unref (client);
      client = before;
    }
  return inet_to_key (client);
}
