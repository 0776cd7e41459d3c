/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/mask.h"

#include <math.h>
#include <string.h>

#include "model/base/memory.h"
#include "model/threads/threads.h"

#define TASK_ROWS 32u
#define WINDOWS 3 /* that contain a pixel, at most: two that are a step apart, and the last one */
#define TERMS                                                                          \
    (4 * WINDOWS) /* at most: two pixels of each of two pixels, in each of its windows \
                   */

static gsize aligned(gsize bytes)
{
    return (bytes + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;
}

gsize cnx_mask_value_size(guint classes)
{
    return classes <= CNX_MASK_BYTE_CLASSES ? 1 : 2;
}

/* One direction: from `in` pixels of the logits of each window, by way of `via` pixels or 0, to
 * `out`. */
typedef struct Line {
    CnxScaling via_scaling, scaling;
    guint in, via, out;
    CnxWindowLine windows; /* of via */
} Line;

typedef struct Term {
    guint pixel;
    float weight;
} Term;

static guint add_term(Term *terms, guint count, guint pixel, float weight)
{
    if (weight == 0)
        return count;
    for (guint i = 0; i < count; i++) {
        if (terms[i].pixel == pixel) {
            terms[i].weight += weight;
            return count;
        }
    }
    terms[count] = (Term){pixel, weight};
    return count + 1;
}

/* Adds the pixels of `in` that pixel d of `out` comes from, times weight. first: the first pixel of
 * in. */
static guint add_ends(Term *terms, guint count, CnxScaling scaling, guint first, guint in,
                      guint out, guint d, float weight)
{
    const CnxEnds ends = cnx_scaling_ends(scaling, (int)in, (int)out, (int)d);

    count = add_term(terms, count, first + (guint)ends.low, weight * (1 - ends.weight));
    return add_term(terms, count, first + (guint)ends.high, weight * ends.weight);
}

/* Adds the pixels that pixel d of `via` comes from, in each window with this pixel, times weight.
 */
static guint add_windows(const Line *line, Term *terms, guint count, guint d, float weight)
{
    const CnxWindowLine *windows = &line->windows;
    guint found[WINDOWS], n = 0;

    if (weight == 0)
        return count;
    for (guint i = 0; i < windows->count; i++) {
        const guint start = cnx_window_start(windows, i);

        if (start <= d && d < start + windows->window) {
            g_assert(n < WINDOWS);
            found[n++] = i;
        }
    }
    for (guint i = 0; i < n; i++)
        count =
            add_ends(terms, count, line->via_scaling, found[i] * line->in, line->in,
                     windows->window, d - cnx_window_start(windows, found[i]), weight / (float)n);
    return count;
}

/* Sets the terms of pixel d and returns their number. Two interpolations in a row are one weighted
 * sum. */
static guint set_terms(const Line *line, guint d, Term terms[TERMS])
{
    guint count = 0;
    CnxEnds ends;

    if (line->via == 0)
        return add_ends(terms, 0, line->scaling, 0, line->in, line->out, d, 1);
    ends = cnx_scaling_ends(line->scaling, (int)line->via, (int)line->out, (int)d);
    count = add_windows(line, terms, count, (guint)ends.low, 1 - ends.weight);
    return add_windows(line, terms, count, (guint)ends.high, ends.weight);
}

/* The largest number of terms of a pixel of the line. */
static guint count_terms(const Line *line)
{
    Term terms[TERMS];
    guint most = 1;

    for (guint d = 0; d < line->out; d++)
        most = MAX(most, set_terms(line, d, terms));
    return most;
}

typedef struct Mask {
    const CnxDenseContext *context;
    const CnxMap *logits;
    const CnxMaskPlan *plan;
    char *mask;
    gsize stride;
    Line rows, columns;
    guint terms;  /* of a column */
    CnxTap *taps; /* [width, terms], in the scratch memory of the first thread */
} Mask;

/* The scratch memory of a thread. */
typedef struct Scratch {
    CnxTap *taps;              /* [width, at most TERMS] */
    float *row;                /* [logits width, classes] */
    guint8 *unknown;           /* [logits width] */
    float *index, *best, *sum; /* [width] */
    guint64 *counts;           /* [classes + 1] */
} Scratch;

/* Returns the bytes. base: NULL only counts. */
static gsize cut_scratch(Scratch *scratch, char *base, const CnxMap *logits,
                         const CnxMaskPlan *plan)
{
    const gsize terms = plan->windows.width > 0 ? TERMS : TERMS / WINDOWS;
    const gsize sizes[] = {
        plan->width * terms * sizeof(CnxTap),
        (gsize)logits->width * logits->channels * sizeof(float),
        logits->width,
        plan->width * sizeof(float),
        plan->width * sizeof(float),
        plan->width * sizeof(float),
        (logits->channels + (gsize)1) * sizeof(guint64),
    };
    gsize at[G_N_ELEMENTS(sizes)], bytes = 0;

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        at[i] = bytes;
        bytes += aligned(sizes[i]);
    }
    if (base)
        *scratch =
            (Scratch){(CnxTap *)(base + at[0]), (float *)(base + at[1]), (guint8 *)(base + at[2]),
                      (float *)(base + at[3]),  (float *)(base + at[4]), (float *)(base + at[5]),
                      (guint64 *)(base + at[6])};
    return bytes;
}

