/* What convnext-watch tells people, on standard error: standard output is for results.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/camera.h"

/* A line with the time, the camera's name and its state; detail may be NULL. */
void watch_report_camera(WatchCamera *camera, const char *detail);

/* The same for what the camera shows. what: convnext's message convnext-state-changed. */
void watch_report_state(WatchCamera *camera, const GstStructure *what);

/* Frames, results, reconnections, times, and the share of each label. */
void watch_report_summary(WatchCamera *camera);
