/* The interface of the writers of folder layouts, one per library, and their common functions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "model/base/error.h"
#include "model/config/config.h"

typedef struct CnxExport {
    const CnxConfig *config;
    const char *source; /* name of the file, for messages */
    const char *library;
    CnxDtype dtype; /* of most of the weights in the new file */
    GPtrArray *notes;
    GError **error;
} CnxExport;

typedef struct CnxExportWriter {
    const char *library; /* "transformers", ...; for messages */

    /* Checks that the library supports this network and recipe; FALSE with error. */
    gboolean (*check)(const CnxExport *e);

    /* Names of tensors by which cnx_naming_detect recognises the library and the kind of network.
     */
    void (*list_witnesses)(const CnxExport *e, const char *witnesses[2]);

    /* Takes ownership of a tensor's name and returns the one to write. shape [*rank]: the canonical
     * shape on entry, the library's on return. */
    char *(*adapt_tensor)(const CnxExport *e, const char *canonical, char *name, guint *rank,
                          guint64 *shape);

    /* config.json, and preprocessor_config.json or NULL. The caller owns both. */
    JsonNode *(*make_config)(const CnxExport *e);
    JsonNode *(*make_preprocessor)(const CnxExport *e);
} CnxExportWriter;

/* Sets CNX_ERROR_UNSUPPORTED, "SOURCE: cannot be written for LIBRARY: ...". Returns FALSE. */
gboolean cnx_export_refuse(const CnxExport *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Refuses heads other than a linear layer with a bias, perhaps behind a hidden layer (*hidden: its
 * width, or 0). Returns FALSE then. */
gboolean cnx_export_check_plain(const CnxExport *e, guint *hidden);

/* Adds the keys of config/decision.h that are set. */
void cnx_export_add_decision(JsonBuilder *json, const CnxConfig *config);

/* Appends a sentence to the notes. */
void cnx_export_note(const CnxExport *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The fraction of the resized image that the crop keeps, chosen so that floor(size / fraction) is
 * the recipe's resize. */
double cnx_export_crop_pct(const CnxRecipe *recipe);
