/* What the tests of convnextpublish share: an element that writes into a temporary folder, frames
 * with results, and what was written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <json-glib/json-glib.h>

#include "gst/convnext/convnext.h"

extern char *dir; /* of one test */

void setup(void);

void teardown(void);

char *in_dir(const char *name);

GstElement *make_element(const char *property, ...);

GstHarness *make_harness(GstElement *element);

GstConvnextResult *make_result(const char *model);

void add_tensor(GstConvnextResult *result, const char *name, guint n_dims, const gsize *dims,
                const float *values);

GstBuffer *make_frame(GstConvnextResult *result);

void push(GstHarness *harness, GstBuffer *frame);

char *read_lines(void);

JsonNode *publish(GstConvnextResult *result);

void check_lines(const char *expected);

GstConvnextResult *make_full_result(void);
