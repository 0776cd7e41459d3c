/* Counts how often each class is the best one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

typedef struct LabelCount {
    char *label; /* of the best class; "class N" if the model has no labels, "(nothing)" if no class
                    is above the threshold */
    guint64 count;
} LabelCount;

/* Grows with the number of different labels, not with the number of results. */
typedef struct Labels Labels;

Labels *labels_new(void);
void labels_free(Labels *labels);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Labels, labels_free)

/* Counts the result's best class. */
void labels_add(Labels *labels, GstConvnextResult *result);

/* An array of LabelCount, most frequent first, ties by name; the caller unrefs it. */
GArray *labels_sorted(const Labels *labels);

/* Appends a line per label, most frequent first, with its share of total in percent. */
void labels_append_shares(const Labels *labels, guint64 total, GString *text);
