/* PyTorch zip archives, which torch.save writes since PyTorch 1.6:
 *
 *   NAME/data.pkl      the object: a pickle that refers to its storages by key
 *   NAME/data/KEY      the bytes of storage KEY, uncompressed and usually aligned
 *   NAME/byteorder     "little" or "big"; absent in old files
 *   NAME/version, ...
 *
 * minizip reads the central directory from the mapping and locates the bytes of the entries; the
 * tensors point there. Deflated entries (of archives that were packed again) are inflated once,
 * into memory, by zlib rather than minizip, because minizip 1.1 leaks a buffer when memory runs
 * out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"

extern const CnxFormat cnx_format_torch_zip;
