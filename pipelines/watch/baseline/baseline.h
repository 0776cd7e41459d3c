/* What a camera looks like when all is well, and whether it still does.
 *
 * Pictures with a normal label are learnt, for a time that the list gives; see subspace.h for the
 * distance. What is learnt is kept by brightness: a picture whose brightness no scene has had so
 * far is learnt too, as long as the camera has been watched for less than a day, so that the night
 * is not another scene. Later every picture is judged. A scene follows slow changes of its pictures
 * with a time constant of an hour.
 *
 * A picture is outside if its distance exceeds a limit: three times the distance that three
 * quarters of the learnt pictures keep from what was learnt at other times, in four folds. The
 * picture has left the baseline when most pictures of some seconds are outside. It has moved when
 * more than three quarters are outside for a longer time, with normal labels: a leaky bucket, which
 * a picture inside empties three times as fast as one outside fills it.
 *
 * A baseline has no clock, and its functions are not thread-safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/baseline/subspace.h"

#define WATCH_SCENES 16       /* of different brightness, at most */
#define WATCH_DAY (24 * 3600) /* seconds in which scenes are added */

/* Pictures of similar brightness. */
typedef struct WatchScene {
    WatchSubspace subspace;
    double darkest, brightest; /* 0 to 255 */
    double limit;              /* of the distance; above 0 */
} WatchScene;

/* What is kept between runs. */
typedef struct WatchScenes {
    guint size; /* of an embedding; 0 before the first picture */
    guint count;
    WatchScene scenes[WATCH_SCENES];
    double watched; /* seconds */
} WatchScenes;

void watch_scenes_clear(WatchScenes *scenes);

typedef enum WatchLabel { WATCH_NORMAL, WATCH_IGNORED, WATCH_FAULTY } WatchLabel;

typedef struct WatchLook {
    const float *embedding; /* [size], any length */
    guint size;
    WatchLabel label;
    double brightness; /* mean, 0 to 255 */
    double step;       /* seconds since the look before */
} WatchLook;

typedef enum WatchLesson {
    WATCH_LESSON_NONE,
    WATCH_LESSON_LEARNT, /* another scene is complete */
    WATCH_LESSON_FAULTY  /* too few pictures were normal, so that learning begins anew */
} WatchLesson;

typedef struct WatchVerdict {
    gboolean is_known; /* a scene is complete; FALSE: the others are FALSE too */
    gboolean has_left;
    gboolean is_settled; /* is_moved is known */
    gboolean is_moved;
    double moved_time; /* seconds since the picture began to leave, as of is_moved's last change */
    double progress;   /* of the first scene, 0 to 1 */
    guint scenes;
    double ratio; /* distance of the last picture, as a share of the limit; 0 if unknown */
} WatchVerdict;

typedef struct WatchBaseline WatchBaseline;

/* Seconds of normal pictures to learn, and outside until the picture has moved. */
WatchBaseline *watch_baseline_new(double learn_time, double moved_time);
void watch_baseline_free(WatchBaseline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchBaseline, watch_baseline_free)

/* Replaces what is known. Takes the members of scenes. */
void watch_baseline_restore(WatchBaseline *self, WatchScenes *scenes);
const WatchScenes *watch_baseline_scenes(const WatchBaseline *self);

/* Adds a picture. One with another size of embedding than those before, or with an embedding that
 * is 0 or not finite, is left out. */
WatchLesson watch_baseline_add(WatchBaseline *self, const WatchLook *look);
void watch_baseline_read(const WatchBaseline *self, WatchVerdict *verdict);
