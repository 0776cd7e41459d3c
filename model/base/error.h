/* Errors of the model library. Each message is one sentence that names the file, the thing, what
 * was expected and what was found.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CNX_ERROR (cnx_error_quark())

typedef enum CnxError {
    CNX_ERROR_NOT_FOUND,    /* the file or folder does not exist or has nothing loadable */
    CNX_ERROR_UNREADABLE,   /* exists, but the system cannot read it */
    CNX_ERROR_CORRUPT,      /* violates its format */
    CNX_ERROR_MISMATCH,     /* a config or labels contradict the weights */
    CNX_ERROR_NOT_CONVNEXT, /* a readable checkpoint of another network, or with tensors missing */
    CNX_ERROR_UNSUPPORTED,  /* a ConvNeXt that this version cannot run */
    CNX_ERROR_OUT_OF_MEMORY,
    CNX_ERROR_CANCELLED,  /* the caller cancelled the operation */
    CNX_ERROR_UNWRITABLE, /* the system cannot write the file or folder */
    CNX_ERROR_SETTINGS,   /* a setting (environment, property) has an invalid value */
} CnxError;

GQuark cnx_error_quark(void);

/* Sets error to CNX_ERROR_CORRUPT with the message "FILE: ..." and returns FALSE. */
gboolean cnx_corrupt(GError **error, const char *file, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Quotes text (any bytes) from a file for use in a message: in double quotes, with control
 * characters replaced, made printable by cnx_printable(), truncated after 80 characters. Free with
 * g_free. */
char *cnx_quote(const char *text);

/* Quotes the first most of texts, which end with NULL: "a", "b", ... Free with g_free. */
char *cnx_quote_list(const char *const *texts, guint most);
