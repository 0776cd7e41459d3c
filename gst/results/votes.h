/* The newest results of a stream as votes for its state. The window that they fill is a number of
 * results or, with smoothing-time, a period.
 *
 * Not locked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/settings/settings.h"

/* A result's vote. */
typedef struct GstConvnextVote {
    int index; /* of the best class; negative without one */
    double score;
    GstClockTime when; /* running time */
} GstConvnextVote;

/* The votes for one class. */
typedef struct GstConvnextTally {
    double share;       /* of the window, 0 to 1 */
    double score;       /* mean, by weight */
    GstClockTime since; /* of the first vote; GST_CLOCK_TIME_NONE without votes */
} GstConvnextTally;

/* Takes at most 1024 slots of memory, however long the window is: with smoothing-time, votes for
 * one class within 1/64 of the window share a slot. If they are too few, the votes for the rarest
 * classes no longer count for one class, but keep their part of the window. */
typedef struct GstConvnextVotes {
    GArray *slots;  /* oldest first */
    guint64 weight; /* of all slots */
    guint64 clock;  /* weight of all votes so far */
} GstConvnextVotes;

void gst_convnext_votes_init(GstConvnextVotes *votes);
void gst_convnext_votes_clear(GstConvnextVotes *votes); /* frees the memory */

/* Drops all votes. */
void gst_convnext_votes_reset(GstConvnextVotes *votes);

/* Adds a vote, and drops the oldest ones that no longer fit in the window. weight: 1, or with
 * smoothing-time nanoseconds; 0 adds no vote. */
void gst_convnext_votes_add(GstConvnextVotes *votes, const GstConvnextSmoothing *smoothing,
                            const GstConvnextVote *vote, guint64 weight);

GstConvnextTally gst_convnext_votes_count(const GstConvnextVotes *votes,
                                          const GstConvnextSmoothing *smoothing, int index);

/* The share of the window that votes fill, 0 to 1. */
double gst_convnext_votes_filled(const GstConvnextVotes *votes,
                                 const GstConvnextSmoothing *smoothing);

/* The largest share that any class has. */
double gst_convnext_votes_largest_share(const GstConvnextVotes *votes,
                                        const GstConvnextSmoothing *smoothing);
