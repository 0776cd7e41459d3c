/* The two formats of an evaluation.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "model/base/text.h"
#include "model/export/json_members.h"
#include "pipelines/common/print.h"
#include "pipelines/inspect/evaluate.h"

#define MAX_MATRIX 20 /* classes with pictures; of more, the text shows pairs */
#define MAX_ROWS 50   /* lines of a list in the text */
#define LABEL_COLUMNS 40

static double percent(guint part, guint whole)
{
    return whole ? 100.0 * part / whole : 0;
}

static const char *said_label(const Evaluation *e, guint said)
{
    return said < e->classes ? e->labels[said] : "(nothing)";
}

/* The mean of the recalls of the classes with pictures, and their number. */
static double mean_recall(const Evaluation *e, guint *classes)
{
    double sum = 0;

    *classes = 0;
    for (guint c = 0; c < e->classes; c++) {
        if (!e->pictures[c])
            continue;
        sum += percent(e->right[c], e->pictures[c]);
        ++*classes;
    }
    return sum / *classes;
}

static void print_summary(const Evaluation *e)
{
    guint present;
    const double recall = mean_recall(e, &present);

    report_line("pictures", "%u of %u classes%s", e->total, present,
                present < e->classes ? ", some have none" : "");
    if (e->left_out)
        report_line("left out", "%u", e->left_out);
    report_line("accuracy", "%.2f %% (%u right)", percent(e->correct, e->total), e->correct);
    if (e->classes > EVALUATE_BEST)
        report_line("best 5", "%.2f %% (%u)", percent(e->in_best, e->total), e->in_best);
    report_line("recall", "%.2f %%, mean over the classes", recall);
}

/* Classes with pictures, in their order; those with the lowest recall first if there are many. */
static GArray *list_classes(const Evaluation *e)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(guint));

    for (guint c = 0; c < e->classes; c++)
        if (e->pictures[c])
            g_array_append_val(list, c);
    return list;
}

static int by_recall(gconstpointer a, gconstpointer b, gpointer user_data)
{
    const Evaluation *e = user_data;
    const guint x = *(const guint *)a, y = *(const guint *)b;
    const double p = percent(e->right[x], e->pictures[x]), q = percent(e->right[y], e->pictures[y]);

    return p < q ? -1 : p > q ? 1 : x < y ? -1 : x > y;
}

static void print_classes(const Evaluation *e)
{
    g_autoptr(GArray) list = list_classes(e);

    if (list->len > MAX_ROWS) {
        g_array_sort_with_data(list, by_recall, (gpointer)e);
        printf("\nthe %d classes with the lowest recall; --json has all\n", MAX_ROWS);
    } else {
        putchar('\n');
    }
    printf("pictures  recall %%  precision %%  class\n");
    for (guint i = 0; i < MIN(list->len, MAX_ROWS); i++) {
        const guint c = g_array_index(list, guint, i);
        g_autofree char *label = print_clean(e->labels[c], LABEL_COLUMNS);

        printf("%8u  %8.1f  ", e->pictures[c], percent(e->right[c], e->pictures[c]));
        if (e->said[c])
            printf("%11.1f  %s\n", percent(e->right[c], e->said[c]), label);
        else
            printf("%11s  %s\n", "-", label);
    }
}

/* How many pictures of class is the model says to be said. */
static guint count_pair(const Evaluation *e, guint is, guint said)
{
    guint count = is == said ? e->right[is] : 0;

    for (guint i = 0; i < e->wrong->len; i++) {
        const EvaluateWrong *wrong = &g_array_index(e->wrong, EvaluateWrong, i);

        count += wrong->is == is && wrong->said == said;
    }
    return count;
}

static void print_matrix(const Evaluation *e)
{
    g_autoptr(GArray) list = list_classes(e);

    printf("\nrow: what it is, column: what is said, in the order of the rows; last: any other\n");
    for (guint i = 0; i < list->len; i++) {
        const guint is = g_array_index(list, guint, i);
        g_autofree char *label = print_clean(e->labels[is], LABEL_COLUMNS);
        guint other = e->pictures[is];

        for (guint k = 0; k < list->len; k++) {
            const guint count = count_pair(e, is, g_array_index(list, guint, k));

            printf("%6u", count);
            other -= count;
        }
        printf("%6u  %s\n", other, label);
    }
}

typedef struct Pair {
    guint is, said, count;
} Pair;

static int by_classes(gconstpointer a, gconstpointer b)
{
    const EvaluateWrong *x = *(const EvaluateWrong *const *)a,
                        *y = *(const EvaluateWrong *const *)b;

    return x->is != y->is ? (x->is < y->is ? -1 : 1) : x->said < y->said ? -1 : x->said > y->said;
}

static int by_count(gconstpointer a, gconstpointer b)
{
    const Pair *x = a, *y = b;

    return x->count != y->count ? (x->count < y->count ? 1 : -1)
           : x->is != y->is     ? (x->is < y->is ? -1 : 1)
                                : (x->said < y->said ? -1 : x->said > y->said);
}

