/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/timestamp.h"

#define NTP_TO_UNIX (G_GUINT64_CONSTANT(2208988800) * GST_SECOND) /* from 1900 to 1970 */

/* Nanoseconds since 1970, in UTC. */
static gboolean read_reference(GstBuffer *buffer, guint64 *time)
{
    GstReferenceTimestampMeta *meta;
    gpointer state = NULL;

    while ((meta = (GstReferenceTimestampMeta *)gst_buffer_iterate_meta_filtered(
                buffer, &state, GST_REFERENCE_TIMESTAMP_META_API_TYPE))) {
        const GstStructure *s = gst_caps_get_structure(meta->reference, 0);
        const gboolean is_ntp = gst_structure_has_name(s, "timestamp/x-ntp");

        if ((!is_ntp && !gst_structure_has_name(s, "timestamp/x-unix")) ||
            (is_ntp && meta->timestamp < NTP_TO_UNIX))
            continue;
        *time = meta->timestamp - (is_ntp ? NTP_TO_UNIX : 0);
        return TRUE;
    }
    return FALSE;
}

char *gst_convnext_timestamp(GstBuffer *buffer, gboolean is_live)
{
    guint64 time;

    if (!read_reference(buffer, &time)) {
        if (!is_live)
            return NULL;
        time = (guint64)g_get_real_time() * GST_USECOND;
    }
    g_autoptr(GDateTime) second = g_date_time_new_from_unix_utc((gint64)(time / GST_SECOND));
    g_autoptr(GDateTime) moment =
        g_date_time_add(second, (GTimeSpan)(time % GST_SECOND / GST_USECOND));
    return g_date_time_format(moment, "%Y-%m-%dT%H:%M:%S.%fZ");
}
