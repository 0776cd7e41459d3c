/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/teach/store.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ALIGNMENT 64
#define PREFIX 10 /* bytes: magic (6), version (2), length of the dictionary (2) */
#define MAX_WIDTH 65536

void teach_origin_clear(TeachOrigin *origin)
{
    g_free(origin->identity);
    g_free(origin->base);
    g_free(origin->licence);
}

/* The header of NumPy's format, version 1.0. */
static GString *npy_header(guint rows, guint width)
{
    GString *header = g_string_new("\x93NUMPY\x01");

    g_string_append_len(header, "\0\0\0", 3);
    g_string_append_printf(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%u, %u), }",
                           rows, width);
    while (header->len % ALIGNMENT != ALIGNMENT - 1)
        g_string_append_c(header, ' ');
    g_string_append_c(header, '\n');
    header->str[PREFIX - 2] = (char)((header->len - PREFIX) & 0xff);
    header->str[PREFIX - 1] = (char)((header->len - PREFIX) >> 8);
    return header;
}

static gboolean write_file(const char *folder, const char *name, const GString *content,
                           GError **error)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return g_file_set_contents(path, content->str, (gssize)content->len, error);
}

gboolean teach_store_write(const char *folder, const TeachSet *set, guint width,
                           const TeachOrigin *origin, GError **error)
{
    g_autoptr(GString) numbers = npy_header(set->pictures->len, width);
    g_autoptr(GString) lines = g_string_new(NULL);

    g_string_append_printf(lines, "# identity\t%s\n# base\t%s\n# licence\t%s\n", origin->identity,
                           origin->base, origin->licence);
    g_string_append(lines, "path\tclass\tSHA-256\n");
    for (guint i = 0; i < set->pictures->len; i++) {
        const TeachPicture *p = set->pictures->pdata[i];

        g_string_append_printf(lines, "%s\t%s\t%s\n", p->path, p->label, p->hash);
        for (guint j = 0; j < width; j++) {
            guint32 bits;

            memcpy(&bits, &p->embedding[j], sizeof bits);
            bits = GUINT32_TO_LE(bits);
            g_string_append_len(numbers, (const char *)&bits, sizeof bits);
        }
    }
    return write_file(folder, TEACH_EMBEDDINGS, numbers, error) &&
           write_file(folder, TEACH_PICTURES, lines, error);
}

static gboolean fail(const char *folder, const char *name, GError **error, const char *what)
{
    g_set_error(error, TEACH_ERROR, 0, "%s/%s: %s", folder, name, what);
    return FALSE;
}

/* The value of the line "# key<tab>value"; FALSE if it is another line. */
static gboolean read_key(const char *line, const char *key, char **value)
{
    g_autofree char *start = g_strdup_printf("# %s\t", key);

    if (!line || !g_str_has_prefix(line, start))
        return FALSE;
    *value = g_strdup(line + strlen(start));
    return TRUE;
}

/* Adds a picture from its line. numbers: its row, or NULL to check the line only. */
static gboolean add_line(TeachSet *set, const char *line, const float *row, guint width,
                         GError **error)
{
    g_auto(GStrv) fields = g_strsplit(line, "\t", -1);

    if (g_strv_length(fields) != 3 || strlen(fields[2]) != 64 || !*fields[1])
        return FALSE;
    if (!g_hash_table_contains(set->labels, fields[1]))
        g_hash_table_add(set->labels, g_strdup(fields[1]));
    return teach_set_add(set, g_strdup(fields[0]), fields[1], g_strdup(fields[2]),
                         g_memdup2(row, width * sizeof *row), error);
}

/* The values behind the header for these rows, in native order; NULL if it is another header. */
static float *read_numbers(const char *content, gsize size, guint rows, guint *width)
{
    const char *shape = size > PREFIX
                            ? g_strstr_len(content + PREFIX, (gssize)(size - PREFIX), "'shape': (")
                            : NULL;
    guint n = 0;

    *width = 0;
    if (!shape || sscanf(shape, "'shape': (%u, %u)", &n, width) != 2 || n != rows || *width == 0 ||
        *width > MAX_WIDTH)
        return NULL;
    g_autoptr(GString) header = npy_header(rows, *width);
    const gsize count = (gsize)rows * *width;
    if (size != header->len + count * sizeof(float) || memcmp(content, header->str, header->len))
        return NULL;
    g_autofree float *values = g_new(float, MAX(count, 1));
    for (gsize j = 0; j < count; j++) {
        guint32 bits;

        memcpy(&bits, content + header->len + j * sizeof bits, sizeof bits);
        bits = GUINT32_FROM_LE(bits);
        memcpy(&values[j], &bits, sizeof bits);
        if (!isfinite(values[j]))
            return NULL;
    }
    return g_steal_pointer(&values);
}

gboolean teach_store_read(const char *folder, TeachSet *set, guint *width, TeachOrigin *origin,
                          GError **error)
{
    g_autofree char *npy = g_build_filename(folder, TEACH_EMBEDDINGS, NULL);
    g_autofree char *tsv = g_build_filename(folder, TEACH_PICTURES, NULL);
    g_autofree char *numbers = NULL, *text = NULL;
    gsize size;

    if (!g_file_get_contents(tsv, &text, NULL, error) ||
        !g_file_get_contents(npy, &numbers, &size, error))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const guint count = g_strv_length(lines);
    if (count < 5 || *lines[count - 1] || !read_key(lines[0], "identity", &origin->identity) ||
        !read_key(lines[1], "base", &origin->base) ||
        !read_key(lines[2], "licence", &origin->licence))
        return fail(folder, TEACH_PICTURES, error, "is not a list of convnext-teach");
    const guint rows = count - 5; /* without the head and the empty piece behind the last line */
    g_autofree float *values = read_numbers(numbers, size, rows, width);
    if (!values)
        return fail(folder, TEACH_EMBEDDINGS, error,
                    "is not an array of finite float32 numbers with a row for each picture of "
                    "pictures.tsv");
    for (guint i = 0; i < rows; i++)
        if (!add_line(set, lines[4 + i], values + (gsize)i * *width, *width, error))
            return error && *error ? FALSE
                                   : fail(folder, TEACH_PICTURES, error,
                                          "has a line without path, class and SHA-256");
    if (set->pictures->len != rows)
        return fail(folder, TEACH_PICTURES, error, "names a picture twice");
    set->kept = 0;
    return TRUE;
}
