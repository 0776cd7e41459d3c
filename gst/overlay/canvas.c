/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/canvas.h"

#include "gst/convnext/maskrow.h"

#define HALF (GST_CONVNEXT_OPAQUE / 2)
#define HEAT_ALPHA 176 /* of the hottest pixel */
#define MOST_PALETTES 16

/* The colours of a legend's classes, for this format. */
typedef struct Palette {
    GstConvnextLegend *legend; /* a reference */
    GstConvnextInk *inks;      /* [classes], half transparent */
} Palette;

typedef enum Kind { FILL, COVERAGE, MASK, SHADE, HEAT } Kind;

typedef struct Shape {
    Kind kind;
    GstConvnextRect rect;     /* as given */
    int x, y, end_x, end_y;   /* the part of it inside the frame */
    guint alpha;              /* of a FILL */
    GstConvnextInk ink;       /* of a FILL or SHADE */
    GstConvnextColour colour; /* of a COVERAGE */
    const guint8 *data;       /* of a COVERAGE or MASK */
    gsize stride;
    guint width, height, bits;  /* of a MASK */
    const GstConvnextInk *inks; /* of a MASK, [classes] */
    const guint8 *shown;        /* of a MASK, [classes] or NULL */
    guint least;                /* of a SHADE */
    GstConvnextGrid grid;       /* of a SHADE or HEAT */
} Shape;

struct GstConvnextCanvas {
    GstVideoInfo info;
    const GstVideoFormatInfo *unpacked; /* alpha and three components of 8 or 16 bits */
    gboolean is_wide;                   /* 16 bits */
    gpointer row;                       /* [width, 4] */
    GArray *shapes;                     /* Shape */
    GArray *palettes;                   /* Palette */
    guint16 *line;                      /* [line_size], values of a grid, 8.8 bits */
    guint line_size;
    GstConvnextInk heat[256];
};

/* GStreamer packs a last pixel without a neighbour wrongly in these formats: as UYVP behind the end
 * of the row, as NV61 with its colours exchanged. It packs some tiles behind the end of the frame.
 */
static gboolean can_paint(const GstVideoInfo *info)
{
    const GstVideoFormatInfo *format = info->finfo;
    const gboolean needs_pairs = GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_UYVP ||
                                 GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_NV61;

    return format->unpack_func && format->pack_func && !GST_VIDEO_FORMAT_INFO_HAS_PALETTE(format) &&
           !GST_VIDEO_FORMAT_INFO_IS_TILED(format) &&
           !(needs_pairs && GST_VIDEO_INFO_WIDTH(info) % 2 == 1);
}

/* Colours */

static GstConvnextColour make_colour(const GstConvnextCanvas *self, guint rgb)
{
    return gst_convnext_colour_new(&self->info, self->unpacked, rgb);
}

static GstConvnextInk make_ink(const GstConvnextCanvas *self, guint rgb, guint alpha)
{
    const GstConvnextColour colour = make_colour(self, rgb);

    return gst_convnext_ink_new(&colour, alpha);
}

/* From yellow to red. */
static void make_heat(GstConvnextCanvas *self)
{
    for (guint i = 0; i < G_N_ELEMENTS(self->heat); i++)
        self->heat[i] = make_ink(self, 0xff0000 | (255 - i) << 8, i * HEAT_ALPHA / 255);
}

static void clear_palette(gpointer data)
{
    Palette *palette = data;

    gst_convnext_legend_unref(palette->legend);
    g_free(palette->inks);
}

static const GstConvnextInk *inks_of(GstConvnextCanvas *self, GstConvnextLegend *legend)
{
    const guint n = gst_convnext_legend_get_n_classes(legend);

    for (guint i = 0; i < self->palettes->len; i++)
        if (g_array_index(self->palettes, Palette, i).legend == legend)
            return g_array_index(self->palettes, Palette, i).inks;
    const Palette palette = {gst_convnext_legend_ref(legend), g_new(GstConvnextInk, n)};
    for (guint i = 0; i < n; i++)
        palette.inks[i] = make_ink(self, gst_convnext_legend_get_colour(legend, i), HALF);
    g_array_append_val(self->palettes, palette);
    return palette.inks;
}

/* The canvas */

