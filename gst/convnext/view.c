/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/view.h"

#include "gst/convnext/region.h"

GType gst_convnext_orientation_get_type(void)
{
    static const GEnumValue values[] = {
        {GST_CONVNEXT_ORIENTATION_IDENTITY, "The frame is upright", "identity"},
        {GST_CONVNEXT_ORIENTATION_90R, "Turn clockwise by 90 degrees", "90r"},
        {GST_CONVNEXT_ORIENTATION_180, "Turn by 180 degrees", "180"},
        {GST_CONVNEXT_ORIENTATION_90L, "Turn counterclockwise by 90 degrees", "90l"},
        {GST_CONVNEXT_ORIENTATION_HORIZ, "Flip horizontally", "horiz"},
        {GST_CONVNEXT_ORIENTATION_VERT, "Flip vertically", "vert"},
        {GST_CONVNEXT_ORIENTATION_UL_LR, "Flip across the diagonal from upper left to lower right",
         "ul-lr"},
        {GST_CONVNEXT_ORIENTATION_UR_LL, "Flip across the diagonal from upper right to lower left",
         "ur-ll"},
        {GST_CONVNEXT_ORIENTATION_AUTO, "Follow the stream's image-orientation tag", "auto"},
        {0, NULL, NULL}};
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextOrientation", values));
    return type;
}

G_DEFINE_BOXED_TYPE(GstConvnextView, gst_convnext_view, gst_convnext_view_copy,
                    gst_convnext_view_free)

GstConvnextView *gst_convnext_view_copy(const GstConvnextView *view)
{
    g_return_val_if_fail(view, NULL);
    return g_memdup2(view, sizeof(*view));
}

void gst_convnext_view_free(GstConvnextView *view)
{
    g_return_if_fail(view);
    g_free(view);
}

static gboolean is_inside(guint start, guint size, guint whole)
{
    return size > 0 && start <= whole && size <= whole - start;
}

gboolean gst_convnext_view_is_valid(const GstConvnextView *view)
{
    return view && view->width > 0 && view->height > 0 &&
           (guint)view->orientation < GST_CONVNEXT_ORIENTATION_AUTO &&
           is_inside(view->content_x, view->content_width, view->network_width) &&
           is_inside(view->content_y, view->content_height, view->network_height);
}

/* From the frame to the network: mirrors columns and rows, then transposes. */
typedef struct Turn {
    gboolean mirrors_columns, mirrors_rows, transposes;
} Turn;

static const Turn turns[] = {
    [GST_CONVNEXT_ORIENTATION_IDENTITY] = {FALSE, FALSE, FALSE},
    [GST_CONVNEXT_ORIENTATION_90R] = {FALSE, TRUE, TRUE},
    [GST_CONVNEXT_ORIENTATION_180] = {TRUE, TRUE, FALSE},
    [GST_CONVNEXT_ORIENTATION_90L] = {TRUE, FALSE, TRUE},
    [GST_CONVNEXT_ORIENTATION_HORIZ] = {TRUE, FALSE, FALSE},
    [GST_CONVNEXT_ORIENTATION_VERT] = {FALSE, TRUE, FALSE},
    [GST_CONVNEXT_ORIENTATION_UL_LR] = {FALSE, FALSE, TRUE},
    [GST_CONVNEXT_ORIENTATION_UR_LL] = {TRUE, TRUE, TRUE},
};

/* Maps a position on an axis from the span [start, start + size) to [to_start, to_start + to_size),
 * whose order may be reversed. */
static double map_axis(double at, double start, double size, double to_start, double to_size,
                       gboolean mirrors)
{
    const double from_edge = mirrors ? start + size - at : at - start;

    return to_start + from_edge * to_size / size;
}

void gst_convnext_view_to_network(const GstConvnextView *view, double *x, double *y)
{
    g_return_if_fail(gst_convnext_view_is_valid(view));
    g_return_if_fail(x && y);

    const Turn turn = turns[view->orientation];
    const double columns = turn.transposes ? view->content_height : view->content_width;
    const double rows = turn.transposes ? view->content_width : view->content_height;
    const double across = map_axis(*x, view->x, view->width, 0, columns, turn.mirrors_columns);
    const double down = map_axis(*y, view->y, view->height, 0, rows, turn.mirrors_rows);

    *x = view->content_x + (turn.transposes ? down : across);
    *y = view->content_y + (turn.transposes ? across : down);
}

