/* Objects with their labels, and the regions that networks saw.
 *
 * An object may be described by a result of convnextdetect, by GstVideoRegionOfInterestMeta and by
 * GstAnalyticsODMtd, and convnext may have added a result about it. All of them are one box: that
 * of the result if there is one, because it is not rounded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "gst/objects/detections.h"
#include "gst/overlay/scene.h"

#define REGION 0xffffff
#define REGION_ALPHA 160
#define SAME_BOX_PIXELS 2

/* Lengths, in heights of text */
#define LINE 0.08 /* at least two pixels, so that subsampled colour reaches it */
#define TAG 1.3
#define PADDING 0.2

/* An object as it is drawn. */
typedef struct Object {
    GstConvnextRect rect; /* pixels of the frame */
    const char *label;    /* or NULL */
    guint rgb;
    GPtrArray *words; /* of its tag, char *; owned */
    gboolean is_shown;
    gboolean is_found; /* other metadata has described it again */
} Object;

static void clear_object(gpointer data)
{
    g_ptr_array_unref(((Object *)data)->words);
}

static void add_word(Object *object, const char *word)
{
    g_ptr_array_add(object->words, g_strdup(word));
}

static void add_score(Object *object, double score)
{
    if (score >= 0)
        g_ptr_array_add(object->words, g_strdup_printf("%.2f", score));
}

static Object *add_object(GArray *objects, const GstConvnextScene *scene,
                          const GstConvnextRect *rect, const char *label, guint rgb)
{
    Object object = {*rect, label, rgb, g_ptr_array_new_with_free_func(g_free), FALSE, FALSE};

    object.is_shown = gst_convnext_scene_shows(scene, label);
    if (label)
        add_word(&object, label);
    g_array_append_val(objects, object);
    return &g_array_index(objects, Object, objects->len - 1);
}

/* Objects of results */

static int round_edge(double edge, double (*round_to)(double))
{
    return (int)CLAMP(round_to(edge), -1e6, 1e6);
}

/* Where a box of a result is in the frame, rounded outward. FALSE if that is unknown. */
static gboolean locate(const GstConvnextScene *scene, GstConvnextMeta *meta,
                       const GstConvnextDetectedObject *object, GstConvnextRect *rect)
{
    double x = object->x, y = object->y, width = object->width, height = object->height;

    if (!gst_buffer_locate_convnext_box(
            scene->buffer, meta, (guint)GST_VIDEO_INFO_WIDTH(&scene->info),
            (guint)GST_VIDEO_INFO_HEIGHT(&scene->info), &x, &y, &width, &height) ||
        !isfinite(x + y + width + height))
        return FALSE;
    rect->x = round_edge(x, floor);
    rect->y = round_edge(y, floor);
    rect->w = round_edge(x + width, ceil) - rect->x;
    rect->h = round_edge(y + height, ceil) - rect->y;
    return TRUE;
}

static void add_detected(GArray *objects, const GstConvnextScene *scene, GstConvnextMeta *meta)
{
    GstConvnextLegend *legend = gst_convnext_result_get_object_legend(meta->result);
    guint n;
    const GstConvnextDetectedObject *detected = gst_convnext_result_get_objects(meta->result, &n);
    GstConvnextRect rect;

    for (guint i = 0; i < n; i++) {
        if (!locate(scene, meta, &detected[i], &rect))
            continue;
        Object *object = add_object(objects, scene, &rect, detected[i].label,
                                    gst_convnext_legend_get_colour(legend, detected[i].index));
        if (!detected[i].label)
            g_ptr_array_add(object->words, g_strdup_printf("class %u", detected[i].index));
        add_score(object, (double)detected[i].score);
    }
}

/* Objects of other metadata */

static gboolean is_near(gint64 a, gint64 b)
{
    return ABS(a - b) <= SAME_BOX_PIXELS;
}

static GstConvnextRect clip(const GstConvnextScene *scene, const GstConvnextRect *rect)
{
    const int width = GST_VIDEO_INFO_WIDTH(&scene->info);
    const int height = GST_VIDEO_INFO_HEIGHT(&scene->info);
    const int x = CLAMP(rect->x, 0, width), y = CLAMP(rect->y, 0, height);

    return (GstConvnextRect){x, y, CLAMP(rect->x + rect->w, x, width) - x,
                             CLAMP(rect->y + rect->h, y, height) - y};
}

static gboolean is_same_box(const GstConvnextScene *scene, const GstConvnextRect *a,
                            const GstConvnextRect *b)
{
    const GstConvnextRect p = clip(scene, a), q = clip(scene, b);

    return is_near(p.x, q.x) && is_near(p.y, q.y) && is_near(p.x + p.w, q.x + q.w) &&
           is_near(p.y + p.h, q.y + q.h);
}

