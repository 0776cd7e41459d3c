/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/baseline/baseline.h"

#include <math.h>
#include <string.h>

#define MOST_SAMPLES 256 /* of a scene, spread over the time of learning */
#define LEAST_SAMPLES 64
#define FOLDS 4
#define QUANTILE 0.75    /* of the held-out distances */
#define MARGIN 3.0       /* of the limit over that quantile */
#define LEAST_LIMIT 6e-3 /* a still scene has hardly any distance, but other light soon has */

#define BRIGHTNESS 10.0    /* levels beyond those of a scene that are not another one yet */
#define FOLLOW_TIME 3600.0 /* seconds */
#define LEFT_TIME 2.0      /* seconds until the picture has left, or is back */
#define BACK_RATE 3.0      /* how much faster the bucket of is_moved empties */
#define LONGEST_STEP 30.0  /* seconds that one picture stands for, at most */
#define LONGEST_SHARE 0.25 /* of the time until is_moved that one picture stands for */

/* Learning of one scene */
typedef struct Lesson {
    float *samples; /* [MOST_SAMPLES, size] */
    guint count;
    double normal, other; /* seconds of pictures with such labels */
    double darkest, brightest;
} Lesson;

struct WatchBaseline {
    double learn_time, moved_time;
    WatchScenes scenes;
    Lesson lesson;
    float *unit;        /* the embedding, with the length 1 */
    double left_level;  /* 0 to 1 */
    double moved_level; /* 0 to 1 */
    double calm;        /* seconds inside while moved_level is 0 */
    double leaving;     /* seconds since moved_level was 0 */
    gboolean has_left, is_settled, is_moved;
    double duration; /* WatchVerdict's moved_time */
    double ratio;
};

void watch_scenes_clear(WatchScenes *scenes)
{
    for (guint i = 0; i < scenes->count; i++)
        watch_subspace_clear(&scenes->scenes[i].subspace);
    *scenes = (WatchScenes){0};
}

static void begin_lesson(Lesson *lesson)
{
    g_free(lesson->samples);
    *lesson = (Lesson){.darkest = 255};
}

WatchBaseline *watch_baseline_new(double learn_time, double moved_time)
{
    WatchBaseline *self = g_new0(WatchBaseline, 1);

    self->learn_time = learn_time;
    self->moved_time = moved_time;
    begin_lesson(&self->lesson);
    return self;
}

void watch_baseline_free(WatchBaseline *self)
{
    watch_scenes_clear(&self->scenes);
    g_free(self->lesson.samples);
    g_free(self->unit);
    g_free(self);
}

static void set_size(WatchBaseline *self, guint size)
{
    self->scenes.size = size;
    g_free(self->unit);
    self->unit = g_new(float, size);
}

void watch_baseline_restore(WatchBaseline *self, WatchScenes *scenes)
{
    watch_scenes_clear(&self->scenes);
    self->scenes = *scenes;
    *scenes = (WatchScenes){0};
    set_size(self, self->scenes.size);
}

const WatchScenes *watch_baseline_scenes(const WatchBaseline *self)
{
    return &self->scenes;
}

/* Learning */

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The limit of the distance, from samples that are held out in blocks: neighbours in time are too
 * similar to judge each other. */
static double find_limit(const Lesson *lesson, guint size)
{
    g_autofree double *distances = g_new(double, lesson->count);
    WatchSubspace subspace;

    watch_subspace_init(&subspace, size);
    for (guint fold = 0; fold < FOLDS; fold++) {
        const guint begin = fold * lesson->count / FOLDS, end = (fold + 1) * lesson->count / FOLDS;

        watch_subspace_fit(&subspace, lesson->samples, lesson->count, begin, end);
        for (guint i = begin; i < end; i++)
            distances[i] = watch_subspace_distance(&subspace, lesson->samples + (gsize)i * size);
    }
    watch_subspace_clear(&subspace);
    qsort(distances, lesson->count, sizeof(double), compare_doubles);
    return MAX(MARGIN * distances[(guint)(QUANTILE * (lesson->count - 1))], LEAST_LIMIT);
}

static void add_scene(WatchBaseline *self)
{
    Lesson *lesson = &self->lesson;
    WatchScene *scene = &self->scenes.scenes[self->scenes.count];

    watch_subspace_init(&scene->subspace, self->scenes.size);
    watch_subspace_fit(&scene->subspace, lesson->samples, lesson->count, 0, 0);
    scene->limit = find_limit(lesson, self->scenes.size);
    scene->darkest = lesson->darkest;
    scene->brightest = lesson->brightest;
    self->scenes.count++;
}

static void add_sample(WatchBaseline *self, double brightness)
{
    Lesson *lesson = &self->lesson;
    const double interval = self->learn_time / MOST_SAMPLES;

    if (!lesson->samples)
        lesson->samples = g_new(float, (gsize)MOST_SAMPLES * self->scenes.size);
    lesson->darkest = MIN(lesson->darkest, brightness);
    lesson->brightest = MAX(lesson->brightest, brightness);
    if (lesson->count < MOST_SAMPLES && lesson->normal >= lesson->count * interval)
        memcpy(lesson->samples + (gsize)lesson->count++ * self->scenes.size, self->unit,
               self->scenes.size * sizeof(float));
}

/* A camera that is broken while it is learnt must not teach that this is normal, so at least half
 * of the time has to be normal. */
