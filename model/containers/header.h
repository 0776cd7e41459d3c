/* Strict parser of the JSON header of a safetensors file.
 *
 *   { "__metadata__": { string: string, ... },                  optional
 *     name: { "dtype": string, "shape": [uint, ...], "data_offsets": [begin, end] }, ... }
 *
 * Trailing whitespace is allowed. Unlike a general JSON parser, this one needs memory in proportion
 * to the number of tensors, does not recurse, and detects duplicate keys.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/tensor.h"
#include "model/containers/strings.h"

typedef struct CnxHeaderEntry {
    CnxTensor tensor;   /* name, dtype, rank and shape; all other members are 0 */
    guint bits;         /* per element */
    guint64 begin, end; /* byte offsets from the end of the header, unchecked */
} CnxHeaderEntry;

typedef struct CnxHeader {
    CnxHeaderEntry *entries; /* [count] */
    gsize count, room;
    CnxBudget *budget; /* pays for entries */
} CnxHeader;

void cnx_header_clear(CnxHeader *header);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CnxHeader, cnx_header_clear)

/* Parses text [length] and appends an entry for each tensor to header. The tensors' names live in
 * names; file is for error messages. */
gboolean cnx_header_parse(const char *text, gsize length, const char *file, CnxHeader *header,
                          CnxStrings *names, GError **error);
