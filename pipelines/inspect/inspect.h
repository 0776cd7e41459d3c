/* The report of convnext-inspect on a checkpoint, and the two formats in which it is printed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "model/checkpoint/checkpoint.h"
#include "model/heads/detector.h"
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
    guint used, ignored; /* tensors in the files; a head that runs uses its own */
    GPtrArray *missing;  /* char *: canonical names of parts without a tensor; these are zero */
    CnxNeed need;
    const char *isa_level;   /* for which the weights are packed */
    CnxPrecision precision;  /* that runs */
    char *remark;            /* on the requested precision; NULL if none */
    guint64 macs;            /* multiply-accumulates for one input */
    guint64 rounded_macs;    /* the part of them in bf16 or int8 */
    const char *element;     /* that runs the model */
    char *launch;            /* the command line of a pipeline that runs it */
    const CnxRecipe *recipe; /* of the element's input */

    /* A segmentation or detection head. All NULL and 0 if there is none. */
    CnxSegmenter *segmenter; /* one of the two at most */
    CnxDetector *detector;
    const CnxHeadInfo *head; /* of it */
    char *head_fault;        /* why its element refuses the head */
    GHashTable *head_names;  /* set: of its tensors in the files; owns nothing */
    gsize head_weights;      /* bytes of it, packed */
    guint64 head_parameters;
} Report;

/* checkpoint, which was opened from path with these options, must outlive the report. NULL with an
 * error. */
Report *report_new(const CnxCheckpoint *checkpoint, const char *path, const CnxOpenOptions *open,
                   const RunOptions *options, GError **error);
void report_free(Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)

/* The names of the activation and of the norm, such as "gelu" and "layer norm". */
const char *report_act(const Report *report);
const char *report_norm(const Report *report);

/* Whether the network or the head that runs uses the tensor. */
gboolean report_uses(const Report *report, const CnxPart *part);

/* Stride of a level of a detector's pyramid, in pixels of the input, and the stage of the backbone
 * that it reads, from 1: its output, or with *is_down the downsampling layer in front of it. *stage
 * is 0 for the extra level. */
guint report_level(const Report *report, guint level, guint *stage, gboolean *is_down);

/* Prints a line of the text. heading "": it continues the one before. */
void report_line(const char *heading, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The names of classes, abbreviated, and where they come from. labels may be NULL. */
void report_labels(const char *heading, char **labels, const char *from);

/* Prints what the text says of the head, if there is one. */
void report_print_head(const Report *report);

/* Print the report to standard output in UTF-8. tensors: include a list of the tensors. */
void report_print_text(const Report *report, gboolean tensors);
void report_print_json(const Report *report, gboolean tensors);

/* Prints the object that json has built to standard output. */
void report_print_object(JsonBuilder *json);
