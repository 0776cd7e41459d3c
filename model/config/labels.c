/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/model.h"

#include <string.h>

#include "model/base/mapping.h"

#define SIZE_MAX_BYTES (16 << 20)
#define LABEL_MAX 4096 /* bytes */

static guint count_lines(const char *text, gsize size)
{
    guint lines = size > 0 && text[size - 1] != '\n';

    for (gsize i = 0; i < size; i++)
        lines += text[i] == '\n';
    return lines;
}

/* The next line without the blanks around it; moves text to the one after it. */
static char *next_label(const char **text, const char *end)
{
    const char *newline = memchr(*text, '\n', (gsize)(end - *text));
    const char *from = *text, *to = newline ? newline : end;

    *text = newline ? newline + 1 : end;
    while (from < to && g_ascii_isspace(*from))
        from++;
    while (from < to && g_ascii_isspace(to[-1]))
        to--;
    return g_strndup(from, MIN((gsize)(to - from), LABEL_MAX + 1));
}

/* *labels: NULL; free what it is afterwards, even on failure. */
static gboolean parse(char ***labels, const char *text, gsize size, guint count, const char *file,
                      GError **error)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 files with it */
    const char *end = text + size;

    if (size >= 3 && !memcmp(text, mark, 3))
        text += 3;
    const guint lines = count_lines(text, (gsize)(end - text));
    if (lines != count) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_MISMATCH,
                    "%s: holds %u labels, the model has %u classes", file, lines, count);
        return FALSE;
    }
    *labels = g_new0(char *, count + 1);
    for (guint i = 0; i < count; i++) {
        char *label = (*labels)[i] = next_label(&text, end);

        if (!*label)
            return cnx_corrupt(error, file, "line %u is empty, expected a label", i + 1);
        if (strlen(label) > LABEL_MAX)
            return cnx_corrupt(error, file, "line %u is longer than %d bytes", i + 1, LABEL_MAX);
    }
    return TRUE;
}

char **cnx_labels_parse(const char *text, gsize size, guint count, const char *file, GError **error)
{
    g_auto(GStrv) labels = NULL;
    gboolean ok;

    if (size > SIZE_MAX_BYTES)
        ok = cnx_corrupt(error, file, "has %" G_GSIZE_FORMAT " bytes, a file of labels at most %d",
                         size, SIZE_MAX_BYTES);
    else if (!g_utf8_validate_len(text, size, NULL))
        ok = cnx_corrupt(error, file, "is not UTF-8 text");
    else
        ok = parse(&labels, text, size, count, file, error);
    return ok ? g_steal_pointer(&labels) : NULL;
}

char **cnx_labels_read(const char *path, guint count, GError **error)
{
    g_autofree char *file = g_filename_display_name(path);
    GMappedFile *map = cnx_map_file(path, error);

    if (!map)
        return NULL;
    /* An empty file has no mapping at all. */
    const char *text = g_mapped_file_get_contents(map);
    char **labels =
        cnx_labels_parse(text ? text : "", g_mapped_file_get_length(map), count, file, error);
    g_mapped_file_unref(map);
    return labels;
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

static char *list_path(const char *folder, guint i)
{
    return g_build_filename(folder, "gst-convnext", lists[i].file, NULL);
}

char **cnx_labels_imagenet(guint count, GError **error)
{
    const char *const *folders = g_get_system_data_dirs();
    guint i = 0;

    while (i < G_N_ELEMENTS(lists) && lists[i].classes != count)
        i++;
    if (i == G_N_ELEMENTS(lists))
        return NULL;
    for (const char *folder = g_get_user_data_dir(); folder; folder = *folders++) {
        g_autofree char *path = list_path(folder, i);

        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            g_debug("%s: names the classes, of which nothing else is known", path);
            return cnx_labels_read(path, count, error);
        }
    }
    return NULL;
}

char **cnx_labels_imagenet_files(void)
{
    const char *const *folders = g_get_system_data_dirs();
    GPtrArray *files = g_ptr_array_new();

    for (const char *folder = g_get_user_data_dir(); folder; folder = *folders++)
        for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
            g_ptr_array_add(files, list_path(folder, i));
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_free(files, FALSE);
}
