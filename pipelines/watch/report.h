/* The status lines of convnext-watch on standard error. Standard output is for results.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/camera.h"

/* Prints the time, the camera's name and its state; detail may be NULL. */
void watch_report_camera(WatchCamera *camera, const char *detail);

/* Prints the time, the camera's name and its new label. message: convnext's message
 * convnext-state-changed. */
void watch_report_label(WatchCamera *camera, const GstStructure *message);

/* Prints that the picture is frozen, or no longer. */
void watch_report_freeze(WatchCamera *camera, const WatchFreeze *freeze);

/* Prints frames, results, reconnects, latencies, and the share of each label. */
void watch_report_summary(WatchCamera *camera);