GstConvnextCanvas *gst_convnext_canvas_new(const GstVideoInfo *info)
{
    GstConvnextCanvas *self;

    if (!can_paint(info))
        return NULL;
    self = g_new0(GstConvnextCanvas, 1);
    self->info = *info;
    self->unpacked = gst_video_format_get_info(info->finfo->unpack_format);
    self->is_wide = GST_VIDEO_FORMAT_INFO_DEPTH(self->unpacked, 0) > 8;
    self->row = g_malloc_n((gsize)GST_VIDEO_INFO_WIDTH(info), self->is_wide ? 8 : 4);
    self->shapes = g_array_new(FALSE, FALSE, sizeof(Shape));
    self->palettes = g_array_new(FALSE, FALSE, sizeof(Palette));
    g_array_set_clear_func(self->palettes, clear_palette);
    make_heat(self);
    return self;
}

void gst_convnext_canvas_free(GstConvnextCanvas *self)
{
    if (!self)
        return;
    g_array_unref(self->shapes);
    g_array_unref(self->palettes);
    g_free(self->line);
    g_free(self->row);
    g_free(self);
}

void gst_convnext_canvas_clear(GstConvnextCanvas *self)
{
    g_array_set_size(self->shapes, 0);
    if (self->palettes->len > MOST_PALETTES) /* of models that have been replaced */
        g_array_set_size(self->palettes, 0);
}

gboolean gst_convnext_canvas_is_empty(const GstConvnextCanvas *self)
{
    return self->shapes->len == 0;
}

/* Adds the part of the shape that is inside the frame, if any. */
static void add_shape(GstConvnextCanvas *self, const GstConvnextRect *rect, Shape shape)
{
    shape.rect = *rect;
    shape.x = MAX(rect->x, 0);
    shape.y = MAX(rect->y, 0);
    shape.end_x = (int)MIN((gint64)rect->x + rect->w, GST_VIDEO_INFO_WIDTH(&self->info));
    shape.end_y = (int)MIN((gint64)rect->y + rect->h, GST_VIDEO_INFO_HEIGHT(&self->info));
    if (shape.x < shape.end_x && shape.y < shape.end_y)
        g_array_append_val(self->shapes, shape);
}

void gst_convnext_canvas_add_fill(GstConvnextCanvas *self, const GstConvnextRect *rect, guint rgb,
                                  guint alpha)
{
    add_shape(self, rect, (Shape){.kind = FILL, .alpha = alpha, .ink = make_ink(self, rgb, alpha)});
}

void gst_convnext_canvas_add_coverage(GstConvnextCanvas *self, const GstConvnextRect *rect,
                                      const guint8 *coverage, gsize stride, guint rgb)
{
    add_shape(self, rect,
              (Shape){.kind = COVERAGE,
                      .data = coverage,
                      .stride = stride,
                      .colour = make_colour(self, rgb)});
}

void gst_convnext_canvas_add_mask(GstConvnextCanvas *self, GstConvnextSegmentation *segmentation,
                                  const GstConvnextRect *rect, const guint8 *shown)
{
    Shape shape = {.kind = MASK,
                   .data = gst_convnext_segmentation_get_data(segmentation),
                   .inks = inks_of(self, gst_convnext_segmentation_get_legend(segmentation)),
                   .shown = shown};

    gst_convnext_segmentation_get_size(segmentation, &shape.width, &shape.height, &shape.bits);
    shape.stride = (gsize)shape.width * shape.bits / 8;
    add_shape(self, rect, shape);
}

static void add_grid(GstConvnextCanvas *self, Kind kind, const GstConvnextRect *rect,
                     const GstConvnextGrid *grid, guint least, guint rgb)
{
    const guint longest = MAX(grid->columns, grid->rows);

    if (longest > self->line_size) {
        self->line = g_renew(guint16, self->line, longest);
        self->line_size = longest;
    }
    add_shape(
        self, rect,
        (Shape){.kind = kind, .grid = *grid, .least = least, .ink = make_ink(self, rgb, HALF)});
}

void gst_convnext_canvas_add_shade(GstConvnextCanvas *self, const GstConvnextRect *rect,
                                   const GstConvnextGrid *grid, guint least, guint rgb)
{
    add_grid(self, SHADE, rect, grid, least, rgb);
}

void gst_convnext_canvas_add_heat(GstConvnextCanvas *self, const GstConvnextRect *rect,
                                  const GstConvnextGrid *grid)
{
    add_grid(self, HEAT, rect, grid, 0, 0);
}

/* Pixels */

