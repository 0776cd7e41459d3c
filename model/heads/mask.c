/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/mask.h"

#include <math.h>
#include <string.h>

#include "model/base/memory.h"
#include "model/threads/threads.h"

#define BANDS 4 /* of rows, for each thread */

/* One interpolation, row by row: [in_height, in_width, channels] to [height, width, channels]. */
typedef struct Pass {
    CnxScaling scaling;
    guint in_width, in_height, width, height;
} Pass;

/* The scratch memory of a thread, in this order; the rows of a pass come after its taps. */
typedef struct Rows {
    CnxTap *via_taps, *taps; /* [width of the pass, terms] */
    float *via_tall, *tall;  /* [in_width of the pass, channels], interpolated downwards */
    float *via_rows;         /* [2, via width, channels]: the rows that the last ones came from */
    float *row;              /* [width, channels] */
    int via_at[2];           /* their numbers; -1: none */
} Rows;

typedef struct Call {
    const CnxDenseContext *context;
    const CnxMap *logits;
    const CnxMaskPlan *plan;
    gboolean has_via;
    Pass via, last;
    guint bands;
    char *mask;
    gsize stride;
} Call;

static gboolean has_via(const CnxMaskPlan *plan)
{
    return plan->via_width > 0;
}

static Pass via_of(const CnxMap *logits, const CnxMaskPlan *plan)
{
    return (Pass){plan->via_scaling, logits->width, logits->height, plan->via_width,
                  plan->via_height};
}

static Pass last_of(const CnxMap *logits, const CnxMaskPlan *plan)
{
    return (Pass){plan->scaling, has_via(plan) ? plan->via_width : logits->width,
                  has_via(plan) ? plan->via_height : logits->height, plan->width, plan->height};
}

/* Hands out the parts of a thread's scratch memory from base, which may be NULL. Returns their
 * bytes. */
static gsize lay_out(const CnxMap *logits, const CnxMaskPlan *plan, char *base, Rows *rows)
{
    const gsize channels = logits->channels;
    const Pass via = via_of(logits, plan), last = last_of(logits, plan);
    CnxArena arena = {.base = (float *)(void *)base};
    const gsize tap = sizeof(CnxTap) / sizeof(float);
    gsize bytes;

    *rows = (Rows){.via_at = {-1, -1}};
    if (has_via(plan)) {
        rows->via_taps = (CnxTap *)(void *)CNX_TAKE(&arena, via.width, 2, tap);
        rows->via_tall = CNX_TAKE(&arena, via.in_width, channels);
        rows->via_rows = CNX_TAKE(&arena, 2, via.width, channels);
    }
    rows->taps = (CnxTap *)(void *)CNX_TAKE(&arena, last.width, 2, tap);
    rows->tall = CNX_TAKE(&arena, last.in_width, channels);
    rows->row = CNX_TAKE(&arena, last.width, channels);
    return cnx_arena_bytes(&arena, &bytes) ? bytes : G_MAXSIZE;
}

gsize cnx_mask_value_size(guint classes)
{
    return classes <= CNX_MASK_BYTE_CLASSES ? 1 : 2;
}

gsize cnx_mask_scratch(const CnxMap *logits, const CnxMaskPlan *plan)
{
    Rows rows;

    return lay_out(logits, plan, NULL, &rows);
}

/* Taps of one pixel that comes from low and high, `step` floats apart. Returns their number. */
static int set_taps(CnxTap *taps, CnxScaling scaling, int in, int out, int d, gsize step)
{
    const CnxEnds ends = cnx_scaling_ends(scaling, in, out, d);
    const int terms = cnx_scaling_terms(scaling);

    taps[0] = (CnxTap){(ptrdiff_t)(ends.low * step), terms > 1 ? 1 - ends.weight : 1};
    if (terms > 1)
        taps[1] = (CnxTap){(ptrdiff_t)(ends.high * step), ends.weight};
    return terms;
}

static void set_columns(const Pass *pass, CnxTap *taps, guint channels)
{
    const int terms = cnx_scaling_terms(pass->scaling);

    for (guint x = 0; x < pass->width; x++)
        set_taps(taps + x * terms, pass->scaling, (int)pass->in_width, (int)pass->width, (int)x,
                 channels);
}

/* dst: [pass->width, channels], from src and the two taps of its row, with tall as scratch. */
static void make_row(const Call *call, const Pass *pass, const float *src, const CnxTap *down,
                     const CnxTap *columns, float *tall, float *dst)
{
    const int channels = (int)call->logits->channels;
    const int terms = cnx_scaling_terms(pass->scaling);
    const CnxInterpolate rows = {.dst = tall,
                                 .ldd = (size_t)pass->in_width * channels,
                                 .src = src,
                                 .taps = down,
                                 .pixels = 1,
                                 .terms = terms,
                                 .c = (int)pass->in_width * channels};
    const CnxInterpolate across = {.dst = dst,
                                   .ldd = (size_t)channels,
                                   .src = tall,
                                   .taps = columns,
                                   .pixels = (int)pass->width,
                                   .terms = terms,
                                   .c = channels};

    call->context->kernels->interpolate(&rows);
    call->context->kernels->interpolate(&across);
}

