/* What pictures of one scene have in common: the mean of their embeddings, and the directions in
 * which these vary most. The distance of another picture is the squared length of what its
 * embedding has outside of that plane, the statistic Q of process control (Jackson and Mudholkar,
 * Control Procedures for Residuals Associated With Principal Component Analysis, 1979): people who
 * pass and leaves that move vary within the plane, another scene lies outside of it.
 *
 * Embeddings have the length 1, so a distance is between 0 and 4.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define WATCH_AXES 16

typedef struct WatchSubspace {
    guint size;  /* of an embedding */
    float *mean; /* [size] */
    float *axes; /* [WATCH_AXES, size]; orthonormal, or 0 if the samples vary in fewer directions */
} WatchSubspace;

void watch_subspace_init(WatchSubspace *self, guint size);
void watch_subspace_clear(WatchSubspace *self);

/* samples: [count, size]. Those from skip_begin up to skip_end are left out; at least one must
 * remain. */
void watch_subspace_fit(WatchSubspace *self, const float *samples, guint count, guint skip_begin,
                        guint skip_end);

double watch_subspace_distance(const WatchSubspace *self, const float *embedding);

/* Moves the mean towards an embedding, by a share from 0 to 1 of the way. */
void watch_subspace_follow(WatchSubspace *self, const float *embedding, double share);
