/* The published networks: names, depths and widths.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* timm's name of the network ("convnext_pico_ols"), or a description by depths and widths if it is
 * not a published one. Free with g_free. */
char *cnx_variant_describe(const CnxConfig *config);

/* Sets the values that tensors do not show (act, eps, head_eps, the kind of norms without bias) to
 * the library's values for config's variant. */
void cnx_variant_invisible(CnxConfig *config);

/* The library's values for a named network. */
typedef struct CnxPublished {
    guint depths[CNX_STAGES], dims[CNX_STAGES];
    CnxNormKind norm;
    CnxAct act;
    double eps;             /* of every norm */
    gboolean grn, overlaps; /* V2; a stem of overlapping convolutions */
} CnxPublished;

/* Looks up one of timm's architectures ("convnext_tiny", "convnext_tiny_hnf.a2h_in1k", ...). If
 * the name is unknown, returns FALSE and sets the defaults of act, eps and norm. */
gboolean cnx_variant_lookup(const char *name, CnxPublished *published);
