/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/quantised.h"

#include <string.h>

#define BLOCK 128    /* rows and columns of a block in FineGrainedFP8 */
#define ABSMAX 127.0 /* of bitsandbytes */

/* The scales of a weight */
typedef struct Quantised {
    CnxEntry *base, *scale;
    CnxEntry *zero_point; /* NULL: zeros */
    const char *module;   /* with `length` bytes: the name of the layer and its dot */
    gsize length;
    double factor;
} Quantised;

/* FALSE also for a weight of no scale of its own: F32, F16, BF16 or F64. */
static gboolean is_quantised(const CnxEntry *entry)
{
    const CnxTensor *t = &entry->tensor;

    if (t->composed || t->elements == 0)
        return FALSE;
    return t->dtype == CNX_DTYPE_OTHER ? cnx_tensor_is_integer(t) : t->dtype >= CNX_DTYPE_F8_E4M3;
}

static gboolean refuse(CnxEntry *entry, const char *fault)
{
    entry->fault = fault;
    return TRUE;
}

/* One scale for each row [out], [out,1], ..., or each group of columns [out,groups]. */
static gboolean find_rows(const CnxTensor *base, const CnxTensor *scale, CnxFormulaIndex *index)
{
    const guint64 groups = scale->rank >= 2 ? scale->shape[1] : 1;

    *index = (CnxFormulaIndex){.inner = base->elements, .count = 1};
    if (scale->elements == 1)
        return TRUE;
    if (base->rank < 1 || scale->rank < 1 || scale->shape[0] != base->shape[0] || groups == 0 ||
        scale->elements != base->shape[0] * groups ||
        base->elements / base->shape[0] % groups != 0 || (groups > 1 && base->rank != 2))
        return FALSE;
    index->inner = base->elements / scale->elements;
    index->count = scale->elements;
    return TRUE;
}

/* One scale for each block. */
static gboolean find_blocks(const CnxTensor *base, const CnxTensor *scale, CnxFormulaIndex *index)
{
    if (scale->elements == 1)
        return find_rows(base, scale, index);
    if (base->rank != 2 || scale->rank != 2 ||
        scale->shape[0] != (base->shape[0] + BLOCK - 1) / BLOCK ||
        scale->shape[1] != (base->shape[1] + BLOCK - 1) / BLOCK)
        return FALSE;
    *index = (CnxFormulaIndex){.inner = base->shape[1], .count = scale->elements, .block = BLOCK};
    return TRUE;
}

/* A tensor that would be the scale or zero point of quantised activations: has no effect if its
 * only number is `neutral`. */
static void check_neutral(const CnxEntries *entries, const Quantised *q, const char *suffix,
                          float neutral)
{
    CnxEntry *entry = cnx_entries_find(entries, q->module, q->length, suffix);
    float number;

    if (!entry || !cnx_entry_is_readable(entry) || entry->tensor.elements != 1)
        return;
    cnx_tensor_to_float(&entry->tensor, &number);
    if (number == neutral)
        cnx_entries_use(entries, entry);
    else
        entry->fault = "is a scale of quantised activations, which change the results: save the "
                       "state_dict() of the model before quantisation";
}

static void check_activations(const CnxEntries *entries, const Quantised *q)
{
    check_neutral(entries, q, "input_scale", 1);
    check_neutral(entries, q, "output_scale", 1);
}

/* zero_point: M.zero_point, which torch.ao.quantization saves with M.scale for the outputs. */
static gboolean check_outputs(const CnxEntries *entries, CnxEntry *zero_point)
{
    const char *name = zero_point->tensor.name;
    const Quantised q = {.module = name, .length = strlen(name) - strlen("zero_point")};

    if (cnx_entry_is_float(zero_point) || !cnx_entries_find(entries, name, q.length, "scale") ||
        !cnx_entries_find(entries, name, q.length, "weight"))
        return TRUE;
    check_neutral(entries, &q, "scale", 1);
    check_neutral(entries, &q, "zero_point", 0);
    return TRUE;
}

static gboolean compose(const CnxEntries *entries, const Quantised *q, const CnxFormulaIndex *index)
{
    CnxFormula f = {.kind = CNX_FORMULA_SCALE,
                    .base = q->base->tensor,
                    .a = q->scale->tensor,
                    .index = *index,
                    .factor = q->factor};

    if (q->zero_point) {
        if (!cnx_entry_is_readable(q->zero_point) || q->zero_point->tensor.elements != f.a.elements)
            return refuse(q->scale, "is the scale of a quantised weight, but its zero points have "
                                    "another shape: save the weight as F32");
        f.b = q->zero_point->tensor;
    }
    cnx_entries_use(entries, q->scale);
    cnx_entries_use(entries, q->zero_point);
    check_activations(entries, q);
    return cnx_entries_compose(entries, q->base, &f);
}

