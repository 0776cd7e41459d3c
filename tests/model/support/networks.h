/* The small and the full-size networks that tests run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"

/* The path of a file of a small network: its name and this suffix. Free with g_free. */
char *networks_fixture(const char *name, const char *suffix);

/* All outputs of the model. */
CnxOutput networks_outputs(const CnxModel *model);

/* A run for the images INPUT/0, INPUT/1, ..., filled in. input: WIDTHxHEIGHT or WIDTHxHEIGHTxN; *n
 * is set to N. */
CnxRun *networks_run(CnxModel *model, const char *input, guint threads, guint *n);

/* name: logits, embedding, stage1 to stage4 */
const CnxMap *networks_map(const CnxOutputs *outputs, const char *name);

/* The numbers in a map. */
gsize networks_count(const CnxMap *map);

/* The values of an F32 tensor in a safetensors file in memory, to change. *count is set to their
 * number, *inputs to those of an output. */
float *networks_find_tensor(char *file, gsize length, const char *name, gsize *count,
                            gsize *inputs);
