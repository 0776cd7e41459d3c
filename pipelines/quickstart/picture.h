/* What --show and --write do with the frames: results are drawn into them, and they go to a window
 * or to an MP4 file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct Picture {
    gboolean is_shown; /* in a window */
    char *file;        /* to write, or NULL */
} Picture;

/* FALSE with error if an element, an encoder or the display is missing, or if writing would
 * overwrite the source. Call it after gst_init(). source: NULL for the test picture. */
gboolean picture_check(const Picture *picture, const char *source, GError **error);

/* The elements behind convnextpublish, in gst-launch syntax; picture_connect() sets the rest. Free
 * with g_free(). */
char *picture_description(const Picture *picture);
void picture_connect(const Picture *picture, GstElement *pipeline);

/* Whether a warning says that no window could be opened: autovideosink then discards the frames. */
gboolean picture_has_no_window(GstMessage *warning);

/* "show" or "write" if a message is about the window or the file, else NULL. */
const char *picture_verb(GstMessage *message);
