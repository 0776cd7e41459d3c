/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/overlay/scene.h"

#include <math.h>

#define UNITS 30      /* of text in the height of a frame, or in its width if that is less */
#define LEAST_UNIT 6. /* rows: smaller text cannot be read */

GstConvnextScene *gst_convnext_scene_new(const GstVideoInfo *info)
{
    GstConvnextCanvas *canvas = gst_convnext_canvas_new(info);
    GstConvnextScene *self;

    if (!canvas)
        return NULL;
    self = g_new0(GstConvnextScene, 1);
    self->info = *info;
    self->canvas = canvas;
    self->texts = gst_convnext_texts_new();
    self->stretch = (double)GST_VIDEO_INFO_PAR_D(info) / MAX(GST_VIDEO_INFO_PAR_N(info), 1);
    self->stretch = CLAMP(self->stretch, 0.1, 10);
    self->loans = g_ptr_array_new_with_free_func(g_free);
    self->maps = g_array_new(FALSE, FALSE, sizeof(GstMapInfo));
    const double width = GST_VIDEO_INFO_WIDTH(info) / self->stretch;
    const double height = GST_VIDEO_INFO_HEIGHT(info);
    self->unit = MAX(MIN(width, height) / UNITS, LEAST_UNIT);
    self->is_tiny = MIN(width, height) < 3 * LEAST_UNIT;
    return self;
}

static void release(GstConvnextScene *self)
{
    gst_convnext_canvas_clear(self->canvas);
    g_ptr_array_set_size(self->loans, 0);
    for (guint i = 0; i < self->maps->len; i++) {
        GstMapInfo *map = &g_array_index(self->maps, GstMapInfo, i);
        GstMemory *memory = map->memory;

        gst_memory_unmap(memory, map);
        gst_memory_unref(memory);
    }
    g_array_set_size(self->maps, 0);
}

void gst_convnext_scene_free(GstConvnextScene *self)
{
    if (!self)
        return;
    release(self);
    g_ptr_array_unref(self->loans);
    g_array_unref(self->maps);
    gst_convnext_texts_free(self->texts);
    gst_convnext_canvas_free(self->canvas);
    g_free(self);
}

int gst_convnext_scene_rows(const GstConvnextScene *self, double units)
{
    return MAX((int)round(self->unit * units), 1);
}

int gst_convnext_scene_columns(const GstConvnextScene *self, double units)
{
    return MAX((int)round(self->unit * units * self->stretch), 1);
}

gboolean gst_convnext_scene_shows(const GstConvnextScene *self, const char *label)
{
    const GHashTable *labels = self->settings->labels;

    return !labels || (label && g_hash_table_contains((GHashTable *)labels, label));
}

int gst_convnext_scene_add_text(GstConvnextScene *self, const char *text, int x, int y, guint rgb)
{
    const GstConvnextText *drawn = gst_convnext_texts_get(self->texts, text);
    const GstConvnextRect rect = {x, y, drawn->width, drawn->height};

    gst_convnext_canvas_add_coverage(self->canvas, &rect, drawn->coverage, drawn->stride, rgb);
    return drawn->width;
}

/* Most of what is drawn has no text, so the style is set only for a buffer that has something. */
static gboolean has_anything(GstBuffer *buffer)
{
    gpointer state = NULL;

    return gst_buffer_iterate_meta(buffer, &state) != NULL;
}

gboolean gst_convnext_scene_build(GstConvnextScene *self, GstBuffer *buffer,
                                  const GstConvnextOverlaySettings *settings)
{
    const int most = MAX(GST_VIDEO_INFO_WIDTH(&self->info) * 3 / 5, 1);

    release(self);
    self->lacks_cam = FALSE;
    if (!has_anything(buffer))
        return FALSE;
    self->buffer = buffer;
    self->settings = settings;
    gst_convnext_texts_set_style(self->texts, settings->font, self->unit, self->stretch, most);
    gst_convnext_texts_tidy(self->texts);
    gst_convnext_scene_add_masks(self);
    gst_convnext_scene_add_objects(self);
    gst_convnext_scene_add_panel(self);
    self->buffer = NULL;
    return !gst_convnext_canvas_is_empty(self->canvas);
}