/* The place of row y of the first interpolation in via_rows, computed unless it is there. */
static guint find_via_row(const Call *call, Rows *rows, int y)
{
    const gsize size = (gsize)call->via.width * call->logits->channels;
    const guint place = (guint)y % 2;
    CnxTap down[2];

    if (rows->via_at[place] == y)
        return place;
    set_taps(down, call->via.scaling, (int)call->via.in_height, (int)call->via.height, y,
             (gsize)call->via.in_width * call->logits->channels);
    make_row(call, &call->via, call->logits->data, down, rows->via_taps, rows->via_tall,
             rows->via_rows + place * size);
    rows->via_at[place] = y;
    return place;
}

/* Computes row y of the interpolated logits into rows->row. */
static void interpolate_row(const Call *call, Rows *rows, guint y)
{
    const Pass *last = &call->last;
    CnxTap down[2];

    if (!call->has_via) {
        set_taps(down, last->scaling, (int)last->in_height, (int)last->height, (int)y,
                 (gsize)last->in_width * call->logits->channels);
        make_row(call, last, call->logits->data, down, rows->taps, rows->tall, rows->row);
        return;
    }
    const CnxEnds ends =
        cnx_scaling_ends(last->scaling, (int)last->in_height, (int)last->height, (int)y);
    const gsize size = (gsize)call->via.width * call->logits->channels;

    set_taps(down, last->scaling, (int)last->in_height, (int)last->height, (int)y, 0);
    down[0].at = (ptrdiff_t)(find_via_row(call, rows, ends.low) * size);
    if (cnx_scaling_terms(last->scaling) > 1)
        down[1].at = (ptrdiff_t)(find_via_row(call, rows, ends.high) * size);
    make_row(call, last, rows->via_rows, down, rows->taps, rows->tall, rows->row);
}

/* The value of a pixel with these logits. */
static guint value_of(const float *logits, guint classes, const CnxMaskPlan *plan)
{
    float best = -INFINITY, sum = 0;
    guint value = 0;

    for (guint i = 0; i < classes; i++)
        if (logits[i] > best) {
            best = logits[i];
            value = i + 1;
        }
    if (!(plan->threshold > 0) || value == 0)
        return value;
    if (plan->sigmoid)
        sum = 1 + expf(-best);
    for (guint i = 0; !plan->sigmoid && i < classes; i++)
        sum += expf(logits[i] - best);
    return 1 / sum >= plan->threshold ? value : 0;
}

static void fill_row(const Call *call, const float *row, guint y)
{
    const guint classes = call->logits->channels;
    char *out = call->mask + y * call->stride;

    for (guint x = 0; x < call->plan->width; x++, row += classes) {
        const guint value = value_of(row, classes, call->plan);

        if (cnx_mask_value_size(classes) == 1)
            ((guint8 *)out)[x] = (guint8)value;
        else
            memcpy(out + 2 * x, &(guint16){(guint16)value}, 2);
    }
}

static void fill_band(gpointer data, guint task, guint slot)
{
    const Call *call = data;
    const guint height = call->plan->height;
    Rows rows;

    lay_out(call->logits, call->plan, cnx_dense_scratch(call->context, slot), &rows);
    if (call->has_via)
        set_columns(&call->via, rows.via_taps, call->logits->channels);
    set_columns(&call->last, rows.taps, call->logits->channels);
    for (guint y = (guint)((guint64)height * task / call->bands);
         y < (guint)((guint64)height * (task + 1) / call->bands); y++) {
        interpolate_row(call, &rows, y);
        fill_row(call, rows.row, y);
    }
}

static void count_values(const Call *call, guint64 *counts)
{
    const guint classes = call->logits->channels;

    memset(counts, 0, (classes + 1) * sizeof *counts);
    for (guint y = 0; y < call->plan->height; y++) {
        const char *row = call->mask + y * call->stride;

        for (guint x = 0; x < call->plan->width; x++) {
            guint16 value = ((const guint8 *)row)[x];

            if (cnx_mask_value_size(classes) == 2)
                memcpy(&value, row + 2 * x, 2);
            counts[value]++;
        }
    }
}

void cnx_mask_compute(const CnxDenseContext *context, const CnxMap *logits, const CnxMaskPlan *plan,
                      void *mask, gsize stride, guint64 *counts)
{
    Call call = {.context = context,
                 .logits = logits,
                 .plan = plan,
                 .has_via = has_via(plan),
                 .via = via_of(logits, plan),
                 .last = last_of(logits, plan),
                 .bands = MIN(plan->height, context->threads * BANDS),
                 .mask = mask,
                 .stride = stride};

    cnx_threads_loop(context->threads, call.bands, fill_band, &call);
    if (counts)
        count_values(&call, counts);
}
