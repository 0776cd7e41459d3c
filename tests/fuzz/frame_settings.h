/* The values of the element's properties that the target frame sets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "tests/fuzz/reader.h"

/* Fails if a writable property has no row in one of the tables. */
void frame_settings_check(GObject *element);

/* Sets a property of the engine, before the element starts. The reader chooses. */
void frame_settings_set_engine(FuzzReader *reader, GstElement *element);

/* Sets a property that may change at any time. */
void frame_settings_set(FuzzReader *reader, GstElement *element);
