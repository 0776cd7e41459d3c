/* Rows of the source stream through in groups of sixteen. RGB formats are unpacked to RGBX, YUV to
 * planes of R, G and B. The horizontal pass writes them to a ring that holds what the vertical pass
 * needs for the next output row. Finished rows are normalised, again sixteen at a time.
 *
 *   image -> unpacked [16][columns] -> ring [rows][3 count] RGB -> lines [16][3 width] RGB -> dst
 *
 * Pillow rounds to bytes between its passes, so their order affects the result. Since version 13
 * the vertical pass goes first if the height shrinks by more than twice what the width does:
 *
 *   image -> ring [rows][columns] -> unpacked [16][columns] -> lines [16][3 width] RGB -> dst
 *
 * Only columns and rows with a weight in some output are read. Pixels whose colours are not those
 * of SDR get its tone when they are unpacked, and the primaries of BT.709 in lines.
 *
 * A picture that is turned for the input gives the bytes of a copy that was turned first. The
 * geometry and the order of the passes are those of the copy, each axis is resized as its image in
 * the copy would be, mirrored windows included, and the resized pixels are stored turned:
 *
 *   lines [16][3 columns] RGB -> turned [height][3 width] RGB -> dst
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/preprocess.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/preprocess/bilinear.h"
#include "model/preprocess/resize.h"
#include "model/preprocess/samples.h"
#include "model/preprocess/unpack.h"
#include "simd/kernels.h"

#define MAX_SIDE (1 << 24) /* of the source and the resized picture, pixels */

struct CnxPreprocess {
    CnxImageInfo info;
    CnxTurn turn;
    CnxGeometry geometry; /* of the upright picture */
    const CnxKernels *kernels;
    CnxUnpack unpack;
    CnxNormalizeTable table;
    CnxBilinear *bilinear; /* does all the rest for resamplings other than Pillow's; else NULL */

    gboolean vertical_first;
    CnxResizeAxis columns, rows;
    guint *needed; /* [needed_count] the source rows that some output needs, ascending */
    guint needed_count;
    guint *first_needed; /* [rows.count] index in needed of each output's first row */

    CnxResizeRows along; /* the kernel's view of columns; owns its scratch */
    guint8 *unpacked;    /* [CNX_RESIZE_ROWS] rows of unpacked_stride bytes */
    gsize unpacked_stride;
    guint8 *ring; /* [ring_rows] rows of ring_stride bytes; needed row i is row i % ring_rows */
    gsize ring_stride;
    guint ring_rows;        /* a multiple of CNX_RESIZE_ROWS */
    const guint8 **windows; /* [rows.taps] the ring's rows for one output */
    gsize line_width;       /* bytes: output rows include their padding, turned ones do not */
    guint8 *lines;          /* [CNX_RESIZE_ROWS][line_width] output rows */
    guint8 *padding;        /* [3 width] */

    guint8 *turned; /* [height][3 width]; NULL for CNX_ORIENTATION_IDENTITY */
    gssize corner;  /* in turned, of the picture's first resized pixel */
    gssize column_step,
        row_step; /* in turned, from a resized pixel to the next of its row, column */
};

static gboolean check_info(const CnxImageInfo *info, GError **error)
{
    if (info->width < 1 || info->height < 1 || info->width > MAX_SIDE || info->height > MAX_SIDE) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "the picture is %u x %u pixels; each side must be from 1 to %d", info->width,
                    info->height, MAX_SIDE);
        return FALSE;
    }
    if (info->w < 1 || info->h < 1 || info->x > info->width || info->y > info->height ||
        info->w > info->width - info->x || info->h > info->height - info->y) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "a region of %u x %u pixels at %u, %u is not inside the picture of %u x %u",
                    info->w, info->h, info->x, info->y, info->width, info->height);
        return FALSE;
    }
    if (cnx_unpack_is_deep(info->pixels) &&
        !(info->colours && info->colours->has_tone && info->depth <= 16 &&
          (info->depth >= 9 || info->pixels == CNX_PIXELS_XRGB64))) {
        g_set_error(
            error, CNX_ERROR, CNX_ERROR_SETTINGS,
            "samples of 2 bytes have %u bits, expected from 9 to 16 and colours that convert "
            "the tone",
            info->depth);
        return FALSE;
    }
    if (info->par_n < 1 || info->par_d < 1) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "the pixel aspect ratio is %u/%u; both numbers must be at least 1", info->par_n,
                    info->par_d);
        return FALSE;
    }
    return TRUE;
}

