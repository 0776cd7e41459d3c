/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/teach/base.h"

#include <string.h>

#include "pipelines/common/print.h"

gboolean teach_base_write(const CnxCheckpoint *checkpoint, const CnxExportHead *head,
                          const char *folder, const volatile sig_atomic_t *stop, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) first = NULL;
    CnxExportOptions options = {.layout = CNX_EXPORT_TRANSFORMERS, .head = head, .stop = stop};

    if (cnx_export_folder(checkpoint, folder, &options, notes, &first))
        return TRUE;
    options.layout = CNX_EXPORT_TIMM;
    if (g_error_matches(first, CNX_ERROR, CNX_ERROR_UNSUPPORTED) &&
        cnx_export_folder(checkpoint, folder, &options, notes, NULL))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}

static void add_recipe(GChecksum *sum, const CnxConfig *config)
{
    const CnxRecipe *r = &config->recipe;
    g_autofree char *text =
        g_strdup_printf("%d %.17g %.17g %u %u %u %u %s %s %s %d %.17g %d", (int)config->act,
                        config->eps, config->head_eps, r->size, r->width, r->height, r->resize,
                        cnx_crop_name(r->crop), cnx_filter_name(r->filter),
                        cnx_resampling_name(r->resampling), (int)r->rounding, r->rescale, r->grey);

    g_checksum_update(sum, (const unsigned char *)text, -1);
    g_checksum_update(sum, (const unsigned char *)r->mean, sizeof r->mean);
    g_checksum_update(sum, (const unsigned char *)r->std, sizeof r->std);
}

char *teach_base_identity(const char *folder, GError **error)
{
    g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open(folder, CNX_WEIGHT_SET_AUTO, error);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    guint count;

    if (!checkpoint)
        return NULL;
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);
    for (guint i = 0; i < count; i++) {
        const CnxTensor *t = parts[i].tensor;
        const char *name = parts[i].canonical;

        if (!name || !strcmp(name, "head.weight") || !strcmp(name, "head.bias"))
            continue;
        g_autofree float *values = g_new(float, MAX(t->elements, 1));
        cnx_tensor_to_float(t, values);
        g_checksum_update(sum, (const unsigned char *)name, (gssize)strlen(name) + 1);
        g_checksum_update(sum, (const unsigned char *)values,
                          (gssize)(t->elements * sizeof *values));
    }
    add_recipe(sum, cnx_checkpoint_config(checkpoint));
    return g_strdup(g_checksum_get_string(sum));
}

char *teach_base_licence(const char *path)
{
    g_autofree char *folder =
        g_file_test(path, G_FILE_TEST_IS_DIR) ? g_strdup(path) : g_path_get_dirname(path);
    g_autofree char *card = g_build_filename(folder, "README.md", NULL);
    g_autofree char *text = NULL;

    if (!g_file_get_contents(card, &text, NULL, NULL))
        return g_strdup("");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    if (!lines[0] || strcmp(g_strstrip(lines[0]), "---"))
        return g_strdup("");
    for (guint i = 1; lines[i] && strcmp(g_strstrip(lines[i]), "---"); i++)
        if (g_str_has_prefix(lines[i], "license:"))
            return print_clean(g_strstrip(lines[i] + strlen("license:")), 100);
    return g_strdup("");
}
