/* The protocol of a worker that contenders.py runs in turns with others, on standard input and
 * output:
 *
 *   writes  ready LOAD_MS PRECISION   time from opening the model's file to the first result, and
 *                                     the precision that runs, "-" without a network
 *   reads   N                         a line with a number
 *   writes  MS MS ... MS              the times of N frames, after one that is not timed
 *
 * The last two repeat until standard input ends. peer.py implements the same in Python.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Serves until standard input ends. frame: runs one frame from end to end. */
void serve(double load_ms, const char *precision, void (*frame)(void *data), void *data);
