/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/detections.h"

#include "gst/input/frame.h"
#include "gst/objects/analytics.h"

/* The boxes of one object in two kinds of metadata may have been scaled and rounded differently. */
#define SAME_BOX_PIXELS 2
#define LINKED_OVERLAP 0.5 /* enough if the ids agree too */

static double box_area(const GstConvnextRect *box)
{
    return (double)MAX(box->w, 0) * MAX(box->h, 0);
}

double gst_convnext_detections_overlap(const GstConvnextDetection *a, const GstConvnextDetection *b)
{
    const GstConvnextRect *p = &a->box, *q = &b->box;
    gint64 w = MIN((gint64)p->x + p->w, (gint64)q->x + q->w) - MAX(p->x, q->x);
    gint64 h = MIN((gint64)p->y + p->h, (gint64)q->y + q->h) - MAX(p->y, q->y);
    double intersection = (double)MAX(w, 0) * MAX(h, 0);
    double united = box_area(p) + box_area(q) - intersection;

    return united > 0 ? intersection / united : 0;
}

static gboolean is_near(gint64 a, gint64 b)
{
    return ABS(a - b) <= SAME_BOX_PIXELS;
}

/* Two ways to tell that a GstAnalyticsODMtd and a region of interest describe the same object. */
typedef gboolean Sameness(const GstConvnextDetection *detected, const GstConvnextDetection *roi);

static gboolean have_same_box(const GstConvnextDetection *detected, const GstConvnextDetection *roi)
{
    const GstConvnextRect *p = &detected->box, *q = &roi->box;

    return is_near(p->x, q->x) && is_near(p->y, q->y) &&
           is_near((gint64)p->x + p->w, (gint64)q->x + q->w) &&
           is_near((gint64)p->y + p->h, (gint64)q->y + q->h);
}

/* Elements that write both give the region the id of the GstAnalyticsODMtd. */
static gboolean are_linked(const GstConvnextDetection *detected, const GstConvnextDetection *roi)
{
    return detected->mtd == roi->roi->id &&
           gst_convnext_detections_overlap(detected, roi) >= LINKED_OVERLAP;
}

/* A copy with the box clipped to the picture. A region of interest cannot begin outside it, so an
 * element that writes both kinds may have clipped only the region. */
static GstConvnextDetection clip_to_picture(const GstConvnextDetection *detection,
                                            const GstConvnextRect *picture)
{
    GstConvnextDetection clipped = *detection;
    const GstConvnextRect *box = &detection->box;
    const int right = picture->x + picture->w, bottom = picture->y + picture->h;

    clipped.box.x = CLAMP(box->x, picture->x, right);
    clipped.box.y = CLAMP(box->y, picture->y, bottom);
    clipped.box.w = (int)CLAMP((gint64)box->x + box->w, picture->x, right) - clipped.box.x;
    clipped.box.h = (int)CLAMP((gint64)box->y + box->h, picture->y, bottom) - clipped.box.y;
    return clipped;
}

static GstConvnextDetection *find_same(GArray *detections, guint detected,
                                       const GstConvnextDetection *roi,
                                       const GstConvnextRect *picture, Sameness *is_same)
{
    const GstConvnextDetection clipped_roi = clip_to_picture(roi, picture);

    for (guint i = 0; i < detected; i++) {
        GstConvnextDetection *d = &g_array_index(detections, GstConvnextDetection, i);
        const GstConvnextDetection clipped = clip_to_picture(d, picture);
        gboolean types_agree =
            !d->object.type || !roi->object.type || d->object.type == roi->object.type;

        if (!d->roi && types_agree && is_same(&clipped, &clipped_roi))
            return d;
    }
    return NULL;
}

/* The id that DL Streamer's tracker writes to its own structure. */
static gboolean find_object_id(GstVideoRegionOfInterestMeta *roi, int *id)
{
    const GstStructure *param = gst_video_region_of_interest_meta_get_param(roi, "object_id");

    return param && gst_structure_get_int(param, "id", id);
}

/* As DL Streamer and this project's detector write it. */
static float find_score(GstVideoRegionOfInterestMeta *roi)
{
    const GstStructure *param = gst_video_region_of_interest_meta_get_param(roi, "detection");
    double score;

    return param && gst_structure_get_double(param, "confidence", &score) ? (float)score : -1;
}

static GstConvnextDetection detection_of_roi(GstVideoRegionOfInterestMeta *roi)
{
    GstConvnextDetection d = {
        .box = {(int)MIN(roi->x, G_MAXINT), (int)MIN(roi->y, G_MAXINT), (int)MIN(roi->w, G_MAXINT),
                (int)MIN(roi->h, G_MAXINT)},
        .object.type = roi->roi_type,
        .score = find_score(roi),
        .mtd = -1,
        .roi = roi,
    };
    int id = roi->id;

    if (find_object_id(roi, &id))
        d.tracker = GST_CONVNEXT_TRACKER_PARAM;
    else if (roi->id > 0) /* 0 if the detector did not set it */
        d.tracker = GST_CONVNEXT_TRACKER_REGION;
    d.tracking_id = d.tracker ? (guint64)id : 0;
    d.object.id = d.tracker ? id : -1;
    return d;
}

/* If a region's id is that of the GstAnalyticsODMtd, it is a link and not a tracking id. */
static void merge_roi(GstConvnextDetection *detected, const GstConvnextDetection *roi)
{
    gboolean is_link = detected->mtd == roi->roi->id && roi->tracker != GST_CONVNEXT_TRACKER_PARAM;

    detected->roi = roi->roi;
    if (!detected->object.type)
        detected->object.type = roi->object.type;
    if (detected->tracker || !roi->tracker || is_link)
        return;
    detected->tracker = roi->tracker;
    detected->tracking_id = roi->tracking_id;
    detected->object.id = roi->object.id;
}

