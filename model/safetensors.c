/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/safetensors.h"

#include <string.h>

#include "model/foreign.h"
#include "model/header.h"
#include "model/mapping.h"

#define LENGTH_SIZE 8
#define HEADER_MAX 100000000

struct CnxSafetensors {
    GMappedFile *map;
    GStringChunk *names;
    GArray *tensors; /* CnxTensor */
};

G_GNUC_PRINTF(3, 4)
static gboolean corrupt(GError **error, const char *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: %s", file, what);
    return FALSE;
}

/* A tensor's own sizes agree: offsets in order, shape times dtype. */
static gboolean check_size(CnxHeaderEntry *entry, const char *file, GError **error)
{
    CnxTensor *t = &entry->tensor;
    guint64 elements = 1, bits;
    gboolean fits = TRUE;
    g_autofree char *name = cnx_quote(t->name);

    if (entry->begin > entry->end)
        return corrupt(error, file,
                       "tensor %s begins at byte %" G_GUINT64_FORMAT
                       " of the data, after its end at %" G_GUINT64_FORMAT,
                       name, entry->begin, entry->end);
    for (guint i = 0; i < t->rank; i++)
        fits = fits && g_uint64_checked_mul(&elements, elements, t->shape[i]);
    if (!fits || !g_uint64_checked_mul(&bits, elements, entry->bits) || elements > G_MAXSIZE)
        return corrupt(error, file, "tensor %s has a shape whose product overflows", name);
    t->elements = elements;
    t->size = entry->end - entry->begin;
    if (bits % 8 || bits / 8 != entry->end - entry->begin)
        return corrupt(error, file,
                       "tensor %s has %" G_GUINT64_FORMAT
                       " elements of %u bits but %" G_GSIZE_FORMAT " bytes of data",
                       name, elements, entry->bits, t->size);
    return TRUE;
}

static int by_offset(gconstpointer a, gconstpointer b)
{
    const CnxHeaderEntry *x = a, *y = b;
    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(((const CnxTensor *)a)->name, ((const CnxTensor *)b)->name);
}

/* Tensors follow each other without hole or overlap and fill the data to its last byte. */
static gboolean check_layout(GArray *entries, gsize data_size, const char *file, GError **error)
{
    guint64 at = 0;

    g_array_sort(entries, by_offset);
    for (guint i = 0; i < entries->len; i++) {
        CnxHeaderEntry *entry = &g_array_index(entries, CnxHeaderEntry, i);
        if (!check_size(entry, file, error))
            return FALSE;
        g_autofree char *name = cnx_quote(entry->tensor.name);
        if (entry->end > data_size)
            return corrupt(error, file,
                           "tensor %s ends at byte %" G_GUINT64_FORMAT
                           " of the data, of which the file holds %" G_GSIZE_FORMAT
                           ": it is truncated or damaged",
                           name, entry->end, data_size);
        if (entry->begin != at)
            return corrupt(error, file,
                           "tensor %s begins at byte %" G_GUINT64_FORMAT
                           " of the data and not where the one before ends, at %" G_GUINT64_FORMAT,
                           name, entry->begin, at);
        at = entry->end;
    }
    if (at != data_size)
        return corrupt(error, file,
                       "holds %" G_GSIZE_FORMAT " bytes of data, its tensors %" G_GUINT64_FORMAT,
                       data_size, at);
    return TRUE;
}

static gboolean take_tensors(CnxSafetensors *self, GArray *entries, const guint8 *data,
                             const char *file, GError **error)
{
    for (guint i = 0; i < entries->len; i++) {
        CnxHeaderEntry *entry = &g_array_index(entries, CnxHeaderEntry, i);
        entry->tensor.data = data + entry->begin;
        g_array_append_val(self->tensors, entry->tensor);
    }
    g_array_sort(self->tensors, by_name);
    for (guint i = 1; i < self->tensors->len; i++) {
        const CnxTensor *t = &g_array_index(self->tensors, CnxTensor, i);
        if (strcmp(t[-1].name, t->name))
            continue;
        g_autofree char *name = cnx_quote(t->name);
        return corrupt(error, file, "tensor %s occurs twice", name);
    }
    return TRUE;
}

/* Where the header is, if the file can be a safetensors file at all. */
static gboolean find_header(const guint8 *bytes, gsize size, guint64 *length, const char *file,
                            GError **error)
{
    guint64 n = 0;

    if (size >= LENGTH_SIZE) {
        memcpy(&n, bytes, LENGTH_SIZE);
        n = GUINT64_FROM_LE(n);
    }
    *length = n;
    if (size > LENGTH_SIZE && n > 0 && n <= MIN(size - LENGTH_SIZE, HEADER_MAX) &&
        bytes[LENGTH_SIZE] == '{')
        return TRUE;

    const char *kind = cnx_foreign_describe(bytes, size);
    if (kind) {
        g_set_error(error, CNX_ERROR, size ? CNX_ERROR_NOT_CONVNEXT : CNX_ERROR_CORRUPT, "%s: %s",
                    file, kind);
        return FALSE;
    }
    if (size < LENGTH_SIZE)
        return corrupt(error, file, "is %" G_GSIZE_FORMAT " bytes long, too short for safetensors",
                       size);
    if (size == LENGTH_SIZE || bytes[LENGTH_SIZE] != '{')
        return corrupt(error, file, "is not a safetensors file: no \"{\" at byte 8");
    if (n > HEADER_MAX)
        return corrupt(error, file,
                       "has a safetensors header of %" G_GUINT64_FORMAT
                       " bytes, more than the format's limit of %d",
                       n, HEADER_MAX);
    return corrupt(error, file,
                   "has %" G_GSIZE_FORMAT " bytes, its safetensors header alone %" G_GUINT64_FORMAT
                   ": it is truncated or damaged",
                   size, n);
}

static gboolean load(CnxSafetensors *self, const char *file, GError **error)
{
    const guint8 *bytes = (const guint8 *)g_mapped_file_get_contents(self->map);
    gsize size = g_mapped_file_get_length(self->map);
    g_autoptr(GArray) entries = g_array_new(FALSE, FALSE, sizeof(CnxHeaderEntry));
    guint64 length;

    if (!find_header(bytes, size, &length, file, error))
        return FALSE;
    const guint8 *header = bytes + LENGTH_SIZE, *data = header + length;
    return cnx_header_parse((const char *)header, length, file, entries, self->names, error) &&
           check_layout(entries, bytes + size - data, file, error) &&
           take_tensors(self, entries, data, file, error);
}

CnxSafetensors *cnx_safetensors_open(const char *path, GError **error)
{
    g_autofree char *file = g_filename_display_name(path);
    GMappedFile *map = cnx_map_file(path, error);

    if (!map)
        return NULL;
    CnxSafetensors *self = g_new0(CnxSafetensors, 1);
    self->map = map;
    self->names = g_string_chunk_new(4096);
    self->tensors = g_array_new(FALSE, FALSE, sizeof(CnxTensor));
    if (load(self, file, error))
        return self;
    cnx_safetensors_close(self);
    return NULL;
}

void cnx_safetensors_close(CnxSafetensors *self)
{
    if (!self)
        return;
    g_array_unref(self->tensors);
    g_string_chunk_free(self->names);
    g_mapped_file_unref(self->map);
    g_free(self);
}

const CnxTensor *cnx_safetensors_tensors(const CnxSafetensors *self, guint *count)
{
    *count = self->tensors->len;
    return (const CnxTensor *)self->tensors->data;
}
