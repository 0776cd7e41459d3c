/* Runs a fuzz target without libFuzzer: on each file, and then on mutations of them, which are the
 * same on every machine.
 *
 *   replay-TARGET [--mutations N] [--seed N] FILE|FOLDER...
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define SIZE_MAX_BYTES (1 << 20)

static GPtrArray *inputs; /* of GByteArray */
static guint64 state;

static guint32 draw(guint32 below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return below ? (guint32)(state >> 32) % below : 0;
}

/* Copies the input to a block of the exact size, so that sanitizers detect reads beyond its end. */
static void run_input(const GByteArray *input)
{
    guint8 *exact = malloc(input->len ? input->len : 1);

    if (input->len)
        memcpy(exact, input->data, input->len);
    LLVMFuzzerTestOneInput(exact, input->len);
    free(exact);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds a file, or all files of a folder, to the inputs. */
static void load_inputs(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    GError *error = NULL;
    char *contents;
    gsize size;

    if (dir) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        const char *name;

        while ((name = g_dir_read_name(dir)))
            g_ptr_array_add(names, g_build_filename(path, name, NULL));
        g_ptr_array_sort(names, compare_names);
        for (guint i = 0; i < names->len; i++)
            load_inputs(names->pdata[i]);
        return;
    }
    if (!g_file_get_contents(path, &contents, &size, &error))
        g_error("%s", error->message);
    g_ptr_array_add(inputs, g_byte_array_new_take((guint8 *)contents, size));
}

/* Damages one place of the input: changes, removes or repeats bytes, or copies another input's. */
static void mutate(GByteArray *input)
{
    static const guint8 edges[] = {0, 1, 0x7f, 0x80, 0xff, '"', '{', '[', '(', '.', '\n'};
    const guint at = draw(input->len), left = input->len - at, length = draw(MIN(left, 64) + 1);

    switch (draw(7)) {
    case 0:
        input->data[at] ^= 1 << draw(8);
        break;
    case 1:
        input->data[at] = edges[draw(sizeof edges)];
        break;
    case 2: /* an integer of 1, 2, 4 or 8 bytes: all ones, all zeros, or each byte incremented */
        for (guint i = 0, bytes = 1 << draw(4), value = draw(3); i < bytes && i < left; i++)
            input->data[at + i] = value == 0 ? 0xff : value == 1 ? 0 : input->data[at + i] + 1;
        break;
    case 3:
        g_byte_array_remove_range(input, at, length);
        break;
    case 4:
        g_byte_array_set_size(input, at);
        break;
    case 5: {
        GByteArray *copy = g_byte_array_new();
        g_byte_array_append(copy, input->data, at + length);
        g_byte_array_append(copy, input->data + at, left);
        g_byte_array_set_size(input, 0);
        g_byte_array_append(input, copy->data, MIN(copy->len, SIZE_MAX_BYTES));
        g_byte_array_unref(copy);
        break;
    }
    default: {
        const GByteArray *other = inputs->pdata[draw(inputs->len)];
        const guint from = draw(other->len), count = draw(64);
        for (guint i = 0; i < count && i < left && from + i < other->len; i++)
            input->data[at + i] = other->data[from + i];
    }
    }
}

static void run_mutation(void)
{
    g_autoptr(GByteArray) input = g_byte_array_new();
    const GByteArray *from = inputs->pdata[draw(inputs->len)];

    g_byte_array_append(input, from->data, from->len);
    for (guint i = 0, places = 1 + draw(4); i < places && input->len; i++)
        mutate(input);
    run_input(input);
}

int main(int argc, char **argv)
{
    guint64 mutations = 0, seed = 1;

    inputs = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    for (int i = 1; i < argc; i++) {
        if (g_str_equal(argv[i], "--mutations") && i + 1 < argc)
            mutations = g_ascii_strtoull(argv[++i], NULL, 10);
        else if (g_str_equal(argv[i], "--seed") && i + 1 < argc)
            seed = g_ascii_strtoull(argv[++i], NULL, 10);
        else
            load_inputs(argv[i]);
    }
    if (inputs->len == 0)
        g_error("no input files");
    state = seed * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15) | 1;
    for (guint i = 0; i < inputs->len; i++)
        run_input(inputs->pdata[i]);
    for (guint64 i = 0; i < mutations; i++)
        run_mutation();
    printf("%u files and %" G_GUINT64_FORMAT " mutations\n", inputs->len, mutations);
    g_ptr_array_unref(inputs);
    return 0;
}
