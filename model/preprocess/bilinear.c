/* Each source row is interpolated along its columns once, and kept while the outputs need it:
 *
 *   image -> unpacked [columns] RGB -> rows [2][..] -> dst
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/bilinear.h"

#include <math.h>
#include <string.h>

#include "model/preprocess/samples.h"

#define BITS 11 /* of OpenCV's weights */
#define ONE (1 << BITS)

/* The two source pixels of an output. */
typedef struct Tap {
    guint pixel[2];
    float weight[2]; /* torch */
    int fixed[2];    /* opencv */
} Tap;

/* A source row, interpolated along its columns. */
typedef struct Row {
    guint index;    /* of the source row; G_MAXUINT before the first */
    float *side[2]; /* torch: [3 count] normalised, the left and the right pixel of each output */
    int *sums;      /* opencv: [3 count], with BITS fractional bits */
} Row;

struct CnxBilinear {
    CnxUnpack *unpack;
    const CnxNormalizeTable *table;
    CnxGeometry geometry;
    CnxResampling resampling;
    CnxTurn turn;
    gboolean halves;     /* opencv: both sides become half as long */
    guint width, height; /* of the upright picture, pixels */
    Tap *across, *down;  /* [x.count], [y.count] */
    guint8 *unpacked;    /* one row of the stored region: RGBX or planes */
    guint8 *upright;     /* [height][width] RGB; NULL for CNX_ORIENTATION_IDENTITY */
    Row rows[2];
    guint8 *line;      /* opencv: [x.out] RGB */
    float *weights[2]; /* torch: [3 x.count] of the left and the right pixels */
};

static void measure_upright(const CnxUnpack *unpack, guint *width, guint *height)
{
    const gboolean transposes = cnx_samples_turn(unpack->info.orientation).transposes;

    *width = transposes ? unpack->info.h : unpack->info.w;
    *height = transposes ? unpack->info.w : unpack->info.h;
}

/* Positions are rounded once, as with a fused multiplication. */
static Tap torch_tap(guint in, guint out, guint i)
{
    const float scale = (float)in / (float)out;
    const float at = in == out ? (float)i : MAX(fmaf(scale, (float)i + 0.5f, -0.5f), 0);
    const guint first = MIN((guint)at, in - 1);
    const float weight = CLAMP(at - (float)first, 0, 1);

    return (Tap){.pixel = {first, MIN(first + 1, in - 1)}, .weight = {1 - weight, weight}};
}

/* Across, a pixel beyond the edge has no weight; down, it is the edge. */
static Tap opencv_tap(guint in, guint out, guint i, gboolean is_across)
{
    const double scale = 1 / ((double)out / in);
    float at = (float)((i + 0.5) * scale - 0.5);
    int first = (int)floorf(at);
    float weight = at - (float)first;

    if (is_across && (first < 0 || first >= (int)in - 1)) {
        first = first < 0 ? 0 : (int)in - 1;
        weight = 0;
    }
    return (Tap){
        .pixel = {(guint)CLAMP(first, 0, (int)in - 1), (guint)CLAMP(first + 1, 0, (int)in - 1)},
        .fixed = {(int)lrintf((1 - weight) * ONE), (int)lrintf(weight * ONE)},
    };
}

/* Halving takes the same rows and columns with weights of a half, but rounds the mean of four. */
static Tap half_tap(guint i)
{
    return (Tap){.pixel = {2 * i, 2 * i + 1}, .fixed = {1, 1}};
}

static Tap *plan_axis(const CnxBilinear *self, const CnxSpan *span, guint in, gboolean is_across)
{
    Tap *taps = g_try_new(Tap, span->count);

    for (guint i = 0; taps && i < span->count; i++) {
        if (self->resampling == CNX_RESAMPLING_TORCH)
            taps[i] = torch_tap(in, span->resized, span->src + i);
        else if (self->halves)
            taps[i] = half_tap(span->src + i);
        else
            taps[i] = opencv_tap(in, span->resized, span->src + i, is_across);
    }
    return taps;
}

static gboolean allocate_rows(CnxBilinear *self)
{
    const gsize count = 3 * (gsize)self->geometry.x.count;

    for (guint i = 0; i < G_N_ELEMENTS(self->rows); i++) {
        Row *row = &self->rows[i];

        if (self->resampling == CNX_RESAMPLING_OPENCV) {
            row->sums = g_try_new(int, count);
            if (!row->sums)
                return FALSE;
        } else {
            row->side[0] = g_try_new(float, count);
            row->side[1] = g_try_new(float, count);
            if (!row->side[0] || !row->side[1])
                return FALSE;
        }
    }
    return TRUE;
}

/* The weights of across, for each value. */
static gboolean spread_weights(CnxBilinear *self)
{
    const gsize count = 3 * (gsize)self->geometry.x.count;

    for (guint side = 0; side < 2; side++) {
        self->weights[side] = g_try_new(float, count);
        for (gsize i = 0; self->weights[side] && i < count; i++)
            self->weights[side][i] = self->across[i / 3].weight[side];
    }
    return self->weights[0] && self->weights[1];
}

