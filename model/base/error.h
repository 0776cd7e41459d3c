/* Errors of the model library, each with one sentence that names file, thing, expected and found.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CNX_ERROR (cnx_error_quark())

typedef enum CnxError {
    CNX_ERROR_NOT_FOUND,    /* no such file or folder, or nothing loadable in it */
    CNX_ERROR_UNREADABLE,   /* exists, but the system refuses to read it */
    CNX_ERROR_CORRUPT,      /* breaks a rule of its own format */
    CNX_ERROR_MISMATCH,     /* a config or labels that contradict the weights */
    CNX_ERROR_NOT_CONVNEXT, /* a readable checkpoint of something else, or with tensors missing */
    CNX_ERROR_UNSUPPORTED,  /* a ConvNeXt that this version does not run */
    CNX_ERROR_OUT_OF_MEMORY,
    CNX_ERROR_CANCELLED,  /* nothing is wrong: somebody asked for it */
    CNX_ERROR_UNWRITABLE, /* a file or folder that the system refuses to write */
    CNX_ERROR_SETTINGS,   /* a setting (environment, property) with a value that cannot be */
} CnxError;

GQuark cnx_error_quark(void);

/* Sets error to CNX_ERROR_CORRUPT, "FILE: " and the rest. Returns FALSE. */
gboolean cnx_corrupt(GError **error, const char *file, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* Text out of a file (UTF-8), fit to stand in a sentence: in double quotes, control characters
 * replaced, cut after some 80 characters. Free with g_free. */
char *cnx_quote(const char *text);
