/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/input/colours.h"

static CnxTransfer find_transfer(const GstVideoColorimetry *colorimetry)
{
    switch (colorimetry->transfer) {
    case GST_VIDEO_TRANSFER_GAMMA10:
        return CNX_TRANSFER_LINEAR;
    case GST_VIDEO_TRANSFER_GAMMA18:
        return CNX_TRANSFER_GAMMA18;
    case GST_VIDEO_TRANSFER_GAMMA20:
        return CNX_TRANSFER_GAMMA20;
    case GST_VIDEO_TRANSFER_GAMMA22:
        return CNX_TRANSFER_GAMMA22;
    case GST_VIDEO_TRANSFER_GAMMA28:
        return CNX_TRANSFER_GAMMA28;
    case GST_VIDEO_TRANSFER_SRGB:
        return CNX_TRANSFER_SRGB;
    case GST_VIDEO_TRANSFER_ADOBERGB:
        return CNX_TRANSFER_ADOBE_RGB;
    case GST_VIDEO_TRANSFER_LOG100:
        return CNX_TRANSFER_LOG100;
    case GST_VIDEO_TRANSFER_LOG316:
        return CNX_TRANSFER_LOG316;
    case GST_VIDEO_TRANSFER_SMPTE2084:
        return CNX_TRANSFER_PQ;
    case GST_VIDEO_TRANSFER_ARIB_STD_B67:
        return CNX_TRANSFER_HLG;
    default:
        return CNX_TRANSFER_SDR;
    }
}

static CnxPrimaries find_primaries(const GstVideoColorimetry *colorimetry)
{
    switch (colorimetry->primaries) {
    case GST_VIDEO_COLOR_PRIMARIES_BT470M:
        return CNX_PRIMARIES_BT470M;
    case GST_VIDEO_COLOR_PRIMARIES_FILM:
        return CNX_PRIMARIES_FILM;
    case GST_VIDEO_COLOR_PRIMARIES_BT2020:
        return CNX_PRIMARIES_BT2020;
    case GST_VIDEO_COLOR_PRIMARIES_ADOBERGB:
        return CNX_PRIMARIES_ADOBE_RGB;
    case GST_VIDEO_COLOR_PRIMARIES_SMPTEST428:
        return CNX_PRIMARIES_XYZ;
    case GST_VIDEO_COLOR_PRIMARIES_SMPTERP431:
        return CNX_PRIMARIES_DCI_P3;
    case GST_VIDEO_COLOR_PRIMARIES_SMPTEEG432:
        return CNX_PRIMARIES_DISPLAY_P3;
    case GST_VIDEO_COLOR_PRIMARIES_UNKNOWN:
        return gst_convnext_colours_are_hdr(colorimetry) ? CNX_PRIMARIES_BT2020
                                                         : CNX_PRIMARIES_BT709;
    default:
        return CNX_PRIMARIES_BT709;
    }
}

gboolean gst_convnext_colours_are_hdr(const GstVideoColorimetry *colorimetry)
{
    return colorimetry->transfer == GST_VIDEO_TRANSFER_SMPTE2084 ||
           colorimetry->transfer == GST_VIDEO_TRANSFER_ARIB_STD_B67;
}

CnxColours *gst_convnext_colours_new(const GstVideoColorimetry *colorimetry)
{
    return cnx_colours_new(find_transfer(colorimetry), find_primaries(colorimetry));
}

char *gst_convnext_colours_describe(const GstVideoColorimetry *colorimetry)
{
    const CnxTransfer transfer = find_transfer(colorimetry);
    const CnxPrimaries primaries = find_primaries(colorimetry);
    g_autoptr(GString) text = g_string_new(NULL);

    if (cnx_colours_is_toned(transfer))
        g_string_append_printf(text, "%s is tone-mapped to SDR",
                               cnx_colours_transfer_name(transfer));
    if (primaries != CNX_PRIMARIES_BT709)
        g_string_append_printf(text, "%s%s primaries are converted to BT.709",
                               text->len > 0 ? ", " : "", cnx_colours_primaries_name(primaries));
    return text->len > 0 ? g_strdup(text->str) : NULL;
}
