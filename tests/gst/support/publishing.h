/* The fixture for the tests of convnextpublish: an element that writes to a temporary folder,
 * frames with results, and the lines that were written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <json-glib/json-glib.h>

#include "gst/convnext/convnext.h"
#include "tests/gst/support/harness.h"

extern char *folder; /* of the current test */

/* A checked fixture. */
void folder_setup(void);
void folder_teardown(void);

/* The path of a file in the folder. */
char *folder_path(const char *name);

/* An element that writes to the file "lines" in the folder. Properties are as in g_object_set(). */
GstElement *make_element(const char *property, ...);

/* A harness around the element, with caps. Takes the element. */
GstHarness *make_harness(GstElement *element);

/* A result of this model without classes. */
GstConvnextResult *make_result(const char *model);

/* A result with an object, classes and tensors. */
GstConvnextResult *make_full_result(void);

void add_tensor(GstConvnextResult *result, const char *name, guint n_dims, const gsize *dims,
                const float *values);

/* A frame with this result, or without one if it is NULL. Takes the result. */
GstBuffer *make_frame(GstConvnextResult *result);

/* Pushes a frame and checks that the same buffer comes out. Takes the frame. */
void push_frame(GstHarness *harness, GstBuffer *frame);

/* The text of the file "lines". */
char *read_lines(void);

/* Fails unless the file "lines" has this text. */
void check_lines(const char *expected);

/* Publishes one frame with this result through a new element. Returns the parsed line. Takes the
 * result. */
JsonNode *publish_result(GstConvnextResult *result);
