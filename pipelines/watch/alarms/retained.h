/* What the cameras retain at an MQTT broker: for each one PREFIX/CAMERA/availability, state,
 * problem, attributes and snapshot, and the payloads that make Home Assistant discover it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/alarms.h"
#include "pipelines/watch/alarms/broker.h"

typedef struct WatchRetained WatchRetained;

WatchRetained *watch_retained_new(void);

/* Says that everything is offline, within 1 second. */
void watch_retained_free(WatchRetained *retained);

/* Publishes at this broker from now on; NULL: nowhere. If topics move, the old ones are removed,
 * which waits for the old broker for 1 second at most. The same broker changes nothing. */
void watch_retained_connect(WatchRetained *retained, const WatchBroker *broker);

/* What an event adds to the attributes of its camera. */
void watch_retained_add(WatchRetained *retained, const WatchEvent *event);

/* The picture of the last event of this camera, as JPEG. One of more than 1 MiB is not published,
 * and the one before is removed. */
void watch_retained_set_snapshot(WatchRetained *retained, const WatchSettings *camera,
                                 GBytes *jpeg);

/* Publishes what has changed, and removes cameras that are not in the list. Call it several times a
 * second. cameras: of WatchCamera. */
void watch_retained_update(WatchRetained *retained, GPtrArray *cameras, WatchAlarms *alarms);
