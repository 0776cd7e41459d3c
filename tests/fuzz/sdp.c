/* Fuzz target: the description of a camera's streams (SDP), as the RTSP source passes it on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/sdp.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

static guint count_ssrc(const GstSDPMedia *media)
{
    guint count = 0;

    for (guint i = 0; i < gst_sdp_media_attributes_len(media); i++)
        count += g_str_equal(gst_sdp_media_get_attribute(media, i)->key, "ssrc");
    return count;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    GstSDPMessage *sdp;
    g_autoptr(GError) error = NULL;

    fuzz_set_fatal();
    gst_sdp_message_new(&sdp);
    if (size > 0 && gst_sdp_message_parse_buffer(data, (guint)size, sdp) == GST_SDP_OK) {
        if (watch_sdp_limit(sdp, &error)) {
            g_assert_no_error(error);
            g_assert_cmpuint(gst_sdp_message_medias_len(sdp), <=, WATCH_SDP_MEDIAS);
        } else {
            g_assert_nonnull(error);
            g_assert_cmpuint(gst_sdp_message_medias_len(sdp), ==, 0);
        }
        for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++)
            g_assert_cmpuint(count_ssrc(gst_sdp_message_get_media(sdp, i)), ==, 0);
    }
    gst_sdp_message_free(sdp);
    return 0;
}
