/* Masks of segmenters and detectors, and the heatmap of a classifier's best class.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "gst/overlay/scene.h"

static guint frame_width(const GstConvnextScene *scene)
{
    return (guint)GST_VIDEO_INFO_WIDTH(&scene->info);
}

static guint frame_height(const GstConvnextScene *scene)
{
    return (guint)GST_VIDEO_INFO_HEIGHT(&scene->info);
}

/* A rectangle in fractions of pixels. */
typedef struct Box {
    double x, y, width, height;
} Box;

/* Moves a box of the result to the frame. FALSE if that is not possible, or nothing is left. */
static gboolean locate(const GstConvnextScene *scene, GstConvnextMeta *meta, Box *box)
{
    return gst_buffer_locate_convnext_box(scene->buffer, meta, frame_width(scene),
                                          frame_height(scene), &box->x, &box->y, &box->width,
                                          &box->height) &&
           isfinite(box->x + box->y + box->width + box->height) && box->width > 0 &&
           box->height > 0;
}

static int to_pixel(double edge)
{
    return (int)CLAMP(round(edge), -1e6, 1e6);
}

static GstConvnextRect round_box(const Box *box)
{
    const int x = to_pixel(box->x), y = to_pixel(box->y);

    return (GstConvnextRect){x, y, to_pixel(box->x + box->width) - x,
                             to_pixel(box->y + box->height) - y};
}

/* Masks of whole frames */

/* NULL if all classes are drawn. */
static const guint8 *find_shown(GstConvnextScene *scene, GstConvnextLegend *legend)
{
    const guint n = gst_convnext_legend_get_n_classes(legend);
    guint8 *shown;

    if (!scene->settings->labels)
        return NULL;
    shown = g_new(guint8, n);
    for (guint i = 0; i < n; i++)
        shown[i] = gst_convnext_scene_shows(scene, gst_convnext_legend_get_label(legend, i)) != 0;
    g_ptr_array_add(scene->loans, shown);
    return shown;
}

static void add_segmentation(GstConvnextScene *scene, GstConvnextMeta *meta)
{
    GstConvnextSegmentation *segmentation = gst_convnext_result_get_segmentation(meta->result);
    GstConvnextRect rect;

    if (!segmentation)
        return;
    gst_convnext_segmentation_get_rect(segmentation, &rect);
    Box box = {rect.x, rect.y, rect.w, rect.h};
    if (!locate(scene, meta, &box))
        return;
    rect = round_box(&box);
    gst_convnext_canvas_add_mask(
        scene->canvas, segmentation, &rect,
        find_shown(scene, gst_convnext_segmentation_get_legend(segmentation)));
}

/* Masks of objects */

/* values: [rows, columns], which cover the box. */
static void add_shade(GstConvnextScene *scene, const Box *box, const guint8 *values, guint columns,
                      guint rows, guint least, guint rgb)
{
    const double across = columns / box->width, down = rows / box->height;
    const GstConvnextGrid grid = {
        values,
        columns,
        rows,
        {{across, 0, -across * box->x - 0.5}, {0, down, -down * box->y - 0.5}}};
    const GstConvnextRect rect = round_box(box);

    gst_convnext_canvas_add_shade(scene->canvas, &rect, &grid, least, rgb);
}

/* FALSE if the object has no mask of the size of the frame. */
static gboolean add_frame_mask(GstConvnextScene *scene, GstConvnextMeta *meta, guint i, guint rgb)
{
    GstConvnextRect rect;
    GstMemory *memory = gst_convnext_result_get_object_mask(meta->result, i, &rect);
    GstMapInfo map;

    if (!memory)
        return FALSE;
    Box box = {rect.x, rect.y, rect.w, rect.h};
    if (!locate(scene, meta, &box) || !gst_memory_map(memory, &map, GST_MAP_READ))
        return TRUE;
    gst_memory_ref(memory);
    g_array_append_val(scene->maps, map);
    add_shade(scene, &box, map.data, (guint)rect.w, (guint)rect.h,
              GST_CONVNEXT_OBJECT_MASK_VALUE(i) / 2 + 1, rgb);
    return TRUE;
}

/* probabilities: [side, side] */
static void add_coarse_mask(GstConvnextScene *scene, GstConvnextMeta *meta,
                            const GstConvnextDetectedObject *object, const float *probabilities,
                            guint side, guint rgb)
{
    const gsize n = (gsize)side * side;
    Box box = {object->x, object->y, object->width, object->height};
    guint8 *values;

    if (!locate(scene, meta, &box))
        return;
    values = g_malloc(n);
    g_ptr_array_add(scene->loans, values);
    for (gsize i = 0; i < n; i++)
        values[i] = probabilities[i] > 0 ? (guint8)(255 * MIN(probabilities[i], 1.f) + 0.5f) : 0;
    add_shade(scene, &box, values, side, side, 128, rgb);
}