/* Blends n pixels of the row, from x on, with an ink. */
static void blend(const GstConvnextCanvas *self, int x, int n, const GstConvnextInk *ink)
{
    if (self->is_wide)
        gst_convnext_ink_blend_wide(ink, (guint64 *)self->row + x, n);
    else
        gst_convnext_ink_blend(ink, (guint32 *)self->row + x, n);
}

static void blend_pixel(const GstConvnextCanvas *self, int x, const GstConvnextInk *ink)
{
    if (self->is_wide) {
        guint64 *pixel = (guint64 *)self->row + x;

        *pixel = gst_convnext_ink_mix_wide(ink, *pixel);
    } else {
        guint32 *pixel = (guint32 *)self->row + x;

        *pixel = gst_convnext_ink_mix(ink, *pixel);
    }
}

static guint mix(guint below, guint above, guint alpha)
{
    return (below * (GST_CONVNEXT_OPAQUE - alpha) + above * alpha + GST_CONVNEXT_OPAQUE / 2) /
           GST_CONVNEXT_OPAQUE;
}

/* Makes n pixels of the row, from x on, as opaque as what is drawn over them. */
static void cover(const GstConvnextCanvas *self, int x, int n, guint alpha)
{
    if (!GST_VIDEO_INFO_HAS_ALPHA(&self->info))
        return;
    for (int i = 4 * x; i < 4 * (x + n); i += 4)
        if (self->is_wide) {
            guint16 *pixel = (guint16 *)self->row + i;

            *pixel = (guint16)mix(*pixel, G_MAXUINT16, alpha);
        } else {
            guint8 *pixel = (guint8 *)self->row + i;

            *pixel = (guint8)mix(*pixel, G_MAXUINT8, alpha);
        }
}

/* Rows of shapes */

static void blend_coverage(const GstConvnextCanvas *self, const Shape *shape, int y)
{
    const guint8 *coverage = shape->data + (gsize)(y - shape->rect.y) * shape->stride;

    for (int x = shape->x; x < shape->end_x; x++) {
        const guint value = coverage[x - shape->rect.x];
        const guint alpha = value + (value >> 7); /* 255 is opaque */

        if (alpha > 0) {
            const GstConvnextInk ink = gst_convnext_ink_new(&shape->colour, alpha);

            blend_pixel(self, x, &ink);
            cover(self, x, 1, alpha);
        }
    }
}

/* The pixel of the mask at the centre of pixel `at` of size, of n pixels of the mask. */
static guint mask_pixel(int at, int size, guint n)
{
    return (guint)(((guint64)at * 2 + 1) * n / ((guint64)size * 2));
}

/* The first pixel of size whose centre is in pixel `at` of n, or behind it. */
static int frame_pixel(guint at, int size, guint n)
{
    return (int)(((guint64)at * 2 * (guint64)size + n - 1) / (2 * (guint64)n));
}

static const guint8 *mask_row(const Shape *shape, int y)
{
    return shape->data +
           (gsize)mask_pixel(y - shape->rect.y, shape->rect.h, shape->height) * shape->stride;
}

static void blend_mask(const GstConvnextCanvas *self, const Shape *shape, int y)
{
    const GstConvnextRect *rect = &shape->rect;
    const guint8 *mask = mask_row(shape, y);

    for (guint column = 0, end; column < shape->width; column = end) {
        const guint value = gst_convnext_mask_value(mask, column, shape->bits);

        end = gst_convnext_mask_run_end(mask, column, shape->width, shape->bits);
        const int from = MAX(rect->x + frame_pixel(column, rect->w, shape->width), shape->x);
        const int n = MIN(rect->x + frame_pixel(end, rect->w, shape->width), shape->end_x) - from;
        if (value > 0 && n > 0 && (!shape->shown || shape->shown[value - 1]))
            blend(self, from, n, &shape->inks[value - 1]);
    }
}

/* The value at a position between n values that are step apart in memory, as 8.8 bits; the first or
 * the last one outside. */
static guint16 read_between(const guint8 *values, gsize step, guint n, double at)
{
    const double inside = CLAMP(at, 0, (double)(n - 1));
    const guint before = (guint)inside, after = MIN(before + 1, n - 1);
    const double fraction = inside - before;

    return (guint16)(256 *
                     (values[before * step] * (1 - fraction) + values[after * step] * fraction));
}

/* Along a row of the frame one of u and v is constant, because a view keeps the axes, perhaps
 * exchanged. Fills self->line with the values along the other one and returns their number. at:
 * receives how the other one follows from x, in this row. */
