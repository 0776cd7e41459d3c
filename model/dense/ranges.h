/* How layers with few pixels are cut by output channels, so that all threads have work. Inline code
 * only: there is no ranges.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/network/products.h"

/* A layer with fewer tasks is cut, into ranges of about this many panels or more. */
#define CNX_FEW_TASKS 8
#define CNX_RANGE_PANELS 2
#define CNX_RANGE_CHANNELS 32 /* taken as a panel if the kernel's panels are one channel */

typedef struct CnxRange {
    guint first, n; /* output channels; first is a multiple of the panel */
} CnxRange;

static inline guint cnx_range_unit(const CnxProducts *products)
{
    return products->panel > 1 ? (guint)products->panel : CNX_RANGE_CHANNELS;
}

/* The number of ranges for n channels and a layer with this many tasks. Above 1 it is even, so that
 * two threads get equal work. */
static inline guint cnx_range_count(const CnxProducts *products, guint n, guint tasks)
{
    const guint least = CNX_RANGE_PANELS * cnx_range_unit(products);
    const guint count = MIN((n + least - 1) / least, (CNX_FEW_TASKS + tasks - 1) / tasks);

    return count > 1 ? count / 2 * 2 : 1;
}

/* Range i of `ranges`; each has at least a panel if there are several. */
static inline CnxRange cnx_range_of(const CnxProducts *products, guint n, guint ranges, guint i)
{
    const guint unit = cnx_range_unit(products);
    const guint first = cnx_products_part(n, unit, ranges, i);

    return (CnxRange){first, cnx_products_part(n, unit, ranges, i + 1) - first};
}