/* A mirrored axis is reversed before it is scaled, as its inverse reverses after scaling. */
static double unmap_axis(double at, double start, double size, double from_size, gboolean mirrors)
{
    const double from_edge = at * size / from_size;

    return mirrors ? start + size - from_edge : start + from_edge;
}

void gst_convnext_view_to_frame(const GstConvnextView *view, double *x, double *y)
{
    g_return_if_fail(gst_convnext_view_is_valid(view));
    g_return_if_fail(x && y);

    const Turn turn = turns[view->orientation];
    const double columns = turn.transposes ? view->content_height : view->content_width;
    const double rows = turn.transposes ? view->content_width : view->content_height;
    const double in_x = *x - view->content_x, in_y = *y - view->content_y;

    *x = unmap_axis(turn.transposes ? in_y : in_x, view->x, view->width, columns,
                    turn.mirrors_columns);
    *y = unmap_axis(turn.transposes ? in_x : in_y, view->y, view->height, rows, turn.mirrors_rows);
}

/* Maps two opposite corners. */
static void map_box(const GstConvnextView *view,
                    void (*map)(const GstConvnextView *view, double *x, double *y), double *x,
                    double *y, double *width, double *height)
{
    double end_x = *x + *width, end_y = *y + *height;

    map(view, x, y);
    map(view, &end_x, &end_y);
    *width = ABS(end_x - *x);
    *height = ABS(end_y - *y);
    *x = MIN(*x, end_x);
    *y = MIN(*y, end_y);
}

void gst_convnext_view_box_to_frame(const GstConvnextView *view, double *x, double *y,
                                    double *width, double *height)
{
    g_return_if_fail(gst_convnext_view_is_valid(view));
    g_return_if_fail(x && y && width && height);
    map_box(view, gst_convnext_view_to_frame, x, y, width, height);
}

void gst_convnext_view_box_to_network(const GstConvnextView *view, double *x, double *y,
                                      double *width, double *height)
{
    g_return_if_fail(gst_convnext_view_is_valid(view));
    g_return_if_fail(x && y && width && height);
    map_box(view, gst_convnext_view_to_network, x, y, width, height);
}

static GstConvnextOrientation orientation_of(Turn turn)
{
    guint i = 0;

    while (turns[i].mirrors_columns != turn.mirrors_columns ||
           turns[i].mirrors_rows != turn.mirrors_rows || turns[i].transposes != turn.transposes)
        i++;
    return i;
}

/* The way from the changed frame to the network: back through the change, then as before. */
static GstConvnextOrientation turn_further(GstConvnextOrientation orientation, const Turn *change)
{
    const Turn before = turns[orientation];
    const gboolean swaps = change->transposes;

    return orientation_of((Turn){
        .mirrors_columns = (swaps ? change->mirrors_rows : change->mirrors_columns) !=
                           (swaps ? before.mirrors_rows : before.mirrors_columns),
        .mirrors_rows = (swaps ? change->mirrors_columns : change->mirrors_rows) !=
                        (swaps ? before.mirrors_columns : before.mirrors_rows),
        .transposes = swaps != before.transposes,
    });
}

void gst_convnext_change_box(const GstConvnextChange *change, double *x, double *y, double *width,
                             double *height)
{
    const double(*m)[3] = change->matrix;
    const double end_x = *x + *width, end_y = *y + *height;
    const double ax = m[0][0] * *x + m[0][1] * *y + m[0][2];
    const double ay = m[1][0] * *x + m[1][1] * *y + m[1][2];
    const double bx = m[0][0] * end_x + m[0][1] * end_y + m[0][2];
    const double by = m[1][0] * end_x + m[1][1] * end_y + m[1][2];

    *x = MIN(ax, bx);
    *y = MIN(ay, by);
    *width = ABS(bx - ax);
    *height = ABS(by - ay);
}

void gst_convnext_view_follow(GstConvnextView *self, const GstConvnextChange *change)
{
    const double(*m)[3] = change->matrix;
    const gboolean transposes = m[0][0] == 0;
    const Turn turn = {.mirrors_columns = (transposes ? m[1][0] : m[0][0]) < 0,
                       .mirrors_rows = (transposes ? m[0][1] : m[1][1]) < 0,
                       .transposes = transposes};

    gst_convnext_change_box(change, &self->x, &self->y, &self->width, &self->height);
    self->orientation = turn_further(self->orientation, &turn);
}
