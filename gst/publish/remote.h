/* Where lines go by network: an MQTT topic or a Kafka topic.
 *
 * No line waits for the broker. Lines wait in a bounded queue, at most 10,000 and 64 MiB of them,
 * while the broker is late, hangs or restarts; when it is full, lines are lost, and counted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define GST_CONVNEXT_REMOTE_LINES 10000
#define GST_CONVNEXT_REMOTE_BYTES (64 * 1024 * 1024)

typedef struct GstConvnextRemote GstConvnextRemote;

typedef struct GstConvnextRemoteOptions {
    const char *uri;              /* mqtt://, mqtts:// or kafka:// */
    const char *credentials_file; /* first line user:password; or NULL */
    const char *ca_file;          /* PEM; NULL means the certificates of the system */
    const char *stream;           /* the key of Kafka's messages; or NULL */
} GstConvnextRemoteOptions;

/* Lines since the start. Each line that was sent is delivered, lost or queued. */
typedef struct GstConvnextRemoteCounts {
    guint64 sent;      /* gst_convnext_remote_send() */
    guint64 delivered; /* acknowledged by the broker */
    guint64 lost;      /* because the queue was full, or refused by the broker */
    guint64 queued;
} GstConvnextRemoteCounts;

/* What there is to say about the broker, in any thread; note is one sentence without credentials.
 * is_failure: the broker cannot be reached or lines are lost, not: it is connected. */
typedef void GstConvnextRemoteNote(const char *note, gboolean is_failure, gpointer data);

/* Starts to connect. note and data must outlive the remote. NULL with an error of one sentence if
 * the options are wrong, or this build lacks the library. */
GstConvnextRemote *gst_convnext_remote_open(const GstConvnextRemoteOptions *options,
                                            GstConvnextRemoteNote *note, gpointer data,
                                            GError **error);

/* A line without its end. Copied. */
void gst_convnext_remote_send(GstConvnextRemote *remote, const char *line, gsize size);

void gst_convnext_remote_count(GstConvnextRemote *remote, GstConvnextRemoteCounts *counts);

/* Waits until every line is delivered, but only `timeout` microseconds, and not after
 * gst_convnext_remote_interrupt(). */
void gst_convnext_remote_flush(GstConvnextRemote *remote, gint64 timeout);
void gst_convnext_remote_interrupt(GstConvnextRemote *remote); /* any thread */

/* Waits until every line is delivered, but only `timeout` microseconds, and not for a broker that
 * cannot be reached; then frees the remote. Lines that are still queued are lost, which is noted.
 */
void gst_convnext_remote_close(GstConvnextRemote *remote, gint64 timeout);

/* A kind of broker. self is what open() has returned. */
typedef struct GstConvnextRemoteKind {
    gpointer (*open)(const GstConvnextRemoteOptions *options, GstConvnextRemoteNote *note,
                     gpointer data, GError **error);
    void (*send)(gpointer self, const char *line, gsize size);
    void (*count)(gpointer self, GstConvnextRemoteCounts *counts); /* all but sent */
    guint64 (*close)(gpointer self, gint64 timeout); /* returns the lines that were queued */
} GstConvnextRemoteKind;

extern const GstConvnextRemoteKind gst_convnext_mqtt_lines, gst_convnext_kafka_lines;
