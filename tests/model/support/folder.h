/* A temporary folder with a fixture's weights and whatever configs a test writes beside them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"

/* The beginnings of configs that fit the fixtures transformers-v1 and timm-v1. */
#define HF "{\"model_type\":\"convnext\",\"hidden_sizes\":[7,13,22,35],\"depths\":[1,1,2,1]"
#define TIMM                                                                                       \
    "{\"architecture\":\"convnext_atto\",\"model_args\":{\"dims\":[8,16,24,32],\"depths\":[1,1,2," \
    "1]},"

void folder_new(void); /* also made the place of the user's and the system's data */
void folder_delete(void);
char *folder_path(const char *name); /* g_free */

void folder_put_weights(const char *fixture);

/* A model.safetensors with a number, 0, under each of these names; a NUL after each. */
void folder_put_names(const char *names);

/* One of these [count], their numbers all 0. */
void folder_put_tensors(CnxTensor *tensors, guint count);
void folder_write(const char *name, const char *text); /* text NULL: there is no such file */
void folder_clear(void);

/* Opens the folder, or the file of weights in it, which succeeds. */
CnxCheckpoint *folder_open(gboolean file);

/* The same where it fails, with a sentence that holds the word. */
void folder_check_file_refused(const char *word);

/* Opening the folder fails, with a sentence that begins with the folder and holds the word. */
void folder_check_refused(const char *word);
