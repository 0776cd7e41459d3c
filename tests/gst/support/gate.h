/* Holds up whoever posts a result's message: with mode=latest that is the element's worker, which
 * is then as slow as the test wants, without a clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct Gate Gate;

/* Sets the element's bus and its post-messages. */
Gate *gate_new(GstElement *element);
void gate_free(Gate *gate); /* opens it first */

void gate_close(Gate *gate);
void gate_open(Gate *gate);

/* Waits until somebody stands before the closed gate. */
void gate_wait(Gate *gate);

/* The messages named `name` that were posted since the last call for any name: how many, and the
 * field `frame` of each, at most max. */
guint gate_messages(Gate *gate, const char *name, guint64 *frames, guint max);

/* The next message of a type, waited for; fails after a minute. */
GstMessage *gate_pop(Gate *gate, GstMessageType type);
