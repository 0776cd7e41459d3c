/* Where a camera's frames come from.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/list.h"

/* A bin with one source pad, "src", that gives raw video once it plays. Floating, as elements are.
 * It stands for one connection and is thrown away with it. NULL with an error where an element is
 * missing on this machine. */
GstElement *watch_source_new(const WatchSettings *settings, GError **error);
