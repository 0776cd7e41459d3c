/* One picture after the other through the element convnext, as in any pipeline.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>
#include <signal.h>

#define PICTURE_ERROR g_quark_from_static_string("picture")

typedef struct PictureReader PictureReader;

/* properties: names and values of convnext in turn, ended with NULL; a NULL value leaves the
 * default. Loads the model, which stays until the reader is freed, and prints the element's
 * warnings. NULL with error if the element refuses them or is not installed. */
PictureReader *picture_reader_new(const char *const *properties, GError **error);
void picture_reader_free(PictureReader *reader); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PictureReader, picture_reader_free)

/* Sets *result to that of the first frame, to be unreferenced; or, if the picture cannot be read,
 * *cause to a sentence, to be freed. JPEG is turned as its EXIF says. FALSE with error if a decoder
 * is not installed, or once *stop is not 0. */
gboolean picture_reader_run(PictureReader *reader, const char *path, GstConvnextResult **result,
                            char **cause, const volatile sig_atomic_t *stop, GError **error);
