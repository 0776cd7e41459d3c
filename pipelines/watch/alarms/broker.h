/* Where the states of the cameras are published: the keys of [watch] that begin with mqtt.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/credentials.h"

typedef struct WatchBroker {
    char *place; /* mqtt://HOST:PORT or mqtts://HOST:PORT, for people */
    char *host;
    int port;
    gboolean has_tls;
    char *ca_file; /* PEM, or NULL: the certificates of the system */
    WatchCredentials credentials;
    char *prefix;    /* of all topics */
    char *discovery; /* prefix of Home Assistant's discovery, or NULL: off */
} WatchBroker;

/* Reads the keys of the group. *broker is NULL if there is no key mqtt. FALSE with an error of one
 * sentence that names group and key, and quotes no credentials. */
gboolean watch_broker_read(WatchBroker **broker, GKeyFile *file, const char *group, GError **error);

WatchBroker *watch_broker_copy(const WatchBroker *broker);
void watch_broker_free(WatchBroker *broker);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchBroker, watch_broker_free)

/* Whether a and b, which may be NULL, are equal. */
gboolean watch_broker_equal(const WatchBroker *a, const WatchBroker *b);

/* Whether topics at a are topics at b, even if the login or the CA differ. b may be NULL. */
gboolean watch_broker_has_same_topics(const WatchBroker *a, const WatchBroker *b);
