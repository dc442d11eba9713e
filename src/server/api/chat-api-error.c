/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/api/chat-api-error.h"

#include "core/chat-core-error.h"
#include "core/chat-time.h"
#include "moderation/chat-rules.h"
#include "server/api/chat-api-json.h"
#include "server/session/chat-session-service.h"
#include "server/store/chat-store.h"
#include "transport/chat-transport-error.h"

#define PROBLEMS "https://tertulia.chat/problems/"

G_DEFINE_QUARK (chat - api - error - quark, chat_api_error)

/* The names are part of the protocol: clients act on them. */
typedef struct
{
  guint status;
  const char *name;
  const char *title;
  const char *detail; /* NULL: the error's own message */
} Problem;

#define STORE_DETAIL "The message store can't be used right now; send the request again in a moment."
#define TIMEOUT_DETAIL                                                                                                 \
  "The service could not answer in time; what was asked may yet be done. Send the request again in a moment."
#define INTERNAL_DETAIL "The request could not be done; the service's log says why."
#define BROKER_DETAIL "The broker can't be reached right now; send the request again in a moment."

static const Problem of_api[] = {
  [CHAT_API_ERROR_JSON] = { 400, "json-invalid", "The body is not one JSON object", NULL },
  [CHAT_API_ERROR_REQUEST] = { 400, "request-invalid", "This is no HTTP request", NULL },
  [CHAT_API_ERROR_PARAMETER] = { 400, "parameter-invalid", "A parameter is wrong", NULL },
  [CHAT_API_ERROR_MEMBER] = { 422, "member-invalid", "A member of the body is wrong", NULL },
  [CHAT_API_ERROR_UNAUTHORIZED] = { 401, "unauthorized", "A valid token is needed", NULL },
  [CHAT_API_ERROR_BLOCKED] = { 403, "blocked", "You are blocked", NULL },
  [CHAT_API_ERROR_ROLE] = { 403, "role", "Your role is not enough", NULL },
  [CHAT_API_ERROR_NOT_YOURS] = { 403, "not-yours", "The message is somebody else's", NULL },
  [CHAT_API_ERROR_NO_RESOURCE] = { 404, "not-found", "There is no such thing", NULL },
  [CHAT_API_ERROR_NO_CHANNEL] = { 404, "channel-unknown", "There is no such channel", NULL },
  [CHAT_API_ERROR_NO_MESSAGE] = { 404, "message-unknown", "There is no such message", NULL },
  [CHAT_API_ERROR_NO_USER] = { 422, "user-unknown", "There is no such user", NULL },
  [CHAT_API_ERROR_NO_WARNING] = { 404, "warning-unknown", "There is no such warning", NULL },
  [CHAT_API_ERROR_NO_APPEAL] = { 404, "appeal-unknown", "There is no such appeal", NULL },
  [CHAT_API_ERROR_NO_BLOCK] = { 404, "block-unknown", "There is no such block", NULL },
  [CHAT_API_ERROR_NO_REPORT] = { 404, "report-unknown", "There is no such report", NULL },
  [CHAT_API_ERROR_METHOD] = { 405, "method-not-allowed", "Not with this method", NULL },
  [CHAT_API_ERROR_ID_CONFLICT] = { 409, "id-conflict", "The id belongs to another message", NULL },
  [CHAT_API_ERROR_MESSAGE_DELETED] = { 409, "message-deleted", "The message is deleted", NULL },
  [CHAT_API_ERROR_EMOJI] = { 422, "emoji-invalid", "That is not one emoji", NULL },
  [CHAT_API_ERROR_DECIDED] = { 409, "decided", "The appeal is decided", NULL },
  [CHAT_API_ERROR_RULES_CHANGED] = { 409, "rules-changed", "The rules were changed meanwhile", NULL },
  [CHAT_API_ERROR_RULES_INVALID] = { 422, "rules-invalid", "The rules can't be used", NULL },
  [CHAT_API_ERROR_REF_IN_USE] = { 409, "ref-in-use", "The ref names another subscription", NULL },
  [CHAT_API_ERROR_MEMBERS_FIXED] = { 409, "members-fixed", "The members are fixed", NULL },
  [CHAT_API_ERROR_LENGTH_REQUIRED] = { 411, "length-required", "The length of the body is missing", NULL },
  [CHAT_API_ERROR_TOO_LARGE] = { 413, "too-large", "Too large", NULL },
  [CHAT_API_ERROR_MEDIA_TYPE] = { 415, "media-type", "The body must be application/json", NULL },
  [CHAT_API_ERROR_HEAD_TOO_LARGE] = { 431, "head-too-large", "The head of the request is too large", NULL },
  [CHAT_API_ERROR_UPGRADE_REQUIRED] = { 426, "upgrade-required", "This is a WebSocket", NULL },
  [CHAT_API_ERROR_TOO_MANY] = { 429, "too-many", "Too much at once", NULL },
  [CHAT_API_ERROR_RATE_LIMITED] = { 429, "rate-limited", "Too many in too short a time", NULL },
  [CHAT_API_ERROR_INTERNAL] = { 500, "internal", "A fault of the service", INTERNAL_DETAIL },
  [CHAT_API_ERROR_STOPPING] = { 503, "stopping", "The service is stopping", "Send the request again in a moment." },
  [CHAT_API_ERROR_TIMEOUT] = { 503, "timeout", "The service took too long", TIMEOUT_DETAIL },
};

