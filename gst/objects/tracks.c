/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/tracks.h"

#include "gst/objects/analytics.h"
#include "gst/stream/schedule.h"

#define KEEP_TRACKED 300 /* frames that an object may be hidden */
#define KEEP_OTHERS 30   /* and one that only its place tells; detectors do not see each frame */
#define MAX_MEMBERS 512  /* of the tracks; who has not been seen for longest leaves */
#define SAME_OVERLAP 0.5

typedef struct Member {
    guint64 number;
    GstConvnextDetection last; /* seen; its roi is not there any more */
    guint64 seen;              /* frame that it was last seen in */
    gboolean known;            /* by its tracking id: the same in two frames */
    guint waiting;             /* frames that it has been due */
    guint64 asked;             /* frame that it was last chosen in */
    GstConvnextResult *result; /* last; NULL: none yet */
    guint64 answered;          /* frame that it is about */
    gboolean fresh;            /* on no buffer yet */
} Member;

struct GstConvnextTracks {
    guint64 frame, numbers; /* given out so far */
    guint64 renewed;        /* results about earlier frames are out of date */
    guint64 changed;        /* the last frame that showed something new */
    GPtrArray *members;     /* of Member */
    GArray *objects;   /* GstConvnextDetection of the frame at hand; region.object is a number */
    GPtrArray *here;   /* [objects] Member of each */
    GPtrArray *chosen; /* of GstConvnextDetection */
};

static void member_free(gpointer data)
{
    Member *member = data;

    g_clear_pointer(&member->result, gst_convnext_result_unref);
    g_free(member);
}

GstConvnextTracks *gst_convnext_tracks_new(void)
{
    GstConvnextTracks *self = g_new0(GstConvnextTracks, 1);

    self->members = g_ptr_array_new_with_free_func(member_free);
    self->objects = g_array_new(FALSE, FALSE, sizeof(GstConvnextDetection));
    self->here = g_ptr_array_new();
    self->chosen = g_ptr_array_new();
    return self;
}

void gst_convnext_tracks_free(GstConvnextTracks *self)
{
    if (!self)
        return;
    g_ptr_array_unref(self->chosen);
    g_ptr_array_unref(self->here);
    g_array_unref(self->objects);
    g_ptr_array_unref(self->members);
    g_free(self);
}

/* Who is who */

/* An id of the region itself, which may be another one in each frame, is only trusted when it has
 * been the same in two. */
static gboolean is_tracked(const Member *m)
{
    return m->last.tracker && (m->known || m->last.tracker != GST_CONVNEXT_TRACKER_REGION);
}

void gst_convnext_tracks_forget(GstConvnextTracks *self)
{
    g_ptr_array_set_size(self->chosen, 0);
    g_ptr_array_set_size(self->here, 0);
    g_array_set_size(self->objects, 0);
    for (guint i = self->members->len; i-- > 0;) {
        Member *m = g_ptr_array_index(self->members, i);

        g_clear_pointer(&m->result, gst_convnext_result_unref);
        m->waiting = 0;
        m->asked = m->answered = 0;
        if (!is_tracked(m))
            g_ptr_array_remove_index_fast(self->members, i);
    }
}

static void forget_the_lost(GstConvnextTracks *self)
{
    for (guint i = self->members->len; i-- > 0;) {
        const Member *m = g_ptr_array_index(self->members, i);

        if (self->frame - m->seen > (is_tracked(m) ? KEEP_TRACKED : KEEP_OTHERS))
            g_ptr_array_remove_index_fast(self->members, i);
    }
}

static void make_room(GstConvnextTracks *self)
{
    guint longest = 0;

    if (self->members->len < MAX_MEMBERS)
        return;
    for (guint i = 1; i < self->members->len; i++) {
        const Member *m = g_ptr_array_index(self->members, i);
        const Member *l = g_ptr_array_index(self->members, longest);

        if (m->seen < l->seen)
            longest = i;
    }
    g_ptr_array_remove_index_fast(self->members, longest);
}

/* How well the object is a member: 0, not at all, and more the better. */
typedef double Likeness(const Member *m, const GstConvnextDetection *o);

static gboolean same_track(const Member *m, const GstConvnextDetection *o)
{
    return o->tracker && m->last.tracker == o->tracker && m->last.track == o->track;
}

static double by_id(const Member *m, const GstConvnextDetection *o)
{
    return same_track(m, o) && m->last.type == o->type;
}

/* A detector may call it something else by now; but trackers of two kinds of objects may give out
 * the same numbers. */
static double by_id_and_place(const Member *m, const GstConvnextDetection *o)
{
    return same_track(m, o) && gst_convnext_detections_overlap(&m->last, o) >= SAME_OVERLAP;
}

