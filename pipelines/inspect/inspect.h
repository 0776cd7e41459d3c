/* What convnext-inspect finds out about a checkpoint, and the two ways in which it says so.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"

typedef struct Report {
    const CnxCheckpoint *checkpoint;
    const CnxConfig *config;
    guint64 bytes;       /* of the files */
    guint used, ignored; /* tensors of the files */
    GPtrArray
        *missing;    /* char *: canonical names of parts that no tensor gives, and that are zero */
    gsize memory;    /* bytes of packed weights */
    const char *cpu; /* the level that they are packed for */
    guint64 macs;    /* multiplications with addition for one image of the recipe's size */
} Report;

/* checkpoint must outlive the report. NULL with error. */
Report *report_new(const CnxCheckpoint *checkpoint, GError **error);
void report_free(Report *report); /* NULL allowed */

/* "gelu", ... and "layer norm", ... */
const char *report_act(const Report *report);
const char *report_norm(const Report *report);

/* Each prints to standard output, in UTF-8; tensors: with a list of them. */
void report_print_text(const Report *report, gboolean tensors);
void report_print_json(const Report *report, gboolean tensors);
