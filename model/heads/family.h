/* A family of segmentation heads: how it is recognised, read and run. A new family is a file with a
 * CnxFamily and a row in recognise.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/json.h"
#include "model/heads/info.h"
#include "model/heads/packer.h"

/* What a head is read from */
typedef struct CnxHeadSource {
    const CnxConfig *backbone;
    CnxHeadTensors *tensors;
    const CnxJson *json; /* the config.json that describes the whole network; NULL: none */
    GError **error;      /* not NULL; json's own is the same */
} CnxHeadSource;

typedef struct CnxFamily {
    const char *name;    /* "UPerNet" */
    const char *library; /* whose names its tensors have: "transformers" */
    const char *model;   /* its "model_type" or "_model_class" in config.json; NULL: no config */
    const char *witness; /* end of the name of a tensor that shows the family */
    gsize size;          /* bytes of a head */
    guint multiple;      /* input sides must be multiples of it */
    /* Sets the numbers of the zeroed head and the info's scaling, twice and classes from names,
     * shapes and config; FALSE with error if they contradict each other. */
    gboolean (*describe)(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info);
    /* Reads the layers; runs twice, see packer.h. */
    gboolean (*pack)(gpointer head, CnxHeadPacker *packer);
    /* stages: [CNX_STAGES] of the backbone. Returns the logits. */
    CnxHeadMap (*forward)(gconstpointer head, CnxSteps *steps, const CnxHeadMap *stages);
    /* The stages that forward reads, as CnxOutput flags. */
    CnxOutput (*outputs)(gconstpointer head);
} CnxFamily;

extern const CnxFamily cnx_upernet_transformers, cnx_upernet_mmseg, cnx_upernet_smp;
