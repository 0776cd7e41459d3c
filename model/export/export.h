/* Writing a checkpoint as a clean folder that the Python libraries, and we, load.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "model/checkpoint/checkpoint.h"

typedef enum CnxExportLayout {
    CNX_EXPORT_TRANSFORMERS, /* AutoModelForImageClassification, AutoImageProcessor */
    CNX_EXPORT_TIMM,         /* timm.create_model("local-dir:...") */
} CnxExportLayout;

typedef struct CnxExportOptions {
    CnxExportLayout layout;
    gboolean convert; /* to dtype; otherwise tensors keep their own, but F64 becomes F32 */
    CnxDtype dtype;   /* F32, F16, BF16 */
    const volatile sig_atomic_t *stop; /* ends the export with an error once it is not 0; NULL:
                                          nothing does */
} CnxExportOptions;

/* Writes model.safetensors, config.json, preprocessor_config.json (transformers) and labels.txt
 * (where there are labels) to folder, which must not exist or be empty. The folder appears when it
 * is complete: a failure leaves nothing. What is left out, or said a
 * little differently in that layout, without effect on the network, is appended to notes as
 * sentences (char *, freed by the array). Errors: CNX_ERROR_UNSUPPORTED when the layout cannot
 * hold this network or recipe, or dtype one of its numbers; CNX_ERROR_UNWRITABLE;
 * CNX_ERROR_OUT_OF_MEMORY. */
gboolean cnx_export_folder(const CnxCheckpoint *checkpoint, const char *folder,
                           const CnxExportOptions *options, GPtrArray *notes, GError **error);
