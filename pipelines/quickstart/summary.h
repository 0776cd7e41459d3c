/* What the frames of a run were classified as, and how long that took.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct Summary Summary;

Summary *summary_new(void);
void summary_free(Summary *summary);

/* Counts a frame and the best class of the result on it. Called from one thread. */
void summary_add(Summary *summary, GstBuffer *buffer);

guint summary_frames(const Summary *summary);

/* Prints frames, frames per second, median milliseconds per frame, and each label's share of the
 * frames, most frequent first. source names what was played. */
void summary_print(const Summary *summary, const char *source);
