/* A connection to an MQTT broker (3.1.1, quality of service 1) that is opened again whenever it is
 * lost: after 1 second at first, later after 30.
 *
 * Nothing waits for the broker: a thread of its own looks up the host, connects, and sends what its
 * owner gives it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct GstConvnextMqttClient GstConvnextMqttClient;

/* Strings are copied. */
typedef struct GstConvnextMqttOptions {
    const char *host;
    int port;
    gboolean has_tls;
    const char *ca_file;         /* PEM; NULL means the certificates of the system */
    const char *user, *password; /* NULL means none */
    const char *status;          /* topic of the last will, a retained "offline"; or NULL */
} GstConvnextMqttOptions;

/* Called in the client's thread with the owner's data; none may block for long. */
typedef struct GstConvnextMqttFuncs {
    /* A new connection, at which nothing has been sent. */
    void (*connected)(GstConvnextMqttClient *client, gpointer data);
    /* Sends what waits. FALSE if the client refuses, which ends the connection. */
    gboolean (*send)(GstConvnextMqttClient *client, gpointer data);
    /* The broker has acknowledged a message. */
    void (*acknowledged)(int message, gpointer data);
    /* Whether nothing waits and everything is acknowledged. */
    gboolean (*is_done)(gpointer data);
    /* The first failure of a row; reason is a part of a sentence, without credentials. */
    void (*failed)(const char *reason, gpointer data);
    /* A connection is done for the first time. */
    void (*settled)(gpointer data);
    /* A message of a topic that connected() has subscribed to; or NULL. */
    void (*received)(const char *topic, gconstpointer payload, gsize size, gboolean is_retained,
                     gpointer data);
    /* Frees data, after the last call. */
    GDestroyNotify free_data;
} GstConvnextMqttFuncs;

/* TRUE if this build has libmosquitto, without which there is no client. */
gboolean gst_convnext_mqtt_is_built(void);

/* Starts to connect. funcs must exist for ever. Takes data. */
GstConvnextMqttClient *gst_convnext_mqtt_client_new(const GstConvnextMqttOptions *options,
                                                    const GstConvnextMqttFuncs *funcs,
                                                    gpointer data);

/* For connected() and send(). *message: receives the number for acknowledged(). FALSE if it is
 * refused. */
gboolean gst_convnext_mqtt_client_publish(GstConvnextMqttClient *client, const char *topic,
                                          gconstpointer payload, gsize size, gboolean retain,
                                          int *message);
void gst_convnext_mqtt_client_subscribe(GstConvnextMqttClient *client, const char *topic);

/* Something waits to be sent. Any thread. */
void gst_convnext_mqtt_client_wake(GstConvnextMqttClient *client);

/* Ends the connection once everything is done, or after `timeout` microseconds, and frees the
 * client. Returns at once if there is no connection; a lookup of the host's name that hangs is left
 * behind. NULL allowed. */
void gst_convnext_mqtt_client_free(GstConvnextMqttClient *client, gint64 timeout);
