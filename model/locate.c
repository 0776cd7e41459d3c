/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/locate.h"

#include <string.h>

static char *fail(const char *path, GError **error, CnxError code, const char *what)
{
    g_autofree char *file = g_filename_display_name(path);
    g_set_error(error, CNX_ERROR, code, "%s: %s", file, what);
    return NULL;
}

/* No model.safetensors: the only other one, or an error that says what is there instead. */
static char *search(const char *folder, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &cause);
    g_autofree char *only = NULL;
    gboolean sharded = FALSE, pickled = FALSE;
    guint count = 0;
    const char *name;

    if (!dir) {
        g_autofree char *what = g_strdup_printf("cannot be read: %s", cause->message);
        return fail(folder, error, CNX_ERROR_UNREADABLE, what);
    }
    while ((name = g_dir_read_name(dir))) {
        sharded = sharded || g_str_has_suffix(name, ".safetensors.index.json");
        pickled = pickled || g_str_has_suffix(name, ".bin") || g_str_has_suffix(name, ".pth") ||
                  g_str_has_suffix(name, ".pt") || g_str_has_suffix(name, ".ckpt");
        if (!g_str_has_suffix(name, ".safetensors"))
            continue;
        count++;
        g_free(only);
        only = g_build_filename(folder, name, NULL);
    }
    if (sharded)
        return fail(folder, error, CNX_ERROR_UNSUPPORTED,
                    "holds a checkpoint in several files (shards): save it as one "
                    "model.safetensors");
    if (count == 1)
        return g_steal_pointer(&only);
    if (count > 1)
        return fail(folder, error, CNX_ERROR_NOT_FOUND,
                    "holds several .safetensors files and none is named model.safetensors: give "
                    "the path of one");
    if (pickled)
        return fail(folder, error, CNX_ERROR_NOT_FOUND,
                    "holds no model.safetensors but a PyTorch pickle (.bin, .pth, .pt or .ckpt): "
                    "save its state dict with safetensors.torch.save_file");
    return fail(folder, error, CNX_ERROR_NOT_FOUND, "is a folder without model.safetensors");
}

char *cnx_locate_weights(const char *path, GError **error)
{
    if (!g_file_test(path, G_FILE_TEST_IS_DIR))
        return g_strdup(path);

    g_autofree char *weights = g_build_filename(path, "model.safetensors", NULL);
    if (g_file_test(weights, G_FILE_TEST_EXISTS))
        return g_steal_pointer(&weights);
    return search(path, error);
}
