/* A worker that peers.py alternates with others: it makes itself ready, and then times frames when
 * it is told to.
 *
 *   says   ready LOAD_MS       from before the model's file was opened to the first result
 *   reads  N                   a line with a number
 *   says   MS MS ... MS        the times of N frames, after one that is not timed
 *
 * until the end of its standard input. peer.py is the same in Python.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Returns when standard input ends. frame: one frame, from end to end. */
void serve(double load_ms, void (*frame)(void *data), void *data);
