/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/emission.h"

#include "gst/convnext/query.h"

#define MAX_SUBJECTS \
    512 /* as many as convnext keeps states of; the one unseen longest is dropped */

/* The results that have been seen and still exist. It outlives the emission until the last of them
 * is freed, in any thread. */
typedef struct Seen {
    gatomicrefcount references;
    GMutex lock; /* guards results */
    GHashTable *results;
} Seen;

/* The last state of a stream or an object without smoothing. */
typedef struct Subject {
    gint64 best; /* index; -1 is none */
    guint64 seen_call;
} Subject;

struct GstConvnextEmission {
    GstConvnextEmit emit;
    Seen *seen;
    GHashTable *subjects; /* name -> Subject */
    GHashTable *changes;  /* name -> GstStructure: noted, without a line so far */
    GstStructure *taken;  /* the change of the last line, or NULL */
    guint64 calls;
};

GType gst_convnext_emit_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_EMIT_RESULT, "A line for each new result", "result"},
        {GST_CONVNEXT_EMIT_FRAME, "A line for each frame, also if its result is an older one",
         "frame"},
        {GST_CONVNEXT_EMIT_CHANGE,
         "A line when the smoothed state changes or, without smoothing, the best class", "change"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextEmit", values));
    return type;
}

/* Results that have been seen */

static void seen_unref(Seen *seen)
{
    if (!g_atomic_ref_count_dec(&seen->references))
        return;
    g_hash_table_unref(seen->results);
    g_mutex_clear(&seen->lock);
    g_free(seen);
}

static void on_result_freed(gpointer data, GstMiniObject *result)
{
    Seen *seen = data;

    g_mutex_lock(&seen->lock);
    g_hash_table_remove(seen->results, result);
    g_mutex_unlock(&seen->lock);
    seen_unref(seen);
}

/* FALSE if it has been added before. */
static gboolean seen_add(Seen *seen, GstConvnextResult *result)
{
    g_mutex_lock(&seen->lock);
    gboolean is_new = g_hash_table_add(seen->results, result);
    g_mutex_unlock(&seen->lock);
    if (is_new) {
        g_atomic_ref_count_inc(&seen->references);
        gst_mini_object_weak_ref(GST_MINI_OBJECT_CAST(result), on_result_freed, seen);
    }
    return is_new;
}

static Seen *seen_new(void)
{
    Seen *seen = g_new0(Seen, 1);

    g_atomic_ref_count_init(&seen->references);
    g_mutex_init(&seen->lock);
    seen->results = g_hash_table_new(NULL, NULL);
    return seen;
}

/* States */

static void structure_free(gpointer structure)
{
    gst_structure_free(structure);
}

GstConvnextEmission *gst_convnext_emission_new(GstConvnextEmit emit)
{
    GstConvnextEmission *self = g_new0(GstConvnextEmission, 1);

    self->emit = emit;
    self->seen = seen_new();
    self->subjects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->changes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, structure_free);
    return self;
}

void gst_convnext_emission_free(GstConvnextEmission *self)
{
    if (!self)
        return;
    seen_unref(self->seen);
    g_hash_table_unref(self->subjects);
    g_hash_table_unref(self->changes);
    gst_clear_structure(&self->taken);
    g_free(self);
}

void gst_convnext_emission_reset(GstConvnextEmission *self)
{
    g_hash_table_remove_all(self->subjects);
    g_hash_table_remove_all(self->changes);
}

/* The name of what a model looks at. id: of an object, or -1 for the whole frame. */
static char *subject_name(const char *model, int id)
{
    return g_strdup_printf("%d %s", id, model);
}

void gst_convnext_emission_add_change(GstConvnextEmission *self, const GstStructure *change)
{
    const char *model = gst_structure_get_string(change, GST_CONVNEXT_CHANGE_MODEL);
    int id = -1;

    gst_structure_get_int(change, "object-id", &id);
    if (self->emit == GST_CONVNEXT_EMIT_CHANGE && model &&
        g_hash_table_size(self->changes) < MAX_SUBJECTS)
        g_hash_table_insert(self->changes, subject_name(model, id), gst_structure_copy(change));
}

static gint64 best_index(GstConvnextResult *result)
{
    GstConvnextSegmentation *segmentation = gst_convnext_result_get_segmentation(result);
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);

    if (n > 0)
        return classes[0].index;
    const GstConvnextDetectedObject *objects = gst_convnext_result_get_objects(result, &n);
    if (n > 0)
        return objects[0].index;
    if (!segmentation)
        return -1;
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(segmentation, &n);
    return n > 0 ? (gint64)segments[0].index : -1;
}

static void drop_oldest(GstConvnextEmission *self)
{
    GHashTableIter iter;
    gpointer name, value, oldest = NULL;
    guint64 seen_call = G_MAXUINT64;

    if (g_hash_table_size(self->subjects) < MAX_SUBJECTS)
        return;
    g_hash_table_iter_init(&iter, self->subjects);
    while (g_hash_table_iter_next(&iter, &name, &value))
        if (((const Subject *)value)->seen_call < seen_call) {
            seen_call = ((const Subject *)value)->seen_call;
            oldest = name;
        }
    g_hash_table_remove(self->subjects, oldest);
}

/* Whether the best class of the subject differs from its last one. */
static gboolean changes_best(GstConvnextEmission *self, const char *name, GstConvnextResult *result)
{
    Subject *subject = g_hash_table_lookup(self->subjects, name);
    const gint64 best = best_index(result);
    const gboolean changes = !subject || subject->best != best;

    if (!subject) {
        drop_oldest(self);
        subject = g_new0(Subject, 1);
        g_hash_table_insert(self->subjects, g_strdup(name), subject);
    }
    subject->best = best;
    subject->seen_call = self->calls;
    return changes;
}

gboolean gst_convnext_emission_takes(GstConvnextEmission *self, GstConvnextResult *result,
                                     gboolean is_smoothed, const GstStructure **change)
{
    gpointer key, noted;
    int id = -1;

    *change = NULL;
    self->calls++;
    if (self->emit == GST_CONVNEXT_EMIT_FRAME)
        return TRUE;
    const gboolean is_new = seen_add(self->seen, result);
    if (self->emit == GST_CONVNEXT_EMIT_RESULT)
        return is_new;
    if (gst_convnext_result_get_object(result, &id, NULL) && id < 0)
        return FALSE;
    g_autofree char *name = subject_name(gst_convnext_result_get_model(result), id);
    if (!is_smoothed)
        return is_new && changes_best(self, name, result);
    if (!g_hash_table_steal_extended(self->changes, name, &key, &noted))
        return FALSE;
    g_free(key);
    gst_clear_structure(&self->taken);
    *change = self->taken = noted;
    return TRUE;
}
