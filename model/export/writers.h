/* How the libraries lay out a folder: the inside of model/export/export.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "model/base/error.h"
#include "model/config/config.h"

typedef struct CnxExport {
    const CnxConfig *config;
    const char *source; /* file, for messages */
    const char *library;
    CnxDtype dtype; /* in which most of the weights will be stored */
    GPtrArray *notes;
    GError **error;
} CnxExport;

typedef struct CnxExportLibrary {
    const char *name; /* "transformers", for messages */

    /* Whether the library has this network and this recipe; FALSE with error. */
    gboolean (*check)(const CnxExport *e);

    /* Names by which the library, and the kind of network, is known: see cnx_naming_detect. */
    void (*sign)(const CnxExport *e, const char *signs[2]);

    /* Finishes the library's name of the tensor, taking the one given; shape [*rank] is the
     * canonical one, changed where the library has another. */
    char *(*adapt)(const CnxExport *e, const char *canonical, char *name, guint *rank,
                   guint64 *shape);

    /* config.json, and preprocessor_config.json or NULL. Both are the caller's. */
    JsonNode *(*make_config)(const CnxExport *e);
    JsonNode *(*make_preprocessor)(const CnxExport *e);
} CnxExportLibrary;

extern const CnxExportLibrary cnx_export_transformers, cnx_export_timm;

/* Sets the error: "SOURCE: cannot be written for LIBRARY: ...". Returns FALSE. */
gboolean cnx_export_refuse(const CnxExport *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Appends a sentence to the notes. */
void cnx_export_note(const CnxExport *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The fraction of the resized picture that is kept, such that floor(size / it) is the recipe's
 * resize. */
double cnx_export_crop_pct(const CnxRecipe *recipe);

/* Members of the object that is being built. */
void cnx_json_add_uints(JsonBuilder *json, const char *key, guint count, const guint *values);
void cnx_json_add_floats(JsonBuilder *json, const char *key, guint count, const float *values);
void cnx_json_add_string(JsonBuilder *json, const char *key, const char *value);
void cnx_json_add_number(JsonBuilder *json, const char *key, double value);
void cnx_json_add_int(JsonBuilder *json, const char *key, gint64 value);
void cnx_json_add_truth(JsonBuilder *json, const char *key, gboolean value);
