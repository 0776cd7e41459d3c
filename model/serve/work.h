/* What a queue runs: a network with settings, on inputs of one size. The queue calls these
 * functions, of one work at a time; they need not be thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/serve/job.h"

typedef struct CnxWorkKind {
    gsize settings_size; /* bytes; a client keeps a copy of its settings */
    gboolean (*same_settings)(gconstpointer a, gconstpointer b);

    gpointer (*network_ref)(gpointer network);
    void (*network_unref)(gpointer network);

    /* Takes its own reference to the network. Does not allocate a run yet. */
    gpointer (*create)(gpointer network, gconstpointer settings, guint width, guint height);
    void (*free)(gpointer work);

    /* Makes sure that there is a run with this many threads, and with room for this many images or
     * as many as memory allows. FALSE with error if there is no memory for one image. */
    gboolean (*prepare)(gpointer work, guint threads, guint images, GError **error);

    /* Limits what a run of several images may take, in bytes. */
    void (*set_memory)(gpointer work, gsize memory);

    guint (*limit)(gconstpointer work);  /* images of one forward pass */
    gsize (*memory)(gconstpointer work); /* bytes of the run; 0 without one */

    /* Runs all images of a list of jobs, and calls the fn of each job for its images in order. The
     * work is prepared. Returns the number of forward passes. */
    guint (*run)(gpointer work, const CnxJob *jobs);
} CnxWorkKind;
