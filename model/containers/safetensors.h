/* A safetensors file, mapped and checked.
 *
 *   bytes 0..7    length n of the header, little endian, at most 100 MB
 *   bytes 8..     the header: JSON, see model/containers/header.h
 *   bytes 8+n..   the data: every byte belongs to exactly one tensor
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"

/* Only the header is read; tensor data is touched by whoever reads it. Takes every file: one of
 * another kind is refused with what it is, CNX_ERROR_NOT_CONVNEXT. */
extern const CnxFormat cnx_format_safetensors;
