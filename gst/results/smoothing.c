/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/smoothing.h"

#include <math.h>
#include <string.h>

#include "gst/results/votes.h"
#include "model/network/scores.h"

#define NO_CLASS CNX_NO_CLASS

/* With smoothing-time, no result counts for more than this part of it: neither the last one before
 * a camera was lost, nor one of few. So at least three results have to agree on a state. */
#define MOST_OF_TIME 4

/* With smoothing-time, the averages of less than this part of it are not a state yet. */
#define LEAST_OF_TIME 2

/* The shares that smoothing=majority takes if the properties are 0. */
#define ENTER_SHARE 0.6         /* with smoothing-time */
#define LEAVE_SHARE (2.0 / 3.0) /* of the one to enter */
#define ROUNDING 1e-9           /* of a share */

typedef struct State {
    int index;
    char *label; /* NULL means no class */
    double score;
    GstClockTime since; /* running time */
} State;

struct GstConvnextSmoother {
    gboolean has_state;
    State state;
    int target_index; /* the state that repeating the last result would lead to */

    /* With smoothing-time, the newest result counts once the next one tells for how long. */
    gboolean has_newest;
    GstClockTime newest_time; /* running time */

    /* Majority. */
    GstConvnextVotes votes;
    GstConvnextVote newest;
    guint64 unsupported; /* nanoseconds of results for which the state has lost its share */

    /* Exponential. */
    float *means;           /* [classes] */
    float *newest_scores;   /* [classes]; with smoothing-time only */
    guint classes;          /* length of means; 0 before the first result */
    guint64 averaged;       /* with smoothing-time: nanoseconds that the means cover */
    GstConvnextVote streak; /* best class of the latest results, and its first time */

    /* Of the results so far. */
    GstConvnextSmoothingKind kind;
    gboolean is_by_time;
    GstConvnextActivation activation;
};

GstConvnextSmoother *gst_convnext_smoother_new(void)
{
    GstConvnextSmoother *self = g_new0(GstConvnextSmoother, 1);

    self->state.index = self->target_index = NO_CLASS;
    gst_convnext_votes_init(&self->votes);
    return self;
}

void gst_convnext_smoother_free(GstConvnextSmoother *self)
{
    if (!self)
        return;
    gst_convnext_smoother_reset(self);
    gst_convnext_votes_clear(&self->votes);
    g_free(self);
}

static void forget_results(GstConvnextSmoother *self)
{
    self->has_newest = FALSE;
    gst_convnext_votes_reset(&self->votes);
    self->unsupported = 0;
    g_clear_pointer(&self->means, g_free);
    g_clear_pointer(&self->newest_scores, g_free);
    self->classes = 0;
    self->averaged = 0;
    self->streak = (GstConvnextVote){.index = NO_CLASS};
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
    const State before = self->has_state ? self->state : (State){.index = NO_CLASS};

    if (!self->has_state)
        self->state.since = since; /* even if it is no class */
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
    self->state = (State){index, g_strdup(label), score, since};
    return s;
}

/* Nanoseconds for which the result before this one counts: until this one, with a limit. If a time
 * is unknown, the limit. If time runs backwards, as in a broken stream, the step back. */
static guint64 pass_time(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const GstClockTime now = sample->times->running_time;
    const guint64 most = MAX(sample->smoothing->time / MOST_OF_TIME, 1);
    const guint64 passed = gst_convnext_time_between(self->newest_time, now);
    const gboolean is_first = !self->has_newest;

    self->has_newest = TRUE;
    self->newest_time = now;
    return is_first ? 0 : MIN(passed, most);
}

/* Majority: a class becomes the state when its share of the window reaches the one to enter, the
 * current state's share is below the one to leave, and it is smaller. By number, the window holds
 * the newest results. By time, it holds those that cover the newest nanoseconds, so that a lost
 * camera or sparse results do not empty it. Only the best class of the newest result can become the
 * state. After the rest class, or no state, the shares of all others count together. */

static double share_to_enter(const GstConvnextSmoothing *smoothing)
{
    if (smoothing->enter > 0)
        return smoothing->enter;
    if (smoothing->time > 0)
        return MAX(ENTER_SHARE, smoothing->leave);
    return (double)MIN(smoothing->count, smoothing->window) / smoothing->window;
}

/* By number, the state is left for any class with a larger share unless smoothing-leave is set. */
static double share_to_leave(const GstConvnextSmoothing *smoothing)
{
    if (smoothing->leave > 0)
        return smoothing->leave;
    return smoothing->time > 0 ? share_to_enter(smoothing) * LEAVE_SHARE : G_MAXDOUBLE;
}

static int rest_class(const GstConvnextSample *sample)
{
    return sample->decision ? sample->decision->rest_class : NO_CLASS;
}

