/* The small and the full-size networks that tests run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"

/* The path of a file of a small network: its name and this suffix. Free with g_free. */
char *networks_fixture(const char *name, const char *suffix);

/* All outputs of the model. */
CnxOutput networks_outputs(const CnxModel *model);

/* A run whose inputs are filled with the images INPUT/0, INPUT/1, ... input: WIDTHxHEIGHT or
 * WIDTHxHEIGHTxN. *n is set to N. */
CnxRun *networks_run(CnxModel *model, const char *input, guint threads, guint *n);

/* name: logits, embedding, stage1 to stage4 */
const CnxMap *networks_map(const CnxOutputs *outputs, const char *name);

/* The number of values in a map. */
gsize networks_count(const CnxMap *map);

/* The values of an F32 tensor in a safetensors file in memory, which the caller may change. *count
 * is set to their number, *inputs to the number for one output. */
float *networks_find_tensor(char *file, gsize length, const char *name, gsize *count,
                            gsize *inputs);
