/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/folder.h"

#include <glib/gstdio.h>
#include <string.h>
#include <string.h>

#include "model/export/writer.h"

static char *folder; /* temporary */

char *folder_path(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

void folder_write(const char *name, const char *text)
{
    g_autofree char *path = folder_path(name);

    g_remove(path);
    g_assert_true(!text || g_file_set_contents(path, text, -1, NULL));
}

void folder_put_weights(const char *fixture)
{
    g_autofree char *from = g_strconcat(FIXTURES "/networks/", fixture, "/model.safetensors", NULL);
    g_autofree char *to = folder_path("model.safetensors"), *contents = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(from, &contents, &length, NULL));
    g_remove(to);
    g_assert_true(g_file_set_contents(to, contents, (gssize)length, NULL));
}

static gboolean fill_zeros(const CnxTensor *tensor, guint8 *dst, gpointer user_data, GError **error)
{
    memset(dst, 0, tensor->size);
    return TRUE;
}

void folder_put_tensors(CnxTensor *tensors, guint count)
{
    g_autofree char *path = folder_path("model.safetensors");

    g_assert_true(cnx_writer_write(path, tensors, count, fill_zeros, NULL, NULL));
}

static gboolean fill_copies(const CnxTensor *tensor, guint8 *dst, gpointer user_data,
                            GError **error)
{
    if (!tensor->data)
        return fill_zeros(tensor, dst, user_data, error);
    memcpy(dst, tensor->data, tensor->size);
    return TRUE;
}

void folder_put_copies(CnxTensor *tensors, guint count)
{
    g_autofree char *path = folder_path("model.safetensors");

    g_assert_true(cnx_writer_write(path, tensors, count, fill_copies, NULL, NULL));
}

void folder_put_names(const char *names)
{
    g_autoptr(GArray) tensors = g_array_new(FALSE, FALSE, sizeof(CnxTensor));

    for (; *names; names += strlen(names) + 1) {
        const CnxTensor t = {.name = names, .dtype = CNX_DTYPE_F32, .rank = 1, .shape = {1}};

        g_array_append_val(tensors, t);
    }
    folder_put_tensors((CnxTensor *)tensors->data, tensors->len);
}

void folder_clear(void)
{
    static const char *const names[] = {
        "model.safetensors",        "config.json",           "labels.txt",
        "preprocessor_config.json", "open_clip_config.json", "adapter_config.json",
        "adapter_model.safetensors"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        folder_write(names[i], NULL);
}

CnxCheckpoint *folder_open(gboolean file)
{
    g_autofree char *path = file ? folder_path("model.safetensors") : g_strdup(folder);
    GError *error = NULL;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    return checkpoint;
}

static void check_refused(const char *path, const char *word)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error));
    g_assert_true(error->domain == CNX_ERROR);
    if (!g_str_has_prefix(error->message, folder) || !strstr(error->message, word))
        g_error("'%s' is not in: %s", word, error->message);
    g_test_message("%s", error->message);
}

void folder_check_refused(const char *word)
{
    check_refused(folder, word);
}

void folder_check_file_refused(const char *word)
{
    g_autofree char *path = folder_path("model.safetensors");

    check_refused(path, word);
}

void folder_put_below(const char *root, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    if (text) {
        g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
    } else {
        g_remove(path);
        while (strlen(parent) >= strlen(root) && g_rmdir(parent) == 0)
            *strrchr(parent, '/') = '\0';
    }
}

void folder_new(void)
{
    folder = g_dir_make_tmp("convnext-folder-XXXXXX", NULL);
    g_setenv("XDG_DATA_HOME", folder, TRUE);
    g_setenv("XDG_DATA_DIRS", folder, TRUE);
}

void folder_delete(void)
{
    g_rmdir(folder);
    g_free(folder);
}
