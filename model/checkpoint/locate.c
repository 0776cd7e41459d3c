/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/locate.h"

#include <string.h>

#include "model/containers/shards.h"

/* In the order in which timm and transformers look for them. */
static const char *const names[] = {
    "model.safetensors",           "model.safetensors.index.json",
    "pytorch_model.bin",           "pytorch_model.bin.index.json",
    "pytorch_model.pth",           "model.pth",
    "open_clip_model.safetensors", "open_clip_pytorch_model.bin",
};

static const char *const endings[] = {".safetensors", ".bin", ".pth", ".pt", ".ckpt", ".pth.tar"};

/* Model files of other programs. */
static const char *const foreign[] = {".onnx",  ".h5",      ".tflite", ".msgpack",
                                      ".gguf",  ".pb",      ".xml",    ".npz",
                                      ".keras", ".mlmodel", ".pte",    ".ckpt.index"};

typedef struct Search {
    char *checkpoint; /* name of the last one found */
    char *other;      /* name of the first model file of another program */
    guint checkpoints;
    gboolean safetensors; /* the checkpoint is a safetensors file, which wins over other formats */
} Search;

static void search_clear(Search *s)
{
    g_free(s->checkpoint);
    g_free(s->other);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Search, search_clear)

static char *fail_locate(const char *path, GError **error, CnxError code, const char *what)
{
    g_autofree char *file = g_filename_display_name(path);

    g_set_error(error, CNX_ERROR, (int)code, "%s: %s", file, what);
    return NULL;
}

static gboolean ends_in_one_of(const char *name, const char *const *list, guint count)
{
    for (guint i = 0; i < count; i++)
        if (g_str_has_suffix(name, list[i]))
            return TRUE;
    return FALSE;
}

/* Excludes the state that training tools save next to the weights. */
static gboolean is_checkpoint(const char *name)
{
    static const char *const states[] = {"optimizer.", "scheduler.", "training_args.", "scaler.",
                                         "rng_state"};

    for (guint i = 0; i < G_N_ELEMENTS(states); i++)
        if (g_str_has_prefix(name, states[i]))
            return FALSE;
    return ends_in_one_of(name, endings, G_N_ELEMENTS(endings));
}

/* Whether a .bin file belongs to an OpenVINO model, whose graph is the .xml next to it. */
static gboolean is_openvino(const char *folder, const char *name)
{
    if (!g_str_has_suffix(name, ".bin"))
        return FALSE;
    g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".bin"));
    g_autofree char *xml = g_strconcat(folder, G_DIR_SEPARATOR_S, stem, ".xml", NULL);
    return g_file_test(xml, G_FILE_TEST_EXISTS);
}

static void add_candidate(Search *s, const char *folder, const char *name)
{
    gboolean safetensors = g_str_has_suffix(name, ".safetensors");

    if (ends_in_one_of(name, foreign, G_N_ELEMENTS(foreign)) && !s->other)
        s->other = g_strdup(name);
    if (!is_checkpoint(name) || (s->safetensors && !safetensors) || is_openvino(folder, name))
        return;
    s->checkpoints = safetensors && !s->safetensors ? 1 : s->checkpoints + 1;
    s->safetensors = safetensors;
    g_free(s->checkpoint);
    s->checkpoint = g_strdup(name);
}

static char *choose_candidate(const Search *s, const char *folder, GError **error)
{
    if (s->checkpoints == 1)
        return g_build_filename(folder, s->checkpoint, NULL);
    g_autofree char *shown = g_filename_display_name(s->checkpoint ? s->checkpoint
                                                     : s->other    ? s->other
                                                                   : "");
    g_autofree char *name = cnx_quote(shown);
    g_autofree char *what =
        s->checkpoints > 1
            ? g_strdup_printf("contains %u checkpoints, such as %s, and none is named "
                              "model.safetensors or pytorch_model.bin: use the path of one",
                              s->checkpoints, name)
        : s->other ? g_strdup_printf("is a folder without a PyTorch checkpoint, and its %s is for "
                                     "another program: use the original model.safetensors",
                                     name)
                   : g_strdup("is a folder without a checkpoint: it has no model.safetensors, "
                              "pytorch_model.bin, or other .safetensors, .bin, .pth, .pt or .ckpt "
                              "file");
    return fail_locate(folder, error, CNX_ERROR_NOT_FOUND, what);
}

/* The only checkpoint of a folder without well-known names, or NULL with error. */
static char *search_folder(const char *folder, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &cause);
    g_auto(Search) s = {0};
    const char *name;

    if (!dir) {
        g_autofree char *what = g_strdup_printf("cannot be read: %s", cause->message);

        return fail_locate(folder, error, CNX_ERROR_UNREADABLE, what);
    }
    while ((name = g_dir_read_name(dir)))
        add_candidate(&s, folder, name);
    return choose_candidate(&s, folder, error);
}

#define NUMBERS "-00000-of-00000" /* pattern at the end of a shard's name, before its last dot */

