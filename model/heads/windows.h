/* Sliding windows: a network runs on parts of its input, all of one size, that overlap. Along each
 * side they start every `step` pixels, and the last one is moved back so that it ends with the
 * input, as in mmsegmentation. A side shorter than a window has one window, as long as the side.
 * Inline code only: there is no windows.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* In pixels of the input; all 0: a single window, the input. */
typedef struct CnxWindows {
    guint width, height;  /* of a window */
    guint step_x, step_y; /* from one window to the next: half of the window's side, or more */
} CnxWindows;

/* The windows along one side of the input */
typedef struct CnxWindowLine {
    guint side;   /* of the input */
    guint window; /* pixels of each, at most side */
    guint step;
    guint count;
} CnxWindowLine;

/* window, step: as in CnxWindows */
static inline CnxWindowLine cnx_window_line(guint side, guint window, guint step)
{
    if (window == 0 || window >= side)
        return (CnxWindowLine){side, side, side, 1};
    return (CnxWindowLine){side, window, step, (side - window + step - 1) / step + 1};
}

/* The first pixel of window i. */
static inline guint cnx_window_start(const CnxWindowLine *line, guint i)
{
    return MIN(i * line->step, line->side - line->window);
}
