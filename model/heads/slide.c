/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/slide.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/memory.h"

/* The windows of an input, and the logits that they yield */
typedef struct Plan {
    CnxWindowLine across, down;
    CnxMap tile, tiles; /* logits of one window, and of all; without values */
    gsize bytes;        /* of tiles and of one window's pixels; 0 with one window; G_MAXSIZE if that
                           does not fit */
} Plan;

struct CnxSlideRun {
    CnxSegmenterRun *run; /* of one window */
    Plan plan;
    void *memory;  /* of the tiles, then of the window; NULL with one window */
    float *window; /* [height, width, 3] of a window */
    CnxMap tiles;
};

/* Pixels of a map times channels; G_MAXSIZE if that does not fit. */
static gsize floats_of(gsize height, gsize width, gsize channels)
{
    gsize floats;

    return g_size_checked_mul(&floats, height, width) &&
                   g_size_checked_mul(&floats, floats, channels)
               ? floats
               : G_MAXSIZE / sizeof(float);
}

/* tiles is 0 x 0 if the windows do not fit the network. */
static Plan plan_of(const CnxSegmenter *segmenter, const CnxWindows *windows, guint width,
                    guint height)
{
    Plan plan = {.across = cnx_window_line(width, windows->width, windows->step_x),
                 .down = cnx_window_line(height, windows->height, windows->step_y)};
    gsize floats;

    plan.tile = cnx_segmenter_run_size(segmenter, plan.across.window, plan.down.window);
    plan.tiles = plan.tile;
    plan.tiles.width *= plan.across.count;
    plan.tiles.height *= plan.down.count;
    if (plan.across.count * plan.down.count > 1 &&
        (!g_size_checked_add(&floats,
                             floats_of(plan.tiles.height, plan.tiles.width, plan.tiles.channels),
                             floats_of(plan.down.window, plan.across.window, 3)) ||
         !g_size_checked_mul(&plan.bytes, floats, sizeof(float))))
        plan.bytes = G_MAXSIZE;
    return plan;
}

gsize cnx_slide_run_measure(const CnxSegmenter *segmenter, const CnxWindows *windows, guint width,
                            guint height, guint threads)
{
    const Plan plan = plan_of(segmenter, windows, width, height);
    gsize bytes =
        cnx_segmenter_run_measure(segmenter, plan.across.window, plan.down.window, threads);

    if (bytes == 0)
        return 0;
    return g_size_checked_add(&bytes, bytes, plan.bytes) ? bytes : G_MAXSIZE;
}

CnxMap cnx_slide_run_size(const CnxSegmenter *segmenter, const CnxWindows *windows, guint width,
                          guint height)
{
    return plan_of(segmenter, windows, width, height).tiles;
}

static gboolean take_memory(CnxSlideRun *self, GError **error)
{
    const CnxMap *tiles = &self->plan.tiles;

    if (self->plan.bytes == 0)
        return TRUE;
    self->memory = cnx_memory_new(self->plan.bytes);
    if (!self->memory) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "not enough memory for the logits of %u windows of %ux%u pixels",
                    self->plan.across.count * self->plan.down.count, self->plan.across.window,
                    self->plan.down.window);
        return FALSE;
    }
    self->tiles = *tiles;
    self->tiles.data = self->memory;
    self->window = (float *)self->memory + floats_of(tiles->height, tiles->width, tiles->channels);
    return TRUE;
}

CnxSlideRun *cnx_slide_run_new(CnxSegmenter *segmenter, const CnxWindows *windows, guint width,
                               guint height, guint threads, GError **error)
{
    g_autoptr(CnxSlideRun) self = g_new0(CnxSlideRun, 1);

    self->plan = plan_of(segmenter, windows, width, height);
    self->run = cnx_segmenter_run_new(segmenter, self->plan.across.window, self->plan.down.window,
                                      threads, error);
    return self->run && take_memory(self, error) ? g_steal_pointer(&self) : NULL;
}

void cnx_slide_run_free(CnxSlideRun *self)
{
    if (!self)
        return;
    cnx_segmenter_run_free(self->run);
    free(self->memory);
    g_free(self);
}

gsize cnx_slide_run_memory(const CnxSlideRun *self)
{
    return cnx_segmenter_run_memory(self->run) + self->plan.bytes;
}

/* Copies rows of `floats` floats, whose starts are lds and ldd floats apart. */
static void copy_rows(float *dst, gsize ldd, const float *src, gsize lds, guint rows, gsize floats)
{
    for (guint y = 0; y < rows; y++)
        memcpy(dst + y * ldd, src + y * lds, floats * sizeof *dst);
}

static void run_window(CnxSlideRun *self, const float *image, guint row, guint column)
{
    const Plan *plan = &self->plan;
    const gsize line = (gsize)plan->across.side * 3, window = (gsize)plan->across.window * 3;
    const gsize y = cnx_window_start(&plan->down, row), x = cnx_window_start(&plan->across, column);
    const gsize tile = (gsize)plan->tile.width * plan->tile.channels;
    const gsize tiles = tile * plan->across.count;

    copy_rows(self->window, window, image + y * line + x * 3, line, plan->down.window, window);
    const CnxMap *logits = cnx_segmenter_run_forward(self->run, self->window);
    copy_rows((float *)self->memory + row * plan->tile.height * tiles + column * tile, tiles,
              logits->data, tile, plan->tile.height, tile);
}

const CnxMap *cnx_slide_run_forward(CnxSlideRun *self, const float *image)
{
    if (!self->memory)
        return cnx_segmenter_run_forward(self->run, image);
    for (guint row = 0; row < self->plan.down.count; row++)
        for (guint column = 0; column < self->plan.across.count; column++)
            run_window(self, image, row, column);
    return &self->tiles;
}
