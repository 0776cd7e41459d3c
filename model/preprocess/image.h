/* A picture in memory: planes, strides, pixel format, colours, region.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "model/preprocess/colours.h"

/* The formats with samples of 16 bits need colours that convert the tone. */
typedef enum CnxPixels {
    CNX_PIXELS_RGB, /* packed, 3 bytes */
    CNX_PIXELS_BGR,
    CNX_PIXELS_RGBX, /* packed, 4 bytes; X (padding or alpha) is ignored */
    CNX_PIXELS_BGRX,
    CNX_PIXELS_XRGB,
    CNX_PIXELS_XBGR,
    CNX_PIXELS_GRAY,    /* one plane, 1 byte, R = G = B */
    CNX_PIXELS_XRGB64,  /* packed, 4 samples of 16 bits in the byte order of the machine */
    CNX_PIXELS_I420,    /* Y, U, V planes, chroma halved both ways, rounded up */
    CNX_PIXELS_YV12,    /* Y, V, U planes */
    CNX_PIXELS_NV12,    /* Y plane, UV plane */
    CNX_PIXELS_NV21,    /* Y plane, VU plane */
    CNX_PIXELS_YUY2,    /* packed Y U Y V */
    CNX_PIXELS_UYVY,    /* packed U Y V Y */
    CNX_PIXELS_I420_16, /* I420 with samples of 2 bytes, little endian, in their lower bits */
    CNX_PIXELS_I422_16, /* the same, chroma halved in width only */
    CNX_PIXELS_NV12_16, /* NV12 with samples of 2 bytes, little endian, in their upper bits */
} CnxPixels;

typedef enum CnxMatrix { CNX_MATRIX_BT601, CNX_MATRIX_BT709, CNX_MATRIX_BT2020 } CnxMatrix;

/* How a picture is turned to be upright: the values of GstVideoOrientationMethod */
typedef enum CnxOrientation {
    CNX_ORIENTATION_IDENTITY,
    CNX_ORIENTATION_90R, /* clockwise */
    CNX_ORIENTATION_180,
    CNX_ORIENTATION_90L,   /* counterclockwise */
    CNX_ORIENTATION_HORIZ, /* left and right change places */
    CNX_ORIENTATION_VERT,  /* top and bottom change places */
    CNX_ORIENTATION_UL_LR, /* columns become rows */
    CNX_ORIENTATION_UR_LL, /* the same across the other diagonal */
} CnxOrientation;

/* What all frames of a stream share */
typedef struct CnxImageInfo {
    CnxPixels pixels;
    guint width, height; /* pixels, at least 1 */
    CnxMatrix matrix;    /* YUV formats only */
    gboolean full_range; /* YUV formats only: 0..255, not 16..235 */
    guint par_n, par_d;  /* pixel aspect ratio; 1/1 for square pixels */
    guint x, y, w, h;    /* region of interest inside the picture; 0, 0, width, height for all */
    CnxOrientation orientation; /* for the input; everything else describes the stored picture */
    guint depth;                /* bits of a YUV sample of 2 bytes, 9..16 */
    const CnxColours *colours;  /* NULL for SDR with the primaries of BT.709; borrowed */
} CnxImageInfo;

typedef struct CnxImage {
    const guint8 *plane[4];
    gssize stride[4]; /* bytes from one row to the next */
} CnxImage;