static gboolean is_vertical_first(CnxFilter filter, guint w, guint h, const CnxGeometry *geometry)
{
    const gint64 lost_width = (gint64)w - geometry->x.resized;
    const gint64 lost_height = (gint64)h - geometry->y.resized;

    return filter != CNX_FILTER_NEAREST && lost_height > 0 && lost_height > 2 * lost_width;
}

/* The recipe assumes square pixels, so its sizes are computed for the region's width as displayed.
 * One resize then maps the stored pixels to these sizes. Everything here is about the upright
 * picture, whose vertical pass is the stored picture's horizontal one if the turn transposes. */
static gboolean make_geometry(CnxPreprocess *p, const CnxRecipe *recipe, GError **error)
{
    const CnxImageInfo *info = &p->info;
    const gboolean transposes = p->turn.transposes;
    const guint w = transposes ? info->h : info->w, h = transposes ? info->w : info->h;
    const guint par_n = transposes ? info->par_d : info->par_n;
    const guint par_d = transposes ? info->par_n : info->par_d;
    guint64 displayed = ((guint64)w * par_n + par_d / 2) / par_d;

    if (displayed < 1 || displayed > MAX_SIDE) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "a picture %u pixels wide is displayed %" G_GUINT64_FORMAT
                    " pixels wide at a pixel aspect ratio of %u/%u; it must be from 1 to %d: scale "
                    "the frames to square pixels upstream",
                    w, displayed, par_n, par_d, MAX_SIDE);
        return FALSE;
    }
    if (!cnx_recipe_geometry(recipe, (guint)displayed, h, &p->geometry, error))
        return FALSE;
    p->vertical_first = is_vertical_first(recipe->filter, w, h, &p->geometry) != transposes;
    return TRUE;
}

static gboolean make_table(CnxPreprocess *p, const CnxRecipe *recipe, GError **error)
{
    for (int c = 0; c < 3; c++) {
        if (!(recipe->std[c] > 0)) {
            g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                        "the standard deviation of channel %d is %g; it must be above 0", c,
                        recipe->std[c]);
            return FALSE;
        }
        for (int byte = 0; byte < 256; byte++) {
            const double scaled = byte * recipe->rescale;

            /* PyTorch rounds each step of its floats, which then are resized. */
            p->table.value[c][byte] =
                recipe->resampling == CNX_RESAMPLING_TORCH
                    ? ((float)scaled - recipe->mean[c]) / recipe->std[c]
                    : (float)((scaled - (double)recipe->mean[c]) / recipe->std[c]);
        }
    }
    return TRUE;
}

/* Lists the source rows that the outputs need: all between the first and the last, except with
 * nearest, which skips some. Sets the ring's size: from the first row that an output needs to the
 * last row read for it, which may be beyond its window because rows arrive CNX_RESIZE_ROWS at a
 * time. index first marks the needed rows with 1, then holds the position of each in the list. */
static gboolean list_rows(CnxPreprocess *p)
{
    const CnxResizeAxis *rows = &p->rows;
    const guint n = rows->end - rows->first;
    g_autofree guint *index = g_try_new0(guint, n); /* see above */
    guint arrived = 0, most = 0;

    p->needed = g_try_new(guint, n);
    p->first_needed = g_try_new(guint, rows->count);
    if (!index || !p->needed || !p->first_needed)
        return FALSE;
    for (guint i = 0; i < rows->count; i++) {
        for (guint t = 0; t < rows->length[i]; t++)
            index[(guint)rows->start[i] - rows->first + t] = 1;
    }
    for (guint y = 0; y < n; y++) {
        if (index[y]) {
            index[y] = p->needed_count;
            p->needed[p->needed_count++] = rows->first + y;
        }
    }
    for (guint i = 0; i < rows->count; i++) {
        p->first_needed[i] = index[(guint)rows->start[i] - rows->first];
        arrived = MAX(arrived, p->first_needed[i] + rows->length[i]);
        most = MAX(most, arrived - p->first_needed[i]);
    }
    p->ring_rows = (most + 2 * CNX_RESIZE_ROWS - 2) / CNX_RESIZE_ROWS * CNX_RESIZE_ROWS;
    return TRUE;
}

