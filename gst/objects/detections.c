/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/detections.h"

#include "gst/objects/analytics.h"

/* Boxes of one object in two kinds of metadata may have been scaled and rounded differently. */
#define SAME_PIXELS 2
#define SAME_OVERLAP 0.5 /* enough where the ids say so too */

static double area(const GstConvnextDetection *o)
{
    return (double)MAX(o->w, 0) * MAX(o->h, 0);
}

double gst_convnext_detections_overlap(const GstConvnextDetection *a, const GstConvnextDetection *b)
{
    gint64 w = MIN((gint64)a->x + a->w, (gint64)b->x + b->w) - MAX(a->x, b->x);
    gint64 h = MIN((gint64)a->y + a->h, (gint64)b->y + b->h) - MAX(a->y, b->y);
    double both = (double)MAX(w, 0) * MAX(h, 0), either = area(a) + area(b) - both;

    return either > 0 ? both / either : 0;
}

static gboolean near(gint64 a, gint64 b)
{
    return ABS(a - b) <= SAME_PIXELS;
}

static gboolean same_box(const GstConvnextDetection *a, const GstConvnextDetection *b)
{
    return near(a->x, b->x) && near(a->y, b->y) && near((gint64)a->x + a->w, (gint64)b->x + b->w) &&
           near((gint64)a->y + a->h, (gint64)b->y + b->h);
}

/* Elements that write both give the region the id of the GstAnalyticsODMtd. */
static gboolean linked(const GstConvnextDetection *detected, const GstConvnextDetection *roi)
{
    return detected->mtd == roi->roi->id &&
           gst_convnext_detections_overlap(detected, roi) >= SAME_OVERLAP;
}

/* Ways to tell that a GstAnalyticsODMtd and a GstVideoRegionOfInterestMeta are about one object. */
typedef gboolean Sameness(const GstConvnextDetection *detected, const GstConvnextDetection *roi);

/* What of an object's box is in the picture: a region cannot begin outside of it, so whoever writes
 * both may have cut one of them only. */
static GstConvnextDetection visible(const GstConvnextDetection *o,
                                    const GstConvnextGeometry *picture)
{
    GstConvnextDetection cut = *o;

    cut.x = (int)CLAMP((gint64)o->x, picture->x, picture->x + picture->w);
    cut.y = (int)CLAMP((gint64)o->y, picture->y, picture->y + picture->h);
    cut.w = (int)CLAMP((gint64)o->x + o->w, picture->x, picture->x + picture->w) - cut.x;
    cut.h = (int)CLAMP((gint64)o->y + o->h, picture->y, picture->y + picture->h) - cut.y;
    return cut;
}

static GstConvnextDetection *find_same(GArray *objects, guint detected,
                                       const GstConvnextDetection *roi,
                                       const GstConvnextGeometry *picture, Sameness *same)
{
    const GstConvnextDetection of_roi = visible(roi, picture);

    for (guint i = 0; i < detected; i++) {
        GstConvnextDetection *o = &g_array_index(objects, GstConvnextDetection, i);
        gboolean fits = !o->type || !roi->type || o->type == roi->type;
        const GstConvnextDetection of_o = visible(o, picture);

        if (!o->roi && fits && same(&of_o, &of_roi))
            return o;
    }
    return NULL;
}

/* The id that a tracker left. DL Streamer's is in a structure, where it is nobody else's. */
static gboolean find_own_track(GstVideoRegionOfInterestMeta *roi, int *track)
{
    const GstStructure *param = gst_video_region_of_interest_meta_get_param(roi, "object_id");

    return param && gst_structure_get_int(param, "id", track);
}

static GstConvnextDetection object_of_roi(GstVideoRegionOfInterestMeta *roi)
{
    GstConvnextDetection o = {
        .x = (int)MIN(roi->x, G_MAXINT),
        .y = (int)MIN(roi->y, G_MAXINT),
        .w = (int)MIN(roi->w, G_MAXINT),
        .h = (int)MIN(roi->h, G_MAXINT),
        .type = roi->roi_type,
        .mtd = -1,
        .roi = roi,
    };
    int track = roi->id;

    if (find_own_track(roi, &track))
        o.tracker = GST_CONVNEXT_TRACKER_PARAM;
    else if (roi->id > 0) /* 0 where nobody has set it */
        o.tracker = GST_CONVNEXT_TRACKER_REGION;
    o.track = o.tracker ? (guint64)track : 0;
    o.id = o.tracker ? track : -1;
    return o;
}

/* The id of a region that is the one of the other metadata is not of a tracker. */
static void merge(GstConvnextDetection *detected, const GstConvnextDetection *roi)
{
    gboolean only_linked =
        detected->mtd == roi->roi->id && roi->tracker != GST_CONVNEXT_TRACKER_PARAM;

    detected->roi = roi->roi;
    if (!detected->type)
        detected->type = roi->type;
    if (detected->tracker || !roi->tracker || only_linked)
        return;
    detected->tracker = roi->tracker;
    detected->track = roi->track;
    detected->id = roi->id;
}

