/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/model.h"

#include <string.h>

#include "model/mapping.h"

#define SIZE_MAX_BYTES (16 << 20)

/* The text, its line ends made "\n", without the last one; NULL with error. */
static char *read_text(const char *path, const char *file, GError **error)
{
    GMappedFile *map = cnx_map_file(path, error);

    if (!map)
        return NULL;
    if (g_mapped_file_get_length(map) > SIZE_MAX_BYTES) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                    "%s: has %" G_GSIZE_FORMAT " bytes, a file of labels at most %d", file,
                    g_mapped_file_get_length(map), SIZE_MAX_BYTES);
        g_mapped_file_unref(map);
        return NULL;
    }
    GString *text =
        g_string_new_len(g_mapped_file_get_contents(map), g_mapped_file_get_length(map));
    g_mapped_file_unref(map);
    if (!g_utf8_validate_len(text->str, text->len, NULL)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: is not UTF-8 text", file);
        g_string_free(text, TRUE);
        return NULL;
    }
    if (g_str_has_prefix(text->str, "\xef\xbb\xbf"))
        g_string_erase(text, 0, 3);
    g_string_replace(text, "\r\n", "\n", 0);
    if (g_str_has_suffix(text->str, "\n"))
        g_string_truncate(text, text->len - 1);
    return g_string_free(text, FALSE);
}

char **cnx_labels_read(const char *path, guint count, GError **error)
{
    g_autofree char *file = g_filename_display_name(path);
    g_autofree char *text = read_text(path, file, error);

    if (!text)
        return NULL;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1); /* of an empty text: none */
    guint n = g_strv_length(lines);
    for (guint i = 0; i < n; i++) {
        if (*g_strstrip(lines[i]))
            continue;
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: line %u is empty, expected a label",
                    file, i + 1);
        return NULL;
    }
    if (n != count) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                    "%s: holds %u labels, the model has %u classes", file, n, count);
        return NULL;
    }
    return g_steal_pointer(&lines);
}

/* The lists that pipelines/imagenet-labels.sh makes. */
static const struct {
    guint classes;
    const char *file;
} lists[] = {
    {1000, "imagenet-1k.txt"},
    {11821, "imagenet-12k.txt"},
    {21841, "imagenet-22k.txt"},
};

static char **read_list(const char *folder, const char *name, guint count, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "gst-convnext", name, NULL);

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    g_debug("%s: names the classes, of which nothing else is known", path);
    return cnx_labels_read(path, count, error);
}

char **cnx_labels_imagenet(guint count, GError **error)
{
    const char *const *folders = g_get_system_data_dirs();
    const char *name = NULL;
    GError *cause = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
        if (lists[i].classes == count)
            name = lists[i].file;
    if (!name)
        return NULL;
    char **labels = read_list(g_get_user_data_dir(), name, count, &cause);
    for (; *folders && !labels && !cause; folders++)
        labels = read_list(*folders, name, count, &cause);
    if (cause)
        g_propagate_error(error, cause);
    return labels;
}
