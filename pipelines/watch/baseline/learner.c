/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/baseline/learner.h"

#include <gst/convnext/convnext.h>

#include "pipelines/watch/baseline/store.h"
#include "pipelines/watch/fingerprint.h"
#include "pipelines/watch/pictures/folder.h"

#define MESSAGE "convnext-watch-baseline"
#define SAVE_TIME                                                                  \
    3600.0 /* seconds watched between two writes of what has followed slow changes \
            */

struct WatchLearner {
    const WatchSettings *settings;
    GstElement *poster;
    char *path;
    GThreadPool *writer; /* of GBytes */
    GMutex lock;         /* protects baseline */
    WatchBaseline *baseline;

    /* Streaming thread: */
    gboolean is_loaded;
    WatchVerdict posted;
    gboolean fault_is_posted; /* since a scene was learnt */
    double saved;             /* seconds watched at the last write */
    GstConvnextResult *last;  /* the result seen last, or NULL */
    GstClockTime last_time;   /* of it */
    WatchFingerprint fingerprint;
};

/* Messages */

static void post(WatchLearner *self, GstClockTime running_time, char *note)
{
    GstStructure *structure;
    WatchVerdict verdict;

    watch_learner_read(self, &verdict);
    structure = gst_structure_new(MESSAGE, "is-known", G_TYPE_BOOLEAN, verdict.is_known, "has-left",
                                  G_TYPE_BOOLEAN, verdict.has_left, "is-settled", G_TYPE_BOOLEAN,
                                  verdict.is_settled, "is-moved", G_TYPE_BOOLEAN, verdict.is_moved,
                                  "moved-time", G_TYPE_DOUBLE, verdict.moved_time, "running-time",
                                  G_TYPE_UINT64, running_time, "note", G_TYPE_STRING, note, NULL);
    g_free(note);
    gst_element_post_message(self->poster,
                             gst_message_new_element(GST_OBJECT(self->poster), structure));
}

gboolean watch_learner_parse(GstMessage *message, WatchBaselineChange *change)
{
    const GstStructure *structure = gst_message_get_structure(message);

    *change = (WatchBaselineChange){0};
    if (!gst_message_has_name(message, MESSAGE))
        return FALSE;
    change->note = gst_structure_get_string(structure, "note");
    return gst_structure_get(structure, "is-known", G_TYPE_BOOLEAN, &change->verdict.is_known,
                             "has-left", G_TYPE_BOOLEAN, &change->verdict.has_left, "is-settled",
                             G_TYPE_BOOLEAN, &change->verdict.is_settled, "is-moved",
                             G_TYPE_BOOLEAN, &change->verdict.is_moved, "moved-time", G_TYPE_DOUBLE,
                             &change->verdict.moved_time, "running-time", G_TYPE_UINT64,
                             &change->running_time, NULL);
}

static gboolean is_news(const WatchVerdict *a, const WatchVerdict *b)
{
    return a->is_known != b->is_known || a->has_left != b->has_left ||
           a->is_settled != b->is_settled || a->is_moved != b->is_moved;
}

/* The file */

/* Runs in a thread of the pool, one at a time. */
static void write_file(gpointer data, gpointer user_data)
{
    WatchLearner *self = user_data;
    g_autoptr(GBytes) bytes = data;
    g_autoptr(GError) error = NULL;

    if (!watch_store_write(bytes, self->path, &error))
        post(self, GST_CLOCK_TIME_NONE,
             g_strdup_printf("baseline: it is not kept: %s", error->message));
}

static void save(WatchLearner *self)
{
    const WatchScenes *scenes = watch_baseline_scenes(self->baseline);

    self->saved = scenes->watched;
    g_thread_pool_push(self->writer, watch_store_pack(scenes, self->settings->identity), NULL);
}

/* At the first frame, because an earlier camera of this name may write until it has stopped. */
static void load(WatchLearner *self, GstClockTime running_time)
{
    const double seconds = (double)self->settings->baseline / G_USEC_PER_SEC;
    g_autoptr(GError) error = NULL;
    WatchScenes scenes = {0};
    guint count;

    self->is_loaded = TRUE;
    if (!watch_store_read(&scenes, self->path, self->settings->identity, &error)) {
        post(self, running_time,
             g_strdup_printf("baseline: %s; learning begins anew, for %g s of normal pictures",
                             error->message, seconds));
        return;
    }
    count = scenes.count;
    if (count > 0) {
        g_mutex_lock(&self->lock);
        self->saved = scenes.watched;
        watch_baseline_restore(self->baseline, &scenes);
        g_mutex_unlock(&self->lock);
    }
    post(self, running_time,
         count > 0 ? g_strdup("baseline: known")
                   : g_strdup_printf("baseline: learning, for %g s of normal pictures", seconds));
}

/* Looks */

/* What the best class means for the camera. */
static WatchLabel read_label(const WatchAlarmRules *rules, GstConvnextResult *result)
{
    guint count;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &count);

    if (count == 0 || !classes[0].label)
        return WATCH_IGNORED;
    if (g_strv_contains(rules->normal, classes[0].label))
        return WATCH_NORMAL;
    return g_strv_contains(rules->ignored, classes[0].label) ? WATCH_IGNORED : WATCH_FAULTY;
}

/* Mean of the luma of the frame that carries the result; with mode=latest that is not the one it
 * was computed on, but close to it. Negative if it is unknown. */