gsize cnx_mask_scratch(const CnxMap *logits, const CnxMaskPlan *plan)
{
    return cut_scratch(NULL, NULL, logits, plan);
}

static Scratch scratch_of(const Mask *mask, guint slot)
{
    Scratch scratch;

    cut_scratch(&scratch, cnx_dense_scratch(mask->context, slot), mask->logits, mask->plan);
    return scratch;
}

/* Fewer terms than others have are filled up with a pixel that counts anyway, times 0. For
 * -infinity this makes NaN, which the argmax does not count either. */
static void set_taps(const Mask *mask)
{
    CnxTap *tap = mask->taps;

    for (guint x = 0; x < mask->plan->width; x++) {
        Term terms[TERMS];
        const guint count = set_terms(&mask->columns, x, terms);

        for (guint i = 0; i < mask->terms; i++) {
            const Term term = i < count ? terms[i] : (Term){terms[0].pixel, 0};

            *tap++ = (CnxTap){(ptrdiff_t)((gsize)term.pixel * mask->logits->channels), term.weight};
        }
    }
}

/* Interpolates the logits between their rows. */
static void set_row(const Mask *mask, const Scratch *scratch, guint y)
{
    const CnxMap *logits = mask->logits;
    const gsize floats = (gsize)logits->width * logits->channels;
    CnxTap taps[TERMS];
    Term terms[TERMS];
    const guint count = set_terms(&mask->rows, y, terms);

    for (guint i = 0; i < count; i++)
        taps[i] = (CnxTap){(ptrdiff_t)(terms[i].pixel * floats), terms[i].weight};
    mask->context->kernels->interpolate(&(CnxInterpolate){
        .dst = scratch->row,
        .src = logits->data,
        .taps = taps,
        .pixels = 1,
        .terms = (int)count,
        .c = (int)floats,
    });
}

static gboolean is_unknown(const float *pixel, guint classes)
{
    for (guint i = 0; i < classes; i++)
        if (isnan(pixel[i]) || pixel[i] == INFINITY)
            return TRUE;
    return FALSE;
}

static void find_unknown(const Mask *mask, const Scratch *scratch)
{
    const guint c = mask->logits->channels;

    for (guint x = 0; x < mask->logits->width; x++)
        scratch->unknown[x] = is_unknown(scratch->row + (gsize)x * c, c) != 0;
}

/* Whether pixel x of the mask comes from an unknown one. */
static gboolean reaches_unknown(const Mask *mask, const Scratch *scratch, guint x)
{
    const CnxTap *taps = mask->taps + (gsize)x * mask->terms;

    for (guint i = 0; i < mask->terms; i++)
        if (scratch->unknown[taps[i].at / (ptrdiff_t)mask->logits->channels])
            return TRUE;
    return FALSE;
}

/* From logits to values. */
static void scale_row(const Mask *mask, const Scratch *scratch)
{
    const CnxMaskPlan *plan = mask->plan;
    const guint c = mask->logits->channels;
    float *pixel = scratch->row;

    for (guint x = 0; x < mask->logits->width; x++, pixel += c)
        for (guint i = 0; i < c; i++)
            pixel[i] = pixel[i] * plan->scale[i] + plan->shift[i];
}

static gboolean passes(const CnxMaskPlan *plan, const Scratch *scratch, guint x)
{
    if (plan->threshold <= 0)
        return TRUE;
    if (plan->sigmoid)
        return 1 / (1 + expf(-scratch->best[x])) >= plan->threshold;
    return 1 / scratch->sum[x] >= plan->threshold;
}

/* Writes the values of a row. size: bytes of a value, a constant where inlined. */
static inline void write_values(const Mask *mask, const Scratch *scratch, char *dst,
                                const gsize size)
{
    for (guint x = 0; x < mask->plan->width; x++) {
        guint value = 0;

        if (scratch->index[x] >= 0)
            value =
                passes(mask->plan, scratch, x) ? 1 + (guint)scratch->index[x] : mask->plan->none;
        if (mask->plan->has_unknown && reaches_unknown(mask, scratch, x))
            value = 0;
        if (size == 1)
            ((guint8 *)dst)[x] = (guint8)value;
        else
            ((guint16 *)dst)[x] = (guint16)value;
        scratch->counts[value]++;
    }
}

