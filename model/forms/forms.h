/* The tensors of a checkpoint in the forms that training tools leave, composed to the tensors of
 * the network: pruned weights are multiplied by their masks, quantised ones by their scales,
 * adapters are added, and so on. Nothing is computed before a tensor's numbers are read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"

typedef struct CnxForms {
    CnxTensor *tensors;  /* [count], sorted by name */
    const char **faults; /* [count]; why a tensor cannot be used, as a predicate, or NULL */
    guint count;
    const char *adapter; /* a tensor of an adapter, if no adapter has the weight that it changes */
} CnxForms;

/* container must outlive the forms. folder: of its file, or NULL. FALSE with error:
 * CNX_ERROR_CORRUPT or _UNREADABLE for an invalid adapter_config.json; _OUT_OF_MEMORY. */
gboolean cnx_forms_compose(CnxForms *forms, CnxContainer *container, const char *folder,
                           const char *file, GError **error);
void cnx_forms_clear(CnxForms *forms);

/* Collects lines that describe composed tensors: "12 tensors with a LoRA of scale 2 added". */
typedef struct CnxFormsSummary CnxFormsSummary;

CnxFormsSummary *cnx_forms_summary_new(void);
void cnx_forms_summary_add(CnxFormsSummary *summary, const CnxTensor *tensor);
/* NULL-terminated lines; frees summary. Free with g_strfreev. */
char **cnx_forms_summary_end(CnxFormsSummary *summary);