/* The part of the name that matches NUMBERS; NULL if path is not a shard. */
static const char *find_numbers(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (!dot || dot - path < (gssize)strlen(NUMBERS))
        return NULL;
    const char *numbers = dot - strlen(NUMBERS);
    for (gsize i = 0; i < strlen(NUMBERS); i++)
        if (NUMBERS[i] == '0' ? !g_ascii_isdigit(numbers[i]) : numbers[i] != NUMBERS[i])
            return NULL;
    return numbers;
}

/* path, or the index of all shards if path is one of them. */
static char *locate_file(const char *path, GError **error)
{
    const char *numbers = find_numbers(path);

    if (!numbers)
        return g_strdup(path);
    g_autofree char *stem = g_strndup(path, (gsize)(numbers - path));
    g_autofree char *index = g_strconcat(stem, numbers + strlen(NUMBERS), ".index.json", NULL);
    const guint64 files = g_ascii_strtoull(numbers + strlen("-00000-of-"), NULL, 10);
    if (g_file_test(index, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&index);
    if (files < 2 || !g_file_test(path, G_FILE_TEST_EXISTS))
        return g_strdup(path);
    g_autofree char *base = g_path_get_basename(index), *shown = g_filename_display_name(base);
    g_autofree char *quoted = cnx_quote(shown);
    g_autofree char *what =
        g_strdup_printf("is one of %" G_GUINT64_FORMAT " files of a checkpoint, and their index %s "
                        "is missing from its folder: download the whole folder",
                        files, quoted);
    return fail_locate(path, error, CNX_ERROR_NOT_FOUND, what);
}

#define DISTRIBUTED                                                             \
    "is a checkpoint of torch.distributed.checkpoint: convert its folder with " \
    "dcp_to_torch_save() "                                                      \
    "of torch.distributed.checkpoint.format_utils"

/* NULL: transformers would add the adapter in the folder to the weights. */
static char *check_adapter(const char *folder, char *weights, GError **error)
{
    static const char *const adapters[] = {"adapter_model.safetensors", "adapter_model.bin"};
    g_autofree char *owned = weights, *base = g_path_get_basename(weights);

    for (guint i = 0; i < G_N_ELEMENTS(adapters); i++) {
        g_autofree char *path = g_build_filename(folder, adapters[i], NULL);

        if (!strcmp(base, adapters[i]) || !g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        g_autofree char *shown = g_filename_display_name(base), *quoted = cnx_quote(shown);
        g_autofree char *what =
            g_strdup_printf("is a folder with the checkpoint %s and the adapter \"%s\": call "
                            "merge_and_unload() of PEFT before saving or, if the adapter is "
                            "already merged, use the path of the checkpoint file",
                            quoted, adapters[i]);
        return fail_locate(folder, error, CNX_ERROR_UNSUPPORTED, what);
    }
    return g_steal_pointer(&owned);
}

static char *locate_in_folder(const char *path, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *weights = g_build_filename(path, names[i], NULL);

        if (g_file_test(weights, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&weights);
    }
    g_autofree char *metadata = g_build_filename(path, ".metadata", NULL);
    char *weights = search_folder(path, error);
    if (!weights && error && g_error_matches(*error, CNX_ERROR, CNX_ERROR_NOT_FOUND) &&
        g_file_test(metadata, G_FILE_TEST_EXISTS)) {
        g_clear_error(error);
        return fail_locate(path, error, CNX_ERROR_NOT_CONVNEXT, DISTRIBUTED);
    }
    return weights;
}

char *cnx_locate_weights(const char *path, GError **error)
{
    if (g_str_has_suffix(path, ".distcp"))
        return fail_locate(path, error, CNX_ERROR_NOT_CONVNEXT, DISTRIBUTED);
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return locate_file(path, error);
    char *weights = locate_in_folder(path, error);
    return weights ? check_adapter(path, weights, error) : NULL;
}

char **cnx_locate_files(const char *path)
{
    g_autoptr(GPtrArray) files = g_ptr_array_new();
    static const char *const configs[] = {"config.json", "preprocessor_config.json",
                                          "open_clip_config.json", "adapter_config.json",
                                          "labels.txt"};
    g_autofree char *weights = cnx_locate_weights(path, NULL);

    if (weights) {
        g_autoptr(CnxShards) shards =
            cnx_shards_is_index(weights) ? cnx_shards_read(weights, NULL) : NULL;
        g_autofree char *folder = g_path_get_dirname(weights);

        for (guint i = 0; shards && cnx_shards_files(shards)[i]; i++)
            g_ptr_array_add(files, g_strdup(cnx_shards_files(shards)[i]));
        for (guint i = 0; i < G_N_ELEMENTS(configs); i++)
            g_ptr_array_add(files, g_build_filename(folder, configs[i], NULL));
        g_ptr_array_add(files, g_steal_pointer(&weights));
    }
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&files), FALSE);
}
