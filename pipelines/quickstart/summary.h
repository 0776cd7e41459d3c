/* The labels of a run's frames, and how long the network took.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct Summary Summary;

Summary *summary_new(void);
void summary_free(Summary *summary);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Summary, summary_free)

/* Counts a frame and the best class of its result. Call it from one thread. */
void summary_add(Summary *summary, GstBuffer *buffer);

guint summary_frames(const Summary *summary);

/* Frames per second from the first frame to now, microseconds; 0 before the second frame. */
double summary_rate(const Summary *summary, gint64 now);

/* Prints frames, frames per second, median milliseconds per frame, and each label's share of the
 * frames, most frequent first. */
void summary_print(const Summary *summary, const char *source);
