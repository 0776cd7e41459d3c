/* Restarts, flushes and ends a stream in a GstHarness.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstHarness, gst_harness_teardown)

/* Stops the element, starts it again and pushes the caps. Some properties only apply then. */
void harness_restart(GstHarness *h, const char *caps);

/* Flushes the stream and begins a new segment. */
void harness_flush(GstHarness *h);

void harness_push_segment(GstHarness *h, const GstSegment *segment);

/* Begins a segment in time with the default values. */
void harness_new_segment(GstHarness *h);

/* Pushes EOS. With mode=latest this waits for the worker. */
void harness_end(GstHarness *h);
