/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/mix.h"

Mix mix_open(const char *fixture)
{
    g_autofree char *path = g_strconcat(FIXTURES "/networks/", fixture, "/model.safetensors", NULL);
    GError *error = NULL;
    guint count;
    Mix mix = {cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error),
               g_array_new(FALSE, FALSE, sizeof(CnxTensor)), g_ptr_array_new_with_free_func(g_free),
               0};

    g_assert_no_error(error);
    const CnxTensor *tensors = cnx_container_tensors(mix.container, &count);
    for (guint i = 0; i < count; i++)
        if (tensors[i].dtype != CNX_DTYPE_OTHER) /* which folder_put_copies cannot write */
            g_array_append_val(mix.tensors, tensors[i]);
    mix.own = mix.tensors->len;
    return mix;
}

void mix_clear(Mix *mix)
{
    g_array_unref(mix->tensors);
    g_ptr_array_unref(mix->names);
    cnx_container_close(mix->container);
}

CnxTensor *mix_tensor(const Mix *mix, guint i)
{
    return &g_array_index(mix->tensors, CnxTensor, i);
}

void mix_add(Mix *mix, const char *name, const guint64 *shape, const float *values)
{
    CnxTensor t = {.dtype = CNX_DTYPE_F32, .elements = 1, .data = (const guint8 *)values};

    g_ptr_array_add(mix->names, g_strdup(name));
    t.name = mix->names->pdata[mix->names->len - 1];
    for (; shape[t.rank]; t.rank++) {
        t.shape[t.rank] = shape[t.rank];
        t.elements *= shape[t.rank];
    }
    g_array_append_val(mix->tensors, t);
}

void mix_rename(Mix *mix, guint i, char *name)
{
    g_ptr_array_add(mix->names, name);
    mix_tensor(mix, i)->name = name;
}

void mix_reset(Mix *mix)
{
    g_array_set_size(mix->tensors, mix->own);
}

void mix_write(const Mix *mix)
{
    folder_put_copies((CnxTensor *)mix->tensors->data, mix->tensors->len);
}
