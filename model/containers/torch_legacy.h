/* PyTorch legacy files, which torch.save writes with _use_new_zipfile_serialization=False and
 * before PyTorch 1.6. Five pickles and the data:
 *
 *   magic number; protocol version 1001; a dict about the system ("little_endian");
 *   the object, which refers to its storages by key;
 *   the list of keys of the storages that follow;
 *   for each key: the number of elements (8 bytes, little endian), then the elements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"

extern const CnxFormat cnx_format_torch_legacy;