static double read_brightness(WatchLearner *self, GstPad *pad, GstBuffer *frame)
{
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    const guint8 *samples = self->fingerprint.tiles[0];
    const guint count = WATCH_TILES * WATCH_TILE_SAMPLES;
    GstVideoInfo info;
    guint64 sum = 0;

    if (!caps || !gst_video_info_from_caps(&info, caps) ||
        !watch_fingerprint_read(&self->fingerprint, &info, frame))
        return -1;
    for (guint i = 0; i < count; i++)
        sum += samples[i];
    return (double)sum / count;
}

static GstClockTime running_time_of(GstPad *pad, GstBuffer *frame)
{
    g_autoptr(GstEvent) event = gst_pad_get_sticky_event(pad, GST_EVENT_SEGMENT, 0);
    const GstSegment *segment = NULL;

    if (event)
        gst_event_parse_segment(event, &segment);
    return segment && segment->format == GST_FORMAT_TIME
               ? gst_segment_to_running_time(segment, GST_FORMAT_TIME, GST_BUFFER_PTS(frame))
               : GST_CLOCK_TIME_NONE;
}

/* Seconds since the result before. A file is played at any speed, so its timestamps count. */
static double step_to(WatchLearner *self, GstClockTime running_time)
{
    const gboolean is_file = self->settings->kind == WATCH_FILE;
    const GstClockTime now =
        is_file ? running_time : (GstClockTime)g_get_monotonic_time() * GST_USECOND;
    const GstClockTime last = self->last_time;

    if (!GST_CLOCK_TIME_IS_VALID(now))
        return 0;
    self->last_time = now;
    return GST_CLOCK_TIME_IS_VALID(last) && now > last ? (double)(now - last) / GST_SECOND : 0;
}

static char *describe(WatchLearner *self, WatchLesson lesson)
{
    const guint scenes = watch_baseline_scenes(self->baseline)->count;
    const gboolean is_first = !self->fault_is_posted;

    switch (lesson) {
    case WATCH_LESSON_LEARNT:
        self->fault_is_posted = FALSE;
        return scenes == 1
                   ? g_strdup("baseline: learnt")
                   : g_strdup_printf("baseline: learnt for another brightness, %u in all", scenes);
    case WATCH_LESSON_FAULTY:
        self->fault_is_posted = TRUE;
        return is_first ? g_strdup("baseline: cannot be learnt, because less than half of the "
                                   "pictures are normal; learning begins anew until they are")
                        : NULL;
    default:
        return NULL;
    }
}

static void look(WatchLearner *self, GstPad *pad, GstBuffer *frame, GstConvnextTensor *tensor)
{
    const GstClockTime running_time = running_time_of(pad, frame);
    WatchVerdict verdict;
    WatchLesson lesson;
    gsize size;
    WatchLook own = {.embedding = gst_convnext_tensor_get_values(tensor, &size),
                     .label = read_label(&self->settings->rules, self->last),
                     .brightness = read_brightness(self, pad, frame),
                     .step = step_to(self, running_time)};

    if (own.brightness < 0)
        return;
    own.size = (guint)size;
    if (!self->is_loaded)
        load(self, running_time);
    g_mutex_lock(&self->lock);
    lesson = watch_baseline_add(self->baseline, &own);
    g_mutex_unlock(&self->lock);
    if (lesson == WATCH_LESSON_LEARNT ||
        watch_baseline_scenes(self->baseline)->watched - self->saved > SAVE_TIME)
        save(self);
    g_autofree char *note = describe(self, lesson);
    watch_learner_read(self, &verdict);
    if (note || is_news(&verdict, &self->posted))
        post(self, running_time, g_steal_pointer(&note));
    self->posted = verdict;
}

void watch_learner_pass(WatchLearner *self, GstPad *pad, GstBuffer *frame)
{
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(frame);
    g_autoptr(GstConvnextTensor) tensor = NULL;

    if (!meta || meta->result == self->last)
        return;
    g_clear_pointer(&self->last, gst_convnext_result_unref);
    self->last = gst_convnext_result_ref(meta->result);
    tensor = gst_convnext_result_get_tensor(self->last, GST_CONVNEXT_TENSOR_EMBEDDING);
    if (tensor)
        look(self, pad, frame, tensor);
}

void watch_learner_read(WatchLearner *self, WatchVerdict *verdict)
{
    g_mutex_lock(&self->lock);
    watch_baseline_read(self->baseline, verdict);
    g_mutex_unlock(&self->lock);
}

/* Lifetime */

WatchLearner *watch_learner_new(const WatchSettings *settings, GstElement *poster)
{
    WatchLearner *self = g_new0(WatchLearner, 1);
    g_autofree char *name = watch_folder_camera(settings->name);
    g_autofree char *file = g_strconcat(name, ".baseline", NULL);

    self->settings = settings;
    self->poster = gst_object_ref(poster);
    self->path = g_build_filename(settings->state_dir, file, NULL);
    g_mutex_init(&self->lock);
    self->baseline = watch_baseline_new((double)settings->baseline / G_USEC_PER_SEC,
                                        (double)settings->moved_after / G_USEC_PER_SEC);
    self->last_time = GST_CLOCK_TIME_NONE;
    self->writer = g_thread_pool_new(write_file, self, 1, FALSE, NULL);
    return self;
}

void watch_learner_free(WatchLearner *self)
{
    g_thread_pool_free(self->writer, FALSE, TRUE); /* writes what waits */
    gst_object_unref(self->poster);
    g_clear_pointer(&self->last, gst_convnext_result_unref);
    watch_baseline_free(self->baseline);
    g_mutex_clear(&self->lock);
    g_free(self->path);
    g_free(self);
}
