/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/states.h"

#include "gst/results/classify.h"
#include "gst/results/smoothing.h"

#define MAX_OBJECTS 512 /* as the roster's members; who was not seen for longest leaves */

typedef struct Tracked {
    guint64 seen; /* frame of the last result */
    GstConvnextSmoother *smoother;
} Tracked;

struct GstConvnextStates {
    GstConvnextSmoother *whole; /* of results about whole frames */
    GHashTable *objects;        /* Tracked, by the roster's numbers */
};

static void tracked_free(gpointer data)
{
    Tracked *tracked = data;

    gst_convnext_smoother_free(tracked->smoother);
    g_free(tracked);
}

GstConvnextStates *gst_convnext_states_new(void)
{
    GstConvnextStates *self = g_new0(GstConvnextStates, 1);

    self->whole = gst_convnext_smoother_new();
    self->objects = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, tracked_free);
    return self;
}

void gst_convnext_states_free(GstConvnextStates *self)
{
    if (!self)
        return;
    gst_convnext_smoother_free(self->whole);
    g_hash_table_unref(self->objects);
    g_free(self);
}

void gst_convnext_states_reset(GstConvnextStates *self)
{
    gst_convnext_smoother_reset(self->whole);
    g_hash_table_remove_all(self->objects);
}

static void make_room(GstConvnextStates *self)
{
    GHashTableIter iter;
    gpointer number, value, longest = NULL;
    guint64 seen = G_MAXUINT64;

    if (g_hash_table_size(self->objects) < MAX_OBJECTS)
        return;
    g_hash_table_iter_init(&iter, self->objects);
    while (g_hash_table_iter_next(&iter, &number, &value))
        if (((const Tracked *)value)->seen < seen) {
            seen = ((const Tracked *)value)->seen;
            longest = number;
        }
    g_hash_table_remove(self->objects, longest);
}

static GstConvnextSmoother *smoother_of(GstConvnextStates *self, const GstConvnextRegion *about)
{
    Tracked *tracked = g_hash_table_lookup(self->objects, &about->object);

    if (!tracked) {
        make_room(self);
        tracked = g_new0(Tracked, 1);
        tracked->smoother = gst_convnext_smoother_new();
        g_hash_table_insert(self->objects, g_memdup2(&about->object, sizeof about->object),
                            tracked);
    }
    tracked->seen = about->seen;
    return tracked->smoother;
}

gboolean gst_convnext_states_are_settled(const GstConvnextStates *self, guint64 object)
{
    const Tracked *tracked = g_hash_table_lookup(self->objects, &object);

    if (object == 0)
        return gst_convnext_smoother_is_settled(self->whole);
    return !tracked || gst_convnext_smoother_is_settled(tracked->smoother);
}

GstStructure *gst_convnext_states_add(GstConvnextStates *self, const GstConvnextJob *request,
                                      GstConvnextResult *result)
{
    const GstConvnextRegion *about = gst_convnext_job_noted(result);

    if (request->smoothing.kind == GST_CONVNEXT_SMOOTHING_NONE) {
        gst_convnext_states_reset(self);
        return NULL;
    }
    if (about && !about->tracked)
        return NULL;
    GstConvnextScores *scores = gst_convnext_classifier_steal_scores(result);
    GstStructure *change = gst_convnext_smoother_add(about ? smoother_of(self, about) : self->whole,
                                                     request, result, scores);
    g_free(scores);
    if (change && about && about->id >= 0)
        gst_structure_set(change, "object-id", G_TYPE_INT, about->id, NULL);
    if (change && about && about->type)
        gst_structure_set(change, "object-label", G_TYPE_STRING, g_quark_to_string(about->type),
                          NULL);
    return change;
}
