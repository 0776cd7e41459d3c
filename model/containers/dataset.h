/* The classes that a training checkpoint of OpenMMLab names beside its state dict: meta.CLASSES and
 * meta.PALETTE, or classes and palette in meta.dataset_meta.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/pickle_values.h"

#define CNX_DATASET_CLASSES_MAX 65536

typedef struct CnxDataset {
    guint count;
    char **classes;  /* [count] printable names, NULL-terminated; NULL: none */
    guint8 *palette; /* [count][3] RGB; NULL: none, or not one colour for each class */
} CnxDataset;

/* Reads them from the top of a pickle. Values of another form are passed over. Clear it. */
CnxDataset cnx_dataset_read(const CnxPy *top);
void cnx_dataset_clear(CnxDataset *dataset);