static gboolean allocate(CnxBilinear *self)
{
    const CnxImageInfo *info = &self->unpack->info;

    if (info->orientation != CNX_ORIENTATION_IDENTITY) {
        self->upright = g_try_malloc_n(3 * (gsize)self->width, self->height);
        if (!self->upright)
            return FALSE;
    }
    self->across = plan_axis(self, &self->geometry.x, self->width, TRUE);
    self->down = plan_axis(self, &self->geometry.y, self->height, FALSE);
    self->unpacked = g_try_malloc_n(info->w, 4);
    self->line = g_try_malloc(3 * (gsize)self->geometry.x.out);
    return self->across && self->down && self->unpacked && self->line &&
           cnx_unpack_reserve(self->unpack, info->w) && allocate_rows(self) &&
           (self->resampling == CNX_RESAMPLING_OPENCV || spread_weights(self));
}

CnxBilinear *cnx_bilinear_new(CnxUnpack *unpack, const CnxGeometry *geometry,
                              CnxResampling resampling, const CnxNormalizeTable *table)
{
    CnxBilinear *self = g_new0(CnxBilinear, 1);

    self->unpack = unpack;
    self->table = table;
    self->geometry = *geometry;
    self->resampling = resampling;
    self->turn = cnx_samples_turn(unpack->info.orientation);
    measure_upright(unpack, &self->width, &self->height);
    self->halves = resampling == CNX_RESAMPLING_OPENCV && self->width == 2 * geometry->x.resized &&
                   self->height == 2 * geometry->y.resized;
    if (!allocate(self))
        g_clear_pointer(&self, cnx_bilinear_free);
    return self;
}

void cnx_bilinear_free(CnxBilinear *self)
{
    if (!self)
        return;
    for (guint i = 0; i < G_N_ELEMENTS(self->rows); i++) {
        g_free(self->rows[i].side[0]);
        g_free(self->rows[i].side[1]);
        g_free(self->rows[i].sums);
    }
    g_free(self->across);
    g_free(self->down);
    g_free(self->unpacked);
    g_free(self->upright);
    g_free(self->line);
    g_free(self->weights[0]);
    g_free(self->weights[1]);
    g_free(self);
}

gsize cnx_bilinear_measure(const CnxUnpack *unpack, const CnxGeometry *geometry)
{
    const gsize codes = 3 * sizeof(guint16) + 4; /* of a pixel, to convert its tone */
    const gsize rows = (2 * 2 + 2) * 3 * (gsize)geometry->x.count * sizeof(float);
    const gsize line = 3 * (gsize)geometry->x.out;
    gsize bytes = sizeof(CnxBilinear) + rows + line + (4 + codes) * (gsize)unpack->info.w +
                  ((gsize)geometry->x.count + geometry->y.count) * sizeof(Tap);

    if (unpack->info.orientation != CNX_ORIENTATION_IDENTITY)
        bytes += 3 * (gsize)unpack->info.w * unpack->info.h;
    return bytes;
}

/* Source rows */

/* The bytes of a row: R, G and B are `channel` bytes apart, pixels `pixel` bytes. */
typedef struct Bytes {
    const guint8 *data;
    gsize channel, pixel;
} Bytes;

static Bytes unpack_stored(const CnxBilinear *self, const CnxImage *image, guint y)
{
    const guint n = self->unpack->info.w;

    cnx_unpack_row(self->unpack, image, self->unpacked, n, 0, y, n);
    if (self->unpack->is_planar)
        return (Bytes){self->unpacked, n, 1};
    return (Bytes){self->unpacked, 1, 4};
}

static void make_upright(CnxBilinear *self, const CnxImage *image)
{
    const CnxImageInfo *info = &self->unpack->info;
    const CnxTurn turn = self->turn;

    for (guint y = 0; y < info->h; y++) {
        const Bytes row = unpack_stored(self, image, y);
        const guint down = turn.mirrors_rows ? info->h - 1 - y : y;

        for (guint x = 0; x < info->w; x++) {
            const guint across = turn.mirrors_columns ? info->w - 1 - x : x;
            const gsize at = turn.transposes ? (gsize)across * self->width + down
                                             : (gsize)down * self->width + across;

            for (guint c = 0; c < 3; c++)
                self->upright[3 * at + c] = row.data[c * row.channel + x * row.pixel];
        }
    }
}

static void normalise_row(const CnxBilinear *self, Row *row, const Bytes *bytes)
{
    for (guint i = 0; i < self->geometry.x.count; i++)
        for (guint side = 0; side < 2; side++) {
            const guint8 *from = bytes->data + self->across[i].pixel[side] * bytes->pixel;

            for (guint c = 0; c < 3; c++)
                row->side[side][3 * i + c] = self->table->value[c][from[c * bytes->channel]];
        }
}

