/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/head_files.h"

#include <math.h>
#include <string.h>

#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"

#define DATA_MAX (1u << 20) /* bytes of all tensors */

typedef struct Weights {
    GString *header; /* of safetensors, without its end */
    gsize data_size;
} Weights;

/* Adds a tensor "NAME 4,3,1,1", whose name becomes plain text. */
static void add_tensor(Weights *weights, char *line)
{
    char *sizes = strrchr(line, ' ');
    guint64 bytes = 2;

    if (!sizes || sizes == line)
        return;
    *sizes++ = '\0';
    for (char *c = line; *c != '\0'; c++)
        if (!g_ascii_isgraph(*c) || *c == '"' || *c == '\\')
            *c = '?';
    g_string_append_printf(weights->header, "%c\"%s\":{\"dtype\":\"F16\",\"shape\":[",
                           weights->header->len > 0 ? ',' : '{', line);
    for (guint i = 0; *sizes != '\0'; i++) {
        char *end;
        const guint64 size = MIN(g_ascii_strtoull(sizes, &end, 10), DATA_MAX);

        g_string_append_printf(weights->header, "%s%" G_GUINT64_FORMAT, i > 0 ? "," : "", size);
        bytes = MIN(bytes * size, DATA_MAX);
        sizes = *end == '\0' ? end : end + 1;
    }
    g_string_append_printf(weights->header,
                           "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%" G_GSIZE_FORMAT "]}",
                           weights->data_size, weights->data_size + (gsize)bytes);
    weights->data_size += bytes;
}

/* Fills dst with the pattern, which may be empty. */
static void fill(guint8 *dst, gsize size, const guint8 *pattern, gsize length)
{
    gsize done = MIN(size, length);

    memset(dst, 0, size);
    if (done > 0)
        memcpy(dst, pattern, done);
    for (gsize n; done > 0 && done < size; done += n) {
        n = MIN(done, size - done);
        memcpy(dst + done, dst, n);
    }
}

/* FALSE if the tensors are too large. */
static gboolean write_weights(FuzzReader *reader)
{
    g_autofree char *text = fuzz_section(reader);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GString) header = g_string_new("");
    g_autofree guint8 *file = NULL;
    Weights weights = {header, 0};

    for (guint i = 0; lines[i]; i++)
        add_tensor(&weights, lines[i]);
    if (weights.data_size > DATA_MAX)
        return FALSE;
    g_string_append_c(header, '}');
    const guint64 length = GUINT64_TO_LE(header->len);
    const gsize start = sizeof length + header->len;
    file = g_malloc(start + weights.data_size + 1);
    memcpy(file, &length, sizeof length);
    memcpy(file + sizeof length, header->str, header->len);
    fill(file + start, weights.data_size, reader->data, reader->left);
    folder_write(HEAD_FILES_WEIGHTS, file, start + weights.data_size);
    return TRUE;
}

gboolean head_files_write(FuzzReader *reader)
{
    g_autofree char *config = fuzz_section(reader);

    folder_write("config.json", (const guint8 *)config, strlen(config));
    return write_weights(reader);
}

void head_files_check(const CnxHeadInfo *info)
{
    g_assert_cmpuint(info->classes, >, 0);
    g_assert_true(!info->labels || g_strv_length(info->labels) == info->classes);
    for (guint i = 0; info->labels && i < info->classes; i++)
        g_assert_true(g_utf8_validate(info->labels[i], -1, NULL));
    for (guint i = 0; info->assumed[i]; i++)
        g_assert_true(g_utf8_validate(info->assumed[i], -1, NULL));
    for (guint i = 0; i < 3; i++)
        g_assert_true(isfinite(info->recipe.mean[i]) && info->recipe.std[i] > 0);
}

void head_files_check_error(gboolean ok, GError *error)
{
    const gboolean in_folder = error && g_str_has_prefix(error->message, folder_path());

    fuzz_check(ok, error, in_folder ? folder_path() : FUZZ_FILE);
}
