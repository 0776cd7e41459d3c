/* The maps of a head, in one block of memory.
 *
 * A forward pass takes each map before its first use and releases it after its last, so that later
 * maps reuse its memory. The same pass runs first without memory, to measure how much it needs.
 * It takes and releases the same maps each time, so they get the same places each time.
 *
 *   CnxHeadMap fine = cnx_head_maps_take(&maps, 128, 128, 512);
 *   ...
 *   cnx_head_maps_release(&maps, &fine);
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"

#define CNX_HEAD_MAPS_MAX 24 /* taken at a time */

typedef struct CnxHeadMap {
    guint height, width, channels;
    float *data;  /* [height, width, channels]; NULL while measuring */
    gsize offset; /* bytes from the start of the block; G_MAXSIZE: not of the block */
} CnxHeadMap;

typedef struct CnxHeadBlock {
    gsize begin, end; /* bytes */
} CnxHeadBlock;

typedef struct CnxHeadMaps {
    char *base;                            /* aligned to CNX_ALIGNMENT; NULL while measuring */
    gsize size;                            /* bytes needed so far; G_MAXSIZE if that does not fit */
    CnxHeadBlock taken[CNX_HEAD_MAPS_MAX]; /* [count], by begin */
    guint count;
} CnxHeadMaps;

/* A map of uninitialised memory, in the first gap that is large enough. */
CnxHeadMap cnx_head_maps_take(CnxHeadMaps *maps, guint height, guint width, guint channels);

/* Memory for other data, of `bytes` bytes, as a map of unknown size. */
CnxHeadMap cnx_head_maps_take_bytes(CnxHeadMaps *maps, gsize bytes);

void cnx_head_maps_release(CnxHeadMaps *maps, CnxHeadMap *map);

/* Releases all maps, before a forward pass. */
void cnx_head_maps_reset(CnxHeadMaps *maps);

/* The map of a stage, which the backbone owns. */
CnxHeadMap cnx_head_map_of(const CnxMap *map);

/* The map as dense/ reads it: [1, height, width, channels]. */
CnxMap cnx_head_map_view(const CnxHeadMap *map);
