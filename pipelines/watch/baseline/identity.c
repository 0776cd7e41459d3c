/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/baseline/identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Of model-info. What a processor computes may differ in rounding only, so its isa level is not
 * one of them. */
static const char *const facts[] = {"variant",       "weights",    "weights-key",  "precision",
                                    "projection",    "activation", "input-size",   "input-width",
                                    "input-height",  "resize",     "crop",         "longest-side",
                                    "interpolation", "resampling", "rescale",      "mean",
                                    "std",           "norm-eps",   "head-norm-eps"};
static const char *const properties[] = {"roi", "orientation", "head-activation"};

static void add_text(GChecksum *checksum, const char *key, char *text)
{
    g_autofree char *line = g_strdup_printf("%s=%s\n", key, text ? text : "");

    g_checksum_update(checksum, (const unsigned char *)line, -1);
    g_free(text);
}

static void add_properties(GChecksum *checksum, GstElement *convnext)
{
    for (guint i = 0; i < G_N_ELEMENTS(properties); i++) {
        g_auto(GValue) value = G_VALUE_INIT;

        if (!g_object_class_find_property(G_OBJECT_GET_CLASS(convnext), properties[i]))
            continue;
        g_object_get_property(G_OBJECT(convnext), properties[i], &value);
        add_text(checksum, properties[i], gst_value_serialize(&value));
    }
}

static gboolean add_file(GChecksum *checksum, const char *path, GError **error)
{
    FILE *file = fopen(path, "rbe");
    g_autofree unsigned char *part = g_malloc(1 << 20);
    gsize length;

    if (!file) {
        g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno), "cannot read %s: %s", path,
                    g_strerror(errno));
        return FALSE;
    }
    while ((length = fread(part, 1, 1 << 20, file)) > 0)
        g_checksum_update(checksum, part, (gssize)length);
    fclose(file);
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A checkpoint in parts is a folder. */
static gboolean add_folder(GChecksum *checksum, const char *path, GError **error)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, error);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    if (!folder)
        return FALSE;
    while ((name = g_dir_read_name(folder)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *file = g_build_filename(path, names->pdata[i], NULL);

        if (g_file_test(file, G_FILE_TEST_IS_REGULAR) && !add_file(checksum, file, error))
            return FALSE;
    }
    return TRUE;
}

gboolean watch_identity_read(guint8 *identity, GstElement *convnext, GError **error)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(GstStructure) info = NULL;
    gsize size = WATCH_IDENTITY;

    g_object_get(convnext, "model-info", &info, NULL);
    const char *path = info ? gst_structure_get_string(info, "path") : NULL;
    for (guint i = 0; info && i < G_N_ELEMENTS(facts); i++) {
        const GValue *value = gst_structure_get_value(info, facts[i]);

        add_text(checksum, facts[i], value ? gst_value_serialize(value) : NULL);
    }
    add_properties(checksum, convnext);
    if (path && !(g_file_test(path, G_FILE_TEST_IS_DIR) ? add_folder(checksum, path, error)
                                                        : add_file(checksum, path, error)))
        return FALSE;
    g_checksum_get_digest(checksum, identity, &size);
    return TRUE;
}