/* Whether it is a class that a model with a rest class reports as present. */
static gboolean is_fault(const GstConvnextSample *sample, int index)
{
    return rest_class(sample) != NO_CLASS && index != NO_CLASS && index != rest_class(sample);
}

/* The share of all classes other than the rest class. Two that are present together may take turns
 * to be the first of a result, so that neither reaches the share to enter. */
static double share_of_faults(const GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const GstConvnextSmoothing *smoothing = sample->smoothing;

    return gst_convnext_votes_filled(&self->votes, smoothing) -
           gst_convnext_votes_count(&self->votes, smoothing, rest_class(sample)).share -
           gst_convnext_votes_count(&self->votes, smoothing, NO_CLASS).share;
}

static void count_result(GstConvnextSmoother *self, const GstConvnextSample *sample,
                         const GstConvnextVote *vote)
{
    if (!self->is_by_time) {
        gst_convnext_votes_add(&self->votes, sample->smoothing, vote, 1);
        return;
    }
    const guint64 passed = pass_time(self, sample);
    gst_convnext_votes_add(&self->votes, sample->smoothing, &self->newest, passed);
    self->newest = *vote;
    self->unsupported += passed;
}

/* By time, a state that has lost its share for a whole smoothing-time, while none of several other
 * classes prevails, gives way to no class. */
static GstStructure *leave_unsupported(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const GstConvnextSmoothing *smoothing = sample->smoothing;

    if (!self->is_by_time || !self->has_state || self->state.index == NO_CLASS ||
        self->unsupported < smoothing->time ||
        (is_fault(sample, self->state.index) &&
         share_of_faults(self, sample) >= share_to_enter(smoothing) - ROUNDING) ||
        gst_convnext_votes_largest_share(&self->votes, smoothing) >=
            share_to_enter(smoothing) - ROUNDING)
        return NULL;
    return set_state(self, sample->times, NO_CLASS, NULL, 0, sample->times->running_time);
}

static GstStructure *add_vote(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const GstConvnextSmoothing *smoothing = sample->smoothing;
    guint n;
    const GstConvnextClass *best = gst_convnext_result_get_classes(sample->result, &n);
    const GstConvnextVote vote = {n ? (int)best->index : NO_CLASS, n ? best->score : 0,
                                  sample->times->running_time};
    const gboolean shows_state = self->has_state && self->state.index == vote.index;
    double state_share = 0, share;

    self->target_index = vote.index;
    count_result(self, sample, &vote);
    GstConvnextTally newest = gst_convnext_votes_count(&self->votes, smoothing, vote.index);
    if (self->has_state)
        state_share = gst_convnext_votes_count(&self->votes, smoothing, self->state.index).share;
    /* A share that has gone is below each level, even below one that rounding hides. */
    const gboolean is_left = state_share <= 0 || state_share < share_to_leave(smoothing) - ROUNDING;
    if (!is_left)
        self->unsupported = 0;
    share = is_fault(sample, vote.index) && !is_fault(sample, self->state.index)
                ? share_of_faults(self, sample)
                : newest.share;
    if (share >= share_to_enter(smoothing) - ROUNDING &&
        (shows_state || (is_left && share > state_share)))
        return set_state(self, sample->times, vote.index, n ? best->label : NULL, newest.score,
                         newest.since);
    return shows_state ? NULL : leave_unsupported(self, sample);
}

/* Exponential: each class has an average of its scores. The newest result has the weight alpha or,
 * by time, each result the weight 1 - exp(-t / T), where t is the time for which it counts. The
 * class that would be the first of a result with these averages is the state. */

/* Levels apply to the scores of softmax and sigmoid only. */
static gboolean has_levels(const GstConvnextSample *sample)
{
    return gst_convnext_result_get_activation(sample->result) != GST_CONVNEXT_ACTIVATION_NONE;
}

/* The first class of a result with these scores, if only those at this level are attached. 0 means
 * the threshold of the element. */
static int best_of(const GstConvnextSample *sample, const float *scores, double level)
{
    const double floor = level > 0 ? level : sample->threshold;
    guint best;

    return cnx_rank_classes(&best, 1, scores, sample->classes,
                            has_levels(sample) ? floor : -INFINITY, sample->decision)
               ? (int)best
               : NO_CLASS;
}

/* Whether a class other than the rest class is present at this level. 0 means the thresholds of the
 * element and of the model. */
static gboolean reaches(const GstConvnextSample *sample, const float *scores, int i, double level)
{
    const CnxDecision *decision = sample->decision;

    if (!has_levels(sample))
        return TRUE;
    if (level > 0)
        return scores[i] >= level;
    return scores[i] >= sample->threshold &&
           (!decision || !decision->threshold || scores[i] >= decision->threshold[i]);
}

/* The state that follows from these averages. The current one stays while its average reaches
 * smoothing-leave, if that is set, and while it is the first class. Otherwise the first of the
 * classes that reach smoothing-enter follows: with thresholds, the first class of all may be below
 * it and hide one that is above. Without any, it is the rest class, or no class without one. The
 * rest class has no level: it holds when no other class does. */
