/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/tracks.h"

#include "gst/objects/attach.h"

#define KEEP_TRACKED 300  /* frames that an object with a tracking id may be hidden for */
#define KEEP_UNTRACKED 30 /* the same without one; detectors miss objects in some frames */
#define MAX_TRACKS 512    /* the one unseen for longest is dropped */
#define SAME_OVERLAP 0.5

typedef struct Track {
    guint64 number;
    GstConvnextDetection last; /* its roi is valid in the current frame only */
    guint64 seen_frame;        /* frame of the last detection */
    gboolean id_is_stable;     /* the tracking id was the same in two frames */
    guint due_frames;          /* how many frames it has been due for */
    guint64 chosen_frame;      /* frame in which it was last chosen */
    GstConvnextResult *result; /* the last one; NULL before the first */
    guint64 result_frame;      /* frame that the result is about */
    gboolean result_is_new;    /* not attached to any buffer yet */
} Track;

struct GstConvnextTracks {
    guint64 frame;         /* number of the current frame, from 1 */
    guint64 last_number;   /* of a track */
    guint64 expired_frame; /* results about earlier frames have expired */
    guint64 changed_frame; /* the last frame that showed a change */
    GPtrArray *tracks;     /* Track */
    GArray *detections;    /* GstConvnextDetection of the current frame */
    GPtrArray *current;    /* [detections] Track of each */
    GPtrArray *chosen;     /* GstConvnextDetection */
    GArray *places;        /* [chosen] GstConvnextRect */
    GArray *objects;       /* [chosen] GstConvnextObject */
};

static void track_free(gpointer data)
{
    Track *track = data;

    g_clear_pointer(&track->result, gst_convnext_result_unref);
    g_free(track);
}

GstConvnextTracks *gst_convnext_tracks_new(void)
{
    GstConvnextTracks *self = g_new0(GstConvnextTracks, 1);

    self->tracks = g_ptr_array_new_with_free_func(track_free);
    self->detections = g_array_new(FALSE, FALSE, sizeof(GstConvnextDetection));
    self->current = g_ptr_array_new();
    self->chosen = g_ptr_array_new();
    self->places = g_array_new(FALSE, FALSE, sizeof(GstConvnextRect));
    self->objects = g_array_new(FALSE, FALSE, sizeof(GstConvnextObject));
    return self;
}

void gst_convnext_tracks_free(GstConvnextTracks *self)
{
    if (!self)
        return;
    g_array_unref(self->objects);
    g_array_unref(self->places);
    g_ptr_array_unref(self->chosen);
    g_ptr_array_unref(self->current);
    g_array_unref(self->detections);
    g_ptr_array_unref(self->tracks);
    g_free(self);
}

/* Matching detections to tracks */

/* A region's own id, which may be new in each frame, counts once it was the same in two frames. */
static gboolean is_tracked(const Track *t)
{
    return t->last.tracker && (t->id_is_stable || t->last.tracker != GST_CONVNEXT_TRACKER_REGION);
}

void gst_convnext_tracks_forget(GstConvnextTracks *self)
{
    g_ptr_array_set_size(self->chosen, 0);
    g_ptr_array_set_size(self->current, 0);
    g_array_set_size(self->detections, 0);
    for (guint i = self->tracks->len; i-- > 0;) {
        Track *t = g_ptr_array_index(self->tracks, i);

        g_clear_pointer(&t->result, gst_convnext_result_unref);
        t->due_frames = 0;
        t->chosen_frame = t->result_frame = 0;
        if (!is_tracked(t))
            g_ptr_array_remove_index_fast(self->tracks, i);
    }
}

static void drop_lost_tracks(GstConvnextTracks *self)
{
    for (guint i = self->tracks->len; i-- > 0;) {
        const Track *t = g_ptr_array_index(self->tracks, i);

        if (self->frame - t->seen_frame > (is_tracked(t) ? KEEP_TRACKED : KEEP_UNTRACKED))
            g_ptr_array_remove_index_fast(self->tracks, i);
    }
}

static void drop_oldest_track(GstConvnextTracks *self)
{
    guint oldest = 0;

    for (guint i = 1; i < self->tracks->len; i++) {
        const Track *t = g_ptr_array_index(self->tracks, i);
        const Track *o = g_ptr_array_index(self->tracks, oldest);

        if (t->seen_frame < o->seen_frame)
            oldest = i;
    }
    g_ptr_array_remove_index_fast(self->tracks, oldest);
}

/* How well a detection matches a track: 0 means not at all. */
typedef double Likeness(const Track *t, const GstConvnextDetection *d);

