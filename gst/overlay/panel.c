/* The panel in a corner: the state, the best classes with bars, the shares of a mask's classes, and
 * the age of the results.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "gst/overlay/scene.h"

#define WHITE 0xffffff
#define BACKGROUND 0x000000
#define BACKGROUND_ALPHA 144
#define EMPTY 0x606060 /* the part of a bar that is not filled */
#define FIRST 0x4caf50 /* the bar of the best class */
#define OTHER 0x90a4ae /* those of the others */
#define NO_BAR -1.

/* Lengths, in heights of text */
#define MARGIN 0.5
#define LINE 1.4
#define BAR_WIDTH 5.
#define BAR_HEIGHT 0.7
#define GAP 0.4

typedef struct Row {
    char *label;
    char value[32]; /* of the label, right of it; may be empty */
    double share;   /* filled part of the bar, 0 to 1, or NO_BAR */
    guint rgb;      /* of the bar */
} Row;

static void clear_row(gpointer data)
{
    g_free(((Row *)data)->label);
}

static void add_row(GArray *rows, const char *label, const char *value, double share, guint rgb)
{
    Row row = {g_strdup(label), "", share, rgb};

    g_strlcpy(row.value, value, sizeof(row.value));
    g_array_append_val(rows, row);
}

static void format_time(char *text, gsize size, GstClockTime time)
{
    const guint64 seconds = time / GST_SECOND, minutes = seconds / 60;

    if (seconds < 60)
        g_snprintf(text, size, "%" G_GUINT64_FORMAT " s", seconds);
    else if (minutes < 60)
        g_snprintf(text, size, "%" G_GUINT64_FORMAT " min", minutes);
    else
        g_snprintf(text, size, "%" G_GUINT64_FORMAT " h %" G_GUINT64_FORMAT " min", minutes / 60,
                   minutes % 60);
}

static void add_state(GArray *rows, const GstConvnextScene *scene, GstConvnextMeta *meta)
{
    const char *label;
    GstClockTime age;
    char value[32] = "";

    if (!gst_convnext_meta_get_state(meta, &label, NULL, &age) ||
        (label && !gst_convnext_scene_shows(scene, label)))
        return;
    if (GST_CLOCK_TIME_IS_VALID(age))
        format_time(value, sizeof(value), age);
    g_autofree char *text = g_strdup_printf("state: %s", label ? label : "none");
    add_row(rows, text, value, NO_BAR, 0);
}

static void add_class(GArray *rows, const char *label, guint index, double value, gboolean has_bar,
                      guint rgb)
{
    g_autofree char *name = label ? NULL : g_strdup_printf("class %u", index);
    char text[32];

    g_snprintf(text, sizeof(text), "%.2f", value);
    add_row(rows, label ? label : name, text, has_bar ? CLAMP(value, 0, 1) : NO_BAR, rgb);
}

static void add_classes(GArray *rows, const GstConvnextScene *scene, GstConvnextResult *result)
{
    const gboolean has_bars =
        gst_convnext_result_get_activation(result) != GST_CONVNEXT_ACTIVATION_NONE;
    guint n, shown = 0;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);

    for (guint i = 0; i < n && shown < scene->settings->top_k; i++)
        if (gst_convnext_scene_shows(scene, classes[i].label)) {
            add_class(rows, classes[i].label, classes[i].index, (double)classes[i].score, has_bars,
                      i == 0 ? FIRST : OTHER);
            shown++;
        }
}

static void add_segments(GArray *rows, const GstConvnextScene *scene, GstConvnextResult *result)
{
    GstConvnextSegmentation *segmentation = gst_convnext_result_get_segmentation(result);
    guint n = 0, shown = 0;
    const GstConvnextSegment *segments =
        segmentation ? gst_convnext_segmentation_get_segments(segmentation, &n) : NULL;

    for (guint i = 0; i < n && shown < scene->settings->top_k; i++)
        if (gst_convnext_scene_shows(scene, segments[i].label)) {
            GstConvnextLegend *legend = gst_convnext_segmentation_get_legend(segmentation);

            add_class(rows, segments[i].label, segments[i].index, (double)segments[i].share, TRUE,
                      gst_convnext_legend_get_colour(legend, segments[i].index));
            shown++;
        }
}

