/* JSON files of settings: loading, and reading values with errors that name file and key.
 *
 * The readers return FALSE with *error set when a value is there but cannot be what is asked for; a
 * key that is absent or null leaves *value as it is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "model/base/error.h"

typedef struct CnxJson {
    JsonObject *object;
    const char *file; /* for messages */
    GError **error;
} CnxJson;

/* The object that a file holds, at most 16 MB of it. A file that is not there: NULL without error.
 * Unref what is returned with json_object_unref. */
JsonObject *cnx_json_load(const char *path, GError **error);

/* The object that text [size] is. file: for messages. */
JsonObject *cnx_json_parse(const char *text, gsize size, const char *file, GError **error);

gboolean cnx_json_has(const CnxJson *json, const char *key); /* and is not null */

/* Sets json's error to one about the key, code and sentence as given, and returns FALSE. */
gboolean cnx_json_fail(const CnxJson *json, CnxError code, const char *key, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

gboolean cnx_json_uint(const CnxJson *json, const char *key, guint min, guint max, guint *value);

/* min < value <= max. */
gboolean cnx_json_double(const CnxJson *json, const char *key, double min, double max,
                         double *value);

/* Borrowed from the object. */
gboolean cnx_json_string(const CnxJson *json, const char *key, const char **value);

/* As Python takes it for an if: false, 0, "" and empty containers are false. Never fails. */
gboolean cnx_json_truth(const CnxJson *json, const char *key, gboolean otherwise);

/* Exactly count numbers, each from 0. */
gboolean cnx_json_uints(const CnxJson *json, const char *key, guint count, guint *values);

/* Three numbers, or one, also as a list, that stands for all three; each > min. */
gboolean cnx_json_triple(const CnxJson *json, const char *key, double min, float values[3]);

/* A word of a table: [count] words and their numbers. The error (CNX_ERROR_UNSUPPORTED)
 * lists the words. */
typedef struct CnxJsonWord {
    const char *word;
    int number;
} CnxJsonWord;
gboolean cnx_json_word(const CnxJson *json, const char *key, const CnxJsonWord *words, guint count,
                       int *value);

/* The object under key, borrowed, or NULL where there is none. */
JsonObject *cnx_json_child(const CnxJson *json, const char *key);
