/* The sums are of type double, since the libraries add floats in another order.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/formula.h"

#include <math.h>

#define CHUNK 256 /* numbers that are converted at a time */
#define RANKS 32  /* rows of a LoRA's A that are converted at a time */

static gsize index_of(const CnxFormulaIndex *index, gsize i)
{
    const gsize row = i / index->inner, column = i % index->inner;

    if (!index->block)
        return row % index->count;
    const gsize columns = (index->inner + index->block - 1) / index->block;
    return row / index->block * columns + column / index->block;
}

/* How many elements from i on have the same index. */
static gsize run_length(const CnxFormulaIndex *index, gsize i)
{
    const gsize rest = index->inner - i % index->inner;

    if (index->count == 1)
        return G_MAXSIZE;
    return index->block ? MIN(rest, index->block - i % index->inner % index->block) : rest;
}

static void load_doubles(const CnxTensor *tensor, gsize count, double factor, double *dst)
{
    float chunk[CHUNK];

    for (gsize i = 0; i < count; i += CHUNK) {
        const gsize n = MIN(count - i, CHUNK);

        cnx_tensor_range_to_float(tensor, i, n, chunk);
        for (gsize k = 0; k < n; k++)
            dst[i + k] = chunk[k] * factor;
    }
}

/* sums[index]: of the squares of the base. */
static void add_squares(const CnxFormula *f, double *sums)
{
    float chunk[CHUNK];

    for (gsize i = 0; i < f->base.elements; i += CHUNK) {
        const gsize n = MIN(f->base.elements - i, CHUNK);

        cnx_tensor_range_to_float(&f->base, i, n, chunk);
        for (gsize k = 0; k < n; k++)
            sums[index_of(&f->index, i + k)] += (double)chunk[k] * chunk[k];
    }
}

static void prepare_weight_norm(CnxFormula *f)
{
    for (gsize i = 0; i < f->index.count; i++)
        f->zeros[i] = 0;
    add_squares(f, f->zeros);
    load_doubles(&f->a, f->index.count, 1, f->values);
    for (gsize i = 0; i < f->index.count; i++) {
        f->values[i] /= sqrt(f->zeros[i]);
        f->zeros[i] = 0;
    }
}

static double dot_row(const CnxFormula *f, gsize row, gsize width)
{
    float w[CHUNK], v[CHUNK];
    double sum = 0;

    for (gsize i = 0; i < width; i += CHUNK) {
        const gsize n = MIN(width - i, CHUNK);

        cnx_tensor_range_to_float(&f->base, row * width + i, n, w);
        cnx_tensor_range_to_float(&f->b, i, n, v);
        for (gsize k = 0; k < n; k++)
            sum += (double)w[k] * v[k];
    }
    return sum;
}

static void prepare_spectral_norm(CnxFormula *f)
{
    double sigma = 0;

    for (gsize row = 0; row < f->a.elements; row++) {
        float u;

        cnx_tensor_range_to_float(&f->a, row, 1, &u);
        sigma += u * dot_row(f, row, f->b.elements);
    }
    f->values[0] = 1 / sigma;
    f->zeros[0] = 0;
}

static void prepare_scale(CnxFormula *f)
{
    load_doubles(&f->a, f->index.count, f->factor, f->values);
    if (f->b.elements)
        load_doubles(&f->b, f->index.count, 1, f->zeros);
    else
        for (gsize i = 0; i < f->index.count; i++)
            f->zeros[i] = 0;
}

static void prepare(CnxFormula *f)
{
    if (f->ready)
        return;
    if (f->kind == CNX_FORMULA_WEIGHT_NORM)
        prepare_weight_norm(f);
    else if (f->kind == CNX_FORMULA_SPECTRAL_NORM)
        prepare_spectral_norm(f);
    else
        prepare_scale(f);
    f->ready = TRUE;
}

static void scaled_numbers(CnxComposed *composed, gsize first, gsize count, float *dst)
{
    CnxFormula *f = (CnxFormula *)composed;

    prepare(f);
    cnx_tensor_range_to_float(&f->base, first, count, dst);
    for (gsize i = 0; i < count;) {
        const gsize n = MIN(count - i, run_length(&f->index, first + i));
        const gsize index = index_of(&f->index, first + i);
        const double value = f->values[index], zero = f->zeros[index];

        for (const gsize end = i + n; i < end; i++)
            dst[i] = (float)((dst[i] - zero) * value);
    }
}

