/* What torch.save wrote before PyTorch 1.6, and still does when asked to. Five pickles and the
 * data:
 *
 *   magic number, protocol version 1001, a dict about the system ("little_endian"),
 *   the object, whose storages are references by key,
 *   the keys of the storages that follow,
 *   for each key: the number of its elements (8 bytes, little endian), and the elements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"

extern const CnxFormat cnx_format_torch_legacy;
