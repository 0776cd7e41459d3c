/* From the colorimetry in the caps to the colours that preprocessing converts.
 *
 * Primaries that GStreamer assumes for video without colorimetry (BT.709, SMPTE-C), those that
 * differ from them little (EBU), and unknown ones are taken as BT.709. HDR with unknown primaries
 * has those of BT.2020, as BT.2100 requires.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "model/preprocess/colours.h"

/* TRUE for PQ and HLG. */
gboolean gst_convnext_colours_are_hdr(const GstVideoColorimetry *colorimetry);

/* NULL if these colours need no conversion. */
CnxColours *gst_convnext_colours_new(const GstVideoColorimetry *colorimetry);

/* "HLG is tone-mapped to SDR, BT.2020 primaries are converted to BT.709", or one of the two; NULL
 * if nothing is converted. The caller owns it. */
char *gst_convnext_colours_describe(const GstVideoColorimetry *colorimetry);
