/* How layers with few pixels are cut by output channels, so that all threads have work. Inline code
 * only: there is no ranges.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/network/products.h"

/* A layer with fewer tasks is cut, into ranges of at least this many panels. */
#define CNX_FEW_TASKS 8
#define CNX_RANGE_PANELS 2
#define CNX_RANGE_CHANNELS 64 /* where a panel is one channel */

typedef struct CnxRange {
    guint first, n; /* output channels; first is a multiple of the panel */
} CnxRange;

static inline guint cnx_range_step(const CnxProducts *products)
{
    const guint panel = (guint)products->panel;

    return panel > 1 ? CNX_RANGE_PANELS * panel : CNX_RANGE_CHANNELS;
}

/* The number of ranges for n channels and a layer with this many tasks. */
static inline guint cnx_range_count(const CnxProducts *products, guint n, guint tasks)
{
    if (tasks >= CNX_FEW_TASKS)
        return 1;
    return CLAMP(n / cnx_range_step(products), 1, (CNX_FEW_TASKS + tasks - 1) / tasks);
}

/* Range i of `ranges`; each has at least a panel if there are several. */
static inline CnxRange cnx_range_of(const CnxProducts *products, guint n, guint ranges, guint i)
{
    const guint step = cnx_range_step(products), steps = n / step;
    const guint first = i * steps / ranges * step;
    const guint end = i + 1 < ranges ? (i + 1) * steps / ranges * step : n;

    return (CnxRange){first, end - first};
}
