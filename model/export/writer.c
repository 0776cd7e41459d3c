/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/writer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "model/base/encode.h"

#define ALIGNMENT 8 /* bytes; of the first tensor in the file */

typedef struct Writer {
    const char *path;
    FILE *file;
    GError **error;
} Writer;

static gboolean fail_write(Writer *w)
{
    const int number = errno;
    g_autofree char *file = g_filename_display_name(w->path);

    g_set_error(w->error, CNX_ERROR, CNX_ERROR_UNWRITABLE, "%s: cannot be written: %s", file,
                g_strerror(number));
    return FALSE;
}

static gboolean put_bytes(Writer *w, const void *bytes, gsize size)
{
    return size == 0 || fwrite(bytes, size, 1, w->file) == 1 || fail_write(w);
}

static int compare_tensors(gconstpointer a, gconstpointer b)
{
    const CnxTensor *x = *(const CnxTensor *const *)a, *y = *(const CnxTensor *const *)b;
    const gsize m = cnx_dtype_size(x->dtype), n = cnx_dtype_size(y->dtype);

    return m != n ? (m < n ? 1 : -1) : strcmp(x->name, y->name);
}

static void add_numbers(JsonBuilder *json, const char *key, guint count, const guint64 *numbers)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++)
        json_builder_add_int_value(json, (gint64)numbers[i]);
    json_builder_end_array(json);
}

/* The header without its length, padded to the alignment. It has the metadata "format", without
 * which transformers refuses the file. */
static char *make_header(GPtrArray *tensors)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    guint64 offsets[2] = {0, 0};

    json_builder_begin_object(json);
    json_builder_set_member_name(json, "__metadata__");
    json_builder_begin_object(json);
    json_builder_set_member_name(json, "format");
    json_builder_add_string_value(json, "pt");
    json_builder_end_object(json);
    for (guint i = 0; i < tensors->len; i++) {
        const CnxTensor *t = tensors->pdata[i];

        offsets[1] += t->size;
        json_builder_set_member_name(json, t->name);
        json_builder_begin_object(json);
        json_builder_set_member_name(json, "dtype");
        json_builder_add_string_value(json, cnx_dtype_name(t->dtype));
        add_numbers(json, "shape", t->rank, t->shape);
        add_numbers(json, "data_offsets", 2, offsets);
        json_builder_end_object(json);
        offsets[0] = offsets[1];
    }
    json_builder_end_object(json);
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autofree char *text = json_to_string(root, FALSE);
    const gsize length = strlen(text), padded = (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return g_strdup_printf("%-*s", (int)padded, text);
}

static gboolean put_header(Writer *w, GPtrArray *tensors)
{
    g_autofree char *text = make_header(tensors);
    const guint64 length = strlen(text), stored = GUINT64_TO_LE(length);

    return put_bytes(w, &stored, sizeof stored) && put_bytes(w, text, length);
}

static gboolean put_data(Writer *w, GPtrArray *tensors, CnxWriterFill *fill, gpointer user_data)
{
    gsize largest = 1;

    for (guint i = 0; i < tensors->len; i++)
        largest = MAX(largest, ((const CnxTensor *)tensors->pdata[i])->size);
    g_autofree guint8 *buffer = g_try_malloc(largest);
    if (!buffer) {
        g_autofree char *file = g_filename_display_name(w->path);

        g_set_error(w->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "%s: not enough memory for a tensor of %" G_GSIZE_FORMAT " bytes", file,
                    largest);
        return FALSE;
    }
    for (guint i = 0; i < tensors->len; i++) {
        const CnxTensor *t = tensors->pdata[i];

        if (!fill(t, buffer, user_data, w->error) || !put_bytes(w, buffer, t->size))
            return FALSE;
    }
    return TRUE;
}

gboolean cnx_writer_write(const char *path, CnxTensor *tensors, guint count, CnxWriterFill *fill,
                          gpointer user_data, GError **error)
{
    g_autoptr(GPtrArray) order = g_ptr_array_new();
    Writer w = {path, g_fopen(path, "wb"), error};

    if (!w.file)
        return fail_write(&w);
    for (guint i = 0; i < count; i++) {
        CnxTensor *t = &tensors[i];

        t->elements = 1;
        for (guint k = 0; k < t->rank; k++)
            t->elements *= t->shape[k];
        t->size = t->elements * cnx_dtype_size(t->dtype);
        g_ptr_array_add(order, t);
    }
    g_ptr_array_sort(order, compare_tensors);
    gboolean ok = put_header(&w, order) && put_data(&w, order, fill, user_data);
    if (fclose(w.file) != 0 && ok) /* a full disk may cause an error only here */
        ok = fail_write(&w);
    if (!ok)
        g_unlink(path);
    return ok;
}