static gboolean compose_scales(const CnxEntries *entries, const Quantised *q, gboolean blocks)
{
    CnxFormulaIndex index;

    if (!is_quantised(q->base))
        return TRUE;
    if (!cnx_entry_is_float(q->scale) || q->scale->tensor.elements == 0 ||
        !(blocks ? find_blocks : find_rows)(&q->base->tensor, &q->scale->tensor, &index))
        return refuse(
            q->scale,
            blocks ? "is the scale of a quantised weight of another shape, expected one scale for "
                     "each block of 128x128: save the weight as F32"
                   : "is the scale of a quantised weight of another shape, expected one scale for "
                     "the whole weight, each row or each group of columns: save the weight as F32");
    return compose(entries, q, &index);
}

/* scale: M.w_scale or M.w_scale_inv */
static gboolean compose_named(const CnxEntries *entries, CnxEntry *scale, const char *suffix)
{
    const char *name = scale->tensor.name, *dot = strrchr(name, '.');
    const gsize length = strlen(name) - strlen(suffix);
    const gboolean blocks = !strcmp(suffix, "_scale_inv");
    const Quantised q = {.base = cnx_entries_find(entries, name, length, ""),
                         .scale = scale,
                         .zero_point =
                             blocks ? NULL : cnx_entries_find(entries, name, length, "_zero_point"),
                         .module = name,
                         .length = dot ? (gsize)(dot + 1 - name) : 0,
                         .factor = 1};

    return !q.base || compose_scales(entries, &q, blocks);
}

/* scale: M.scale_weight or M.SCB */
static gboolean compose_beside(const CnxEntries *entries, CnxEntry *scale, const char *suffix)
{
    const char *name = scale->tensor.name;
    const gsize length = strlen(name) - strlen(suffix);
    const gboolean int8 = !strcmp(suffix, "SCB");
    const Quantised q = {.base = cnx_entries_find(entries, name, length, "weight"),
                         .scale = scale,
                         .module = name,
                         .length = length,
                         .factor = int8 ? 1 / ABSMAX : 1};
    CnxEntry *format = int8 ? cnx_entries_find(entries, name, length, "weight_format") : NULL;
    float row_major;

    if (!q.base || !is_quantised(q.base))
        return TRUE;
    if (q.scale->tensor.elements != (int8 && q.base->tensor.rank ? q.base->tensor.shape[0] : 1))
        return refuse(
            scale, "is the scale of a quantised weight of another shape: save the weight as F32");
    if (format && cnx_entry_is_readable(format) && format->tensor.elements == 1) {
        cnx_tensor_to_float(&format->tensor, &row_major);
        if (row_major != 0)
            return refuse(format, "is the format of a quantised weight (bitsandbytes), expected "
                                  "\"row\": call dequantize() of the model before saving");
        cnx_entries_use(entries, format);
    }
    return compose_scales(entries, &q, FALSE);
}

/* scale: M.w._scale */
static gboolean compose_quanto(const CnxEntries *entries, CnxEntry *scale)
{
    const char *name = scale->tensor.name;
    const gsize length = strlen(name) - strlen("._scale");
    gsize module = length;
    CnxEntry *base = cnx_entries_find(entries, name, length, "._data");

    while (module > 0 && name[module - 1] != '.')
        module--;
    const Quantised q = {
        .base = base, .scale = scale, .module = name, .length = module, .factor = 1};
    return !base || (compose_scales(entries, &q, FALSE) &&
                     cnx_entries_rename(entries, base, name, length, ""));
}

static gboolean compose_entry(const CnxEntries *entries, CnxEntry *entry)
{
    const char *name = entry->tensor.name, *dot = strrchr(name, '.'), *leaf = dot ? dot + 1 : name;

    if (!strcmp(leaf, "zero_point"))
        return check_outputs(entries, entry);
    if (!strcmp(leaf, "_scale"))
        return compose_quanto(entries, entry);
    if (!strcmp(leaf, "SCB") || !strcmp(leaf, "scale_weight"))
        return compose_beside(entries, entry, leaf);
    if (g_str_has_suffix(leaf, "_scale_inv"))
        return compose_named(entries, entry, "_scale_inv");
    return !g_str_has_suffix(leaf, "_scale") || compose_named(entries, entry, "_scale");
}

/* ComfyUI marks a file with scaled weights by a tensor whose contents have no meaning. */
static void use_marker(const CnxEntries *entries)
{
    gboolean composed = FALSE;

    for (guint i = 0; i < entries->count; i++)
        composed |= entries->entries[i].tensor.composed != NULL;
    for (guint i = 0; composed && i < entries->count; i++)
        if (g_str_has_suffix(entries->entries[i].tensor.name, "scaled_fp8"))
            cnx_entries_use(entries, &entries->entries[i]);
}

gboolean cnx_quantised_compose(const CnxEntries *entries)
{
    for (guint i = 0; i < entries->count; i++)
        if (!entries->entries[i].is_part && !compose_entry(entries, &entries->entries[i]))
            return FALSE;
    use_marker(entries);
    return TRUE;
}
