/* Addresses, logins and certificates of brokers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* An MQTT broker, and a path at it. */
typedef struct GstConvnextMqttPlace {
    char *text; /* mqtt://HOST:PORT or mqtts://HOST:PORT, for people */
    char *host;
    int port;
    gboolean has_tls;
    char *path; /* without its first /; "" if there is none */
} GstConvnextMqttPlace;

/* uri: mqtt://HOST[:PORT][/PATH], or mqtts. FALSE if it is something else, or has credentials, a
 * query or a fragment. */
gboolean gst_convnext_mqtt_place_parse(GstConvnextMqttPlace *place, const char *uri);
void gst_convnext_mqtt_place_clear(GstConvnextMqttPlace *place);

/* Reads "user:password" from the first line of a file. The caller owns both. FALSE with an error
 * that names the file and quotes nothing of it. */
gboolean gst_convnext_login_read(const char *file, char **user, char **password, GError **error);

/* Whether a file has certificates in PEM. FALSE with an error that names the file. */
gboolean gst_convnext_ca_check(const char *file, GError **error);