static guint8 *new_rows(gsize rows, gsize stride)
{
    guint8 *memory = cnx_memory_new(rows * stride);

    if (memory)
        memset(memory, 0, rows * stride);
    return memory;
}

/* Room for the turned input, with its padding, and the places of the resized pixels in it. */
static gboolean prepare_turn(CnxPreprocess *p)
{
    const CnxGeometry *g = &p->geometry;
    const gssize width = 3 * (gssize)g->x.out;

    p->turned = g_try_malloc_n(g->y.out, (gsize)width);
    if (!p->turned)
        return FALSE;
    for (guint y = 0; y < g->y.out; y++)
        memcpy(p->turned + y * width, p->padding, (gsize)width);
    p->column_step = p->turn.transposes ? width : 3;
    p->row_step = p->turn.transposes ? 3 : width;
    p->corner = g->y.dst * width + 3 * (gssize)g->x.dst;
    if (p->turn.mirrors_columns) {
        p->corner += p->column_step * (gssize)(p->columns.count - 1);
        p->column_step = -p->column_step;
    }
    if (p->turn.mirrors_rows) {
        p->corner += p->row_step * (gssize)(p->rows.count - 1);
        p->row_step = -p->row_step;
    }
    return TRUE;
}

static gboolean allocate_buffers(CnxPreprocess *p)
{
    const gsize width = 3 * (gsize)p->geometry.x.out;
    const gboolean is_turned = p->info.orientation != CNX_ORIENTATION_IDENTITY;
    const guint columns = p->columns.end - p->columns.first;
    const gsize pixel = p->unpack.is_planar ? 3 : 4; /* bytes, unpacked */

    p->along = (CnxResizeRows){
        .n = (int)p->columns.count,
        .start = p->columns.start,
        .weights = p->columns.weights,
        .taps = (int)p->columns.taps,
        .bits = (int)p->columns.bits,
        .width = (int)(columns + p->columns.taps + CNX_RESIZE_BLOCK - 1) / CNX_RESIZE_BLOCK *
                 CNX_RESIZE_BLOCK,
    };
    if (p->unpack.is_planar)
        p->along.plane = p->vertical_first ? columns : (gsize)p->along.width;
    if (!cnx_unpack_reserve(&p->unpack, columns))
        return FALSE;
    p->along.scratch = cnx_memory_new(CNX_RESIZE_SCRATCH(p->along.taps));
    p->ring_stride = p->vertical_first ? pixel * columns : 3 * (gsize)p->columns.count;
    p->unpacked_stride = pixel * (gsize)p->along.width;
    p->unpacked = new_rows(CNX_RESIZE_ROWS, p->unpacked_stride);
    p->ring = new_rows(p->ring_rows, p->ring_stride);
    p->windows = g_try_new(const guint8 *, p->rows.taps);
    p->line_width = is_turned ? 3 * (gsize)p->columns.count : width;
    p->lines = g_try_malloc_n(CNX_RESIZE_ROWS, p->line_width);
    p->padding = g_try_malloc_n(width, 1);
    if (!p->along.scratch || !p->unpacked || !p->ring || !p->windows || !p->lines || !p->padding)
        return FALSE;
    for (gsize i = 0; i < width; i++)
        p->padding[i] = p->geometry.fill[i % 3];
    if (is_turned)
        return prepare_turn(p);
    for (gsize i = 0; i < CNX_RESIZE_ROWS; i++)
        memcpy(p->lines + i * width, p->padding, width);
    return TRUE;
}