/* The cells of the confusion matrix off its diagonal, largest first. */
static GArray *list_pairs(const Evaluation *e)
{
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    GArray *pairs = g_array_new(FALSE, FALSE, sizeof(Pair));

    for (guint i = 0; i < e->wrong->len; i++)
        g_ptr_array_add(sorted, &g_array_index(e->wrong, EvaluateWrong, i));
    g_ptr_array_sort(sorted, by_classes);
    for (guint i = 0; i < sorted->len; i++) {
        const EvaluateWrong *wrong = sorted->pdata[i];
        Pair *last = pairs->len ? &g_array_index(pairs, Pair, pairs->len - 1) : NULL;
        const Pair next = {wrong->is, wrong->said, 1};

        if (last && last->is == next.is && last->said == next.said)
            last->count++;
        else
            g_array_append_val(pairs, next);
    }
    g_array_sort(pairs, by_count);
    return pairs;
}

static void print_pairs(const Evaluation *e)
{
    g_autoptr(GArray) pairs = list_pairs(e);

    if (pairs->len > 0)
        printf("\nmost frequent confusions (pictures, is, said)\n");
    for (guint i = 0; i < MIN(pairs->len, MAX_ROWS); i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        g_autofree char *is = print_clean(e->labels[pair->is], LABEL_COLUMNS);
        g_autofree char *said = print_clean(said_label(e, pair->said), LABEL_COLUMNS);

        printf("%6u  %s\t%s\n", pair->count, is, said);
    }
}

static void print_wrong(const Evaluation *e)
{
    if (e->wrong->len > 0)
        printf("\nwrong (path, said, is, score)\n");
    for (guint i = 0; i < MIN(e->wrong->len, MAX_ROWS); i++) {
        const EvaluateWrong *wrong = &g_array_index(e->wrong, EvaluateWrong, i);
        g_autofree char *path = print_clean(wrong->path, PRINT_MAX_PART);
        g_autofree char *is = print_clean(e->labels[wrong->is], LABEL_COLUMNS);
        g_autofree char *said = print_clean(said_label(e, wrong->said), LABEL_COLUMNS);

        printf("  %s\t%s\t%s\t%.2f\n", path, said, is, (double)wrong->score);
    }
    if (e->wrong->len > MAX_ROWS)
        printf("  and %u more; --json lists all\n", e->wrong->len - MAX_ROWS);
}

void evaluation_print_text(const Evaluation *e)
{
    guint present;

    mean_recall(e, &present);
    print_summary(e);
    print_classes(e);
    if (present <= MAX_MATRIX)
        print_matrix(e);
    else
        print_pairs(e);
    print_wrong(e);
}

static void add_class(JsonBuilder *json, const Evaluation *e, guint c)
{
    json_builder_begin_object(json);
    cnx_json_add_int(json, "index", c);
    cnx_json_add_string(json, "label", e->labels[c]);
    cnx_json_add_int(json, "pictures", e->pictures[c]);
    cnx_json_add_int(json, "right", e->right[c]);
    cnx_json_add_int(json, "said", e->said[c]);
    json_builder_end_object(json);
}

/* The cells off the diagonal that are not 0 */
static void add_confusions(JsonBuilder *json, const Evaluation *e)
{
    g_autoptr(GArray) pairs = list_pairs(e);

    json_builder_set_member_name(json, "confusions");
    json_builder_begin_array(json);
    for (guint i = 0; i < pairs->len; i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);

        json_builder_begin_object(json);
        cnx_json_add_string(json, "is", e->labels[pair->is]);
        cnx_json_add_string(json, "said", said_label(e, pair->said));
        cnx_json_add_int(json, "pictures", pair->count);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

static void add_wrong(JsonBuilder *json, const Evaluation *e)
{
    json_builder_set_member_name(json, "wrong");
    json_builder_begin_array(json);
    for (guint i = 0; i < e->wrong->len; i++) {
        const EvaluateWrong *wrong = &g_array_index(e->wrong, EvaluateWrong, i);
        g_autofree char *path = cnx_printable(wrong->path, -1);

        json_builder_begin_object(json);
        cnx_json_add_string(json, "path", path);
        cnx_json_add_string(json, "is", e->labels[wrong->is]);
        cnx_json_add_string(json, "said", said_label(e, wrong->said));
        cnx_json_add_number(json, "score", (double)wrong->score);
        json_builder_end_object(json);
    }
    json_builder_end_array(json);
}

void evaluation_print_json(const Evaluation *e)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    guint present;

    json_builder_begin_object(json);
    cnx_json_add_int(json, "pictures", e->total);
    cnx_json_add_int(json, "left-out", e->left_out);
    cnx_json_add_int(json, "right", e->correct);
    cnx_json_add_number(json, "accuracy", (double)e->correct / e->total);
    cnx_json_add_number(json, "accuracy-best-5", (double)e->in_best / e->total);
    cnx_json_add_number(json, "mean-recall", mean_recall(e, &present) / 100);
    json_builder_set_member_name(json, "classes");
    json_builder_begin_array(json);
    for (guint c = 0; c < e->classes; c++)
        if (e->pictures[c] || e->said[c])
            add_class(json, e, c);
    json_builder_end_array(json);
    add_confusions(json, e);
    add_wrong(json, e);
    json_builder_end_object(json);
    report_print_object(json);
}