static guint read_line(const GstConvnextCanvas *self, const GstConvnextGrid *grid, int y,
                       double at[2])
{
    const double(*m)[3] = grid->at;
    const gboolean is_turned = m[0][0] == 0; /* u depends on y */
    const guint moving = is_turned ? 1 : 0, fixed = 1 - moving;
    const guint n = is_turned ? grid->rows : grid->columns;
    const double position = m[fixed][1] * (y + 0.5) + m[fixed][2];

    for (guint i = 0; i < n; i++)
        self->line[i] =
            is_turned
                ? read_between(grid->values + (gsize)i * grid->columns, 1, grid->columns, position)
                : read_between(grid->values + i, grid->columns, grid->rows, position);
    at[0] = m[moving][0];
    at[1] = m[moving][1] * (y + 0.5) + m[moving][2];
    return n;
}

static void blend_grid(const GstConvnextCanvas *self, const Shape *shape, int y)
{
    double at[2];
    const guint n = read_line(self, &shape->grid, y, at);
    const gint64 last = (gint64)(n - 1) << 16;
    const gint64 step = (gint64)(at[0] * 65536);
    gint64 position = (gint64)((at[0] * (shape->x + 0.5) + at[1]) * 65536);

    for (int x = shape->x; x < shape->end_x; x++, position += step) {
        const gint64 inside = CLAMP(position, 0, last);
        const guint before = (guint)(inside >> 16), fraction = (guint)(inside & 0xffff);
        const guint next = self->line[MIN(before + 1, n - 1)];
        const guint value = (self->line[before] * (65536 - fraction) + next * fraction) >> 24;

        if (shape->kind == HEAT && value > 0)
            blend_pixel(self, x, &self->heat[value]);
        else if (shape->kind == SHADE && value >= shape->least)
            blend_pixel(self, x, &shape->ink);
    }
}

static void blend_shape(const GstConvnextCanvas *self, const Shape *shape, int y)
{
    switch (shape->kind) {
    case FILL:
        blend(self, shape->x, shape->end_x - shape->x, &shape->ink);
        cover(self, shape->x, shape->end_x - shape->x, shape->alpha);
        break;
    case COVERAGE:
        blend_coverage(self, shape, y);
        break;
    case MASK:
        blend_mask(self, shape, y);
        break;
    case SHADE:
    case HEAT:
        blend_grid(self, shape, y);
        break;
    }
}

/* Whether the shape draws anything in this row. */
static gboolean is_in_row(const Shape *shape, int y)
{
    if (y < shape->y || y >= shape->end_y)
        return FALSE;
    if (shape->kind != MASK)
        return TRUE;
    const guint8 *row = mask_row(shape, y);
    return gst_convnext_mask_value(row, 0, shape->bits) != 0 ||
           gst_convnext_mask_run_end(row, 0, shape->width, shape->bits) < shape->width;
}

static void paint_row(GstConvnextCanvas *self, GstVideoFrame *frame, int y)
{
    const GstVideoFormatInfo *format = self->info.finfo;
    const GstVideoPackFlags flags =
        GST_VIDEO_FRAME_IS_INTERLACED(frame) ? GST_VIDEO_PACK_FLAG_INTERLACED : 0;
    const int width = GST_VIDEO_FRAME_WIDTH(frame);
    gboolean is_unpacked = FALSE;

    for (guint i = 0; i < self->shapes->len; i++) {
        const Shape *shape = &g_array_index(self->shapes, Shape, i);

        if (!is_in_row(shape, y))
            continue;
        if (!is_unpacked)
            format->unpack_func(format, flags, self->row, frame->data, frame->info.stride, 0, y,
                                width);
        is_unpacked = TRUE;
        blend_shape(self, shape, y);
    }
    if (is_unpacked)
        format->pack_func(format, flags, self->row, 0, frame->data, frame->info.stride,
                          GST_VIDEO_INFO_CHROMA_SITE(&self->info), y, width);
}

void gst_convnext_canvas_paint(GstConvnextCanvas *self, GstVideoFrame *frame)
{
    const int height = MIN(GST_VIDEO_FRAME_HEIGHT(frame), GST_VIDEO_INFO_HEIGHT(&self->info));

    g_return_if_fail(GST_VIDEO_FRAME_FORMAT(frame) == GST_VIDEO_INFO_FORMAT(&self->info) &&
                     GST_VIDEO_FRAME_WIDTH(frame) == GST_VIDEO_INFO_WIDTH(&self->info));
    for (int y = 0; y < height; y++)
        paint_row(self, frame, y);
}