/* The object among the first n that this metadata mirrors; each is mirrored once. */
static Object *find_mirrored(GArray *objects, guint n, const GstConvnextScene *scene,
                             const GstConvnextDetection *detection, const char *label)
{
    for (guint i = 0; i < n; i++) {
        Object *object = &g_array_index(objects, Object, i);

        if (!object->is_found && is_same_box(scene, &object->rect, &detection->object.rect) &&
            (!object->label || g_strcmp0(object->label, label) == 0)) {
            object->is_found = TRUE;
            return object;
        }
    }
    return NULL;
}

/* One of a few bright colours for each label. */
static guint colour_of(const char *label)
{
    static const guint colours[] = {0xffb300, 0x00b0ff, 0x76ff03, 0xff5252,
                                    0xe040fb, 0x1de9b6, 0xffff00, 0xff9100};

    return colours[label ? g_str_hash(label) % G_N_ELEMENTS(colours) : 0];
}

static void add_detections(GArray *objects, const GstConvnextScene *scene)
{
    const GstConvnextSelection all = {0};
    const guint own = objects->len;
    g_autoptr(GArray) detections = g_array_new(FALSE, FALSE, sizeof(GstConvnextDetection));

    gst_convnext_detections_find(detections, scene->buffer, &scene->info, &all);
    for (guint i = 0; i < detections->len; i++) {
        const GstConvnextDetection *d = &g_array_index(detections, GstConvnextDetection, i);
        const char *label = d->object.type ? g_quark_to_string(d->object.type) : NULL;

        if (find_mirrored(objects, own, scene, d, label))
            continue;
        Object *object = add_object(objects, scene, &d->object.rect, label, colour_of(label));
        add_score(object, (double)d->score);
    }
}

/* Results of convnext about objects */

static gboolean contains(const GstConvnextRect *outer, const GstConvnextRect *inner)
{
    return outer->x <= inner->x + SAME_BOX_PIXELS && outer->y <= inner->y + SAME_BOX_PIXELS &&
           outer->x + outer->w + SAME_BOX_PIXELS >= inner->x + inner->w &&
           outer->y + outer->h + SAME_BOX_PIXELS >= inner->y + inner->h;
}

/* The largest object with this label in a region, which is that of the object and perhaps a margin.
 * NULL without one. */
static Object *find_object(GArray *objects, const GstConvnextScene *scene,
                           const GstConvnextRect *region, const char *label)
{
    Object *best = NULL;
    gint64 best_area = -1;

    for (guint i = 0; i < objects->len; i++) {
        Object *object = &g_array_index(objects, Object, i);
        const GstConvnextRect rect = clip(scene, &object->rect);
        const gint64 area = (gint64)rect.w * rect.h;

        if (area > best_area && contains(region, &rect) && g_strcmp0(object->label, label) == 0) {
            best = object;
            best_area = area;
        }
    }
    return best;
}

static void add_result(GArray *objects, const GstConvnextScene *scene, GstConvnextMeta *meta,
                       const char *label)
{
    guint x, y, width, height, n, shown = 0;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(meta->result, &n);

    if (!gst_buffer_get_convnext_region(
            scene->buffer, meta, (guint)GST_VIDEO_INFO_WIDTH(&scene->info),
            (guint)GST_VIDEO_INFO_HEIGHT(&scene->info), &x, &y, &width, &height))
        return;
    const GstConvnextRect region = {(int)x, (int)y, (int)width, (int)height};
    Object *object = find_object(objects, scene, &region, label);
    if (!object)
        object = add_object(objects, scene, &region, label, colour_of(label));
    if (!(scene->settings->show & GST_CONVNEXT_OVERLAY_CLASSES))
        return;
    for (guint i = 0; i < n && shown < MIN(scene->settings->top_k, 1); i++) {
        if (!gst_convnext_scene_shows(scene, classes[i].label))
            continue;
        if (classes[i].label)
            add_word(object, classes[i].label);
        else
            g_ptr_array_add(object->words, g_strdup_printf("class %u", classes[i].index));
        add_score(object, (double)classes[i].score);
        object->is_shown = TRUE;
        shown++;
    }
}

/* Drawing */