static void masked_numbers(CnxComposed *composed, gsize first, gsize count, float *dst)
{
    const CnxFormula *f = (const CnxFormula *)composed;
    float mask[CHUNK];

    cnx_tensor_range_to_float(&f->base, first, count, dst);
    for (gsize i = 0; i < count; i += CHUNK) {
        const gsize n = MIN(count - i, CHUNK);

        cnx_tensor_range_to_float(&f->a, first + i, n, mask);
        for (gsize k = 0; k < n; k++)
            dst[i + k] *= mask[k];
    }
}

/* Numbers of a row of the base, and the columns and ranks of the LoRA for them */
typedef struct Tile {
    gsize width;           /* of the base */
    gsize ranks;           /* of the LoRA */
    gsize column, columns; /* at most CHUNK */
    gsize rank, count;     /* at most RANKS */
    float a[RANKS][CHUNK];
} Tile;

/* Adds the tile to the columns of this row that lie within [first, first + count). */
static void add_to_row(const CnxFormula *f, const Tile *t, gsize row, gsize first, gsize count,
                       float *dst)
{
    const gsize start = row * t->width + t->column, begin = MAX(start, first),
                end = MIN(start + t->columns, first + count);
    double sums[CHUNK] = {0};
    float b[RANKS];

    if (begin >= end)
        return;
    cnx_tensor_range_to_float(&f->b, row * t->ranks + t->rank, t->count, b);
    for (gsize r = 0; r < t->count; r++)
        for (gsize i = begin - start; i < end - start; i++)
            sums[i] += (double)b[r] * t->a[r][i];
    for (gsize i = begin; i < end; i++)
        dst[i - first] = (float)(dst[i - first] + f->factor * sums[i - start]);
}

static void lora_numbers(CnxComposed *composed, gsize first, gsize count, float *dst)
{
    const CnxFormula *f = (const CnxFormula *)composed;
    Tile t = {.width = f->a.elements / f->a.shape[0], .ranks = f->a.shape[0]};

    cnx_tensor_range_to_float(&f->base, first, count, dst);
    if (count == 0)
        return;
    const gsize last = (first + count - 1) / t.width;
    for (t.column = 0; t.column < t.width; t.column += CHUNK) {
        t.columns = MIN(t.width - t.column, CHUNK);
        for (t.rank = 0; t.rank < t.ranks; t.rank += RANKS) {
            t.count = MIN(t.ranks - t.rank, RANKS);
            for (gsize r = 0; r < t.count; r++)
                cnx_tensor_range_to_float(&f->a, (t.rank + r) * t.width + t.column, t.columns,
                                          t.a[r]);
            for (gsize row = first / t.width; row <= last; row++)
                add_to_row(f, &t, row, first, count, dst);
        }
    }
}

CnxFormula *cnx_formula_new(const CnxFormula *formula, CnxStrings *strings)
{
    CnxFormula *f = cnx_strings_take(strings, sizeof *f);
    const gboolean indexed = formula->kind != CNX_FORMULA_MASK && formula->kind != CNX_FORMULA_LORA;

    if (!f)
        return NULL;
    *f = *formula;
    f->composed.numbers = formula->kind == CNX_FORMULA_MASK   ? masked_numbers
                          : formula->kind == CNX_FORMULA_LORA ? lora_numbers
                                                              : scaled_numbers;
    if (!indexed)
        return f;
    f->values = cnx_strings_take(strings, f->index.count * sizeof *f->values);
    f->zeros = cnx_strings_take(strings, f->index.count * sizeof *f->zeros);
    return f->values && f->zeros ? f : NULL;
}

void cnx_formula_apply(CnxFormula *formula, CnxTensor *tensor)
{
    const char *name = tensor->name;

    *tensor = formula->base;
    tensor->name = name;
    tensor->dtype = CNX_DTYPE_F32;
    tensor->stored = NULL;
    tensor->strided = FALSE;
    tensor->data = NULL;
    tensor->composed = &formula->composed;
}

const CnxFormula *cnx_formula_of(const CnxTensor *tensor)
{
    return (const CnxFormula *)tensor->composed;
}

gboolean cnx_formula_is_quantised(const CnxTensor *tensor)
{
    const CnxFormula *f = cnx_formula_of(tensor);

    while (f && f->base.composed)
        f = cnx_formula_of(&f->base);
    return f && cnx_tensor_is_integer(&f->base) && f->base.size == f->base.elements;
}
