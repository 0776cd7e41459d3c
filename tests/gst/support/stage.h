/* What a test of one stream begins with: a small network, the element with it in a harness, and a
 * gate at its results. These names are short, and every such test has them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define STEP 40 /* milliseconds between frames */

extern char *network; /* its folder */
extern GstHarness *h;
extern Gate *gate;

/* A checked fixture: to be made before each test, and deleted after it. */
void stage_setup(void);
void stage_teardown(void);

/* Frame number i, pushed and pulled again. */
GstBuffer *through(guint i);
