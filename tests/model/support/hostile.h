/* Files that are made to take much more memory, or time, than their size justifies.
 *
 * Each function writes the files of one model to folder. number selects one of a kind.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

void hostile_write(const char *folder, const char *name, const GString *text);

/* A small network in timm's names. */
typedef struct HostileNetwork {
    guint channels; /* in each stage */
    guint patch;
    guint blocks; /* in the last stage; the others have one */
    guint classes;
} HostileNetwork;

typedef struct HostileTensor {
    const char *name;
    guint rank;
    guint shape[4];
    gsize elements;
} HostileTensor;

typedef void (*HostileTensorFn)(const HostileTensor *tensor, gpointer user_data);

void hostile_network(const HostileNetwork *network, HostileTensorFn fn, gpointer user_data);

/* The network as model.safetensors, a sparse file, all zeros: F16 or F8_E4M3. */
void hostile_write_network(const char *folder, const HostileNetwork *network);
void hostile_write_eight_bits(const char *folder, const HostileNetwork *network);

/* As many layers with a LoRA as a file may have. */
void hostile_write_loras(const char *folder);

/* hostile_pickles.c */
extern const guint hostile_pickles; /* numbers of hostile_write_pickle */
const char *hostile_write_pickle(const char *folder, guint number); /* returns its name */
void hostile_write_shared(const char *folder, guint blocks);

/* [count] tensors as model.pth, all views of one storage of so many zeros. */
void hostile_write_views(const char *folder, const HostileTensor *tensors, guint count,
                         gsize elements);
extern const guint hostile_zips;
const char *hostile_write_zip(const char *folder, guint number);

/* hostile_text.c */
extern const guint hostile_configs;
const char *hostile_write_config(const char *folder, guint number);
extern const guint hostile_headers;
const char *hostile_write_header(const char *folder, guint number);