static void add_meta(GArray *rows, const GstConvnextScene *scene, GstConvnextMeta *meta)
{
    const GstConvnextOverlayShow show = scene->settings->show;
    const guint before = rows->len;
    char text[32];

    if (show & GST_CONVNEXT_OVERLAY_STATE)
        add_state(rows, scene, meta);
    if (show & GST_CONVNEXT_OVERLAY_CLASSES) {
        add_classes(rows, scene, meta->result);
        add_segments(rows, scene, meta->result);
    }
    if ((show & GST_CONVNEXT_OVERLAY_AGE) && meta->age > 0 && rows->len > before) {
        g_snprintf(text, sizeof(text), "%.1f s old", (double)meta->age / GST_SECOND);
        add_row(rows, text, "", NO_BAR, 0);
    }
}

/* Columns from the left edge of the panel. */
typedef struct Columns {
    int label, value, width;
} Columns;

static Columns measure(const GstConvnextScene *scene, const GArray *rows, int bar)
{
    const int margin = gst_convnext_scene_columns(scene, MARGIN);
    const int gap = gst_convnext_scene_columns(scene, GAP);
    int labels = 0, values = 0;
    gboolean has_bars = FALSE;

    for (guint i = 0; i < rows->len; i++) {
        const Row *row = &g_array_index(rows, Row, i);

        labels = MAX(labels, gst_convnext_texts_get(scene->texts, row->label)->width);
        if (*row->value)
            values = MAX(values, gst_convnext_texts_get(scene->texts, row->value)->width);
        has_bars |= row->share >= 0;
    }
    const int label = margin + (has_bars ? bar + gap : 0);
    const int value = label + labels + gap;
    return (Columns){label, value, value + values + margin};
}

static void draw_bar(GstConvnextScene *scene, const Row *row, int x, int y, int width)
{
    const int height = gst_convnext_scene_rows(scene, BAR_HEIGHT);
    const int top = y + (gst_convnext_scene_rows(scene, LINE) - height) / 2;
    const int filled = (int)lround(row->share * width);

    gst_convnext_canvas_add_fill(scene->canvas, &(GstConvnextRect){x, top, filled, height},
                                 row->rgb, GST_CONVNEXT_OPAQUE);
    gst_convnext_canvas_add_fill(scene->canvas,
                                 &(GstConvnextRect){x + filled, top, width - filled, height}, EMPTY,
                                 GST_CONVNEXT_OPAQUE);
}

static void draw(GstConvnextScene *scene, const GArray *rows)
{
    const GstConvnextOverlayPosition position = scene->settings->position;
    const int width = GST_VIDEO_INFO_WIDTH(&scene->info);
    const int height = GST_VIDEO_INFO_HEIGHT(&scene->info);
    const int margin = gst_convnext_scene_rows(scene, MARGIN);
    const int line = gst_convnext_scene_rows(scene, LINE);
    const int bar = MIN(gst_convnext_scene_columns(scene, BAR_WIDTH), MAX(width / 5, 1));
    const Columns columns = measure(scene, rows, bar);
    const int panel = (int)rows->len * line + margin;
    const gboolean is_right =
        position == GST_CONVNEXT_OVERLAY_TOP_RIGHT || position == GST_CONVNEXT_OVERLAY_BOTTOM_RIGHT;
    const gboolean is_bottom = position == GST_CONVNEXT_OVERLAY_BOTTOM_LEFT ||
                               position == GST_CONVNEXT_OVERLAY_BOTTOM_RIGHT;
    const int left = is_right ? MAX(width - columns.width, 0) : 0;
    int y = is_bottom ? MAX(height - panel, 0) : 0;

    gst_convnext_canvas_add_fill(scene->canvas, &(GstConvnextRect){left, y, columns.width, panel},
                                 BACKGROUND, BACKGROUND_ALPHA);
    y += margin / 2;
    for (guint i = 0; i < rows->len; i++, y += line) {
        const Row *row = &g_array_index(rows, Row, i);
        const gboolean has_bar = row->share >= 0;
        const int margin_left = gst_convnext_scene_columns(scene, MARGIN);

        if (has_bar)
            draw_bar(scene, row, left + margin_left, y, bar);
        gst_convnext_scene_add_text(scene, row->label,
                                    left + (has_bar ? columns.label : margin_left), y, WHITE);
        if (*row->value)
            gst_convnext_scene_add_text(scene, row->value, left + columns.value, y, WHITE);
    }
}

/* Results about objects are drawn at the objects. */
void gst_convnext_scene_add_panel(GstConvnextScene *scene)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(Row));
    gpointer state = NULL;
    GstConvnextMeta *meta;

    if (scene->is_tiny)
        return;
    g_array_set_clear_func(rows, clear_row);
    while ((meta = gst_buffer_iterate_convnext_meta(scene->buffer, &state)))
        if (!gst_convnext_result_get_object(meta->result, NULL, NULL))
            add_meta(rows, scene, meta);
    if (rows->len > 0)
        draw(scene, rows);
}
