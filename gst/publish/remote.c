/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/remote.h"

#include <string.h>

#define STEP_US (20 * 1000) /* of waiting */

struct GstConvnextRemote {
    const GstConvnextRemoteKind *kind;
    gpointer self;
    GstConvnextRemoteNote *note;
    gpointer data;
    guint64 noted_lost; /* lost lines at the last note */
    GMutex mutex;       /* for: */
    GCond interrupted;
    gboolean is_interrupted;
};

GstConvnextRemote *gst_convnext_remote_open(const GstConvnextRemoteOptions *options,
                                            GstConvnextRemoteNote *note, gpointer data,
                                            GError **error)
{
    const GstConvnextRemoteKind *kind = NULL;
    GstConvnextRemote *remote;
    gpointer self;

    if (g_str_has_prefix(options->uri, "mqtt://") || g_str_has_prefix(options->uri, "mqtts://"))
        kind = &gst_convnext_mqtt_lines;
    else if (g_str_has_prefix(options->uri, "kafka://"))
        kind = &gst_convnext_kafka_lines;
    if (!kind) { /* the URI may contain a password, so it is not quoted */
        g_set_error_literal(error, G_URI_ERROR, G_URI_ERROR_BAD_SCHEME,
                            "uri: expected mqtt://HOST[:PORT]/TOPIC, mqtts://HOST[:PORT]/TOPIC or "
                            "kafka://HOST[:PORT][,HOST...]/TOPIC");
        return NULL;
    }
    self = kind->open(options, note, data, error);
    if (!self)
        return NULL;
    remote = g_new0(GstConvnextRemote, 1);
    remote->kind = kind;
    remote->self = self;
    remote->note = note;
    remote->data = data;
    g_mutex_init(&remote->mutex);
    g_cond_init(&remote->interrupted);
    return remote;
}

void gst_convnext_remote_count(GstConvnextRemote *remote, GstConvnextRemoteCounts *counts)
{
    *counts = (GstConvnextRemoteCounts){0};
    remote->kind->count(remote->self, counts);
    counts->sent = counts->delivered + counts->lost + counts->queued;
}

/* Once for the first lost line, and each time that their number has doubled. */
static void note_lost(GstConvnextRemote *remote)
{
    GstConvnextRemoteCounts counts;

    gst_convnext_remote_count(remote, &counts);
    if (counts.lost == 0 || counts.lost < 2 * remote->noted_lost)
        return;
    remote->noted_lost = counts.lost;
    g_autofree char *note = g_strdup_printf("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                                            " results are lost: the broker takes none, or too few",
                                            counts.lost, counts.sent);
    remote->note(note, TRUE, remote->data);
}

void gst_convnext_remote_send(GstConvnextRemote *remote, const char *line, gsize size)
{
    remote->kind->send(remote->self, line, size);
    note_lost(remote);
}

static gboolean is_delivered(GstConvnextRemote *remote)
{
    GstConvnextRemoteCounts counts;

    gst_convnext_remote_count(remote, &counts);
    return counts.queued == 0;
}

void gst_convnext_remote_flush(GstConvnextRemote *remote, gint64 timeout)
{
    const gint64 end = g_get_monotonic_time() + timeout;

    g_mutex_lock(&remote->mutex);
    while (!remote->is_interrupted && !is_delivered(remote) && g_get_monotonic_time() < end)
        g_cond_wait_until(&remote->interrupted, &remote->mutex, g_get_monotonic_time() + STEP_US);
    g_mutex_unlock(&remote->mutex);
}

void gst_convnext_remote_interrupt(GstConvnextRemote *remote)
{
    g_mutex_lock(&remote->mutex);
    remote->is_interrupted = TRUE;
    g_cond_signal(&remote->interrupted);
    g_mutex_unlock(&remote->mutex);
}

void gst_convnext_remote_close(GstConvnextRemote *remote, gint64 timeout)
{
    const guint64 queued = remote->kind->close(remote->self, timeout);

    if (queued > 0) {
        g_autofree char *note = g_strdup_printf(
            "%" G_GUINT64_FORMAT " results were not delivered before the end and are lost", queued);

        remote->note(note, TRUE, remote->data);
    }
    g_mutex_clear(&remote->mutex);
    g_cond_clear(&remote->interrupted);
    g_free(remote);
}
