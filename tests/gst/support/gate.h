/* Blocks the thread that posts a result's message. With mode=latest that is the element's worker,
 * so a test can make it as slow as necessary without a clock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct Gate Gate;

/* Sets the element's bus and its post-messages. */
Gate *gate_new(GstElement *element);
void gate_free(Gate *gate); /* opens it first */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Gate, gate_free)

void gate_close(Gate *gate);
void gate_open(Gate *gate);

/* Waits until a thread is blocked at the closed gate. */
void gate_wait(Gate *gate);

/* Empties the bus. Returns the number of messages with this name, and writes the field `frame` of
 * the first max of them to frames. */
guint gate_messages(Gate *gate, const char *name, guint64 *frames, guint max);

/* Waits for the next message of a type. Fails after a minute. */
GstMessage *gate_pop(Gate *gate, GstMessageType type);