static const Problem name_invalid = { 422, "name-invalid", "The name can't be used", NULL };
static const Problem name_taken = { 409, "name-taken", "The name is taken", NULL };
static const Problem password_wrong = { 401, "password-wrong", "The password is wrong", NULL };
static const Problem password_weak = { 422, "password-weak", "The password can't be used", NULL };
static const Problem registration_closed = { 403, "registration-closed", "Accounts are made by admins here", NULL };
static const Problem invitation_invalid = { 403, "invitation-invalid", "An invitation is needed", NULL };
static const Problem last_admin = { 409, "last-admin", "Nobody would be left to make another admin", NULL };
static const Problem busy = { 503, "busy", "Too much at once", NULL };
static const Problem conflict = { 409, "conflict", "It is held by something else", NULL };
static const Problem store_unavailable = { 503, "store-unavailable", "The store can't answer", STORE_DETAIL };
static const Problem broker_unavailable = { 503, "broker-unavailable", "The broker can't answer", BROKER_DETAIL };
static const Problem broker_rejected = { 422, "rejected", "The broker will not have this record", NULL };

static const Problem *
problem_of_core (int code)
{
  switch ((ChatCoreError)code)
    {
    case CHAT_CORE_ERROR_NOT_JSON:
    case CHAT_CORE_ERROR_NOT_UTF8:
      return &of_api[CHAT_API_ERROR_JSON];
    case CHAT_CORE_ERROR_TOO_LARGE:
      return &of_api[CHAT_API_ERROR_TOO_LARGE];
    case CHAT_CORE_ERROR_INVALID:
    default:
      return &of_api[CHAT_API_ERROR_MEMBER];
    }
}

static const Problem *
problem_of_session (int code)
{
  switch ((ChatSessionError)code)
    {
    case CHAT_SESSION_ERROR_NAME_INVALID:
      return &name_invalid;
    case CHAT_SESSION_ERROR_NAME_TAKEN:
      return &name_taken;
    case CHAT_SESSION_ERROR_PASSWORD_WRONG:
      return &password_wrong;
    case CHAT_SESSION_ERROR_PASSWORD_WEAK:
      return &password_weak;
    case CHAT_SESSION_ERROR_REGISTRATION_CLOSED:
      return &registration_closed;
    case CHAT_SESSION_ERROR_INVITATION_INVALID:
      return &invitation_invalid;
    case CHAT_SESSION_ERROR_NO_ACCOUNT:
      return &of_api[CHAT_API_ERROR_NO_RESOURCE];
    case CHAT_SESSION_ERROR_LAST_ADMIN:
      return &last_admin;
    case CHAT_SESSION_ERROR_BUSY:
      return &busy;
    case CHAT_SESSION_ERROR_TOKEN:
    default:
      return &of_api[CHAT_API_ERROR_UNAUTHORIZED];
    }
}

static const Problem *
problem_of (const GError *error)
{
  if (error->domain == CHAT_API_ERROR)
    return &of_api[error->code];
  if (error->domain == CHAT_CORE_ERROR)
    return problem_of_core (error->code);
  if (error->domain == CHAT_RULES_ERROR)
    return &of_api[CHAT_API_ERROR_RULES_INVALID];
  if (error->domain == CHAT_SESSION_ERROR)
    return problem_of_session (error->code);
  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_NOT_FOUND))
    return &of_api[CHAT_API_ERROR_NO_RESOURCE];
  if (g_error_matches (error, CHAT_STORE_ERROR, CHAT_STORE_ERROR_CONFLICT))
    return &conflict;
  if (error->domain == CHAT_STORE_ERROR)
    return &store_unavailable;
  if (g_error_matches (error, CHAT_TRANSPORT_ERROR, CHAT_TRANSPORT_ERROR_REJECTED))
    return &broker_rejected;
  if (error->domain == CHAT_TRANSPORT_ERROR)
    return &broker_unavailable;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return &of_api[CHAT_API_ERROR_STOPPING];
  return &of_api[CHAT_API_ERROR_INTERNAL];
}

gboolean
chat_api_problem_is_ours (const GError *error)
{
  const Problem *problem = problem_of (error);

  return problem->detail != NULL && problem != &of_api[CHAT_API_ERROR_STOPPING];
}

JsonObject *
chat_api_problem_new (const GError *error, const ChatBlock *block, guint *status)
{
  const Problem *problem = problem_of (error);
  JsonObject *object = json_object_new ();
  g_autofree char *type = g_strconcat (PROBLEMS, problem->name, NULL);

  json_object_set_string_member (object, "type", type);
  json_object_set_string_member (object, "title", problem->title);
  json_object_set_int_member (object, "status", problem->status);
  json_object_set_string_member (object, "detail", problem->detail != NULL ? problem->detail : error->message);
  if (block != NULL)
    json_object_set_member (object, "block", chat_api_json_block (block));
  *status = problem->status;
  return object;
}

GError *
chat_api_error_new_blocked (const ChatBlock *block, const char *what)
{
  g_autofree char *until = block->until != CHAT_TIME_UNKNOWN ? chat_time_format (block->until) : NULL;

  return g_error_new (CHAT_API_ERROR, CHAT_API_ERROR_BLOCKED, "%s can't %s until %s: %s", block->user, what,
                      until != NULL ? until : "a moderator lifts the block",
                      block->reason != NULL ? block->reason : "blocked");
}
