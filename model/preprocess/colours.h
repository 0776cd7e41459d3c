/* Colours that differ from those of ordinary SDR video: HDR, other transfer functions, wider
 * primaries. They are converted to SDR with the primaries of BT.709, like the pictures that
 * networks are trained on.
 *
 *   tone    before the resize, for each of R', G' and B': converted to linear light, where
 *           reference white is 1 and brighter light is clipped to 1; then to SDR by the inverse
 *           of BT.1886, light^(1/2.4)
 *   gamut   after the resize, for each pixel: converted to linear light, multiplied by a matrix
 *           with Bradford adaptation of the white point, and converted back
 *
 * Light is display light, as in zimg (FFmpeg's zscale) with npl=203:
 *
 *   PQ                SMPTE ST 2084, reference white 203 cd/m2 (BT.2408)
 *   HLG               ARIB STD-B67 on a display of 1000 cd/m2, with gamma 1.2 for each channel;
 *                     reference white 203 cd/m2
 *   LINEAR            the value itself
 *   GAMMA18, GAMMA20  value^1.8, value^2
 *   LOG100, LOG316    10^(2 (value - 1)), 10^(2.5 (value - 1))
 *
 * The transfer functions SDR, SRGB, GAMMA22, ADOBE_RGB and GAMMA28 are kept, because they are close
 * to those of the pictures that networks are trained on. Only the gamut conversion uses them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "simd/colours.h"

typedef enum CnxTransfer {
    CNX_TRANSFER_SDR, /* BT.601, BT.709, BT.2020: displayed with BT.1886 */
    CNX_TRANSFER_SRGB,
    CNX_TRANSFER_GAMMA22,
    CNX_TRANSFER_ADOBE_RGB,
    CNX_TRANSFER_GAMMA28,
    CNX_TRANSFER_PQ,
    CNX_TRANSFER_HLG,
    CNX_TRANSFER_LINEAR,
    CNX_TRANSFER_GAMMA18,
    CNX_TRANSFER_GAMMA20,
    CNX_TRANSFER_LOG100,
    CNX_TRANSFER_LOG316,
    CNX_TRANSFERS
} CnxTransfer;

typedef enum CnxPrimaries {
    CNX_PRIMARIES_BT709, /* also those that differ from it little: EBU, SMPTE-C */
    CNX_PRIMARIES_BT470M,
    CNX_PRIMARIES_FILM,
    CNX_PRIMARIES_BT2020,
    CNX_PRIMARIES_ADOBE_RGB,
    CNX_PRIMARIES_XYZ, /* SMPTE ST 428 */
    CNX_PRIMARIES_DCI_P3,
    CNX_PRIMARIES_DISPLAY_P3,
    CNX_PRIMARIES_COUNT
} CnxPrimaries;

/* Never changes once made; threads may share it. */
typedef struct CnxColours {
    CnxTransfer transfer;
    gboolean has_tone, has_gamut;
    CnxColourTables tables;
} CnxColours;

/* Returns NULL if these colours need no conversion. */
CnxColours *cnx_colours_new(CnxTransfer transfer, CnxPrimaries primaries);
void cnx_colours_free(CnxColours *colours); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxColours, cnx_colours_free)

/* TRUE if the transfer function has a tone to convert. */
gboolean cnx_colours_is_toned(CnxTransfer transfer);

/* "PQ", "HLG", ... and "BT.2020", "Display P3", ... */
const char *cnx_colours_transfer_name(CnxTransfer transfer);
const char *cnx_colours_primaries_name(CnxPrimaries primaries);

/* The SDR value of a channel, both 0..1, in double precision. NULL allowed: value. */
double cnx_colours_tone(const CnxColours *colours, double value);
