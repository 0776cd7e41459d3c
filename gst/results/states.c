/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/states.h"

#define MAX_OBJECTS 512 /* as many as tracks keep; the one unseen for longest is dropped */

typedef struct ObjectState {
    guint64 seen_frame; /* frame of the last result */
    GstConvnextSmoother *smoother;
} ObjectState;

struct GstConvnextStates {
    GstConvnextSmoother *whole; /* of results about whole frames */
    GHashTable *objects;        /* track number (guint64) -> ObjectState */
};

static void object_state_free(gpointer data)
{
    ObjectState *state = data;

    gst_convnext_smoother_free(state->smoother);
    g_free(state);
}

GstConvnextStates *gst_convnext_states_new(void)
{
    GstConvnextStates *self = g_new0(GstConvnextStates, 1);

    self->whole = gst_convnext_smoother_new();
    self->objects = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, object_state_free);
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

static void drop_oldest(GstConvnextStates *self)
{
    GHashTableIter iter;
    gpointer track, value, oldest = NULL;
    guint64 seen_frame = G_MAXUINT64;

    if (g_hash_table_size(self->objects) < MAX_OBJECTS)
        return;
    g_hash_table_iter_init(&iter, self->objects);
    while (g_hash_table_iter_next(&iter, &track, &value))
        if (((const ObjectState *)value)->seen_frame < seen_frame) {
            seen_frame = ((const ObjectState *)value)->seen_frame;
            oldest = track;
        }
    g_hash_table_remove(self->objects, oldest);
}

static GstConvnextSmoother *find_smoother(GstConvnextStates *self, const GstConvnextObject *object)
{
    ObjectState *state = g_hash_table_lookup(self->objects, &object->track);

    if (!state) {
        drop_oldest(self);
        state = g_new0(ObjectState, 1);
        state->smoother = gst_convnext_smoother_new();
        g_hash_table_insert(self->objects, g_memdup2(&object->track, sizeof object->track), state);
    }
    state->seen_frame = object->seen_frame;
    return state->smoother;
}

gboolean gst_convnext_states_are_settled(const GstConvnextStates *self, guint64 track)
{
    const ObjectState *state = g_hash_table_lookup(self->objects, &track);

    if (track == 0)
        return gst_convnext_smoother_is_settled(self->whole);
    return !state || gst_convnext_smoother_is_settled(state->smoother);
}

const GstConvnextSmoother *gst_convnext_states_whole(const GstConvnextStates *self)
{
    return self->whole;
}

/* object: NULL for a whole frame. */
static GstStructure *add_result(GstConvnextStates *self, const GstConvnextObject *object,
                                const GstConvnextSample *sample)
{
    if (object && !object->is_tracked)
        return NULL;
    GstStructure *change =
        gst_convnext_smoother_add(object ? find_smoother(self, object) : self->whole, sample);
    if (change && object && object->id >= 0)
        gst_structure_set(change, "object-id", G_TYPE_INT, object->id, NULL);
    if (change && object && object->type)
        gst_structure_set(change, "object-label", G_TYPE_STRING, g_quark_to_string(object->type),
                          NULL);
    return change;
}

GSList *gst_convnext_states_add_all(GstConvnextStates *self, const GstConvnextSample *sample,
                                    GPtrArray *results, const GArray *objects)
{
    GSList *changes = NULL;

    for (guint i = 0; i < results->len; i++) {
        const GstConvnextObject *object =
            objects->len > 0 ? &g_array_index(objects, GstConvnextObject, i) : NULL;
        GstConvnextSample mine = *sample;

        mine.result = g_ptr_array_index(results, i);
        if (mine.smoothing->kind == GST_CONVNEXT_SMOOTHING_EXPONENTIAL && mine.scores)
            mine.scores += (gsize)i * mine.classes;
        else
            mine.scores = NULL;
        GstStructure *change = add_result(self, object, &mine);
        if (change)
            changes = g_slist_append(changes, change);
    }
    return changes;
}
