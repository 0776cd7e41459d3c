/* What the cameras show, as JSON.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/alarms.h"

/* A list with an object for each camera, in their order; cameras: of WatchCamera. The caller frees
 * it. */
char *watch_api_cameras(GPtrArray *cameras, WatchAlarms *alarms);

/* {"camera": that of watch_api_cameras(), "events": events}; events: JSON. The caller frees it. */
char *watch_api_camera(WatchCamera *camera, WatchAlarms *alarms, const char *events);

/* {"ready": …, "waiting": […]}, with the names of the cameras that have neither answered nor failed
 * once. The caller frees it. */
char *watch_api_ready(GPtrArray *cameras, gboolean *is_ready);
