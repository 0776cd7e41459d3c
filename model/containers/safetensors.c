/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "model/containers/foreign.h"
#include "model/containers/header.h"

#define LENGTH_SIZE 8
#define HEADER_MAX 100000000

/* Checks the offsets of a tensor against each other and against its shape and dtype. */
static gboolean check_size(CnxHeaderEntry *entry, const char *file, GError **error)
{
    CnxTensor *t = &entry->tensor;
    guint64 elements = 1, bits;
    gboolean fits = TRUE;
    g_autofree char *name = cnx_quote(t->name);

    if (entry->begin > entry->end)
        return cnx_corrupt(error, file,
                           "tensor %s begins at data byte %" G_GUINT64_FORMAT
                           ", after its end at %" G_GUINT64_FORMAT,
                           name, entry->begin, entry->end);
    for (guint i = 0; i < t->rank; i++)
        fits = fits && g_uint64_checked_mul(&elements, elements, t->shape[i]);
    if (!fits || !g_uint64_checked_mul(&bits, elements, entry->bits) || elements > G_MAXSIZE)
        return cnx_corrupt(error, file, "tensor %s has a shape whose size overflows", name);
    t->elements = elements;
    t->size = entry->end - entry->begin;
    if (bits % 8 || bits / 8 != entry->end - entry->begin)
        return cnx_corrupt(error, file,
                           "tensor %s has %" G_GUINT64_FORMAT
                           " elements of %u bits but %" G_GSIZE_FORMAT " bytes of data",
                           name, elements, entry->bits, t->size);
    return TRUE;
}

static int compare_offsets(const void *a, const void *b)
{
    const CnxHeaderEntry *x = a, *y = b;

    if (x->begin != y->begin)
        return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* Checks that the tensors cover all of the data without gaps or overlaps. */
static gboolean check_coverage(CnxHeader *header, gsize data_size, const char *file, GError **error)
{
    guint64 at = 0;

    if (header->count)
        qsort(header->entries, header->count, sizeof *header->entries, compare_offsets);
    for (gsize i = 0; i < header->count; i++) {
        CnxHeaderEntry *entry = &header->entries[i];

        if (!check_size(entry, file, error))
            return FALSE;
        g_autofree char *name = cnx_quote(entry->tensor.name);
        if (entry->end > data_size)
            return cnx_corrupt(error, file,
                               "tensor %s ends at data byte %" G_GUINT64_FORMAT
                               ", but the file has only %" G_GSIZE_FORMAT
                               " bytes of data: it is truncated or damaged",
                               name, entry->end, data_size);
        if (entry->begin != at)
            return cnx_corrupt(error, file,
                               "tensor %s begins at data byte %" G_GUINT64_FORMAT
                               ", expected the end of the previous tensor at %" G_GUINT64_FORMAT,
                               name, entry->begin, at);
        at = entry->end;
    }
    if (at != data_size)
        return cnx_corrupt(error, file,
                           "has %" G_GSIZE_FORMAT " bytes of data, expected the %" G_GUINT64_FORMAT
                           " bytes of its tensors",
                           data_size, at);
    return TRUE;
}

/* *length: of the header. Fails if the file cannot be a safetensors file. */
static gboolean read_header_length(const guint8 *bytes, gsize size, guint64 *length,
                                   const char *file, GError **error)
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
        return cnx_corrupt(error, file,
                           "is %" G_GSIZE_FORMAT " bytes long, too short for a checkpoint", size);
    if (size == LENGTH_SIZE || bytes[LENGTH_SIZE] != '{')
        return cnx_corrupt(error, file,
                           "is not a known checkpoint format: neither safetensors (no \"{\" at "
                           "byte 8) nor PyTorch");
    if (n > HEADER_MAX)
        return cnx_corrupt(error, file,
                           "has a safetensors header of %" G_GUINT64_FORMAT
                           " bytes, expected at most %d",
                           n, HEADER_MAX);
    return cnx_corrupt(error, file,
                       "has %" G_GSIZE_FORMAT
                       " bytes, but its safetensors header alone has %" G_GUINT64_FORMAT
                       ": it is truncated or damaged",
                       size, n);
}

static gboolean add_tensors(CnxContainer *container, const CnxHeader *header, const guint8 *data,
                            const char *file, GError **error)
{
    for (gsize i = 0; i < header->count; i++) {
        CnxHeaderEntry *entry = &header->entries[i];

        entry->tensor.data = data + entry->begin;
        if (!cnx_container_add(container, &entry->tensor, file, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean probe_safetensors(const guint8 *bytes, gsize size)
{
    return TRUE;
}

static gboolean read_safetensors(CnxContainer *container, const guint8 *bytes, gsize size,
                                 const char *file, GError **error)
{
    g_auto(CnxHeader) header = {.budget = cnx_container_budget(container)};
    guint64 length;

    if (!read_header_length(bytes, size, &length, file, error))
        return FALSE;
    const guint8 *text = bytes + LENGTH_SIZE, *data = text + length;
    return cnx_header_parse((const char *)text, length, file, &header,
                            cnx_container_strings(container), error) &&
           check_coverage(&header, bytes + size - data, file, error) &&
           add_tensors(container, &header, data, file, error);
}

const CnxFormat cnx_format_safetensors = {"safetensors", probe_safetensors, read_safetensors};
