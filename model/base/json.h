/* JSON config files: loading them, and reading values with errors that name file and key.
 *
 * The readers return FALSE with *error set if a value is present but invalid. An absent or null key
 * leaves *value unchanged.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "model/base/error.h"
#include "model/base/memory.h"

typedef struct CnxJson {
    JsonObject *object;
    const char *file; /* for messages */
    GError **error;
    CnxBudget *budget; /* pays for what is copied from the object */
} CnxJson;

/* Parses a file of at most 16 MB that contains one object. budget gets the file's share and pays
 * for the object. Returns NULL without error if the file does not exist. Free with
 * json_object_unref. */
JsonObject *cnx_json_load(const char *path, CnxBudget *budget, GError **error);

/* Parses text [size]. file is for messages. */
JsonObject *cnx_json_parse(const char *text, gsize size, CnxBudget *budget, const char *file,
                           GError **error);

/* Whether the key exists and is not null. */
gboolean cnx_json_has(const CnxJson *json, const char *key);

/* Sets json's error to "FILE: key "KEY" ...", or "FILE: ..." if the key is empty. Returns FALSE. */
gboolean cnx_json_fail(const CnxJson *json, CnxError code, const char *key, const char *format, ...)
    G_GNUC_PRINTF(4, 5);

/* Likewise: "is VALUE, expected EXPECTED", with the value of the key, which must exist. */
gboolean cnx_json_fail_expected(const CnxJson *json, CnxError code, const char *key,
                                const char *expected);

/* min <= value <= max. */
gboolean cnx_json_uint(const CnxJson *json, const char *key, guint min, guint max, guint *value);

/* Whether the key has such a value; sets no error. */
gboolean cnx_json_peek_uint(const CnxJson *json, const char *key, guint min, guint max,
                            guint *value);

/* min < value <= max. */
gboolean cnx_json_double(const CnxJson *json, const char *key, double min, double max,
                         double *value);

/* The string is borrowed from the object. */
gboolean cnx_json_string(const CnxJson *json, const char *key, const char **value);

/* The value's truthiness in Python: false, 0, "" and empty containers are false. Returns fallback
 * for an absent or null key. Never fails. */
gboolean cnx_json_truth(const CnxJson *json, const char *key, gboolean fallback);

/* An array of exactly count non-negative integers. */
gboolean cnx_json_uints(const CnxJson *json, const char *key, guint count, guint *values);

/* An array of three numbers, or a single number, bare or in an array, for all three; each > min. */
gboolean cnx_json_triple(const CnxJson *json, const char *key, double min, float values[3]);

typedef struct CnxJsonRange {
    double min;
    gboolean has_min; /* whether min itself is in the range */
    double max;       /* in the range */
    const char *text; /* "a positive float32 number", for messages */
} CnxJsonRange;

/* An array of exactly count numbers, or a single number for all of them. With a count of 1, the
 * error does not mention arrays. */
gboolean cnx_json_floats(const CnxJson *json, const char *key, CnxJsonRange range, guint count,
                         float *values);

typedef struct CnxJsonWord {
    const char *word;
    int number;
} CnxJsonWord;

/* A string from the table words [count]; value receives its number. The error
 * (CNX_ERROR_UNSUPPORTED) lists the words. */
gboolean cnx_json_word(const CnxJson *json, const char *key, const CnxJsonWord *words, guint count,
                       int *value);

/* The object under key, borrowed, or NULL if there is none. */
JsonObject *cnx_json_child(const CnxJson *json, const char *key);