/* The array holds `detected` GstAnalyticsODMtd, then the regions of interest. Regions that describe
 * the object of a GstAnalyticsODMtd are merged into it and removed. */
static void merge_rois(GArray *detections, guint detected, const GstConvnextRect *picture,
                       Sameness *is_same)
{
    guint kept = detected;

    for (guint i = detected; i < detections->len; i++) {
        const GstConvnextDetection roi = g_array_index(detections, GstConvnextDetection, i);
        GstConvnextDetection *same = find_same(detections, detected, &roi, picture, is_same);

        if (same)
            merge_roi(same, &roi);
        else
            g_array_index(detections, GstConvnextDetection, kept++) = roi;
    }
    g_array_set_size(detections, kept);
}

static void find_rois(GArray *detections, GstBuffer *buffer, const GstConvnextRect *picture)
{
    guint detected = detections->len;
    gpointer state = NULL;
    GstMeta *meta;

    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state,
                                                    GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
        GstConvnextDetection roi = detection_of_roi((GstVideoRegionOfInterestMeta *)meta);

        g_array_append_val(detections, roi);
    }
    /* Equal boxes first: an id of 0, which may mean unset, could link a region to the wrong one of
     * two objects that overlap. */
    merge_rois(detections, detected, picture, have_same_box);
    merge_rois(detections, detected, picture, are_linked);
}

/* Extends start..start + size by the margin on each side and clips it to from..from + length. */
static void clip_span(int start, int size, double margin, int from, int length, int *clipped_start,
                      int *clipped_size)
{
    gint64 extra = (gint64)(size * margin + 0.5);
    gint64 first = MAX((gint64)start - extra, (gint64)from);
    gint64 end = MIN((gint64)start + size + extra, (gint64)from + length);

    *clipped_start = (int)MAX(first, 0);
    *clipped_size = end > first ? (int)(end - first) : 0;
}

/* FALSE if nothing is left. */
static gboolean clip_box(const GstConvnextRect *box, double margin, const GstConvnextRect *picture,
                         GstConvnextRect *place)
{
    clip_span(box->x, box->w, margin, picture->x, picture->w, &place->x, &place->w);
    clip_span(box->y, box->h, margin, picture->y, picture->h, &place->y, &place->h);
    return place->w > 0 && place->h > 0;
}

/* Scales a span of the visible picture, `from` pixels long, to the caps' `to` pixels. Rounds both
 * edges, so adjacent spans stay adjacent; at least one pixel remains. */
static void scale_span(int first, int size, int from, int to, int *start, int *length)
{
    guint64 a = gst_util_uint64_scale_int_round((guint64)first, to, from);
    guint64 b = gst_util_uint64_scale_int_round((guint64)first + (guint64)size, to, from);

    if (a == b)
        a = MIN(a, (guint64)to - 1);
    *start = (int)a;
    *length = (int)MAX(b - a, 1);
}

/* Uses the displayed aspect ratio, that is, with square pixels. */
static gboolean is_too_thin(const GstConvnextRect *place, const GstVideoInfo *caps)
{
    double w = (double)place->w * GST_VIDEO_INFO_PAR_N(caps) / GST_VIDEO_INFO_PAR_D(caps);
    double h = place->h;

    return w < 1 || MAX(w, h) / MIN(w, h) >= GST_CONVNEXT_MAX_ASPECT_RATIO;
}

/* part: of the picture, to which objects are clipped */
static gboolean is_selected(GstConvnextDetection *d, const GstConvnextRect *picture,
                            const GstConvnextRect *part, const GstVideoInfo *caps,
                            const GstConvnextSelection *selection)
{
    GstConvnextRect *place = &d->place, *rect = &d->object.rect;

    if (selection->klass && g_strcmp0(g_quark_to_string(d->object.type), selection->klass) != 0)
        return FALSE;
    if (!clip_box(&d->box, 0, part, place) || (guint)MIN(place->w, place->h) < selection->min_size)
        return FALSE;
    clip_box(&d->box, selection->margin, part, place);
    if (is_too_thin(place, caps))
        return FALSE;
    scale_span(place->x - picture->x, place->w, picture->w, GST_VIDEO_INFO_WIDTH(caps), &rect->x,
               &rect->w);
    scale_span(place->y - picture->y, place->h, picture->h, GST_VIDEO_INFO_HEIGHT(caps), &rect->y,
               &rect->h);
    return TRUE;
}

gboolean gst_convnext_detections_find(GArray *detections, GstBuffer *buffer,
                                      const GstVideoInfo *caps,
                                      const GstConvnextSelection *selection)
{
    GstConvnextRect picture;
    guint width, height, kept = 0;

    gst_convnext_frame_locate(caps, buffer, &width, &height, &picture);
    const GstConvnextRect part =
        selection->part ? gst_convnext_frame_part(caps, &picture, selection->part) : picture;
    g_array_set_size(detections, 0);
    gst_convnext_analytics_find_objects(detections, buffer);
    find_rois(detections, buffer, &picture);
    const gboolean has_objects = detections->len > 0;
    for (guint i = 0; i < detections->len; i++) {
        GstConvnextDetection *d = &g_array_index(detections, GstConvnextDetection, i);

        if (is_selected(d, &picture, &part, caps, selection))
            g_array_index(detections, GstConvnextDetection, kept++) = *d;
    }
    g_array_set_size(detections, kept);
    return has_objects;
}
