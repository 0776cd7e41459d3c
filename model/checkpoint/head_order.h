/* The order in which the layers of a head run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/head.h"
#include "model/checkpoint/head_layers.h"

/* State of cnx_head_read */
typedef struct CnxHeadReading {
    const CnxHeadSource *source;
    GPtrArray *layers;  /* CnxHeadLayer *, after cnx_head_order() in their order */
    guint first;        /* 1 if the first layer is the last norm of the body */
    guint64 channels;   /* of the last stage */
    gboolean is_fastai; /* a head that fastai made */
    CnxConfig *config;
    GError **error;
} CnxHeadReading;

CnxHeadLayer *cnx_head_layer(const CnxHeadReading *r, guint i);

/* Puts the layers in the order of the forward pass. Removes those that it does not run. FALSE with
 * error if the tensors do not say the order. */
gboolean cnx_head_order(CnxHeadReading *r);

/* Sets error to "FILE: ..." and returns FALSE. */
gboolean cnx_head_fail(const CnxHeadReading *r, CnxError code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* "FILE: tensor NAME of shape [..] is not part of a timm ConvNeXt: it looks like KIND" */
gboolean cnx_head_fail_layer(const CnxHeadReading *r, const CnxHeadLayer *layer, const char *kind);

/* The part that shows most of a layer: its weight, if it has one. */
CnxPart *cnx_head_main_part(const CnxHeadLayer *layer);

/* "NAME" of shape [..]; free with g_free. */
char *cnx_head_describe_layer(const CnxHeadLayer *layer);
