/* The alarms of all cameras. A camera that SIGHUP replaces keeps its alarm, so nothing is sent
 * twice.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/alarm.h"
#include "pipelines/watch/camera.h"

typedef struct WatchAlarms WatchAlarms;

/* publish takes each event. */
WatchAlarms *watch_alarms_new(WatchAlarmFunc publish, gpointer data);
void watch_alarms_free(WatchAlarms *alarms);

/* Forgets the cameras that are not in the list. cameras: of WatchCamera. */
void watch_alarms_keep(WatchAlarms *alarms, GPtrArray *cameras);

/* What the hooks of a camera report. */
void watch_alarms_camera_changed(WatchAlarms *alarms, WatchCamera *camera);
void watch_alarms_label_changed(WatchAlarms *alarms, WatchCamera *camera,
                                const GstStructure *message);
void watch_alarms_freeze_changed(WatchAlarms *alarms, WatchCamera *camera,
                                 const WatchFreeze *freeze);

void watch_alarms_baseline_changed(WatchAlarms *alarms, WatchCamera *camera,
                                   const WatchBaselineChange *change);

/* Call it several times a second for each camera. */
void watch_alarms_tick(WatchAlarms *alarms, WatchCamera *camera);

/* The alarm of a camera. */
const WatchAlarm *watch_alarms_find(WatchAlarms *alarms, WatchCamera *camera);
