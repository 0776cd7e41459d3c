/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/teach/report.h"

#include <stdio.h>
#include <string.h>

#include "pipelines/common/print.h"

#define LABEL_COLUMNS 20 /* of a label in the matrix, characters */

static guint class_size(const TeachReport *r, guint c)
{
    guint size = 0;

    for (guint k = 0; k < r->data->classes; k++)
        size += r->folds->confusion[c * r->data->classes + k];
    return size;
}

/* "98.3 % (100.0 95.0 100.0)". Free with g_free. */
static char *accuracy_text(const TeachFolds *folds)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%.1f %% (", 100 * folds->mean);
    for (guint k = 0; k < folds->folds; k++)
        g_string_append_printf(text, k ? " %.1f" : "%.1f", 100 * folds->accuracy[k]);
    return g_string_free(g_string_append_c(text, ')'), FALSE);
}

/* Rows of numbers that end in the label of the row. */
static void print_confusion(const TeachReport *r)
{
    const guint n = r->data->classes;

    g_print(
        "\nheld-out pictures (row: what it is, column: what is said, in the order of the rows)\n");
    for (guint c = 0; c < n; c++) {
        g_autofree char *label = print_clean(r->labels[c], LABEL_COLUMNS);

        for (guint k = 0; k < n; k++)
            g_print("%6u", r->folds->confusion[c * n + k]);
        g_print("  %s\n", label);
    }
}

static void print_wrong(const TeachReport *r)
{
    guint wrong = 0;

    for (guint i = 0; i < r->data->count; i++) {
        const TeachPicture *picture = r->set->pictures->pdata[i];
        const guint said = r->folds->said[i], is = r->data->y[i];

        if (said == is)
            continue;
        if (wrong++ == 0)
            g_print("\nwrong when held out (path, said, is, score)\n");
        g_autofree char *path = print_clean(picture->path, PRINT_MAX_PART);
        g_print("  %s\t%s\t%s\t%.2f\n", path, r->labels[said], r->labels[is], r->folds->score[i]);
    }
}

void teach_report_print(const TeachReport *r)
{
    g_autofree char *accuracy = accuracy_text(r->folds);

    g_print("%u classes, %u pictures:", r->data->classes, r->data->count);
    for (guint c = 0; c < r->data->classes; c++)
        g_print("%s %s %u", c ? "," : "", r->labels[c], class_size(r, c));
    g_print("\naccuracy over %u folds: %s\n", r->folds->folds, accuracy);
    g_print("penalty %g, chosen for a held-out loss of %.4f\n", r->folds->penalty, r->folds->loss);
    print_confusion(r);
    print_wrong(r);
    if (r->is_bundled)
        g_print("\n%s\n", TEACH_BUNDLED_NOTE);
}

/* Text inside a table or a sentence of Markdown. Free with g_free. */
static char *markdown(const char *text)
{
    GString *escaped = g_string_new(NULL);

    for (; *text; text++) {
        if (strchr("\\`*_{}[]<>#|!", *text))
            g_string_append_c(escaped, '\\');
        g_string_append_c(escaped, *text);
    }
    return g_string_free(escaped, FALSE);
}

static void add_classes(GString *card, const TeachReport *r)
{
    g_string_append(card, "\n| class | pictures | right when held out |\n| --- | --- | --- |\n");
    for (guint c = 0; c < r->data->classes; c++) {
        g_autofree char *label = markdown(r->labels[c]);

        g_string_append_printf(card, "| %s | %u | %u |\n", label, class_size(r, c),
                               r->folds->confusion[c * r->data->classes + c]);
    }
}

gboolean teach_report_write_card(const TeachReport *r, const char *folder, GError **error)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *date = g_date_time_format(now, "%F");
    g_autofree char *path = g_build_filename(folder, "README.md", NULL);
    g_autofree char *accuracy = accuracy_text(r->folds);
    g_autofree char *base = markdown(r->origin->base), *licence = markdown(r->origin->licence);
    g_autoptr(GString) card = g_string_new("---\npipeline_tag: image-classification\n");

    if (*r->origin->licence)
        g_string_append_printf(card, "license: %s\n", r->origin->licence);
    g_string_append_printf(card,
                           "---\n\n# %u classes, taught with convnext-teach\n\n"
                           "Written on %s (UTC) by convnext-teach " CONVNEXT_VERSION ".\n",
                           r->data->classes, date);
    add_classes(card, r);
    g_string_append_printf(
        card,
        "\nAccuracy over %u folds: %s. The pictures of a fold were held out from "
        "the model that judged them. Pictures of one moment may be in different "
        "folds; then these figures are too good.\n\n",
        r->folds->folds, accuracy);
    g_string_append_printf(
        card,
        "The backbone is that of the base model, unchanged. The last linear layer "
        "is a logistic regression on its embeddings, with an L2 penalty of %g, in "
        "which each class has the same weight.\n\n",
        r->folds->penalty);
    g_string_append_printf(card, "Base model: %s. Its licence: %s.\n", base,
                           *licence ? licence : "not known; ask those who published it");
    if (r->is_bundled)
        g_string_append(card, "\n" TEACH_BUNDLED_NOTE "\n");
    g_string_append(card, "\n`" TEACH_PICTURES "` lists the pictures, and `" TEACH_EMBEDDINGS
                          "` has their embeddings, for `convnext-teach --add`.\n");
    return g_file_set_contents(path, card->str, (gssize)card->len, error);
}
