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

/* Files of the same models for other programs. */
static const char *const foreign[] = {".onnx",  ".h5",      ".tflite", ".msgpack",
                                      ".gguf",  ".pb",      ".xml",    ".npz",
                                      ".keras", ".mlmodel", ".pte",    ".ckpt.index"};

typedef struct Search {
    char *only, *other; /* a checkpoint; a file of another program */
    guint checkpoints;
    gboolean safetensors; /* `only` is of the kind that wins over the others */
} Search;

static char *fail(const char *path, GError **error, CnxError code, const char *what)
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

/* Not what training tools keep beside the weights. */
static gboolean is_checkpoint(const char *name)
{
    static const char *const others[] = {"optimizer.", "scheduler.", "training_args.", "scaler.",
                                         "rng_state"};

    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        if (g_str_has_prefix(name, others[i]))
            return FALSE;
    return ends_in_one_of(name, endings, G_N_ELEMENTS(endings));
}

/* The numbers of an OpenVINO model, whose graph is in an .xml beside it. */
static gboolean is_openvino(const char *folder, const char *name)
{
    if (!g_str_has_suffix(name, ".bin"))
        return FALSE;
    g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".bin"));
    g_autofree char *xml = g_strconcat(folder, G_DIR_SEPARATOR_S, stem, ".xml", NULL);
    return g_file_test(xml, G_FILE_TEST_EXISTS);
}

static void look_at(Search *s, const char *folder, const char *name)
{
    gboolean safetensors = g_str_has_suffix(name, ".safetensors");

    if (ends_in_one_of(name, foreign, G_N_ELEMENTS(foreign)) && !s->other)
        s->other = g_strdup(name);
    if (!is_checkpoint(name) || (s->safetensors && !safetensors) || is_openvino(folder, name))
        return;
    s->checkpoints = safetensors && !s->safetensors ? 1 : s->checkpoints + 1;
    s->safetensors = safetensors;
    g_free(s->only);
    s->only = g_strdup(name);
}

static char *choose(const Search *s, const char *folder, GError **error)
{
    if (s->checkpoints == 1)
        return g_build_filename(folder, s->only, NULL);
    g_autofree char *shown = g_filename_display_name(s->only ? s->only : s->other ? s->other : "");
    g_autofree char *name = cnx_quote(shown);
    g_autofree char *what =
        s->checkpoints > 1
            ? g_strdup_printf("holds %u checkpoints, such as %s, and none is named "
                              "model.safetensors or pytorch_model.bin: give the path of one",
                              s->checkpoints, name)
        : s->other
            ? g_strdup_printf("is a folder without a checkpoint of PyTorch, but with %s, which is "
                              "for another program: get its model.safetensors",
                              name)
            : g_strdup("is a folder without a checkpoint: no model.safetensors, no "
                       "pytorch_model.bin, no other .safetensors, .bin, .pth, .pt or .ckpt file");
    return fail(folder, error, CNX_ERROR_NOT_FOUND, what);
}

/* None of the well-known names: the only checkpoint, or an error that says what is there. */
static char *search(const char *folder, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &cause);
    const char *name;
    Search s = {0};

    if (!dir) {
        g_autofree char *what = g_strdup_printf("cannot be read: %s", cause->message);

        return fail(folder, error, CNX_ERROR_UNREADABLE, what);
    }
    while ((name = g_dir_read_name(dir)))
        look_at(&s, folder, name);
    char *path = choose(&s, folder, error);
    g_free(s.only);
    g_free(s.other);
    return path;
}

#define PART "-00000-of-00000" /* at the end of a shard's name, before its last dot */

/* Where PART begins, in digits of its own; NULL: it is none. */
static const char *find_part(const char *path)
{
    const char *dot = strrchr(path, '.');

    if (!dot || dot - path < (gssize)strlen(PART))
        return NULL;
    const char *part = dot - strlen(PART);
    for (gsize i = 0; i < strlen(PART); i++)
        if (PART[i] == '0' ? !g_ascii_isdigit(part[i]) : part[i] != PART[i])
            return NULL;
    return part;
}

/* A file that was named itself. Of several that make up a checkpoint, it stands for them all. */
static char *choose_file(const char *path, GError **error)
{
    const char *part = find_part(path);

    if (!part)
        return g_strdup(path);
    g_autofree char *stem = g_strndup(path, (gsize)(part - path));
    g_autofree char *index = g_strconcat(stem, part + strlen(PART), ".index.json", NULL);
    const guint64 files = g_ascii_strtoull(part + strlen("-00000-of-"), NULL, 10);
    if (g_file_test(index, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&index);
    if (files < 2 || !g_file_test(path, G_FILE_TEST_EXISTS))
        return g_strdup(path);
    g_autofree char *base = g_path_get_basename(index), *shown = g_filename_display_name(base);
    g_autofree char *quoted = cnx_quote(shown);
    g_autofree char *what =
        g_strdup_printf("is one of %" G_GUINT64_FORMAT " files that make up a checkpoint, and the "
                        "index of them, %s, is not beside it: download the whole folder",
                        files, quoted);
    return fail(path, error, CNX_ERROR_NOT_FOUND, what);
}

char *cnx_locate_weights(const char *path, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return choose_file(path, error);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *weights = g_build_filename(path, names[i], NULL);

        if (g_file_test(weights, G_FILE_TEST_EXISTS))
            return g_steal_pointer(&weights);
    }
    return search(path, error);
}

char **cnx_locate_files(const char *path)
{
    static const char *const companions[] = {"config.json", "preprocessor_config.json",
                                             "open_clip_config.json", "labels.txt"};
    g_autofree char *weights = cnx_locate_weights(path, NULL);
    GPtrArray *files = g_ptr_array_new();

    if (weights) {
        g_autofree char *folder = g_path_get_dirname(weights);
        CnxShards *shards = cnx_shards_is_index(weights) ? cnx_shards_read(weights, NULL) : NULL;

        for (guint i = 0; shards && cnx_shards_files(shards)[i]; i++)
            g_ptr_array_add(files, g_strdup(cnx_shards_files(shards)[i]));
        cnx_shards_free(shards);
        for (guint i = 0; i < G_N_ELEMENTS(companions); i++)
            g_ptr_array_add(files, g_build_filename(folder, companions[i], NULL));
        g_ptr_array_add(files, g_steal_pointer(&weights));
    }
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_free(files, FALSE);
}
