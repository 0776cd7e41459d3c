/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/smoothing.h"

#include <math.h>
#include <string.h>

#define NO_CLASS (-1)

typedef struct Vote {
    int index; /* of the best class, or NO_CLASS */
    float score;
    GstClockTime when; /* running time */
} Vote;

typedef struct State {
    int index;
    char *label; /* NULL: no class */
} State;

struct GstConvnextSmoother {
    gboolean known; /* there is a state */
    State state;
    GArray *votes; /* majority: Vote, oldest first, at most the window */
    float *means;  /* exponential: [classes] */
    guint classes; /* that means has room for; 0: none yet */
    Vote run;      /* exponential: the best class of the last results, since when it is the best */
    int wanted;    /* the state that results like the last one make in the end */
    GstConvnextSmoothingKind kind;    /* that the results so far were for */
    GstConvnextActivation activation; /* of their scores */
};

GstConvnextSmoother *gst_convnext_smoother_new(void)
{
    GstConvnextSmoother *self = g_new0(GstConvnextSmoother, 1);

    self->state.index = self->wanted = NO_CLASS;
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
    self->run = (Vote){.index = NO_CLASS};
    self->wanted = self->state.index;
}

void gst_convnext_smoother_reset(GstConvnextSmoother *self)
{
    g_clear_pointer(&self->state.label, g_free);
    self->state.index = NO_CLASS;
    self->known = FALSE;
    forget_results(self);
}

static GstStructure *change(GstConvnextSmoother *self, const GstConvnextJob *request, int index,
                            const char *label, double score, GstClockTime since)
{
    const State before = self->known ? self->state : (State){NO_CLASS, NULL};

    self->known = TRUE;
    if (before.index == index && !g_strcmp0(before.label, label))
        return NULL;
    GstStructure *s = gst_structure_new("convnext-state-changed", "since", G_TYPE_UINT64, since,
                                        "frame", G_TYPE_UINT64, request->frame, "stream-time",
                                        G_TYPE_UINT64, request->stream_time, "running-time",
                                        G_TYPE_UINT64, request->running_time, NULL);
    if (before.label)
        gst_structure_set(s, "old", G_TYPE_STRING, before.label, NULL);
    if (label)
        gst_structure_set(s, "new", G_TYPE_STRING, label, "score", G_TYPE_DOUBLE, score, NULL);
    g_free(self->state.label);
    self->state = (State){index, g_strdup(label)};
    return s;
}

/* Majority: a class becomes the state when it was the best in N of the last M results, and more
 * often than the one before. Only the newest result's class can become it. */

typedef struct Tally {
    guint n;
    double score; /* sum */
    GstClockTime since;
} Tally;

static Tally count(const GstConvnextSmoother *self, int index)
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

static GstStructure *add_vote(GstConvnextSmoother *self, const GstConvnextJob *request,
                              GstConvnextResult *result)
{
    const GstConvnextSmoothing *how = &request->smoothing;
    guint n;
    const GstConvnextClass *best = gst_convnext_result_get_classes(result, &n);
    Vote vote = {n ? (int)best->index : NO_CLASS, n ? best->score : 0, request->running_time};

    self->wanted = vote.index;
    g_array_append_val(self->votes, vote);
    if (self->votes->len > how->window)
        g_array_remove_range(self->votes, 0, self->votes->len - how->window);
    Tally mine = count(self, vote.index);
    Tally other = {0};
    if (self->known && self->state.index != vote.index)
        other = count(self, self->state.index);
    if (mine.n < MIN(how->count, how->window) || mine.n <= other.n)
        return NULL;
    return change(self, request, vote.index, n ? best->label : NULL, mine.score / mine.n,
                  mine.since);
}

/* Exponential: each class's score is averaged, the newest weighing alpha; the best average is the
 * state. */

static int best_of(const float *scores, guint n)
{
    int best = 0;

    for (guint i = 1; i < n; i++)
        if (scores[i] > scores[best])
            best = (int)i;
    return best;
}

/* Whether a score is enough for a state. */
static gboolean reaches(GstConvnextResult *result, const GstConvnextJob *request, double score)
{
    return gst_convnext_result_get_activation(result) == GST_CONVNEXT_ACTIVATION_NONE ||
           score >= request->scoring.threshold;
}

/* FALSE when one is not a number: it would stay in the average for good. */
static gboolean average(GstConvnextSmoother *self, const GstConvnextScores *scores, double alpha)
{
    for (guint i = 0; i < scores->n; i++)
        if (!isfinite(scores->values[i]))
            return FALSE;
    if (self->classes != scores->n) {
        forget_results(self);
        self->classes = scores->n;
        self->means = g_memdup2(scores->values, scores->n * sizeof *scores->values);
        return TRUE;
    }
    for (guint i = 0; i < scores->n; i++)
        self->means[i] += (float)alpha * (scores->values[i] - self->means[i]);
    return TRUE;
}

static GstStructure *add_scores(GstConvnextSmoother *self, const GstConvnextJob *request,
                                GstConvnextResult *result, const GstConvnextScores *scores)
{
    if (!scores || scores->n == 0 || !average(self, scores, request->smoothing.alpha))
        return NULL;
    int now = best_of(scores->values, scores->n), best = best_of(self->means, scores->n);
    if (now != self->run.index)
        self->run = (Vote){.index = now, .when = request->running_time};
    self->wanted = reaches(result, request, scores->values[now]) ? now : NO_CLASS;
    GstClockTime since = best == now ? self->run.when : request->running_time;
    if (!reaches(result, request, self->means[best]))
        return change(self, request, NO_CLASS, NULL, 0, request->running_time);
    return change(self, request, best, scores->labels[best], self->means[best], since);
}

gboolean gst_convnext_smoother_is_settled(const GstConvnextSmoother *self)
{
    return self->wanted == self->state.index;
}

/* Results from before another kind of smoothing are not the last ones any more when it is switched
 * back, and scores after another activation are on another scale. */
static void keep_alike(GstConvnextSmoother *self, GstConvnextSmoothingKind kind,
                       GstConvnextActivation activation)
{
    if (kind != self->kind || activation != self->activation)
        forget_results(self);
    self->kind = kind;
    self->activation = activation;
}

GstStructure *gst_convnext_smoother_add(GstConvnextSmoother *self, const GstConvnextJob *request,
                                        GstConvnextResult *result, const GstConvnextScores *scores)
{
    keep_alike(self, request->smoothing.kind, gst_convnext_result_get_activation(result));
    switch (request->smoothing.kind) {
    case GST_CONVNEXT_SMOOTHING_MAJORITY:
        return add_vote(self, request, result);
    case GST_CONVNEXT_SMOOTHING_EXPONENTIAL:
        return add_scores(self, request, result, scores);
    default:
        gst_convnext_smoother_reset(self);
        return NULL;
    }
}
