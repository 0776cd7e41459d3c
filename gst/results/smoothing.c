/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/smoothing.h"

#include <math.h>
#include <string.h>

#include "model/network/scores.h"

#define NO_CLASS (-1)

typedef struct Vote {
    int index; /* of the best class, or NO_CLASS */
    float score;
    GstClockTime when; /* running time */
} Vote;

typedef struct State {
    int index;
    char *label; /* NULL means no class */
} State;

struct GstConvnextSmoother {
    gboolean has_state;
    State state;
    GArray *votes;    /* majority: Vote, oldest first, at most the window */
    float *means;     /* exponential: [classes] */
    guint classes;    /* length of means; 0 before the first result */
    Vote streak;      /* exponential: best class of the latest results, and its first time */
    int target_index; /* the state that repeating the last result would lead to */
    GstConvnextSmoothingKind kind;    /* of the results so far */
    GstConvnextActivation activation; /* of their scores */
};

GstConvnextSmoother *gst_convnext_smoother_new(void)
{
    GstConvnextSmoother *self = g_new0(GstConvnextSmoother, 1);

    self->state.index = self->target_index = NO_CLASS;
    self->votes = g_array_new(FALSE, FALSE, sizeof(Vote));
    return self;
}

void gst_convnext_smoother_free(GstConvnextSmoother *self)
{
    if (!self)
        return;
    gst_convnext_smoother_reset(self);
    g_array_unref(self->votes);
    g_free(self);
}

static void forget_results(GstConvnextSmoother *self)
{
    g_array_set_size(self->votes, 0);
    g_clear_pointer(&self->means, g_free);
    self->classes = 0;
    self->streak = (Vote){.index = NO_CLASS};
    self->target_index = self->state.index;
}

void gst_convnext_smoother_reset(GstConvnextSmoother *self)
{
    g_clear_pointer(&self->state.label, g_free);
    self->state.index = NO_CLASS;
    self->has_state = FALSE;
    forget_results(self);
}

/* Makes index the state. Returns the change, or NULL if it is the state already. */
static GstStructure *set_state(GstConvnextSmoother *self, const GstConvnextTimes *times, int index,
                               const char *label, double score, GstClockTime since)
{
    const State before = self->has_state ? self->state : (State){NO_CLASS, NULL};

    self->has_state = TRUE;
    if (before.index == index && !g_strcmp0(before.label, label))
        return NULL;
    GstStructure *s = gst_structure_new("convnext-state-changed", "since", G_TYPE_UINT64, since,
                                        "frame", G_TYPE_UINT64, times->frame, "stream-time",
                                        G_TYPE_UINT64, times->stream_time, "running-time",
                                        G_TYPE_UINT64, times->running_time, NULL);
    if (before.label)
        gst_structure_set(s, "old", G_TYPE_STRING, before.label, NULL);
    if (label)
        gst_structure_set(s, "new", G_TYPE_STRING, label, "score", G_TYPE_DOUBLE, score, NULL);
    g_free(self->state.label);
    self->state = (State){index, g_strdup(label)};
    return s;
}

/* Majority: a class becomes the state when it has won `count` of the last `window` results, and
 * more of them than the current state. Only the best class of the newest result can become the
 * state. */

typedef struct Tally {
    guint n;
    double score; /* sum */
    GstClockTime since;
} Tally;

static Tally count_votes(const GstConvnextSmoother *self, int index)
{
    Tally tally = {.since = GST_CLOCK_TIME_NONE};

    for (guint i = self->votes->len; i-- > 0;) {
        const Vote *vote = &g_array_index(self->votes, Vote, i);

        if (vote->index != index)
            continue;
        tally.n++;
        tally.score += vote->score;
        tally.since = vote->when;
    }
    return tally;
}

