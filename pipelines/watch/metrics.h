/* The cameras' metrics in Prometheus's text format.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/alarms.h"

#define WATCH_METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* cameras: of WatchCamera. Returns the text of all metrics; the caller frees it. */
char *watch_metrics_text(GPtrArray *cameras, WatchAlarms *alarms);
