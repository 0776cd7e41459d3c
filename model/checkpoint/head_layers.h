/* The layers of a head: collected from the names and shapes of tensors outside the stem and the
 * stages, and put in the order in which they run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"
#include "model/dialect/names.h"

/* What a layer is in its library's stock network */
typedef enum CnxHeadRole {
    CNX_HEAD_ROLE_OWN,    /* the library does not know it */
    CNX_HEAD_ROLE_NORM,   /* the last norm of the body */
    CNX_HEAD_ROLE_HIDDEN, /* the hidden layer, which GELU follows */
    CNX_HEAD_ROLE_OUTPUT,
} CnxHeadRole;

typedef struct CnxHeadLayer {
    char *path;  /* name of the module without wrappers: "head.fc" */
    guint level; /* characters of the path that it shares with the prefix of the body */
    CnxHeadRole role;
    CnxHeadKind kind;
    gboolean is_known;       /* its tensors are those of such a layer; otherwise only its role is */
    guint64 inputs, outputs; /* 0 unless is_known */
    CnxPart *weight, *bias, *mean, *variance; /* parts of the file; NULL: it has none */
    const CnxPart *twin, *twin_of;            /* two parts with the same name; usually NULL */
} CnxHeadLayer;

/* The layers of parts [count] that have no reason to be ignored, in any order. A tensor of an
 * unknown kind belongs to none. Elements: CnxHeadLayer *, owned. */
GPtrArray *cnx_head_layers_new(const CnxNaming *naming, CnxPart *parts, guint count);

/* < 0: a runs before b, > 0: behind it, 0: their names do not say it. */
int cnx_head_layers_compare(const CnxHeadLayer *a, const CnxHeadLayer *b);

/* Sorts the layers so that each reads what the one before it yields, beginning with width values.
 * Returns the number of such orders that agree with the names: 0, 1, or 2 for several. */
guint cnx_head_layers_sort(GPtrArray *layers, guint64 width);

/* Modules without tensors between two layers of the same Sequential, a before b; -1 if the names do
 * not say how many. */
int cnx_head_layers_gap(const CnxHeadLayer *a, const CnxHeadLayer *b);
