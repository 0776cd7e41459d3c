/* What is drawn for a buffer: collects the results and the metadata of other elements, and adds
 * shapes to a canvas.
 *
 * Everything scales with the frame: `unit` is the height of text, and other lengths are multiples
 * of it. Objects that several kinds of metadata describe are drawn once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/overlay/canvas.h"
#include "gst/overlay/text.h"

typedef enum GstConvnextOverlayShow {
    GST_CONVNEXT_OVERLAY_CLASSES = 1 << 0,
    GST_CONVNEXT_OVERLAY_STATE = 1 << 1,
    GST_CONVNEXT_OVERLAY_AGE = 1 << 2,
    GST_CONVNEXT_OVERLAY_OBJECTS = 1 << 3,
    GST_CONVNEXT_OVERLAY_MASKS = 1 << 4,
    GST_CONVNEXT_OVERLAY_REGIONS = 1 << 5,
} GstConvnextOverlayShow;

typedef enum GstConvnextOverlayPosition {
    GST_CONVNEXT_OVERLAY_TOP_LEFT,
    GST_CONVNEXT_OVERLAY_TOP_RIGHT,
    GST_CONVNEXT_OVERLAY_BOTTOM_LEFT,
    GST_CONVNEXT_OVERLAY_BOTTOM_RIGHT,
} GstConvnextOverlayPosition;

typedef struct GstConvnextOverlaySettings {
    GstConvnextOverlayShow show;
    GstConvnextOverlayPosition position;
    char *font;         /* a Pango font description */
    GHashTable *labels; /* set of those that are drawn; NULL means all */
    guint top_k;
    gboolean heatmap;
} GstConvnextOverlaySettings;

typedef struct GstConvnextScene {
    GstVideoInfo info;         /* of the frames */
    GstConvnextCanvas *canvas; /* for these frames */
    GstConvnextTexts *texts;
    double unit;      /* height of text, rows of pixels */
    double stretch;   /* columns per row of the same displayed length */
    gboolean is_tiny; /* too small for text */

    /* Of the current buffer */
    GstBuffer *buffer;
    const GstConvnextOverlaySettings *settings;
    GPtrArray *loans;   /* memory that shapes refer to; freed with g_free() */
    GArray *maps;       /* GstMapInfo of masks that shapes refer to */
    gboolean lacks_cam; /* classes of a whole frame came without a class activation map */
} GstConvnextScene;

/* NULL if frames of this format cannot be drawn into. */
GstConvnextScene *gst_convnext_scene_new(const GstVideoInfo *info);
void gst_convnext_scene_free(GstConvnextScene *scene); /* NULL allowed */

/* Replaces the shapes on the canvas by those of a buffer, which must keep its metadata until they
 * are painted. FALSE if there are none. */
gboolean gst_convnext_scene_build(GstConvnextScene *scene, GstBuffer *buffer,
                                  const GstConvnextOverlaySettings *settings);

/* For the parts of a scene. Whether the settings let a label be drawn; NULL: a class without one.
 */
gboolean gst_convnext_scene_shows(const GstConvnextScene *scene, const char *label);

/* Adds text with its upper left corner at x, y and returns its width. */
int gst_convnext_scene_add_text(GstConvnextScene *scene, const char *text, int x, int y, guint rgb);

/* A length of so many units, at least 1, in rows and in columns of pixels. */
int gst_convnext_scene_rows(const GstConvnextScene *scene, double units);
int gst_convnext_scene_columns(const GstConvnextScene *scene, double units);

/* The parts, each in a file of its own. */
void gst_convnext_scene_add_masks(GstConvnextScene *scene);   /* masks.c: masks and the heatmap */
void gst_convnext_scene_add_objects(GstConvnextScene *scene); /* boxes.c: objects and regions */
void gst_convnext_scene_add_panel(GstConvnextScene *scene);   /* panel.c: classes, state, age */
