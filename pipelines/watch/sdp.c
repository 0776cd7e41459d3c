/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/sdp.h"

#include <gst/gst.h>
#include <string.h>

/* The largest codec data, those of H.265, take about a kilobyte. */
#define MAX_ATTRIBUTES 512
#define MAX_ATTRIBUTE_BYTES 65536

static gsize attribute_length(const GstSDPAttribute *attribute)
{
    return strlen(attribute->key) + (attribute->value ? strlen(attribute->value) : 0);
}

/* The size of a description: attributes and the bytes in them. */
static void measure_sdp(const GstSDPMessage *sdp, gsize *count, gsize *length)
{
    *count = gst_sdp_message_attributes_len(sdp);
    *length = 0;
    for (guint i = 0; i < gst_sdp_message_attributes_len(sdp); i++)
        *length += attribute_length(gst_sdp_message_get_attribute(sdp, i));
    for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++) {
        const GstSDPMedia *media = gst_sdp_message_get_media(sdp, i);

        *count += gst_sdp_media_attributes_len(media);
        for (guint j = 0; j < gst_sdp_media_attributes_len(media); j++)
            *length += attribute_length(gst_sdp_media_get_attribute(media, j));
    }
}

static void remove_medias(GstSDPMessage *sdp)
{
    for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++)
        gst_sdp_media_uninit((GstSDPMedia *)gst_sdp_message_get_media(sdp, i));
    g_array_set_size(sdp->medias, 0);
}

/* Thousands of streams can crash rtspsrc, and it never frees the names of attributes. */
static gboolean check_size(const GstSDPMessage *sdp, GError **error)
{
    const guint medias = gst_sdp_message_medias_len(sdp);
    gsize count, length;

    measure_sdp(sdp, &count, &length);
    if (medias <= WATCH_SDP_MEDIAS && count <= MAX_ATTRIBUTES && length <= MAX_ATTRIBUTE_BYTES)
        return TRUE;
    g_set_error(error, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE,
                "It describes %u streams with %zu attributes of %zu bytes, expected at most %d, %d "
                "and %d.",
                medias, count, length, WATCH_SDP_MEDIAS, MAX_ATTRIBUTES, MAX_ATTRIBUTE_BYTES);
    return FALSE;
}

static gboolean check_video(const GstSDPMessage *sdp, GError **error)
{
    for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++)
        if (g_ascii_strcasecmp(gst_sdp_message_get_media(sdp, i)->media, "video") == 0)
            return TRUE;
    g_set_error_literal(error, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE,
                        "It describes no video stream.");
    return FALSE;
}

/* GStreamer turns each a=ssrc line into a field name and never frees it, and a server picks a new
 * number for every connection. */
static void remove_ssrc(GstSDPMedia *media)
{
    for (guint i = gst_sdp_media_attributes_len(media); i-- > 0;)
        if (strcmp(gst_sdp_media_get_attribute(media, i)->key, "ssrc") == 0)
            gst_sdp_media_remove_attribute(media, i);
}

gboolean watch_sdp_limit(GstSDPMessage *sdp, GError **error)
{
    if (!check_size(sdp, error) || !check_video(sdp, error)) {
        remove_medias(sdp);
        return FALSE;
    }
    for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++)
        remove_ssrc((GstSDPMedia *)gst_sdp_message_get_media(sdp, i));
    return TRUE;
}
