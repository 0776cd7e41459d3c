/* The published networks: their names and numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

/* The name of a network of these numbers, as timm has it ("convnext_pico_ols"); one that nobody
 * published is called by its depths and widths. Free with g_free. */
char *cnx_variant_describe(const CnxConfig *config);

/* Sets the act, eps and head_eps that the library has for the config's variant, and which of the
 * norms without bias it is. */
void cnx_variant_invisible(CnxConfig *config);

/* What the library sets for a named network, and its tensors do not all show. */
typedef struct CnxPublished {
    guint depths[CNX_STAGES], dims[CNX_STAGES];
    CnxNormKind norm;
    CnxAct act;
    double eps; /* of every norm */
} CnxPublished;

/* Of timm's architectures ("convnext_tiny", "convnext_tiny_hnf.a2h_in1k", ...); FALSE when the name
 * is none of them. */
gboolean cnx_variant_lookup(const char *name, CnxPublished *published);