static void draw_frame(GstConvnextScene *scene, const GstConvnextRect *rect, guint rgb, guint alpha)
{
    GstConvnextCanvas *canvas = scene->canvas;
    const int wide = CLAMP(gst_convnext_scene_columns(scene, LINE), 2, MAX(rect->w / 2, 2));
    const int high = CLAMP(gst_convnext_scene_rows(scene, LINE), 2, MAX(rect->h / 2, 2));
    const int x = rect->x, y = rect->y, w = rect->w, h = rect->h;
    const int end_x = x + w, end_y = y + h;

    if (w <= 2 * wide || h <= 2 * high) {
        gst_convnext_canvas_add_fill(canvas, rect, rgb, alpha);
        return;
    }
    gst_convnext_canvas_add_fill(canvas, &(GstConvnextRect){x, y, w, high}, rgb, alpha);
    gst_convnext_canvas_add_fill(canvas, &(GstConvnextRect){x, end_y - high, w, high}, rgb, alpha);
    gst_convnext_canvas_add_fill(canvas, &(GstConvnextRect){x, y + high, wide, h - 2 * high}, rgb,
                                 alpha);
    gst_convnext_canvas_add_fill(
        canvas, &(GstConvnextRect){end_x - wide, y + high, wide, h - 2 * high}, rgb, alpha);
}

static guint text_colour(guint rgb)
{
    const guint luma = (299 * (rgb >> 16) + 587 * (rgb >> 8 & 0xff) + 114 * (rgb & 0xff)) / 1000;

    return luma > 128 ? 0x000000 : 0xffffff;
}

/* Above the box if there is room for it, else inside. */
static void draw_tag(GstConvnextScene *scene, const Object *object)
{
    const int padding = gst_convnext_scene_columns(scene, PADDING);
    const int height = gst_convnext_scene_rows(scene, TAG);
    const int y = object->rect.y >= height ? object->rect.y - height : MAX(object->rect.y, 0);
    int width = padding, x;

    for (guint i = 0; i < object->words->len; i++)
        width += gst_convnext_texts_get(scene->texts, object->words->pdata[i])->width + padding;
    x = MAX(MIN(object->rect.x, GST_VIDEO_INFO_WIDTH(&scene->info) - width), 0);
    gst_convnext_canvas_add_fill(scene->canvas, &(GstConvnextRect){x, y, width, height},
                                 object->rgb, GST_CONVNEXT_OPAQUE);
    x += padding;
    for (guint i = 0; i < object->words->len; i++)
        x += gst_convnext_scene_add_text(scene, object->words->pdata[i], x, y,
                                         text_colour(object->rgb)) +
             padding;
}

static void draw_objects(GstConvnextScene *scene, const GArray *objects)
{
    for (guint i = 0; i < objects->len; i++) {
        const Object *object = &g_array_index(objects, Object, i);

        if (object->is_shown)
            draw_frame(scene, &object->rect, object->rgb, GST_CONVNEXT_OPAQUE);
    }
    for (guint i = 0; i < objects->len && !scene->is_tiny; i++) {
        const Object *object = &g_array_index(objects, Object, i);

        if (object->is_shown && object->words->len > 0)
            draw_tag(scene, object);
    }
}

static void draw_region(GstConvnextScene *scene, GstConvnextMeta *meta)
{
    const guint frame_width = (guint)GST_VIDEO_INFO_WIDTH(&scene->info);
    const guint frame_height = (guint)GST_VIDEO_INFO_HEIGHT(&scene->info);
    guint x, y, width, height;

    if (gst_buffer_get_convnext_region(scene->buffer, meta, frame_width, frame_height, &x, &y,
                                       &width, &height) &&
        (width < frame_width || height < frame_height))
        draw_frame(scene, &(GstConvnextRect){(int)x, (int)y, (int)width, (int)height}, REGION,
                   REGION_ALPHA);
}

void gst_convnext_scene_add_objects(GstConvnextScene *scene)
{
    const GstConvnextOverlayShow show = scene->settings->show;
    g_autoptr(GArray) objects = g_array_new(FALSE, FALSE, sizeof(Object));
    gpointer state = NULL;
    GstConvnextMeta *meta;
    const char *label;

    g_array_set_clear_func(objects, clear_object);
    while ((meta = gst_buffer_iterate_convnext_meta(scene->buffer, &state))) {
        if (show & GST_CONVNEXT_OVERLAY_OBJECTS)
            add_detected(objects, scene, meta);
        if ((show & GST_CONVNEXT_OVERLAY_REGIONS) &&
            !gst_convnext_result_get_object(meta->result, NULL, NULL))
            draw_region(scene, meta);
    }
    if (!(show & GST_CONVNEXT_OVERLAY_OBJECTS))
        return;
    add_detections(objects, scene);
    state = NULL;
    while ((meta = gst_buffer_iterate_convnext_meta(scene->buffer, &state)))
        if (gst_convnext_result_get_object(meta->result, NULL, &label))
            add_result(objects, scene, meta, label);
    draw_objects(scene, objects);
}
