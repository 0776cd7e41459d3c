/* What torch.save writes since PyTorch 1.6: a zip archive.
 *
 *   NAME/data.pkl      the object, a pickle whose storages are references by key
 *   NAME/data/KEY      the bytes of storage KEY, stored as they are, usually aligned
 *   NAME/byteorder     "little" or "big"; absent in old files
 *   NAME/version, ...
 *
 * minizip reads the directory of the archive out of the mapping, and says where an entry's bytes
 * are; tensors point there. Entries that somebody deflated are inflated once, into memory, by zlib:
 * minizip 1.1 leaks a buffer when memory for that is short.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"

extern const CnxFormat cnx_format_torch_zip;
