/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Who is at the other end, for limits: an IPv4 address, or the /64 network of an IPv6 address, of which one subscriber
 * has all. As text; an IPv4 address that is written as an IPv6 one is the IPv4 address.
 */

/** chat_api_address_to_key: (transfer full): of a socket's address; "local" where it is no internet address. */
char *chat_api_address_to_key (GSocketAddress *address);

/**
 * chat_api_address_is_proxy:
 * @proxies: (array zero-terminated=1) (nullable): numeric addresses that are trusted to say for whom they ask
 */
gboolean chat_api_address_is_proxy (GSocketAddress *address, const char *const *proxies);

/** chat_api_address_is_loopback: whether it is this machine itself. */
gboolean chat_api_address_is_loopback (GSocketAddress *address);

/**
 * chat_api_address_find_client:
 * @peer: the other end of the connection
 * @forwarded: (nullable): the X-Forwarded-For header: believed from a proxy, and from the right as far as proxies go
 *
 * Returns: (transfer full): the key of whoever asks
 */
char *chat_api_address_find_client (GSocketAddress *peer, const char *forwarded, const char *const *proxies);

G_END_DECLS
