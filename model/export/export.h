/* Writes a checkpoint as a new folder that a Python library, and this one, can load.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "model/checkpoint/checkpoint.h"

typedef enum CnxExportLayout {
    CNX_EXPORT_TRANSFORMERS, /* AutoModelForImageClassification, AutoImageProcessor */
    CNX_EXPORT_TIMM,         /* timm.create_model("local-dir:...") */
} CnxExportLayout;

/* Another last linear layer: of a classifier whose classes exclude each other (softmax). It reads
 * the embedding, of cnx_export_embedding() numbers. */
typedef struct CnxExportHead {
    guint classes;
    char **labels;       /* [classes], NULL terminated */
    const float *weight; /* [classes, embedding] */
    const float *bias;   /* [classes] */
} CnxExportHead;

typedef struct CnxExportOptions {
    CnxExportLayout layout;
    gboolean convert; /* to dtype; otherwise tensors keep their dtype, but F64 becomes F32 */
    CnxDtype dtype;   /* F32, F16 or BF16 */
    gboolean
        backbone_only; /* leave out a segmentation or detection head; otherwise it is refused */
    const CnxExportHead *head; /* replaces the last linear layer, with its labels and its decision;
                                  NULL keeps them. The head is always F32. */
    const volatile sig_atomic_t *stop; /* a nonzero value aborts with an error; NULL allowed */
} CnxExportOptions;

/* The length of the embedding that a head reads; 0 if the network ends with a projection (CLIP). */
guint cnx_export_embedding(const CnxConfig *config);

/* Writes model.safetensors, config.json, preprocessor_config.json (transformers) and labels.txt (if
 * the config has labels) to folder, which must be empty or not exist. The folder appears when it is
 * complete; a failure leaves nothing. Appends a sentence (char *, freed by the array) to notes for
 * everything that the layout omits or changes slightly. Errors: CNX_ERROR_UNSUPPORTED if
 * the layout cannot describe this network, its head or its recipe, or dtype cannot hold one of the
 * weights;
 * CNX_ERROR_UNWRITABLE; CNX_ERROR_OUT_OF_MEMORY. */
gboolean cnx_export_folder(const CnxCheckpoint *checkpoint, const char *folder,
                           const CnxExportOptions *options, GPtrArray *notes, GError **error);
