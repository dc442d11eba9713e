/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * chat_json_parse_object:
 * @max_depth: the deepest nesting allowed, at most 256
 *
 * Parses one strict JSON object (RFC 8259; no comments, one top-level value) into json-glib's tree. Refused besides, so
 * that no two readers can understand one text in two ways (RFC 7493): NUL, lone surrogates, a member that is there
 * twice, a number beyond a double's range. An integer beyond 64 bits becomes a double.
 *
 * Returns: (transfer full) (nullable): the object, or NULL with a CHAT_CORE_ERROR
 */
JsonObject *chat_json_parse_object (const void *bytes, gsize length, guint max_depth, GError **error);

/** chat_json_to_bytes: (transfer full): compact UTF-8. */
GBytes *chat_json_to_bytes (JsonObject *object);
char *chat_json_to_string (JsonObject *object);

/** chat_json_append_string: @text as a JSON string with its quotes, appended to @buffer. */
void chat_json_append_string (GString *buffer, const char *text);
/** chat_json_append_int: @value in decimal digits. */
void chat_json_append_int (GString *buffer, gint64 value);
/** chat_json_append_node: @node as chat_json_to_string() writes it. */
void chat_json_append_node (GString *buffer, JsonNode *node);

/*
 * Typed members. *value stays as it is when the member is absent or null and not required.
 * FALSE with CHAT_CORE_ERROR_INVALID, naming the member and the type found, otherwise. Strings are borrowed from
 * @object.
 */
gboolean chat_json_get_string (JsonObject *object, const char *member, gboolean required, const char **value,
                               GError **error);
gboolean chat_json_get_int (JsonObject *object, const char *member, gboolean required, gint64 *value, GError **error);
gboolean chat_json_get_boolean (JsonObject *object, const char *member, gboolean required, gboolean *value,
                                GError **error);
gboolean chat_json_get_object (JsonObject *object, const char *member, gboolean required, JsonObject **value,
                               GError **error);
gboolean chat_json_get_array (JsonObject *object, const char *member, gboolean required, JsonArray **value,
                              GError **error);

G_END_DECLS