static void sum_row(const CnxBilinear *self, Row *row, const Bytes *bytes)
{
    for (guint i = 0; i < self->geometry.x.count; i++) {
        const Tap *tap = &self->across[i];
        const guint8 *left = bytes->data + tap->pixel[0] * bytes->pixel;
        const guint8 *right = bytes->data + tap->pixel[1] * bytes->pixel;

        for (guint c = 0; c < 3; c++)
            row->sums[3 * i + c] = left[c * bytes->channel] * tap->fixed[0] +
                                   right[c * bytes->channel] * tap->fixed[1];
    }
}

/* The interpolated source row. other: a row that must stay. */
static const Row *find_row(CnxBilinear *self, const CnxImage *image, guint index, guint other)
{
    Row *row = &self->rows[self->rows[0].index == other];
    Bytes bytes;

    for (guint i = 0; i < 2; i++)
        if (self->rows[i].index == index)
            return &self->rows[i];
    if (self->upright)
        bytes = (Bytes){self->upright + 3 * (gsize)index * self->width, 1, 3};
    else
        bytes = unpack_stored(self, image, index);
    row->index = index;
    if (self->resampling == CNX_RESAMPLING_TORCH)
        normalise_row(self, row, &bytes);
    else
        sum_row(self, row, &bytes);
    return row;
}

/* Output rows */

static void mix_floats(const CnxBilinear *self, const Row *upper, const Row *lower, const Tap *down,
                       float *dst)
{
    const CnxCorners corners = {
        .upper = {upper->side[0], upper->side[1]},
        .lower = {lower->side[0], lower->side[1]},
        .across = {self->weights[0], self->weights[1]},
        .down = {down->weight[0], down->weight[1]},
    };

    self->unpack->kernels->corners(dst, &corners, 3 * (int)self->geometry.x.count);
}

static void mix_bytes(const CnxBilinear *self, const Row *upper, const Row *lower, const Tap *down,
                      guint8 *dst)
{
    const int *above = upper->sums, *below = lower->sums;
    const int first = down->fixed[0], second = down->fixed[1];
    const guint n = 3 * self->geometry.x.count;

    if (self->halves) {
        for (guint j = 0; j < n; j++)
            dst[j] = (guint8)((above[j] + below[j] + 2) >> 2);
        return;
    }
    for (guint j = 0; j < n; j++) {
        const int a = (first * (above[j] >> 4)) >> 16, b = (second * (below[j] >> 4)) >> 16;

        dst[j] = (guint8)((a + b + 2) >> 2);
    }
}

static void fill_floats(const CnxBilinear *self, float *dst, guint n)
{
    const guint8 *fill = self->geometry.fill;

    for (guint i = 0; i < n; i++)
        for (guint c = 0; c < 3; c++)
            dst[3 * i + c] = self->geometry.pads_zeros ? 0 : self->table->value[c][fill[c]];
}

/* content: the output row among those that show the picture, or G_MAXUINT for padding. */
static void make_row(CnxBilinear *self, const CnxImage *image, guint content, float *dst,
                     guint8 *bytes)
{
    const CnxSpan *x = &self->geometry.x;
    const guint end = x->dst + x->count;
    float *floats = dst + 3 * (gsize)x->dst;
    guint8 *line = self->line + 3 * (gsize)x->dst;

    if (content == G_MAXUINT) {
        fill_floats(self, dst, x->out);
    } else {
        const Tap *tap = &self->down[content];
        const Row *upper = find_row(self, image, tap->pixel[0], tap->pixel[1]);
        const Row *lower = find_row(self, image, tap->pixel[1], tap->pixel[0]);

        fill_floats(self, dst, x->dst);
        fill_floats(self, dst + 3 * (gsize)end, x->out - end);
        if (self->resampling == CNX_RESAMPLING_TORCH) {
            mix_floats(self, upper, lower, tap, floats);
        } else {
            mix_bytes(self, upper, lower, tap, line);
            self->unpack->kernels->normalize(floats, line, (int)x->count, self->table);
        }
    }
    if (!bytes)
        return;
    for (gsize i = 0; i < 3 * (gsize)x->out; i++) {
        const gboolean is_content = content != G_MAXUINT && i / 3 >= x->dst && i / 3 < end;

        bytes[i] = is_content ? self->line[i] : self->geometry.fill[i % 3];
    }
}

void cnx_bilinear_run(CnxBilinear *self, const CnxImage *image, float *dst, guint8 *bytes)
{
    const CnxSpan *y = &self->geometry.y;
    const gsize width = 3 * (gsize)self->geometry.x.out;

    g_assert(!bytes || self->resampling == CNX_RESAMPLING_OPENCV);
    if (self->upright)
        make_upright(self, image);
    self->rows[0].index = self->rows[1].index = G_MAXUINT;
    for (guint i = 0; i < y->out; i++)
        make_row(self, image, i - y->dst < y->count ? i - y->dst : G_MAXUINT, dst + i * width,
                 bytes ? bytes + i * width : NULL);
}
