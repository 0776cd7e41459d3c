/* How often each class was the best one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

typedef struct LabelCount {
    char *label; /* of the best class; "class N" where the model has no labels, "(nothing)" where
                    no class was above the threshold */
    guint64 count;
} LabelCount;

/* Grows with the number of labels that came, not with the number of results. */
typedef struct Labels Labels;

Labels *labels_new(void);
void labels_free(Labels *labels);

/* Counts the result's best class. */
void labels_add(Labels *labels, GstConvnextResult *result);

/* An array of LabelCount, most frequent first, equals by name; the caller unrefs it. */
GArray *labels_sorted(const Labels *labels);

/* Appends a line per label, most frequent first, with its share of total in percent. */
void labels_append_shares(const Labels *labels, guint64 total, GString *text);
