/* Retained topics of an MQTT broker (3.1.1, quality of service 1), kept as they are set here.
 *
 * Nothing waits for the broker (gst/network/mqttclient.h). A table holds the newest payload of
 * each topic and nothing else, so its size is bounded by the number of topics. After each
 * connection all topics are sent, because the broker may have lost some; a topic that changes is
 * sent once its earlier payload has been acknowledged. Standard error reports the first failure of
 * a row, and each time that the broker has acknowledged everything after that.
 *
 * PREFIX/status is online while the thread is connected, and otherwise offline: by the last will if
 * the program is killed. When Home Assistant starts, which it tells at DISCOVERY/status, the
 * topics below DISCOVERY are sent again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/broker.h"

typedef struct WatchMqtt WatchMqtt;

/* Copies broker. NULL without libmosquitto. */
WatchMqtt *watch_mqtt_new(const WatchBroker *broker);

/* Sets the payload of a topic, of 256 MB at most. An empty one removes the topic from the broker;
 * the table keeps it, because a broker that is killed may forget that. */
void watch_mqtt_set_bytes(WatchMqtt *mqtt, const char *topic, GBytes *payload);
void watch_mqtt_set(WatchMqtt *mqtt, const char *topic, const char *payload);

/* Removes all topics that were set. */
void watch_mqtt_clear(WatchMqtt *mqtt);

/* Says offline, waits until the broker has acknowledged everything, but 1 second at most and not
 * at all while it cannot be reached, and disconnects. */
void watch_mqtt_free(WatchMqtt *mqtt);
