/* A temporary folder with a fixture's weights and the configs that a test writes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"

/* Beginnings of configs that match the fixtures transformers-v1 and timm-v1. */
#define HF "{\"model_type\":\"convnext\",\"hidden_sizes\":[7,13,22,35],\"depths\":[1,1,2,1]"
#define TIMM                                                                                       \
    "{\"architecture\":\"convnext_atto\",\"model_args\":{\"dims\":[8,16,24,32],\"depths\":[1,1,2," \
    "1]},"

void folder_new(void); /* also becomes XDG_DATA_HOME and XDG_DATA_DIRS */
void folder_delete(void);
char *folder_path(const char *name); /* free with g_free */

/* Copies a fixture's model.safetensors. */
void folder_put_weights(const char *fixture);

/* Writes a model.safetensors with a single 0 under each name. Each name ends in NUL. */
void folder_put_names(const char *names);

/* Writes a model.safetensors with tensors [count] of zeros. */
void folder_put_tensors(CnxTensor *tensors, guint count);

/* The same with the data of each tensor, row-major; zeros if that is NULL. */
void folder_put_copies(CnxTensor *tensors, guint count);
void folder_write(const char *name, const char *text); /* text NULL: removes the file */
void folder_clear(void);

/* Writes a file below root and its folders. text NULL removes the file and the folders that are
 * then empty, root included. */
void folder_put_below(const char *root, const char *name, const char *text);

/* Opens the folder, or the file with the weights; must succeed. */
CnxCheckpoint *folder_open(gboolean file);

/* Opening the file, or the folder, fails with a sentence that begins with its path and contains the
 * word. */
void folder_check_file_refused(const char *word);
void folder_check_refused(const char *word);