static gboolean has_same_id(const Track *t, const GstConvnextDetection *d)
{
    return d->tracker && t->last.tracker == d->tracker && t->last.tracking_id == d->tracking_id;
}

static double match_id_and_type(const Track *t, const GstConvnextDetection *d)
{
    return has_same_id(t, d) && t->last.object.type == d->object.type;
}

/* The detector may assign another class to the same object. But trackers of two classes may use the
 * same ids, so the position must agree too. */
static double match_id_and_place(const Track *t, const GstConvnextDetection *d)
{
    return has_same_id(t, d) && gst_convnext_detections_overlap(&t->last, d) >= SAME_OVERLAP;
}

static double match_place(const Track *t, const GstConvnextDetection *d)
{
    if (t->last.tracker != d->tracker || is_tracked(t) || t->last.object.type != d->object.type)
        return 0;
    double overlap = gst_convnext_detections_overlap(&t->last, d);
    return overlap >= SAME_OVERLAP ? overlap : 0;
}

/* The best matching track without a detection in this frame, or NULL. */
static Track *find_track(GstConvnextTracks *self, const GstConvnextDetection *d, Likeness *likeness)
{
    Track *best = NULL;
    double best_likeness = 0;

    for (guint i = 0; i < self->tracks->len; i++) {
        Track *t = g_ptr_array_index(self->tracks, i);
        double l = t->seen_frame != self->frame ? likeness(t, d) : 0;

        if (l > best_likeness) {
            best_likeness = l;
            best = t;
        }
    }
    return best;
}

static Track *add_track(GstConvnextTracks *self)
{
    Track *t = g_new0(Track, 1);

    if (self->tracks->len >= MAX_TRACKS)
        drop_oldest_track(self);
    t->number = ++self->last_number;
    g_ptr_array_add(self->tracks, t);
    return t;
}

static GstConvnextDetection *detection_at(GstConvnextTracks *self, guint i)
{
    return &g_array_index(self->detections, GstConvnextDetection, i);
}

static void assign_track(GstConvnextTracks *self, guint i, Track *t)
{
    GstConvnextDetection *d = detection_at(self, i);

    t->seen_frame = self->frame;
    d->object.track = t->number;
    d->object.seen_frame = self->frame;
    t->last = *d;
    d->object.is_tracked = is_tracked(t);
    g_ptr_array_index(self->current, i) = t;
}

/* Matches the detections that have no track yet. */
static void match_detections(GstConvnextTracks *self, Likeness *likeness)
{
    for (guint i = 0; i < self->detections->len; i++) {
        if (g_ptr_array_index(self->current, i))
            continue;
        Track *t = find_track(self, detection_at(self, i), likeness);
        if (t) {
            t->id_is_stable |= has_same_id(t, detection_at(self, i));
            assign_track(self, i, t);
        }
    }
}

static guint64 area_of(const GstConvnextDetection *d)
{
    return (guint64)d->object.rect.w * (guint64)d->object.rect.h;
}

/* Largest first. */
static int compare_areas(gconstpointer a, gconstpointer b)
{
    guint64 x = area_of(a), y = area_of(b);

    return x == y ? 0 : x > y ? -1 : 1;
}

gboolean gst_convnext_tracks_update(GstConvnextTracks *self, GstBuffer *buffer,
                                    const GstVideoInfo *caps, const GstConvnextSelection *selection)
{
    self->frame++;
    const gboolean has_objects =
        gst_convnext_detections_find(self->detections, buffer, caps, selection);
    if (self->detections->len > MAX_TRACKS) { /* keep the largest */
        g_array_sort(self->detections, compare_areas);
        g_array_set_size(self->detections, MAX_TRACKS);
    }
    drop_lost_tracks(self);
    g_ptr_array_set_size(self->current, 0);
    g_ptr_array_set_size(self->current, (int)self->detections->len); /* all NULL */
    g_ptr_array_set_size(self->chosen, 0);
    /* Ids first: otherwise an object could take the track of one that has moved away. */
    match_detections(self, match_id_and_type);
    match_detections(self, match_id_and_place);
    match_detections(self, match_place);
    for (guint i = 0; i < self->detections->len; i++)
        if (!g_ptr_array_index(self->current, i))
            assign_track(self, i, add_track(self));
    return has_objects;
}

/* Choosing the objects that run */

void gst_convnext_tracks_expire_results(GstConvnextTracks *self)
{
    self->expired_frame = self->frame + 1;
}

void gst_convnext_tracks_note_change(GstConvnextTracks *self)
{
    self->changed_frame = self->frame;
}

static gboolean has_no_result(const GstConvnextTracks *self, const Track *t)
{
    return !t->result || t->result_frame < self->expired_frame;
}

