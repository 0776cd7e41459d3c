/* Safetensors files:
 *
 *   bytes 0..7    header size n, little endian, at most 100 MB
 *   bytes 8..     JSON header, see model/containers/header.h
 *   bytes 8+n..   data; every byte belongs to exactly one tensor
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"

/* Reads the header only, not the tensor data. Its probe accepts every file; for a file of
 * another kind, read fails with CNX_ERROR_NOT_CONVNEXT and a description of that kind. */
extern const CnxFormat cnx_format_safetensors;