static double by_place(const Member *m, const GstConvnextDetection *o)
{
    if (m->last.tracker != o->tracker || is_tracked(m) || m->last.type != o->type)
        return 0;
    double overlap = gst_convnext_detections_overlap(&m->last, o);
    return overlap >= SAME_OVERLAP ? overlap : 0;
}

/* The best one of those who are not here yet; or NULL. */
static Member *find_member(GstConvnextTracks *self, const GstConvnextDetection *o,
                           Likeness *likeness)
{
    Member *best = NULL;
    double most = 0;

    for (guint i = 0; i < self->members->len; i++) {
        Member *m = g_ptr_array_index(self->members, i);
        double like = m->seen != self->frame ? likeness(m, o) : 0;

        if (like > most) {
            most = like;
            best = m;
        }
    }
    return best;
}

static Member *add_member(GstConvnextTracks *self)
{
    Member *m = g_new0(Member, 1);

    make_room(self);
    m->number = ++self->numbers;
    g_ptr_array_add(self->members, m);
    return m;
}

static GstConvnextDetection *object_at(GstConvnextTracks *self, guint i)
{
    return &g_array_index(self->objects, GstConvnextDetection, i);
}

/* Object i is this member. */
static void be_here(GstConvnextTracks *self, guint i, Member *m)
{
    GstConvnextDetection *o = object_at(self, i);

    m->seen = self->frame;
    o->region.object = m->number;
    o->region.seen = self->frame;
    m->last = *o;
    o->region.tracked = is_tracked(m);
    g_ptr_array_index(self->here, i) = m;
}

/* Of the objects that nobody is yet. */
static void find_members(GstConvnextTracks *self, Likeness *likeness)
{
    for (guint i = 0; i < self->objects->len; i++) {
        if (g_ptr_array_index(self->here, i))
            continue;
        Member *m = find_member(self, object_at(self, i), likeness);
        if (m) {
            m->known |= same_track(m, object_at(self, i));
            be_here(self, i, m);
        }
    }
}

static guint64 area(const GstConvnextRegion *region)
{
    return (guint64)region->w * region->h;
}

/* The largest first. */
static int compare_areas(gconstpointer a, gconstpointer b)
{
    guint64 x = area(&((const GstConvnextDetection *)a)->region),
            y = area(&((const GstConvnextDetection *)b)->region);

    return x == y ? 0 : x > y ? -1 : 1;
}

void gst_convnext_tracks_see(GstConvnextTracks *self, GstBuffer *buffer, const GstVideoInfo *caps,
                             const GstConvnextSelection *selection)
{
    self->frame++;
    gst_convnext_detections_find(self->objects, buffer, caps, selection);
    if (self->objects->len > MAX_MEMBERS) { /* more than anybody detects: the largest of them */
        g_array_sort(self->objects, compare_areas);
        g_array_set_size(self->objects, MAX_MEMBERS);
    }
    forget_the_lost(self);
    g_ptr_array_set_size(self->here, 0);
    g_ptr_array_set_size(self->here, (int)self->objects->len); /* of NULL */
    g_ptr_array_set_size(self->chosen, 0);
    /* Ids first, so that nobody takes the place of one who is somewhere else by now. */
    find_members(self, by_id);
    find_members(self, by_id_and_place);
    find_members(self, by_place);
    for (guint i = 0; i < self->objects->len; i++)
        if (!g_ptr_array_index(self->here, i))
            be_here(self, i, add_member(self));
}

/* Whose turn it is */

void gst_convnext_tracks_renew(GstConvnextTracks *self)
{
    self->renewed = self->frame + 1;
}

void gst_convnext_tracks_note_change(GstConvnextTracks *self)
{
    self->changed = self->frame;
}

static gboolean is_new(const GstConvnextTracks *self, const Member *m)
{
    return !m->result || m->answered < self->renewed;
}

static gboolean has_grown(const Member *m, double growth)
{
    GstConvnextRegion then = {0};

    gst_convnext_result_get_region(m->result, NULL, NULL, &then.w, &then.h);
    return growth > 0 && (double)area(&m->last.region) >= growth * (double)area(&then);
}

static gboolean is_due(const GstConvnextTracks *self, const Member *m,
                       const GstConvnextSelection *selection, guint64 running)
{
    if (running > 0 && m->asked == running && m->answered < running)
        return FALSE;
    if (is_new(self, m) || !is_tracked(m))
        return TRUE;
    if (selection->interval > 0 && self->frame - m->answered >= selection->interval)
        return TRUE;
    return has_grown(m, selection->growth);
}

gboolean gst_convnext_tracks_has_waiting(const GstConvnextTracks *self,
                                         const GstConvnextSelection *selection, guint64 running,
                                         const GstConvnextStates *states)
{
    for (guint i = 0; i < self->here->len; i++) {
        const Member *m = g_ptr_array_index(self->here, i);

        if (is_due(self, m, selection, running) &&
            (is_new(self, m) || m->asked < self->changed ||
             !gst_convnext_states_are_settled(states, m->number)))
            return TRUE;
    }
    return FALSE;
}