static void run_task(gpointer data, guint task, guint slot)
{
    const Mask *mask = data;
    const CnxMaskPlan *plan = mask->plan;
    const Scratch scratch = scratch_of(mask, slot);
    const gboolean is_summed = plan->threshold > 0 && !plan->sigmoid;
    const guint end = MIN((task + 1) * TASK_ROWS, plan->height);

    for (guint y = task * TASK_ROWS; y < end; y++) {
        char *dst = mask->mask + y * mask->stride;

        set_row(mask, &scratch, y);
        if (plan->has_unknown)
            find_unknown(mask, &scratch);
        if (plan->scale)
            scale_row(mask, &scratch);
        mask->context->kernels->argmax(&(CnxArgmax){
            .src = scratch.row,
            .taps = mask->taps,
            .pixels = (int)plan->width,
            .terms = (int)mask->terms,
            .c = (int)mask->logits->channels,
            .index = scratch.index,
            .best = scratch.best,
            .sum = is_summed ? scratch.sum : NULL,
        });
        if (cnx_mask_value_size(mask->logits->channels) == 1)
            write_values(mask, &scratch, dst, 1);
        else
            write_values(mask, &scratch, dst, 2);
    }
}

/* The counts of all threads together. */
static void add_counts(const Mask *mask, guint64 *counts)
{
    const guint values = mask->logits->channels + 1;

    memset(counts, 0, values * sizeof *counts);
    for (guint slot = 0; slot < mask->context->threads; slot++) {
        const Scratch scratch = scratch_of(mask, slot);

        for (guint i = 0; i < values; i++)
            counts[i] += scratch.counts[i];
    }
}

static Line line_of(CnxScaling via_scaling, CnxScaling scaling, guint in, guint via, guint out,
                    CnxWindowLine windows)
{
    return (Line){via_scaling, scaling, in / windows.count, via, out, windows};
}

/* All but the scratch memory. mask and stride are not set. */
static Mask mask_of(const CnxDenseContext *context, const CnxMap *logits, const CnxMaskPlan *plan)
{
    const CnxWindows *windows = &plan->windows;
    const Line rows =
        line_of(plan->via_scaling, plan->scaling, logits->height, plan->via_height, plan->height,
                cnx_window_line(plan->via_height, windows->height, windows->step_y));
    const Line columns =
        line_of(plan->via_scaling, plan->scaling, logits->width, plan->via_width, plan->width,
                cnx_window_line(plan->via_width, windows->width, windows->step_x));
    Mask mask = {.context = context,
                 .logits = logits,
                 .plan = plan,
                 .rows = rows,
                 .columns = columns,
                 .terms = count_terms(&columns)};

    mask.taps = scratch_of(&mask, 0).taps;
    set_taps(&mask);
    return mask;
}

static guint count_tasks(const CnxMaskPlan *plan)
{
    return (plan->height + TASK_ROWS - 1) / TASK_ROWS;
}

void cnx_mask_compute(const CnxDenseContext *context, const CnxMap *logits, const CnxMaskPlan *plan,
                      void *memory, gsize stride, guint64 *counts)
{
    Mask mask = mask_of(context, logits, plan);

    mask.mask = memory;
    mask.stride = stride;
    for (guint slot = 0; slot < context->threads; slot++)
        memset(scratch_of(&mask, slot).counts, 0, (logits->channels + (gsize)1) * sizeof *counts);
    cnx_threads_loop(context->threads, count_tasks(plan), run_task, &mask);
    if (counts)
        add_counts(&mask, counts);
}

/* The taps of a pixel without those that fill up. */
static int count_taps(const Mask *mask, const CnxTap *taps)
{
    guint count = 1;

    while (count < mask->terms && taps[count].weight != 0)
        count++;
    return (int)count;
}

static void logits_task(gpointer data, guint task, guint slot)
{
    const Mask *mask = data;
    const gsize c = mask->logits->channels;
    const Scratch scratch = scratch_of(mask, slot);
    const guint end = MIN((task + 1) * TASK_ROWS, mask->plan->height);

    for (guint y = task * TASK_ROWS; y < end; y++) {
        set_row(mask, &scratch, y);
        for (guint x = 0; x < mask->plan->width; x++) {
            const CnxTap *taps = mask->taps + (gsize)x * mask->terms;

            mask->context->kernels->interpolate(&(CnxInterpolate){
                .dst = (float *)(mask->mask + y * mask->stride) + x * c,
                .src = scratch.row,
                .taps = taps,
                .pixels = 1,
                .terms = count_taps(mask, taps),
                .c = (int)c,
            });
        }
    }
}

void cnx_mask_logits(const CnxDenseContext *context, const CnxMap *logits, const CnxMaskPlan *plan,
                     float *dst)
{
    Mask mask = mask_of(context, logits, plan);

    mask.mask = (char *)dst;
    mask.stride = (gsize)plan->width * logits->channels * sizeof *dst;
    cnx_threads_loop(context->threads, count_tasks(plan), logits_task, &mask);
}
