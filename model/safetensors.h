/* A safetensors file, mapped and checked.
 *
 *   bytes 0..7    length n of the header, little endian, at most 100 MB
 *   bytes 8..     the header: JSON, see model/header.h
 *   bytes 8+n..   the data: every byte belongs to exactly one tensor
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/error.h"
#include "model/tensor.h"

typedef struct CnxSafetensors CnxSafetensors;

/* Reads the header only; tensor data is touched by whoever reads it. Errors: CNX_ERROR_NOT_FOUND,
 * _UNREADABLE, _CORRUPT, and _NOT_CONVNEXT for a file of another format. */
CnxSafetensors *cnx_safetensors_open(const char *path, GError **error);
void cnx_safetensors_close(CnxSafetensors *file); /* NULL allowed */

/* [count], in the order of strcmp of their names, all different. Owned by file. */
const CnxTensor *cnx_safetensors_tensors(const CnxSafetensors *file, guint *count);
