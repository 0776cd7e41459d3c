/* The scale of a LoRA, from PEFT's adapter_config.json.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/json.h"

typedef struct CnxAdapterConfig {
    JsonObject *object; /* NULL: the file does not exist */
    char *file;         /* for messages */
    const char *fault;  /* why no LoRA can be scaled, a predicate; or NULL */
} CnxAdapterConfig;

/* Reads adapter_config.json in folder, which may be NULL. FALSE with error if it is invalid. */
gboolean cnx_adapter_config_load(CnxAdapterConfig *config, const char *folder, CnxBudget *budget,
                                 GError **error);
void cnx_adapter_config_clear(CnxAdapterConfig *config);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CnxAdapterConfig, cnx_adapter_config_clear)

/* Whether each layer also has a magnitude. */
gboolean cnx_adapter_config_is_dora(const CnxAdapterConfig *config);

/* The scale of the LoRA of this layer, whose name may have a prefix that the config lacks. Returns
 * NULL, or why it cannot be computed, a predicate. *scale: unset in this case. */
const char *cnx_adapter_config_scale(const CnxAdapterConfig *config, const char *layer,
                                     guint64 rank, double *scale);