static Member *member_of(GstConvnextTracks *self, const GstConvnextDetection *o)
{
    guint i = (guint)(o - &g_array_index(self->objects, GstConvnextDetection, 0));

    return g_ptr_array_index(self->here, i);
}

static int compare_claims(gconstpointer a, gconstpointer b, gpointer data)
{
    const GstConvnextDetection *x = *(GstConvnextDetection *const *)a,
                               *y = *(GstConvnextDetection *const *)b;
    guint waiting_x = member_of(data, x)->waiting, waiting_y = member_of(data, y)->waiting;

    if (waiting_x != waiting_y)
        return waiting_x > waiting_y ? -1 : 1;
    if (area(&x->region) != area(&y->region))
        return area(&x->region) > area(&y->region) ? -1 : 1;
    return x < y ? -1 : 1;
}

GPtrArray *gst_convnext_tracks_choose(GstConvnextTracks *self,
                                      const GstConvnextSelection *selection, guint64 running)
{
    g_ptr_array_set_size(self->chosen, 0);
    for (guint i = 0; i < self->objects->len; i++)
        if (is_due(self, g_ptr_array_index(self->here, i), selection, running))
            g_ptr_array_add(self->chosen, object_at(self, i));
    g_ptr_array_sort_with_data(self->chosen, compare_claims, self);
    for (guint i = 0; i < self->chosen->len; i++)
        member_of(self, g_ptr_array_index(self->chosen, i))->waiting++;
    if (selection->most > 0 && self->chosen->len > selection->most)
        g_ptr_array_set_size(self->chosen, (int)selection->most);
    for (guint i = 0; i < self->chosen->len; i++)
        member_of(self, g_ptr_array_index(self->chosen, i))->asked = self->frame;
    return self->chosen;
}

/* What was found */

void gst_convnext_tracks_learn(GstConvnextTracks *self, GstConvnextResult *result)
{
    const GstConvnextRegion *about = gst_convnext_job_noted(result);

    for (guint i = 0; about && i < self->members->len; i++) {
        Member *m = g_ptr_array_index(self->members, i);

        if (m->number != about->object)
            continue;
        g_clear_pointer(&m->result, gst_convnext_result_unref);
        m->result = gst_convnext_result_ref(result);
        m->answered = about->seen;
        m->fresh = TRUE;
        m->waiting = 0;
        return;
    }
}

static GstClockTime age_of(GstConvnextResult *result, GstBuffer *buffer)
{
    GstClockTime age =
        gst_convnext_pacing_between(GST_BUFFER_PTS(buffer), gst_convnext_result_get_pts(result));

    return GST_CLOCK_TIME_IS_VALID(age) ? age : 0;
}

/* As others of its kind do: the best class only. */
static void add_to_roi(GstVideoRegionOfInterestMeta *roi, GstConvnextResult *result,
                       GstClockTime age)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);

    if (n == 0)
        return;
    GstStructure *s = gst_structure_new(
        "classification", "label_id", G_TYPE_INT, (int)classes[0].index, "confidence",
        G_TYPE_DOUBLE, (double)classes[0].score, "model_name", G_TYPE_STRING,
        gst_convnext_result_get_model(result), "age", G_TYPE_UINT64, age, NULL);
    if (classes[0].label)
        gst_structure_set(s, "label", G_TYPE_STRING, classes[0].label, NULL);
    gst_video_region_of_interest_meta_add_param(roi, s);
}

static void attach(GstBuffer *buffer, const GstConvnextDetection *o, GstConvnextResult *result)
{
    GstClockTime age = age_of(result, buffer);
    GstConvnextMeta *meta = gst_buffer_add_convnext_meta(buffer, result, age);

    meta->x = o->region.x; /* where the object is now */
    meta->y = o->region.y;
    meta->width = o->region.w;
    meta->height = o->region.h;
    if (o->roi)
        add_to_roi(o->roi, result, age);
    if (o->mtd >= 0)
        gst_convnext_analytics_mirror_object(buffer, (guint)o->mtd, result);
}

guint gst_convnext_tracks_attach(GstConvnextTracks *self, GstBuffer *buffer, gboolean carry)
{
    guint attached = 0;

    for (guint i = 0; i < self->objects->len; i++) {
        Member *m = g_ptr_array_index(self->here, i);

        if (!m->result || !(m->fresh || carry))
            continue;
        attach(buffer, &g_array_index(self->objects, GstConvnextDetection, i), m->result);
        m->fresh = FALSE;
        attached++;
    }
    return attached;
}
