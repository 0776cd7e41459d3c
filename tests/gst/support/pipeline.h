/* A pipeline around convnext: an endless test stream at full speed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct Pipeline {
    GstElement *pipeline, *convnext;
} Pipeline;

/* Starts a pipeline. properties: those of convnext, as in gst-launch. */
Pipeline pipeline_play(const char *properties);

/* Waits until the pipeline plays again after a change of its state or a seek. */
void pipeline_wait_for_state(const Pipeline *p);

/* Waits until this counter in the element's stats increases. */
void pipeline_wait_for_counter(const Pipeline *p, const char *counter);

/* Stops and frees the pipeline. Fails if it posted an error or a warning. */
void pipeline_stop(Pipeline *p);