static GstStructure *add_vote(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const GstConvnextSmoothing *smoothing = sample->smoothing;
    guint n;
    const GstConvnextClass *best = gst_convnext_result_get_classes(sample->result, &n);
    Vote vote = {n ? (int)best->index : NO_CLASS, n ? best->score : 0, sample->times->running_time};

    self->target_index = vote.index;
    g_array_append_val(self->votes, vote);
    if (self->votes->len > smoothing->window)
        g_array_remove_range(self->votes, 0, self->votes->len - smoothing->window);
    Tally newest = count_votes(self, vote.index);
    Tally current = {0};
    if (self->has_state && self->state.index != vote.index)
        current = count_votes(self, self->state.index);
    if (newest.n < MIN(smoothing->count, smoothing->window) || newest.n <= current.n)
        return NULL;
    return set_state(self, sample->times, vote.index, n ? best->label : NULL,
                     newest.score / newest.n, newest.since);
}

/* Exponential: each class has an average of its scores, with the weight alpha for the newest one.
 * The class that would be the first of a result with these averages is the state. */

static int best_of(const GstConvnextSample *sample, const float *scores)
{
    const gboolean has_threshold =
        gst_convnext_result_get_activation(sample->result) != GST_CONVNEXT_ACTIVATION_NONE;
    guint best;

    return cnx_rank_classes(&best, 1, scores, sample->classes,
                            has_threshold ? sample->threshold : -INFINITY, sample->decision)
               ? (int)best
               : NO_CLASS;
}

/* FALSE, and no change, if a score is not finite: the average would never recover. */
static gboolean update_means(GstConvnextSmoother *self, const float *scores, guint classes,
                             double alpha)
{
    for (guint i = 0; i < classes; i++)
        if (!isfinite(scores[i]))
            return FALSE;
    if (self->classes != classes) {
        forget_results(self);
        self->classes = classes;
        self->means = g_memdup2(scores, classes * sizeof *scores);
        return TRUE;
    }
    for (guint i = 0; i < classes; i++) {
        const double mean = self->means[i]; /* the difference of two floats may not be a float */

        self->means[i] = (float)(mean + alpha * (scores[i] - mean));
    }
    return TRUE;
}

/* The state is unknown until the next result, which begins a new average. */
static GstStructure *lose_state(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    forget_results(self);
    self->target_index = NO_CLASS;
    return set_state(self, sample->times, NO_CLASS, NULL, 0, sample->times->running_time);
}

static GstStructure *add_scores(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const float *scores = sample->scores;
    const GstClockTime now = sample->times->running_time;

    if (!scores || sample->classes == 0)
        return NULL;
    if (!update_means(self, scores, sample->classes, sample->smoothing->alpha))
        return lose_state(self, sample);
    int newest = best_of(sample, scores), best = best_of(sample, self->means);
    if (newest != self->streak.index)
        self->streak = (Vote){.index = newest, .when = now};
    self->target_index = newest;
    if (best == NO_CLASS)
        return set_state(self, sample->times, NO_CLASS, NULL, 0, now);
    GstClockTime since = best == newest ? self->streak.when : now;
    return set_state(self, sample->times, best, sample->labels[best], self->means[best], since);
}

gboolean gst_convnext_smoother_is_settled(const GstConvnextSmoother *self)
{
    return self->target_index == self->state.index;
}

/* Votes and averages do not include the results under another kind of smoothing, so they are out of
 * date when it is switched back; and the scores of another activation have another scale. */
static void forget_other_kinds(GstConvnextSmoother *self, GstConvnextSmoothingKind kind,
                               GstConvnextActivation activation)
{
    if (kind != self->kind || activation != self->activation)
        forget_results(self);
    self->kind = kind;
    self->activation = activation;
}

GstStructure *gst_convnext_smoother_add(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    forget_other_kinds(self, sample->smoothing->kind,
                       gst_convnext_result_get_activation(sample->result));
    switch (sample->smoothing->kind) {
    case GST_CONVNEXT_SMOOTHING_MAJORITY:
        return add_vote(self, sample);
    case GST_CONVNEXT_SMOOTHING_EXPONENTIAL:
        return add_scores(self, sample);
    default:
        gst_convnext_smoother_reset(self);
        return NULL;
    }
}
