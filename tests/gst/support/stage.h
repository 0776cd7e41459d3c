/* The usual fixture of tests with one stream: a small network, a harness around the element that
 * runs it, and a gate at its results. The names are short because all these tests use them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define STEP 40 /* milliseconds between frames */

extern GstHarness *h;
extern Gate *gate;

/* A checked fixture. */
void stage_setup(void);
void stage_teardown(void);

/* Pushes frame i and pulls it again. */
GstBuffer *process(guint i);