/* The regions stand behind the detected ones; those that are not one of them are left there. */
static void merge_rois(GArray *objects, guint detected, const GstConvnextGeometry *picture,
                       Sameness *sameness)
{
    guint left = detected;

    for (guint i = detected; i < objects->len; i++) {
        const GstConvnextDetection roi = g_array_index(objects, GstConvnextDetection, i);
        GstConvnextDetection *same = find_same(objects, detected, &roi, picture, sameness);

        if (same)
            merge(same, &roi);
        else
            g_array_index(objects, GstConvnextDetection, left++) = roi;
    }
    g_array_set_size(objects, left);
}

static void find_rois(GArray *objects, GstBuffer *buffer, const GstConvnextGeometry *picture)
{
    guint detected = objects->len;
    gpointer state = NULL;
    GstMeta *meta;

    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
        GstConvnextDetection roi = object_of_roi((GstVideoRegionOfInterestMeta *)meta);

        g_array_append_val(objects, roi);
    }
    /* Equal boxes first: of two objects that overlap, an id that nobody has set fits the first. */
    merge_rois(objects, detected, picture, same_box);
    merge_rois(objects, detected, picture, linked);
}

/* What a span of the picture leaves of start .. start + size with the margin, cut at its ends. */
static void clip_span(int start, int size, double margin, guint from, guint length, guint *place,
                      guint *left)
{
    gint64 more = (gint64)(size * margin + 0.5);
    gint64 first = MAX((gint64)start - more, (gint64)from);
    gint64 end = MIN((gint64)start + size + more, (gint64)from + length);

    *place = (guint)MAX(first, 0);
    *left = end > first ? (guint)(end - first) : 0;
}

/* FALSE when nothing is left. */
static gboolean clip(const GstConvnextDetection *o, double margin,
                     const GstConvnextGeometry *picture, GstConvnextRegion *place)
{
    clip_span(o->x, o->w, margin, picture->x, picture->w, &place->x, &place->w);
    clip_span(o->y, o->h, margin, picture->y, picture->h, &place->y, &place->h);
    return place->w > 0 && place->h > 0;
}

/* From pixels of the visible part of the picture to those of the caps, by the edges. */
static void scale_span(guint first, guint size, guint from, guint to, guint *start, guint *length)
{
    guint64 a = gst_util_uint64_scale_int_round(first, to, from);
    guint64 b = gst_util_uint64_scale_int_round((guint64)first + size, to, from);

    if (a == b)
        a = MIN(a, (guint64)to - 1);
    *start = (guint)a;
    *length = (guint)MAX(b - a, 1);
}

/* As it is shown, with square pixels. */
static gboolean is_thin(const GstConvnextRegion *place, const GstVideoInfo *caps)
{
    double w = (double)place->w * GST_VIDEO_INFO_PAR_N(caps) / GST_VIDEO_INFO_PAR_D(caps);
    double h = place->h;

    return w < 1 || MAX(w, h) / MIN(w, h) >= GST_CONVNEXT_OBJECT_MAX_ASPECT;
}

static gboolean is_wanted(GstConvnextDetection *o, const GstConvnextGeometry *picture,
                          const GstVideoInfo *caps, const GstConvnextSelection *selection)
{
    GstConvnextRegion *place = &o->place, *region = &o->region;

    if (selection->klass && g_strcmp0(g_quark_to_string(o->type), selection->klass) != 0)
        return FALSE;
    if (!clip(o, 0, picture, place) || MIN(place->w, place->h) < selection->least)
        return FALSE;
    clip(o, selection->margin, picture, place);
    if (is_thin(place, caps))
        return FALSE;
    scale_span(place->x - picture->x, place->w, picture->w, GST_VIDEO_INFO_WIDTH(caps), &region->x,
               &region->w);
    scale_span(place->y - picture->y, place->h, picture->h, GST_VIDEO_INFO_HEIGHT(caps), &region->y,
               &region->h);
    region->id = o->id;
    region->type = o->type;
    return TRUE;
}

void gst_convnext_detections_find(GArray *objects, GstBuffer *buffer, const GstVideoInfo *caps,
                                  const GstConvnextSelection *selection)
{
    GstConvnextGeometry picture;
    guint kept = 0;

    gst_convnext_geometry(caps, buffer, &picture);
    g_array_set_size(objects, 0);
    gst_convnext_analytics_find_objects(objects, buffer);
    find_rois(objects, buffer, &picture);
    for (guint i = 0; i < objects->len; i++) {
        GstConvnextDetection *o = &g_array_index(objects, GstConvnextDetection, i);

        if (is_wanted(o, &picture, caps, selection))
            g_array_index(objects, GstConvnextDetection, kept++) = *o;
    }
    g_array_set_size(objects, kept);
}
