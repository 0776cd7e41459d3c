/* The report of convnext-inspect on a checkpoint, and the two formats in which it is printed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"
#include "model/heads/segmenter.h"
#include "model/serve/need.h"

/* How the model would run; 0 means as the element does by default. */
typedef struct RunOptions {
    int input_size, threads;
    gint64 max_memory; /* bytes */
    CnxPrecision precision;
} RunOptions;

typedef struct Report {
    const CnxCheckpoint *checkpoint;
    const CnxConfig *config;
    guint64 bytes;       /* total size of the files */
    guint used, ignored; /* tensors in the files */
    GPtrArray *missing;  /* char *: canonical names of parts without a tensor; these are zero */
    CnxNeed need;
    const char *isa_level;   /* for which the weights are packed */
    CnxPrecision precision;  /* that runs */
    char *remark;            /* on the requested precision; NULL if none */
    guint64 macs;            /* multiply-accumulates for one input */
    guint64 rounded_macs;    /* the part of them in bf16 or int8 */
    CnxHeadInfo *segmenter;  /* the segmentation head; NULL: none, or it cannot be run */
    gsize segmenter_weights; /* bytes of it, packed */
    char *segmenter_fault;   /* why the dense head cannot be run by convnextsegment; or NULL */
} Report;

/* checkpoint, which was opened from path, must outlive the report. NULL with an error. */
Report *report_new(const CnxCheckpoint *checkpoint, const char *path, const RunOptions *options,
                   GError **error);
void report_free(Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)

/* The names of the activation and of the norm, such as "gelu" and "layer norm". */
const char *report_act(const Report *report);
const char *report_norm(const Report *report);

/* Print the report to standard output in UTF-8. tensors: include a list of the tensors. */
void report_print_text(const Report *report, gboolean tensors);
void report_print_json(const Report *report, gboolean tensors);
