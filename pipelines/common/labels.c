/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/labels.h"

#include <string.h>

#include "pipelines/common/print.h"

struct Labels {
    GHashTable *counts; /* label -> guint64 */
};

Labels *labels_new(void)
{
    Labels *labels = g_new(Labels, 1);

    labels->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return labels;
}

void labels_free(Labels *labels)
{
    g_hash_table_unref(labels->counts);
    g_free(labels);
}

void labels_add(Labels *labels, GstConvnextResult *result)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);
    char number[24];
    const char *label = "(nothing)";
    g_autofree char *clean = NULL;
    guint64 *count;

    if (n > 0) {
        g_snprintf(number, sizeof number, "class %u", classes[0].index);
        label = classes[0].label ? classes[0].label : number;
    }
    clean = print_clean(label, PRINT_MAX_PART);
    count = g_hash_table_lookup(labels->counts, clean);
    if (!count) {
        count = g_new0(guint64, 1);
        g_hash_table_insert(labels->counts, g_steal_pointer(&clean), count);
    }
    ++*count;
}

static int compare_counts(gconstpointer a, gconstpointer b)
{
    const LabelCount *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->label, y->label);
}

static void clear_count(gpointer data)
{
    g_free(((LabelCount *)data)->label);
}

GArray *labels_sorted(const Labels *labels)
{
    GArray *sorted = g_array_new(FALSE, FALSE, sizeof(LabelCount));
    GHashTableIter iter;
    gpointer label, count;

    g_array_set_clear_func(sorted, clear_count);
    g_hash_table_iter_init(&iter, labels->counts);
    while (g_hash_table_iter_next(&iter, &label, &count)) {
        LabelCount entry = {g_strdup(label), *(guint64 *)count};

        g_array_append_val(sorted, entry);
    }
    g_array_sort(sorted, compare_counts);
    return sorted;
}

void labels_append_shares(const Labels *labels, guint64 total, GString *text)
{
    g_autoptr(GArray) sorted = labels_sorted(labels);

    for (guint i = 0; i < sorted->len; i++) {
        const LabelCount *entry = &g_array_index(sorted, LabelCount, i);

        g_string_append_printf(text, "  %-14s %5.1f %%\n", entry->label,
                               100.0 * entry->count / total);
    }
}
