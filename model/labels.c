/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/model.h"

#include <string.h>

#include "model/mapping.h"

#define SIZE_MAX_BYTES (16 << 20)
#define LABEL_MAX 4096 /* bytes */

G_GNUC_PRINTF(3, 4)
static char **corrupt(GError **error, const char *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: %s", file, what);
    return NULL;
}

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

char **cnx_labels_parse(const char *text, gsize size, guint count, const char *file, GError **error)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors begin UTF-8 files with it */
    const char *end = text + size;

    if (size > SIZE_MAX_BYTES)
        return corrupt(error, file, "has %" G_GSIZE_FORMAT " bytes, a file of labels at most %d",
                       size, SIZE_MAX_BYTES);
    if (!g_utf8_validate_len(text, size, NULL))
        return corrupt(error, file, "is not UTF-8 text");
    if (size >= 3 && !memcmp(text, mark, 3))
        text += 3;
    const guint lines = count_lines(text, (gsize)(end - text));
    if (lines != count)
        return corrupt(error, file, "holds %u labels, the model has %u classes", lines, count);
    g_auto(GStrv) labels = g_new0(char *, count + 1);
    for (guint i = 0; i < count; i++) {
        labels[i] = next_label(&text, end);
        if (!*labels[i])
            return corrupt(error, file, "line %u is empty, expected a label", i + 1);
        if (strlen(labels[i]) > LABEL_MAX)
            return corrupt(error, file, "line %u is longer than %d bytes", i + 1, LABEL_MAX);
    }
    return g_steal_pointer(&labels);
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