static int choose_state(const GstConvnextSmoother *self, const GstConvnextSample *sample,
                        const float *scores)
{
    const GstConvnextSmoothing *smoothing = sample->smoothing;
    const int state = self->state.index, rest = rest_class(sample);
    const gboolean holds = state >= 0 && (guint)state < sample->classes && state != rest &&
                           reaches(sample, scores, state, smoothing->leave);

    if (holds &&
        ((smoothing->leave > 0 && has_levels(sample)) || state == best_of(sample, scores, 0)))
        return state;
    const int best = best_of(sample, scores, smoothing->enter);
    return holds && best == rest ? state : best;
}

static void average(GstConvnextSmoother *self, const float *scores, double alpha)
{
    for (guint i = 0; i < self->classes; i++) {
        const double mean = self->means[i]; /* the difference of two floats may not be a float */

        self->means[i] = (float)(mean + alpha * (scores[i] - mean));
    }
}

/* The weights of all results so far sum to 1 - exp(-averaged / T), and the means are divided by
 * that, so that the first result weighs no more than another. */
static void average_newest(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const guint64 passed = pass_time(self, sample);
    const double time = (double)sample->smoothing->time;

    if (passed > 0) {
        self->averaged = MIN(self->averaged, G_MAXUINT64 - passed) + passed;
        average(self, self->newest_scores,
                expm1(-(double)passed / time) / expm1(-(double)self->averaged / time));
    }
    memcpy(self->newest_scores, sample->scores, self->classes * sizeof *self->newest_scores);
}

/* FALSE, and no change, if a score is not finite: the average would never recover. */
static gboolean update_means(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const gsize size = sample->classes * sizeof *sample->scores;

    for (guint i = 0; i < sample->classes; i++)
        if (!isfinite(sample->scores[i]))
            return FALSE;
    if (self->classes != sample->classes) {
        forget_results(self);
        self->classes = sample->classes;
        self->means = g_memdup2(sample->scores, size);
        self->newest_scores = self->is_by_time ? g_memdup2(sample->scores, size) : NULL;
    }
    if (self->is_by_time)
        average_newest(self, sample);
    else
        average(self, sample->scores, sample->smoothing->alpha);
    return TRUE;
}

/* The state is unknown until the next result, which begins a new average. */
static GstStructure *lose_state(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    forget_results(self);
    self->target_index = NO_CLASS;
    return set_state(self, sample->times, NO_CLASS, NULL, 0, sample->times->running_time);
}

static GstStructure *follow_means(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    const GstClockTime now = sample->times->running_time;
    const int index = choose_state(self, sample, self->means);

    if (index == NO_CLASS)
        return set_state(self, sample->times, NO_CLASS, NULL, 0, now);
    GstClockTime since = index == self->streak.index ? self->streak.when : now;
    return set_state(self, sample->times, index, sample->labels[index], self->means[index], since);
}

static GstStructure *add_scores(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    GstStructure *change = NULL;

    if (!sample->scores || sample->classes == 0)
        return NULL;
    if (!update_means(self, sample))
        return lose_state(self, sample);
    const int newest = best_of(sample, sample->scores, 0);
    if (newest != self->streak.index)
        self->streak = (GstConvnextVote){.index = newest, .when = sample->times->running_time};
    if (self->averaged >= sample->smoothing->time / LEAST_OF_TIME)
        change = follow_means(self, sample);
    self->target_index = choose_state(self, sample, sample->scores);
    return change;
}

gboolean gst_convnext_smoother_get_state(const GstConvnextSmoother *self, const char **label,
                                         double *score, GstClockTime *since)
{
    if (!self->has_state)
        return FALSE;
    *label = self->state.label;
    *score = self->state.score;
    *since = self->state.since;
    return TRUE;
}

gboolean gst_convnext_smoother_is_settled(const GstConvnextSmoother *self)
{
    return self->target_index == self->state.index;
}

/* Votes and averages do not include the results under another kind of smoothing, so they are out of
 * date when it is switched back; and the scores of another activation have another scale. */
static void forget_other_kinds(GstConvnextSmoother *self, const GstConvnextSmoothing *smoothing,
                               GstConvnextActivation activation)
{
    const gboolean is_by_time = smoothing->time > 0;

    if (smoothing->kind != self->kind || is_by_time != self->is_by_time ||
        activation != self->activation)
        forget_results(self);
    self->kind = smoothing->kind;
    self->is_by_time = is_by_time;
    self->activation = activation;
}

GstStructure *gst_convnext_smoother_add(GstConvnextSmoother *self, const GstConvnextSample *sample)
{
    forget_other_kinds(self, sample->smoothing, gst_convnext_result_get_activation(sample->result));
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
