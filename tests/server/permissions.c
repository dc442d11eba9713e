/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "permissions.h"

#define PASSWORD "correct horse"
#define ANYBODY(status)                                                                                                \
  {                                                                                                                    \
    status, status, status, status, status                                                                             \
  }
#define SIGNED_IN(status)                                                                                              \
  {                                                                                                                    \
    401, status, status, status, status                                                                                \
  }
#define MODERATORS(status)                                                                                             \
  {                                                                                                                    \
    401, 403, status, status, 403                                                                                      \
  }
#define ADMINS(status)                                                                                                 \
  {                                                                                                                    \
    401, 403, 403, status, 403                                                                                         \
  }
/* Of a conversation nobody outside learns even that it is there. */
#define INSIDERS(status)                                                                                               \
  {                                                                                                                    \
    401, 404, 404, 404, status                                                                                         \
  }
/* Its author's and the moderators'. */
#define AUTHOR(status)                                                                                                 \
  {                                                                                                                    \
    401, 403, status, status, status                                                                                   \
  }

#define GENERAL "/v1/channels/general"
#define MODERATION "/v1/moderation"
#define CONVERSATION "/v1/channels/{conversation}"
#define SAYING "{\"id\":\"{id}\",\"data\":\"hola\"}"

const Permission permissions[] = {
  { "GET", "/v1/workspace", "/v1/workspace", NULL, ANYBODY (200) },
  { "GET", "/v1/feeds", "/v1/feeds", NULL, SIGNED_IN (200) },
  { "GET", "/healthz", "/healthz", NULL, ANYBODY (200) },
  { "GET", "/readyz", "/readyz", NULL, ANYBODY (200) },

  { "POST", "/v1/sessions", "/v1/sessions", "{\"user\":\"{name}\"}", ANYBODY (201) },
  { "GET", "/v1/sessions", "/v1/sessions", NULL, SIGNED_IN (200) },
  { "GET", "/v1/sessions/current", "/v1/sessions/current", NULL, SIGNED_IN (200) },
  { "DELETE", "/v1/sessions/current", "/v1/sessions/current", NULL, SIGNED_IN (204) },
  { "DELETE", "/v1/sessions/{id}", "/v1/sessions/{own}", NULL, SIGNED_IN (204) },
  { "DELETE", "/v1/sessions/{id}", "/v1/sessions/{other}", NULL, ADMINS (204) },

  { "POST", "/v1/accounts", "/v1/accounts", "{\"user\":\"{name}\",\"password\":\"" PASSWORD "\"}", ANYBODY (201) },
  { "PUT", "/v1/accounts/me/password", "/v1/accounts/me/password",
    "{\"old\":\"" PASSWORD "\",\"new\":\"" PASSWORD "\"}", SIGNED_IN (204) },
  { "GET", "/v1/accounts", "/v1/accounts", NULL, ADMINS (200) },
  { "GET", "/v1/accounts/{u}", "/v1/accounts/eva", NULL, ADMINS (200) },
  { "PATCH", "/v1/accounts/{u}", "/v1/accounts/eva", "{\"role\":\"member\"}", ADMINS (200) },
  { "POST", "/v1/invitations", "/v1/invitations", "{}", ADMINS (201) },
  { "GET", "/v1/invitations", "/v1/invitations", NULL, ADMINS (200) },
  { "DELETE", "/v1/invitations/{id}", "/v1/invitations/{id}", NULL, ADMINS (204) },

  { "GET", "/v1/channels", "/v1/channels", NULL, SIGNED_IN (200) },
  { "POST", "/v1/channels", "/v1/channels", "{\"name\":\"{name}\"}", SIGNED_IN (201) },
  { "POST", "/v1/channels", "/v1/channels", "{\"with\":[\"eva\"]}", SIGNED_IN (201) },
  { "GET", "/v1/channels/{c}", GENERAL, NULL, SIGNED_IN (200) },
  { "GET", "/v1/channels/{c}", CONVERSATION, NULL, INSIDERS (200) },
  { "PATCH", "/v1/channels/{c}", GENERAL, "{\"topic\":\"{id}\"}", SIGNED_IN (200) },
  { "PATCH", "/v1/channels/{c}", GENERAL, "{\"language\":\"es\"}", MODERATORS (200) },
  { "PATCH", "/v1/channels/{c}", CONVERSATION, "{\"topic\":\"{id}\"}", INSIDERS (200) },
  { "GET", "/v1/channels/{c}/members", GENERAL "/members", NULL, SIGNED_IN (200) },
  { "GET", "/v1/channels/{c}/members", CONVERSATION "/members", NULL, INSIDERS (200) },
  { "POST", "/v1/channels/{c}/join", GENERAL "/join", NULL, SIGNED_IN (204) },
  { "POST", "/v1/channels/{c}/join", CONVERSATION "/join", NULL, INSIDERS (409) },
  { "POST", "/v1/channels/{c}/leave", GENERAL "/leave", NULL, SIGNED_IN (204) },
  { "POST", "/v1/channels/{c}/leave", CONVERSATION "/leave", NULL, INSIDERS (409) },
  { "PUT", "/v1/channels/{c}/read", GENERAL "/read", "{\"seq\":1}", SIGNED_IN (204) },
  { "PUT", "/v1/channels/{c}/read", CONVERSATION "/read", "{\"seq\":1}", INSIDERS (204) },

  { "GET", "/v1/channels/{c}/messages", GENERAL "/messages", NULL, SIGNED_IN (200) },
  { "GET", "/v1/channels/{c}/messages", CONVERSATION "/messages", NULL, INSIDERS (200) },
  { "POST", "/v1/channels/{c}/messages", GENERAL "/messages", SAYING, SIGNED_IN (202) },
  { "POST", "/v1/channels/{c}/messages", CONVERSATION "/messages", SAYING, INSIDERS (202) },
  { "GET", "/v1/messages/{id}", "/v1/messages/{message}", NULL, SIGNED_IN (200) },
  { "GET", "/v1/messages/{id}", "/v1/messages/{whisper}", NULL, INSIDERS (200) },
  { "PATCH", "/v1/messages/{id}", "/v1/messages/{message}", SAYING, AUTHOR (202) },
  { "PATCH", "/v1/messages/{id}", "/v1/messages/{whisper}", SAYING, INSIDERS (202) },
  { "DELETE", "/v1/messages/{id}", "/v1/messages/{message}?id={id}", NULL, AUTHOR (202) },
  { "DELETE", "/v1/messages/{id}", "/v1/messages/{whisper}?id={id}", NULL, INSIDERS (202) },
  { "PUT", "/v1/messages/{id}/reactions/{emoji}", "/v1/messages/{message}/reactions/%F0%9F%91%8D?id={id}", NULL,
    SIGNED_IN (202) },
  { "PUT", "/v1/messages/{id}/reactions/{emoji}", "/v1/messages/{whisper}/reactions/%F0%9F%91%8D?id={id}", NULL,
    INSIDERS (202) },
  { "DELETE", "/v1/messages/{id}/reactions/{emoji}", "/v1/messages/{message}/reactions/%F0%9F%91%8D?id={id}", NULL,
    SIGNED_IN (200) },
  { "DELETE", "/v1/messages/{id}/reactions/{emoji}", "/v1/messages/{whisper}/reactions/%F0%9F%91%8D?id={id}", NULL,
    INSIDERS (200) },
  { "POST", "/v1/messages/{id}/report", "/v1/messages/{message}/report", "{\"reason\":\"rude\"}", SIGNED_IN (201) },
  { "POST", "/v1/messages/{id}/report", "/v1/messages/{whisper}/report", "{\"reason\":\"rude\"}", INSIDERS (201) },

  { "GET", "/v1/search", "/v1/search?q=hola", NULL, SIGNED_IN (200) },
  { "GET", "/v1/search", "/v1/search?q=hola&channel={conversation}", NULL, INSIDERS (200) },
  { "GET", "/v1/export", "/v1/export?channel=general", NULL, SIGNED_IN (200) },
  { "GET", "/v1/export", "/v1/export?channel={conversation}", NULL, INSIDERS (200) },
  { "GET", "/v1/users", "/v1/users", NULL, SIGNED_IN (200) },
  { "GET", "/v1/users/{u}", "/v1/users/eva", NULL, SIGNED_IN (200) },
  { "GET", "/v1/users/me/messages", "/v1/users/me/messages", NULL, SIGNED_IN (200) },
  { "GET", "/v1/live", "/v1/live", NULL, SIGNED_IN (426) }, /* no WebSocket, but let in so far */

  { "GET", MODERATION "/warnings", MODERATION "/warnings", NULL, SIGNED_IN (200) },
  { "GET", MODERATION "/warnings", MODERATION "/warnings?user=ana", NULL, { 401, 403, 200, 200, 200 } },
  { "GET", MODERATION "/warnings", MODERATION "/warnings?all=true", NULL, MODERATORS (200) },
  { "GET", MODERATION "/appeals", MODERATION "/appeals", NULL, SIGNED_IN (200) },
  { "POST", MODERATION "/appeals", MODERATION "/appeals", "{\"warning\":\"{id}\"}", SIGNED_IN (404) },
  { "POST", MODERATION "/appeals/{id}/verdict", MODERATION "/appeals/{id}/verdict", "{\"verdict\":\"rejected\"}",
    MODERATORS (404) },
  { "GET", MODERATION "/blocks", MODERATION "/blocks", NULL, MODERATORS (200) },
  { "PUT", MODERATION "/blocks/{u}", MODERATION "/blocks/{name}", "{}", MODERATORS (200) },
  { "PUT", MODERATION "/blocks/{u}", MODERATION "/blocks/root", "{}", { 401, 403, 403, 422, 403 } },
  { "DELETE", MODERATION "/blocks/{u}", MODERATION "/blocks/{name}", NULL, MODERATORS (404) },
  { "GET", MODERATION "/reports", MODERATION "/reports", NULL, MODERATORS (200) },
  { "POST", MODERATION "/reports/{id}/close", MODERATION "/reports/{id}/close", "{}", MODERATORS (404) },
  { "GET", MODERATION "/rules", MODERATION "/rules", NULL, MODERATORS (200) },
  { "PUT", MODERATION "/rules", MODERATION "/rules", "{\"revision\":1,\"text\":\"nonsense\"}", MODERATORS (422) },
  { "POST", MODERATION "/rules/test", MODERATION "/rules/test", "{\"data\":\"hola\"}", MODERATORS (200) },
  { "POST", MODERATION "/rehearsals", MODERATION "/rehearsals", "{\"text\":\"nonsense\"}", MODERATORS (422) },
  { "GET", MODERATION "/rehearsals", MODERATION "/rehearsals", NULL, MODERATORS (200) },
  { "GET", MODERATION "/rehearsals/{id}", MODERATION "/rehearsals/{id}", NULL, MODERATORS (404) },
  { "DELETE", MODERATION "/rehearsals/{id}", MODERATION "/rehearsals/{id}", NULL, MODERATORS (404) },
  { "GET", MODERATION "/audit", MODERATION "/audit", NULL, MODERATORS (200) },

  { "GET", "/v1/statistics/{kind}", "/v1/statistics/messages", NULL, SIGNED_IN (200) },
  { "GET", "/v1/statistics/{kind}", "/v1/statistics/messages?by=author", NULL, MODERATORS (200) },
  { "GET", "/v1/statistics/{kind}", "/v1/statistics/warnings", NULL, MODERATORS (200) },
  { "GET", "/v1/statistics/{kind}", "/v1/statistics/blocks", NULL, MODERATORS (200) },
  { "GET", "/v1/statistics/{kind}", "/v1/statistics/users", NULL, SIGNED_IN (200) },
  { "POST", "/v1/statistics/rebuild", "/v1/statistics/rebuild", NULL, ADMINS (202) },
  { "GET", "/v1/statistics/rebuild", "/v1/statistics/rebuild", NULL, ADMINS (200) },
  { "DELETE", "/v1/statistics/rebuild", "/v1/statistics/rebuild", NULL, ADMINS (204) },
  { "GET", "/metrics", "/metrics", NULL, ANYBODY (200) },
  { 0 },
};
