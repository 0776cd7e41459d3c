/* The files of a segmenter or detector from an input: config.json, the tensors and their numbers,
 * separated by bytes 0xff.
 *
 * A line of the tensors is a name and sizes, "decode_head.classifier.bias 12". They are of half
 * precision, and their numbers are the last part, repeated, so that every input is a valid
 * safetensors file, though perhaps of no network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/info.h"
#include "tests/fuzz/reader.h"

#define HEAD_FILES_WEIGHTS "model.safetensors"

/* Writes the files to the folder of folder.h. FALSE if the tensors are too large. */
gboolean head_files_write(FuzzReader *reader);

/* Aborts unless the info can be used. */
void head_files_check(const CnxHeadInfo *info);

/* As fuzz_check() for readers whose messages begin with the weights, FUZZ_FILE, or with a file of
 * the folder. */
void head_files_check_error(gboolean ok, GError *error);
