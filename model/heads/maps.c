/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/maps.h"

#include <string.h>

#include "model/base/memory.h"

/* The bytes rounded up to the alignment; FALSE if that does not fit. */
static gboolean round_up(gsize bytes, gsize *rounded)
{
    if (!g_size_checked_add(rounded, bytes, CNX_ALIGNMENT - 1))
        return FALSE;
    *rounded -= *rounded % CNX_ALIGNMENT;
    return TRUE;
}

/* Keeps a place of `bytes` bytes and returns its offset; G_MAXSIZE if it does not fit. */
static gsize reserve(CnxHeadMaps *maps, gsize bytes)
{
    gsize begin = 0, end;
    guint i = 0;

    g_assert(maps->count < CNX_HEAD_MAPS_MAX);
    while (i < maps->count && maps->taken[i].begin - begin < bytes)
        begin = maps->taken[i++].end;
    if (!g_size_checked_add(&end, begin, bytes) || end == G_MAXSIZE) {
        maps->size = G_MAXSIZE;
        return G_MAXSIZE;
    }
    memmove(&maps->taken[i + 1], &maps->taken[i], (maps->count - i) * sizeof *maps->taken);
    maps->taken[i] = (CnxHeadBlock){begin, end};
    maps->count++;
    maps->size = MAX(maps->size, end);
    return begin;
}

CnxHeadMap cnx_head_maps_take_bytes(CnxHeadMaps *maps, gsize bytes)
{
    CnxHeadMap map = {.offset = G_MAXSIZE};
    gsize rounded;

    if (!round_up(bytes, &rounded))
        maps->size = G_MAXSIZE;
    else
        map.offset = reserve(maps, rounded);
    if (maps->base)
        map.data = (float *)(gpointer)(maps->base + map.offset);
    return map;
}

CnxHeadMap cnx_head_maps_take(CnxHeadMaps *maps, guint height, guint width, guint channels)
{
    CnxHeadMap map = {.offset = G_MAXSIZE};
    gsize bytes;

    if (!g_size_checked_mul(&bytes, (gsize)height * width, channels) ||
        !g_size_checked_mul(&bytes, bytes, sizeof(float)))
        maps->size = G_MAXSIZE;
    else
        map = cnx_head_maps_take_bytes(maps, bytes);
    map.height = height;
    map.width = width;
    map.channels = channels;
    return map;
}

void cnx_head_maps_release(CnxHeadMaps *maps, CnxHeadMap *map)
{
    guint i = 0;

    if (map->offset == G_MAXSIZE)
        return;
    while (i < maps->count && maps->taken[i].begin != map->offset)
        i++;
    g_assert(i < maps->count);
    maps->count--;
    memmove(&maps->taken[i], &maps->taken[i + 1], (maps->count - i) * sizeof *maps->taken);
    map->data = NULL;
    map->offset = G_MAXSIZE;
}

void cnx_head_maps_reset(CnxHeadMaps *maps)
{
    maps->count = 0;
}

CnxHeadMap cnx_head_map_of(const CnxMap *map)
{
    return (CnxHeadMap){map->height, map->width, map->channels, (float *)map->data, G_MAXSIZE};
}

CnxMap cnx_head_map_view(const CnxHeadMap *map)
{
    return (CnxMap){map->data, 1, map->height, map->width, map->channels};
}
