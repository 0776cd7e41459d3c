/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/exporting.h"

#include <glib/gstdio.h>
#include <string.h>

char *exporting_folder, *exporting_target;

void exporting_begin(void)
{
    exporting_folder = g_dir_make_tmp("convnext-export-XXXXXX", NULL);
    exporting_target = g_build_filename(exporting_folder, "converted", NULL);
}

void exporting_end(void)
{
    g_assert_cmpint(g_rmdir(exporting_folder), ==, 0);
    g_free(exporting_target);
    g_free(exporting_folder);
}

char *exporting_fixture(const char *name)
{
    return g_strconcat(FIXTURES "/networks/", name, NULL);
}

CnxCheckpoint *exporting_open(const char *path)
{
    GError *error = NULL;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    return checkpoint;
}

gboolean exporting_write(const CnxCheckpoint *source, CnxExportLayout layout, CnxDtype dtype,
                         GPtrArray *notes, GError **error)
{
    const CnxExportOptions options = {
        .layout = layout, .convert = dtype != KEEP, .dtype = dtype, .backbone_only = TRUE};

    return cnx_export_folder(source, exporting_target, &options, notes, error);
}

void exporting_remove(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_remove(file);
    }
    g_rmdir(path);
}

void exporting_assert_nothing_left(void)
{
    g_autoptr(GDir) dir = g_dir_open(exporting_folder, 0, NULL);

    g_assert_cmpstr(g_dir_read_name(dir), ==, NULL);
}

static void compare_recipes(const CnxRecipe *a, const CnxRecipe *b)
{
    g_assert_cmpuint(a->size, ==, b->size);
    g_assert_cmpuint(a->resize, ==, b->resize);
    g_assert_cmpint(a->crop, ==, b->crop);
    g_assert_cmpint(a->filter, ==, b->filter);
    g_assert_cmpmem(a->mean, sizeof a->mean, b->mean, sizeof b->mean);
    g_assert_cmpmem(a->std, sizeof a->std, b->std, sizeof b->std);
    g_assert_cmpfloat(a->rescale, ==, b->rescale);
}

void exporting_compare(const CnxConfig *a, const CnxConfig *b)
{
    g_assert_cmpstr(a->variant, ==, b->variant);
    g_assert_cmpmem(a->depths, sizeof a->depths, b->depths, sizeof b->depths);
    g_assert_cmpmem(a->dims, sizeof a->dims, b->dims, sizeof b->dims);
    g_assert_cmpuint(a->classes, ==, b->classes);
    g_assert_cmpmem(&a->head, sizeof a->head, &b->head, sizeof b->head);
    g_assert_cmpint(a->layer_scale, ==, b->layer_scale);
    g_assert_cmpint(a->grn, ==, b->grn);
    g_assert_cmpint(a->norm, ==, b->norm);
    g_assert_cmpint(a->head_norm_first, ==, b->head_norm_first);
    g_assert_cmpint(a->act, ==, b->act);
    g_assert_cmpfloat(a->eps, ==, b->eps);
    g_assert_cmpfloat(a->head_eps, ==, b->head_eps);
    g_assert_cmpuint(a->parameters, ==, b->parameters);
    g_assert_true((!a->labels && !b->labels) ||
                  g_strv_equal((const char *const *)a->labels, (const char *const *)b->labels));
    compare_recipes(&a->recipe, &b->recipe);
}

void exporting_check_error(GError **error, CnxError code, const char *word)
{
    g_assert_error(*error, CNX_ERROR, (int)code);
    if (!strstr((*error)->message, word))
        g_error("'%s' is not in: %s", word, (*error)->message);
    g_clear_error(error);
}
