/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/head_seeds.h"

#include <string.h>

#include "model/heads/recognise.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/head_files.h"

#define SEEDS_MAX 32

static HeadSeed seeds[SEEDS_MAX];
static guint seed_count;

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Recognises the head. Returns what precedes the names of its tensors; NULL: no head. */
static char *find_head(HeadSeed *seed)
{
    static const CnxDetectorRules *const libraries[] = {&cnx_detector_torchvision,
                                                        &cnx_detector_mmdetection};
    char *prefix = NULL;

    seed->family = cnx_recognise_segmenter(seed->checkpoint, FUZZ_FILE, &prefix, NULL);
    for (guint i = 0; !prefix && i < G_N_ELEMENTS(libraries); i++) {
        prefix = cnx_head_find(seed->checkpoint, FUZZ_FILE, libraries[i]->witness, NULL);
        seed->rules = prefix ? libraries[i] : NULL;
    }
    return prefix;
}

static void list_names(HeadSeed *seed)
{
    GHashTableIter iter;
    gpointer name;

    seed->names = g_ptr_array_new();
    g_hash_table_iter_init(&iter, seed->tensors.tensors);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(seed->names, name);
    g_ptr_array_sort(seed->names, compare_names);
}

static void open_seed(HeadSeed *seed, const char *name)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    g_autofree char *path = g_build_filename(SEEDS, name, NULL), *contents = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(path, &contents, &size, NULL));
    FuzzReader reader = {(const guint8 *)contents, size};
    fuzz_byte(&reader);
    FuzzReader config = reader;
    seed->config = fuzz_section(&config);
    g_assert_true(head_files_write(&reader));
    seed->checkpoint = cnx_checkpoint_open(folder_path(), CNX_WEIGHT_SET_AUTO, NULL);
    seed->backbone = cnx_model_open_with(folder_path(), &options, NULL, NULL, NULL);
    g_assert_true(seed->checkpoint && seed->backbone);
    g_autofree char *prefix = find_head(seed);
    if (!prefix)
        return;
    g_assert_true(cnx_head_tensors_init(&seed->tensors, seed->checkpoint, FUZZ_FILE, prefix, NULL));
    list_names(seed);
}

static void open_seeds(void)
{
    g_autoptr(GDir) dir = g_dir_open(SEEDS, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    g_assert_nonnull(dir);
    while ((name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    g_assert_true(names->len > 0 && names->len <= SEEDS_MAX);
    while (seed_count < names->len) {
        open_seed(&seeds[seed_count], names->pdata[seed_count]);
        seed_count++;
    }
    folder_write("config.json", NULL, 0);
}

HeadSeed *head_seeds(guint *count)
{
    if (seed_count == 0)
        open_seeds();
    *count = seed_count;
    return seeds;
}