static WatchLesson learn(WatchBaseline *self, const WatchLook *look)
{
    Lesson *lesson = &self->lesson;

    if (look->label != WATCH_NORMAL) {
        lesson->other += look->label == WATCH_FAULTY ? look->step : 0;
    } else {
        add_sample(self, look->brightness);
        lesson->normal += look->step;
    }
    if (lesson->other > lesson->normal && lesson->normal + lesson->other >= self->learn_time) {
        begin_lesson(lesson);
        return WATCH_LESSON_FAULTY;
    }
    if (lesson->normal < self->learn_time || lesson->count < LEAST_SAMPLES)
        return WATCH_LESSON_NONE;
    add_scene(self);
    begin_lesson(lesson);
    return WATCH_LESSON_LEARNT;
}

/* Judging */

static gboolean has_brightness(const WatchScene *scene, double brightness)
{
    return brightness >= scene->darkest - BRIGHTNESS && brightness <= scene->brightest + BRIGHTNESS;
}

/* Whether the brightness is that of a scene. */
static gboolean is_familiar(const WatchScenes *scenes, double brightness)
{
    for (guint i = 0; i < scenes->count; i++) {
        if (has_brightness(&scenes->scenes[i], brightness))
            return TRUE;
    }
    return FALSE;
}

/* The nearest scene, of those that have the brightness if there are any. */
static WatchScene *find_scene(WatchBaseline *self, double brightness, double *ratio)
{
    WatchScenes *scenes = &self->scenes;
    const gboolean is_any = !is_familiar(scenes, brightness);
    WatchScene *nearest = NULL;

    *ratio = G_MAXDOUBLE;
    for (guint i = 0; i < scenes->count; i++) {
        WatchScene *scene = &scenes->scenes[i];
        const double own = watch_subspace_distance(&scene->subspace, self->unit) / scene->limit;

        if ((is_any || has_brightness(scene, brightness)) && own < *ratio) {
            *ratio = own;
            nearest = scene;
        }
    }
    return nearest;
}

static void update_left(WatchBaseline *self, gboolean is_outside, double step)
{
    self->left_level = CLAMP(self->left_level + (is_outside ? step : -step) / LEFT_TIME, 0.0, 1.0);
    if (self->left_level == 1)
        self->has_left = TRUE;
    else if (self->left_level == 0)
        self->has_left = FALSE;
}

static void settle(WatchBaseline *self, gboolean is_moved)
{
    if (!self->is_settled || self->is_moved != is_moved)
        self->duration = self->leaving;
    self->is_settled = TRUE;
    self->is_moved = is_moved;
}

/* is_moved is settled at first when the bucket is full, or would be empty if it had been full. */
static void update_moved(WatchBaseline *self, gboolean is_outside, WatchLabel label, double step)
{
    const double part = MIN(step / self->moved_time, LONGEST_SHARE);

    if (!is_outside)
        self->moved_level = MAX(self->moved_level - BACK_RATE * part, 0);
    else if (label == WATCH_NORMAL)
        self->moved_level = MIN(self->moved_level + part, 1);
    self->leaving += step;
    if (self->moved_level == 1)
        settle(self, TRUE);
    if (self->moved_level > 0) {
        self->calm = 0;
        return;
    }
    self->calm += is_outside ? 0 : BACK_RATE * part;
    if (self->is_settled || self->calm >= 1)
        settle(self, FALSE);
    self->leaving = 0;
}

static void judge(WatchBaseline *self, const WatchLook *look)
{
    WatchScene *scene = find_scene(self, look->brightness, &self->ratio);
    const gboolean is_outside = self->ratio > 1;

    if (!is_outside && look->label == WATCH_NORMAL)
        watch_subspace_follow(&scene->subspace, self->unit, look->step / FOLLOW_TIME);
    update_left(self, is_outside, look->step);
    update_moved(self, is_outside, look->label, look->step);
}

/* Fills self->unit. FALSE if the embedding has no direction. */
static gboolean normalise(WatchBaseline *self, const float *embedding)
{
    double sum = 0;

    for (guint i = 0; i < self->scenes.size; i++)
        sum += (double)embedding[i] * embedding[i];
    if (!isfinite(sum) || sum <= 0)
        return FALSE;
    for (guint i = 0; i < self->scenes.size; i++)
        self->unit[i] = (float)(embedding[i] / sqrt(sum));
    return TRUE;
}

static gboolean may_learn(const WatchBaseline *self, const WatchLook *look)
{
    const WatchScenes *scenes = &self->scenes;

    if (scenes->count == 0)
        return TRUE;
    return look->label == WATCH_NORMAL && scenes->watched < WATCH_DAY &&
           scenes->count < WATCH_SCENES && !is_familiar(scenes, look->brightness);
}

WatchLesson watch_baseline_add(WatchBaseline *self, const WatchLook *look)
{
    WatchLook own = *look;
    WatchLesson lesson = WATCH_LESSON_NONE;

    if (self->scenes.size == 0)
        set_size(self, look->size);
    if (look->size != self->scenes.size || !normalise(self, look->embedding))
        return WATCH_LESSON_NONE;
    own.step = CLAMP(look->step, 0.0, LONGEST_STEP);
    if (may_learn(self, &own))
        lesson = learn(self, &own);
    else
        judge(self, &own);
    if (self->scenes.count > 0)
        self->scenes.watched += own.step;
    return lesson;
}

void watch_baseline_read(const WatchBaseline *self, WatchVerdict *verdict)
{
    const double share = self->lesson.normal / self->learn_time;

    *verdict = (WatchVerdict){.is_known = self->scenes.count > 0,
                              .has_left = self->has_left,
                              .is_settled = self->is_settled,
                              .is_moved = self->is_moved,
                              .moved_time = self->duration,
                              .progress = self->scenes.count > 0 ? 1 : MIN(share, 1),
                              .scenes = self->scenes.count,
                              .ratio = self->ratio};
}