/* Sets everything that takes no memory of its own. */
static gboolean prepare(CnxPreprocess *p, const CnxRecipe *recipe, const CnxImageInfo *info,
                        GError **error)
{
    CnxIsa level;

    p->info = *info;
    p->turn = cnx_samples_turn(info->orientation);
    if (!check_info(info, error) || !cnx_isa_get(&level, error) ||
        !make_geometry(p, recipe, error) || !make_table(p, recipe, error))
        return FALSE;
    p->kernels = cnx_kernels_get(level);
    cnx_unpack_init(&p->unpack, info, p->kernels, recipe->grey,
                    recipe->resampling != CNX_RESAMPLING_PILLOW);
    return TRUE;
}

gboolean cnx_preprocess_measure(const CnxRecipe *recipe, const CnxImageInfo *info,
                                CnxPreprocessSize *size, GError **error)
{
    g_autofree CnxPreprocess *p = g_new0(CnxPreprocess, 1);

    if (!prepare(p, recipe, info, error))
        return FALSE;
    const gsize width = 3 * (gsize)p->geometry.x.out, pixel = p->unpack.is_planar ? 3 : 4;
    const CnxSpan *x = p->turn.transposes ? &p->geometry.y : &p->geometry.x;
    const CnxSpan *y = p->turn.transposes ? &p->geometry.x : &p->geometry.y;
    guint across, down;

    size->view = cnx_preprocess_view(p);
    if (recipe->resampling != CNX_RESAMPLING_PILLOW) {
        size->bytes = sizeof *p + cnx_bilinear_measure(&p->unpack, &p->geometry);
        return TRUE;
    }
    size->bytes =
        sizeof *p +
        cnx_resize_measure(p->kernels, recipe->filter, info->w, x->resized, x->count, &across) +
        cnx_resize_measure(p->kernels, recipe->filter, info->h, y->resized, y->count, &down);
    const gsize line = MAX(3 * (gsize)x->count, width);
    const gsize unpacked = pixel * ((gsize)info->w + across + CNX_RESIZE_BLOCK);
    const gsize ring = (gsize)MIN(down, info->h) + 2 * CNX_RESIZE_ROWS;
    size->bytes += CNX_RESIZE_SCRATCH(across) + CNX_RESIZE_ROWS * (unpacked + line) +
                   ring * (p->vertical_first ? unpacked : line) + down * sizeof(guint8 *) +
                   (2 * (gsize)info->h + y->count) * sizeof(guint) + width;
    if (info->orientation != CNX_ORIENTATION_IDENTITY)
        size->bytes += p->geometry.y.out * width;
    return TRUE;
}

/* NULL. x, y: along the stored picture's rows and columns. */
static CnxPreprocess *fail_for_memory(const CnxPreprocess *p, const CnxSpan *x, const CnxSpan *y,
                                      GError **error)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "not enough memory to resize a picture of %u x %u pixels to %u x %u", p->info.w,
                p->info.h, x->resized, y->resized);
    return NULL;
}

CnxPreprocess *cnx_preprocess_new(const CnxRecipe *recipe, const CnxImageInfo *info, GError **error)
{
    g_autoptr(CnxPreprocess) p = g_new0(CnxPreprocess, 1);
    const CnxSpan *x, *y; /* along the stored picture's rows and columns */
    const gboolean exact = info->pixels < CNX_PIXELS_I420;

    if (!prepare(p, recipe, info, error))
        return NULL;
    x = p->turn.transposes ? &p->geometry.y : &p->geometry.x;
    y = p->turn.transposes ? &p->geometry.x : &p->geometry.y;
    if (recipe->resampling != CNX_RESAMPLING_PILLOW) {
        p->bilinear = cnx_bilinear_new(&p->unpack, &p->geometry, recipe->resampling, &p->table);
        return p->bilinear ? g_steal_pointer(&p) : fail_for_memory(p, x, y, error);
    }
    if (!cnx_resize_plan(&p->columns, p->kernels, recipe->filter, info->w, x->resized, x->src,
                         x->count, p->turn.mirrors_columns, TRUE, exact, error) ||
        !cnx_resize_plan(&p->rows, p->kernels, recipe->filter, info->h, y->resized, y->src,
                         y->count, p->turn.mirrors_rows, FALSE, exact, error))
        return NULL;
    if (!list_rows(p) || !allocate_buffers(p))
        return fail_for_memory(p, x, y, error);
    for (guint i = 0; i < p->columns.count; i++) /* relative to the unpacked row */
        p->columns.start[i] -= (int)p->columns.first;
    return g_steal_pointer(&p);
}

