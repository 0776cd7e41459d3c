/* Watches one camera's results for its baseline: reads their embeddings in the streaming thread,
 * keeps what is learnt in a file, and posts an element message when the verdict changes. The file
 * is written by a thread of its own, so no frame waits for the disk.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "pipelines/watch/baseline/baseline.h"
#include "pipelines/watch/settings.h"

typedef struct WatchLearner WatchLearner;

/* What the message says. Of a live camera, times are those of its arrival. */
typedef struct WatchBaselineChange {
    WatchVerdict verdict;
    GstClockTime running_time; /* of the picture */
    const char *note;          /* a sentence for people, or NULL; belongs to the message */
} WatchBaselineChange;

/* settings: with a baseline; must outlive the learner. poster: the element that posts the messages.
 */
WatchLearner *watch_learner_new(const WatchSettings *settings, GstElement *poster);

/* Waits until the file is written. */
void watch_learner_free(WatchLearner *self);

/* A frame behind convnext; most carry a result that was seen before. */
void watch_learner_pass(WatchLearner *self, GstPad *pad, GstBuffer *frame);

/* The current verdict; any thread. */
void watch_learner_read(WatchLearner *self, WatchVerdict *verdict);

/* FALSE if the message is another one. */
gboolean watch_learner_parse(GstMessage *message, WatchBaselineChange *change);
