/* What the files beside the weights say about them.
 *
 * The readers below fill in what their file says and refuse what contradicts the weights, which
 * config describes already (model/config/variant.h), as do the recipe's defaults of the
 * tensors' library.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/json.h"
#include "model/config/config.h"

/* Reads config.json, preprocessor_config.json, open_clip_config.json (of an open_clip checkpoint,
 * instead of the two) and labels.txt in folder, those that are there, into config. strict: a file
 * that contradicts the weights, or is about another network, is an error (CNX_ERROR_MISMATCH,
 * _NOT_CONVNEXT); otherwise it is somebody else's, noted in config->ignored, and ignored, a
 * config.json with its preprocessor. */
gboolean cnx_config_load(CnxConfig *config, const char *folder, gboolean strict, GError **error);

/* Where a key stands, its item has its value from there. */
typedef struct CnxItemKey {
    const char *key;
    CnxItem item;
} CnxItemKey;

/* Notes origin for the items of those keys [count] that json has. */
void cnx_config_note(CnxConfig *config, const CnxJson *json, CnxOrigin origin,
                     const CnxItemKey *keys, guint count);

/* config.json of transformers. */
gboolean cnx_config_read_transformers(CnxConfig *config, const CnxJson *json);

/* preprocessor_config.json of transformers. */
gboolean cnx_config_read_preprocessor(CnxConfig *config, const CnxJson *json);

/* open_clip_config.json. */
gboolean cnx_config_read_open_clip(CnxConfig *config, const CnxJson *json);

/* config.json of timm. */
gboolean cnx_config_read_timm(CnxConfig *config, const CnxJson *json);