void cnx_preprocess_free(CnxPreprocess *p)
{
    if (!p)
        return;
    cnx_resize_clear(&p->columns);
    cnx_resize_clear(&p->rows);
    g_free(p->needed);
    g_free(p->first_needed);
    cnx_unpack_clear(&p->unpack);
    cnx_bilinear_free(p->bilinear);
    free(p->along.scratch);
    free(p->unpacked);
    free(p->ring);
    g_free(p->windows);
    g_free(p->lines);
    g_free(p->padding);
    g_free(p->turned);
    g_free(p);
}

void cnx_preprocess_size(const CnxPreprocess *p, guint *width, guint *height)
{
    *width = p->geometry.x.out;
    *height = p->geometry.y.out;
}

/* The source pixels that the outputs of an axis show: their start and number. */
static void show_span(const CnxSpan *span, guint source, gboolean mirrors, double *start,
                      double *size)
{
    *start = (double)span->src * source / span->resized;
    *size = (double)span->count * source / span->resized;
    if (mirrors)
        *start = source - *start - *size;
}

CnxView cnx_preprocess_view(const CnxPreprocess *p)
{
    const CnxGeometry *g = &p->geometry;
    const gboolean transposes = p->turn.transposes;
    CnxView view = {.width = g->x.out,
                    .height = g->y.out,
                    .content_x = g->x.dst,
                    .content_y = g->y.dst,
                    .content_w = g->x.count,
                    .content_h = g->y.count};

    show_span(transposes ? &g->y : &g->x, p->info.w, p->turn.mirrors_columns, &view.x, &view.w);
    show_span(transposes ? &g->x : &g->y, p->info.h, p->turn.mirrors_rows, &view.y, &view.h);
    view.x += p->info.x;
    view.y += p->info.y;
    return view;
}

/* Unpacks the needed columns of the region's row y. A grey picture needs its gamut converted here,
 * others after the resize, when there are fewer pixels. */
static void unpack_row(const CnxPreprocess *p, const CnxImage *image, guint8 *dst, guint y)
{
    cnx_unpack_row(&p->unpack, image, dst, p->along.plane, p->columns.first, y,
                   p->columns.end - p->columns.first);
}

/* Puts the next rows, from needed row `done` on, into the ring. Returns their number. */
static guint feed_ring(CnxPreprocess *p, const CnxImage *image, guint done)
{
    const guint rows = MIN(p->needed_count - done, CNX_RESIZE_ROWS);
    guint8 *ring = p->ring + done % p->ring_rows * p->ring_stride;
    guint8 *to = p->vertical_first ? ring : p->unpacked;
    const gsize stride = p->vertical_first ? p->ring_stride : p->unpacked_stride;

    for (guint i = 0; i < rows; i++)
        unpack_row(p, image, to + i * stride, p->needed[done + i]);
    if (!p->vertical_first)
        p->kernels->resize_rows(ring, p->ring_stride, p->unpacked, p->unpacked_stride, (int)rows,
                                &p->along);
    return rows;
}

/* The vertical pass for output i, from the ring. Taps beyond its window have weight 0. */
static void resize_down(CnxPreprocess *p, guint8 *dst, guint i)
{
    const guint taps = p->rows.taps;

    for (guint t = 0; t < taps; t++) {
        const guint row = p->first_needed[i] + MIN(t, p->rows.length[i] - 1);

        p->windows[t] = p->ring + row % p->ring_rows * p->ring_stride;
    }
    p->kernels->resize_columns(dst, p->windows, (int)p->ring_stride,
                               p->rows.weights + (gsize)i * taps, (int)taps, (int)p->rows.bits);
}

/* Writes the next outputs, from i on, to lines. Returns their number. done counts the needed rows
 * that have reached the ring. */