static void add_object_masks(GstConvnextScene *scene, GstConvnextMeta *meta)
{
    g_autoptr(GstConvnextTensor) tensor =
        gst_convnext_result_get_tensor(meta->result, GST_CONVNEXT_TENSOR_OBJECT_MASKS);
    GstConvnextLegend *legend = gst_convnext_result_get_object_legend(meta->result);
    guint n, n_dims = 0;
    const GstConvnextDetectedObject *objects = gst_convnext_result_get_objects(meta->result, &n);
    const gsize *shape = tensor ? gst_convnext_tensor_get_shape(tensor, &n_dims) : NULL;
    const gboolean has_coarse = n_dims == 3 && shape[0] == n && shape[1] == shape[2];

    for (guint i = 0; i < n; i++) {
        const guint rgb = gst_convnext_legend_get_colour(legend, objects[i].index);

        if (!gst_convnext_scene_shows(scene, objects[i].label) ||
            add_frame_mask(scene, meta, i, rgb) || !has_coarse)
            continue;
        add_coarse_mask(scene, meta, &objects[i],
                        gst_convnext_tensor_get_values(tensor, NULL) + i * shape[1] * shape[1],
                        (guint)shape[1], rgb);
    }
}

/* The heatmap */

/* Scales values from the least to the greatest to 0..255. NULL if they do not differ, or are not
 * finite. */
static guint8 *scale_values(const float *values, gsize n)
{
    float least = INFINITY, most = -INFINITY;
    guint8 *scaled;

    for (gsize i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            return NULL;
        least = MIN(least, values[i]);
        most = MAX(most, values[i]);
    }
    if (!(most > least))
        return NULL;
    scaled = g_malloc(n);
    for (gsize i = 0; i < n; i++)
        scaled[i] = (guint8)(255 * ((double)values[i] - least) / ((double)most - least) + 0.5);
    return scaled;
}

/* With stride s, the centre of position i of a map is at s (i + 0.5) of the network's input. */
static void place_grid(GstConvnextGrid *grid, const GstConvnextView *view)
{
    const double stride[] = {MAX(view->network_width / grid->columns, 1),
                             MAX(view->network_height / grid->rows, 1)};
    const double points[3][2] = {{1, 0}, {0, 1}, {0, 0}};

    for (guint i = 3; i-- > 0;) { /* the origin first */
        double at[] = {points[i][0], points[i][1]};

        gst_convnext_view_to_network(view, &at[0], &at[1]);
        for (guint axis = 0; axis < 2; axis++)
            grid->at[axis][i] = i == 2 ? at[axis] / stride[axis] - 0.5
                                       : at[axis] / stride[axis] - 0.5 - grid->at[axis][2];
    }
}

static void add_heat(GstConvnextScene *scene, GstConvnextMeta *meta, GstConvnextTensor *cam)
{
    guint n_dims;
    const gsize *shape = gst_convnext_tensor_get_shape(cam, &n_dims);
    GstConvnextView view;

    if (n_dims != 4 || shape[0] != 1 || shape[3] != 1 ||
        !gst_buffer_get_convnext_view(scene->buffer, meta, frame_width(scene), frame_height(scene),
                                      &view) ||
        !gst_convnext_view_is_valid(&view))
        return;
    guint8 *values = scale_values(gst_convnext_tensor_get_values(cam, NULL), shape[1] * shape[2]);
    if (!values)
        return;
    g_ptr_array_add(scene->loans, values);
    GstConvnextGrid grid = {.values = values, .columns = (guint)shape[2], .rows = (guint)shape[1]};
    Box box = {view.content_x, view.content_y, view.content_width, view.content_height};
    place_grid(&grid, &view);
    gst_convnext_view_box_to_frame(&view, &box.x, &box.y, &box.width, &box.height);
    const GstConvnextRect rect = round_box(&box);
    gst_convnext_canvas_add_heat(scene->canvas, &rect, &grid);
}

static void add_heatmap(GstConvnextScene *scene, GstConvnextMeta *meta)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(meta->result, &n);
    g_autoptr(GstConvnextTensor) cam =
        gst_convnext_result_get_tensor(meta->result, GST_CONVNEXT_TENSOR_CAM);

    scene->lacks_cam |= n > 0 && !cam;
    if (cam && (n == 0 || gst_convnext_scene_shows(scene, classes[0].label)))
        add_heat(scene, meta, cam);
}

void gst_convnext_scene_add_masks(GstConvnextScene *scene)
{
    gpointer state = NULL;
    GstConvnextMeta *meta;

    while ((meta = gst_buffer_iterate_convnext_meta(scene->buffer, &state))) {
        if (scene->settings->show & GST_CONVNEXT_OVERLAY_MASKS) {
            add_segmentation(scene, meta);
            add_object_masks(scene, meta);
        }
        if (scene->settings->heatmap)
            add_heatmap(scene, meta);
    }
}
