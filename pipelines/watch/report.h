/* The status lines of convnext-watch on standard error. Standard output is for results.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/event.h"
#include "pipelines/watch/camera.h"

/* Prints the time, the camera's name and its state; detail may be NULL. Of a camera that does not
 * answer, the first, second, fourth, eighth, ... attempt is printed. */
void watch_report_camera(WatchCamera *camera, const char *detail);

/* Prints the time of day, the camera's name and the event as a sentence. */
void watch_report_event(const WatchEvent *event);

/* Prints frames, results, reconnects, latencies, and the share of each label. */
void watch_report_summary(WatchCamera *camera);
