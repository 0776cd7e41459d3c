/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/cost.h"

#include <stdio.h>

#include "model/base/isa.h"
#include "model/checkpoint/parts.h"
#include "model/network/forward.h"

typedef struct Count {
    CnxRun sizes; /* only the sizes of the maps are set */
    guint64 macs;
    guint64 rounded; /* the part of macs in products that may round their inputs */
} Count;

static guint64 area(const CnxStageSize *size)
{
    return (guint64)size->h * size->w;
}

/* Pixels that the layer of a tensor writes; 1 for the head. */
static guint64 output_pixels(const Count *count, const char *canonical)
{
    guint stage;

    if (g_str_has_prefix(canonical, "stem.conv0."))
        return area(&count->sizes.mid_size);
    if (g_str_has_prefix(canonical, "stem."))
        return area(&count->sizes.stem_size);
    if (sscanf(canonical, "s%u.", &stage) == 1 || sscanf(canonical, "down%u.", &stage) == 1)
        return area(&count->sizes.size[stage]);
    return 1;
}

/* Each weight of a convolution or linear layer is used once for each pixel. Vectors do not count.
 */
static gboolean count_tensor(const char *canonical, guint rank, const guint64 *shape,
                             gpointer user_data)
{
    Count *count = user_data;
    guint64 weights = 1;

    for (guint i = 0; i < rank; i++)
        weights *= shape[i];
    if (rank < 2)
        return TRUE;
    const guint64 macs = weights * output_pixels(count, canonical);
    count->macs += macs;
    if (cnx_weights_may_be_rounded(canonical, (gsize)(weights / shape[0])))
        count->rounded += macs;
    return TRUE;
}

static Count count_macs(const CnxConfig *config, guint width, guint height)
{
    Count count = {.sizes = {.config = config, .width = width, .height = height}};

    cnx_run_plan_sizes(&count.sizes);
    cnx_parts_foreach(config, count_tensor, &count);
    return count;
}

guint64 cnx_cost_macs(const CnxConfig *config, guint width, guint height)
{
    return count_macs(config, width, height).macs;
}

guint64 cnx_cost_rounded_macs(const CnxConfig *config, guint width, guint height)
{
    return count_macs(config, width, height).rounded;
}

gboolean cnx_cost_memory(const CnxCheckpoint *checkpoint, CnxPrecision requested, CnxForm *form,
                         gsize *bytes, const char **isa, GError **error)
{
    const CnxKernels *kernels = cnx_isa_kernels(error);

    if (!kernels)
        return FALSE;
    *isa = cnx_isa_name(kernels->level);
    *form = cnx_products_form(kernels, requested);
    *bytes = cnx_weights_size(checkpoint, kernels, *form);
    return TRUE;
}
