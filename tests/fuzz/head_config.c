/* Fuzz target: a segmenter's config.json beside valid weights. The first byte selects the weights,
 * those of a seed of the target `head`, and in its highest bit whether the weights were named or
 * their folder; the rest is the file. SEEDS is the folder of these seeds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/heads/recognise.h"
#include "model/heads/segmenter_config.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/head_files.h"

#define SEGMENTERS_MAX 32

/* Weights whose files are mapped but no longer there; without a family, of another network */
typedef struct Segmenter {
    CnxCheckpoint *checkpoint;
    CnxHeadTensors tensors;
    const CnxFamily *family;
    gpointer head;
} Segmenter;

static Segmenter segmenters[SEGMENTERS_MAX];
static guint count;

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void open_seed(const char *name)
{
    g_autofree char *path = g_build_filename(SEEDS, name, NULL), *contents = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(path, &contents, &size, NULL));
    FuzzReader reader = {(const guint8 *)contents, size};
    fuzz_byte(&reader);
    g_assert_true(head_files_write(&reader));
    Segmenter *self = &segmenters[count++];
    g_autofree char *prefix = NULL;
    self->checkpoint = cnx_checkpoint_open(folder_path(), CNX_WEIGHT_SET_AUTO, NULL);
    if (self->checkpoint)
        self->family = cnx_recognise_segmenter(self->checkpoint, FUZZ_FILE, &prefix, NULL);
    if (!self->family)
        return;
    g_assert_true(cnx_head_tensors_init(&self->tensors, self->checkpoint, FUZZ_FILE, prefix, NULL));
    self->head = g_malloc(self->family->size);
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
    for (guint i = 0; i < names->len && count < SEGMENTERS_MAX; i++)
        open_seed(names->pdata[i]);
    g_assert_cmpuint(count, >, 0);
}

/* Messages begin with the weights, or with the config beside them. */
static void check_error(const GError *error)
{
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    g_assert_true(g_str_has_prefix(error->message, FUZZ_FILE) ||
                  g_str_has_prefix(error->message, folder_path()));
    g_assert_null(strpbrk(error->message, "\n\r"));
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    FuzzReader reader = {data, size};
    const guint kind = fuzz_byte(&reader);
    g_autofree char *file = folder_file(HEAD_FILES_WEIGHTS);
    g_autoptr(GError) error = NULL;
    gboolean is_other;

    if (count == 0)
        open_seeds();
    fuzz_set_fatal();
    Segmenter *self = &segmenters[kind % 128 % count];
    if (!self->family)
        return 0;
    folder_write("config.json", reader.data, reader.left);
    g_autoptr(CnxHeadInfo) info =
        cnx_segmenter_describe(self->family, self->head, self->checkpoint, &self->tensors,
                               kind & 128 ? file : folder_path(), &is_other, &error);
    g_assert_true(!info == !!error);
    if (info)
        head_files_check(info);
    else
        check_error(error);
    return 0;
}