static gboolean has_grown(const Track *t, double growth)
{
    guint width, height;

    gst_convnext_result_get_region(t->result, NULL, NULL, &width, &height);
    return growth > 0 && (double)area_of(&t->last) >= growth * (double)((guint64)width * height);
}

static gboolean is_due(const GstConvnextTracks *self, const Track *t,
                       const GstConvnextSelection *selection, guint64 running_frame)
{
    if (running_frame > 0 && t->chosen_frame == running_frame && t->result_frame < running_frame)
        return FALSE;
    if (has_no_result(self, t) || !is_tracked(t))
        return TRUE;
    if (selection->interval > 0 && self->frame - t->result_frame >= selection->interval)
        return TRUE;
    return has_grown(t, selection->area_growth);
}

gboolean gst_convnext_tracks_need_results(const GstConvnextTracks *self,
                                          const GstConvnextSelection *selection,
                                          guint64 running_frame, const GstConvnextStates *states)
{
    for (guint i = 0; i < self->current->len; i++) {
        const Track *t = g_ptr_array_index(self->current, i);

        if (is_due(self, t, selection, running_frame) &&
            (has_no_result(self, t) || t->chosen_frame < self->changed_frame ||
             !gst_convnext_states_are_settled(states, t->number)))
            return TRUE;
    }
    return FALSE;
}

static Track *track_of(GstConvnextTracks *self, const GstConvnextDetection *d)
{
    return g_ptr_array_index(self->current, (guint)(d - detection_at(self, 0)));
}

/* Longest waiting first, then largest, then in the detector's order. */
static int compare_claims(gconstpointer a, gconstpointer b, gpointer data)
{
    const GstConvnextDetection *x = *(GstConvnextDetection *const *)a,
                               *y = *(GstConvnextDetection *const *)b;
    guint due_x = track_of(data, x)->due_frames, due_y = track_of(data, y)->due_frames;

    if (due_x != due_y)
        return due_x > due_y ? -1 : 1;
    if (area_of(x) != area_of(y))
        return area_of(x) > area_of(y) ? -1 : 1;
    return x < y ? -1 : 1;
}

static void list_chosen(GstConvnextTracks *self)
{
    g_array_set_size(self->places, 0);
    g_array_set_size(self->objects, 0);
    for (guint i = 0; i < self->chosen->len; i++) {
        const GstConvnextDetection *d = g_ptr_array_index(self->chosen, i);

        track_of(self, d)->chosen_frame = self->frame;
        g_array_append_val(self->places, d->place);
        g_array_append_val(self->objects, d->object);
    }
}

guint gst_convnext_tracks_choose(GstConvnextTracks *self, const GstConvnextSelection *selection,
                                 guint64 running_frame, const GArray **places,
                                 const GArray **objects)
{
    g_ptr_array_set_size(self->chosen, 0);
    for (guint i = 0; i < self->detections->len; i++)
        if (is_due(self, g_ptr_array_index(self->current, i), selection, running_frame))
            g_ptr_array_add(self->chosen, detection_at(self, i));
    g_ptr_array_sort_with_data(self->chosen, compare_claims, self);
    for (guint i = 0; i < self->chosen->len; i++)
        track_of(self, g_ptr_array_index(self->chosen, i))->due_frames++;
    if (selection->max_objects > 0 && self->chosen->len > selection->max_objects)
        g_ptr_array_set_size(self->chosen, (int)selection->max_objects);
    list_chosen(self);
    *places = self->places;
    *objects = self->objects;
    return self->chosen->len;
}

/* Results */

void gst_convnext_tracks_store(GstConvnextTracks *self, const GstConvnextObject *object,
                               GstConvnextResult *result)
{
    for (guint i = 0; i < self->tracks->len; i++) {
        Track *t = g_ptr_array_index(self->tracks, i);

        if (t->number != object->track)
            continue;
        g_clear_pointer(&t->result, gst_convnext_result_unref);
        t->result = gst_convnext_result_ref(result);
        t->result_frame = object->seen_frame;
        t->result_is_new = TRUE;
        t->due_frames = 0;
        return;
    }
}

guint gst_convnext_tracks_attach(GstConvnextTracks *self, GstBuffer *buffer, gboolean carry)
{
    guint attached = 0;

    for (guint i = 0; i < self->detections->len; i++) {
        Track *t = g_ptr_array_index(self->current, i);

        if (!t->result || !(t->result_is_new || carry))
            continue;
        gst_convnext_attach(buffer, t->result, detection_at(self, i));
        t->result_is_new = FALSE;
        attached++;
    }
    return attached;
}