static guint make_lines(CnxPreprocess *p, const CnxImage *image, guint i, guint *done)
{
    const guint count = MIN(p->rows.count - i, CNX_RESIZE_ROWS);
    const gsize width = p->line_width;
    guint8 *lines = p->turned ? p->lines : p->lines + 3 * (gsize)p->geometry.x.dst;

    for (guint j = 0; j < count; j++) {
        while (*done < p->first_needed[i + j] + p->rows.length[i + j])
            *done += feed_ring(p, image, *done);
        resize_down(p, p->vertical_first ? p->unpacked + j * p->unpacked_stride : lines + j * width,
                    i + j);
    }
    if (p->vertical_first)
        p->kernels->resize_rows(lines, width, p->unpacked, p->unpacked_stride, (int)count,
                                &p->along);
    if (p->info.colours && p->info.colours->has_gamut && !p->unpack.converts_gamut)
        for (guint j = 0; j < count; j++)
            p->kernels->gamut(lines + j * width, 1, 3, (int)p->columns.count,
                              &p->info.colours->tables);
    return count;
}

/* Writes a line to row y of dst and bytes. */
static void put_line(const CnxPreprocess *p, const guint8 *line, guint y, float *dst, guint8 *bytes)
{
    const CnxSpan *x = &p->geometry.x;
    const gsize width = 3 * (gsize)x->out;
    const guint end = x->dst + x->count;

    dst += y * width;
    p->kernels->normalize(dst, line, (int)x->out, &p->table);
    if (p->geometry.pads_zeros)
        memset(dst + 3 * (gsize)end, 0, 3 * (gsize)(x->out - end) * sizeof *dst);
    if (bytes)
        memcpy(bytes + y * width, line, width);
}

/* Writes the padding to row y of dst and bytes. */
static void put_padding(const CnxPreprocess *p, guint y, float *dst, guint8 *bytes)
{
    const gsize width = 3 * (gsize)p->geometry.x.out;

    put_line(p, p->padding, y, dst, bytes);
    if (p->geometry.pads_zeros)
        memset(dst + y * width, 0, width * sizeof *dst);
}

/* Stores line i of the resized picture in the turned input. */
static void turn_line(CnxPreprocess *p, const guint8 *line, guint i)
{
    guint8 *to = p->turned + p->corner + i * p->row_step;

    for (guint j = 0; j < p->columns.count; j++, line += 3, to += p->column_step)
        memcpy(to, line, 3);
}

static void run_turned(CnxPreprocess *p, const CnxImage *image, float *dst, guint8 *bytes)
{
    const gsize width = 3 * (gsize)p->geometry.x.out;
    guint done = 0;

    for (guint i = 0; i < p->rows.count;) {
        const guint count = make_lines(p, image, i, &done);

        for (guint j = 0; j < count; j++, i++)
            turn_line(p, p->lines + j * p->line_width, i);
    }
    for (guint y = 0; y < p->geometry.y.out; y++)
        if (y - p->geometry.y.dst < p->geometry.y.count)
            put_line(p, p->turned + y * width, y, dst, bytes);
        else
            put_padding(p, y, dst, bytes);
}

static void run_upright(CnxPreprocess *p, const CnxImage *image, float *dst, guint8 *bytes)
{
    const CnxSpan *y = &p->geometry.y;
    const gsize width = 3 * (gsize)p->geometry.x.out;
    guint done = 0;

    for (guint i = 0; i < y->dst; i++)
        put_padding(p, i, dst, bytes);
    for (guint i = 0; i < y->count;) {
        const guint count = make_lines(p, image, i, &done);

        for (guint j = 0; j < count; j++, i++)
            put_line(p, p->lines + j * width, y->dst + i, dst, bytes);
    }
    for (guint i = y->dst + y->count; i < y->out; i++)
        put_padding(p, i, dst, bytes);
}

void cnx_preprocess_run(CnxPreprocess *p, const CnxImage *image, float *dst, guint8 *bytes)
{
    if (p->bilinear)
        cnx_bilinear_run(p->bilinear, image, dst, bytes);
    else if (p->turned)
        run_turned(p, image, dst, bytes);
    else
        run_upright(p, image, dst, bytes);
}
