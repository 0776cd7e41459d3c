/* The JSON header of a safetensors file, read to the letter.
 *
 *   { "__metadata__": { string: string, ... },                  optional
 *     name: { "dtype": string, "shape": [uint, ...], "data_offsets": [begin, end] }, ... }
 *
 * Spaces may follow. Unlike a general JSON parser this one needs memory in proportion to the
 * tensors, not to the punctuation, does not recurse, and sees keys that occur twice.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/tensor.h"
#include "model/containers/strings.h"

typedef struct CnxHeaderEntry {
    CnxTensor tensor;   /* name, dtype, rank, shape; the rest is 0 */
    guint bits;         /* of one element */
    guint64 begin, end; /* bytes, from the end of the header; not checked here */
} CnxHeaderEntry;

typedef struct CnxHeader {
    CnxHeaderEntry *entries; /* [count]; g_free releases it */
    gsize count, room;
} CnxHeader;

/* text: [length]. Appends an entry for each tensor to header, with its name in names. file: for
 * error messages. */
gboolean cnx_header_parse(const char *text, gsize length, const char *file, CnxHeader *header,
                          CnxStrings *names, GError **error);
