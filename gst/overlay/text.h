/* Text as coverage, for gst_convnext_canvas_add_coverage(). What has been rendered is kept while
 * frames use it, so that a text that stays is laid out once.
 *
 * Text is never markup. Anything may be in it: bytes that are not UTF-8 are replaced, control
 * characters and line breaks become spaces, and long text ends in an ellipsis. Scripts that run
 * from right to left are shaped and ordered as they are written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct GstConvnextTexts GstConvnextTexts;

typedef struct GstConvnextText {
    int width, height; /* pixels */
    gsize stride;      /* bytes */
    guint8 *coverage;  /* [height, stride]: 0 to 255 */
} GstConvnextText;

GstConvnextTexts *gst_convnext_texts_new(void);
void gst_convnext_texts_free(GstConvnextTexts *texts); /* NULL allowed */

/* What text looks like from now on; a change drops what has been rendered. font: a Pango font
 * description, whose size is ignored. size: of the font, in rows of pixels, above 0. stretch: width
 * of a pixel in columns, for example 0.5 if pixels are shown twice as wide as high. most_width: in
 * columns, at least 1; longer text is cut. */
void gst_convnext_texts_set_style(GstConvnextTexts *texts, const char *font, double size,
                                  double stretch, int most_width);

/* text: any bytes. The result is valid until the style changes, or the next call of
 * gst_convnext_texts_tidy(). */
const GstConvnextText *gst_convnext_texts_get(GstConvnextTexts *texts, const char *text);

/* Call it once for each frame, before its first text: drops what no recent frame has used. */
void gst_convnext_texts_tidy(GstConvnextTexts *texts);

/* For tests: how many texts have been laid out so far. */
guint64 gst_convnext_texts_rendered(const GstConvnextTexts *texts);
