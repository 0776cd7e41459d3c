/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/votes.h"

#define MAX_SLOTS 1024 /* the largest smoothing-window needs 1000 */
#define SLOTS_PER_TIME 64
#define OTHERS G_MININT /* index of a slot with votes for several rare classes */

typedef struct Slot {
    GstConvnextVote vote; /* the first one's time, the mean score of all */
    guint64 weight;
    guint64 begin; /* the votes' clock at the first vote */
} Slot;

void gst_convnext_votes_init(GstConvnextVotes *self)
{
    *self = (GstConvnextVotes){.slots = g_array_new(FALSE, FALSE, sizeof(Slot))};
}

void gst_convnext_votes_clear(GstConvnextVotes *self)
{
    g_clear_pointer(&self->slots, g_array_unref);
}

void gst_convnext_votes_reset(GstConvnextVotes *self)
{
    g_array_set_size(self->slots, 0);
    self->weight = self->clock = 0;
}

static Slot *slot_at(const GstConvnextVotes *self, guint i)
{
    return &g_array_index(self->slots, Slot, i);
}

static guint64 window_size(const GstConvnextSmoothing *smoothing)
{
    return smoothing->time > 0 ? smoothing->time : smoothing->window;
}

/* The slot for the class that began less than `width` ago; NULL if there is none. */
static Slot *find_slot(const GstConvnextVotes *self, int index, guint64 width)
{
    for (guint i = self->slots->len; i-- > 0;) {
        Slot *slot = slot_at(self, i);

        if (self->clock - slot->begin >= width)
            return NULL;
        if (slot->vote.index == index)
            return slot;
    }
    return NULL;
}

static void drop_oldest(GstConvnextVotes *self)
{
    self->weight -= slot_at(self, 0)->weight;
    g_array_remove_index(self->slots, 0);
}

static guint64 slot_width(const GstConvnextSmoothing *smoothing)
{
    return smoothing->time / SLOTS_PER_TIME;
}

/* The slot with the fewest votes for one class, apart from those that may still grow. NULL if all
 * may. */
static Slot *find_lightest(const GstConvnextVotes *self, guint64 width)
{
    Slot *lightest = NULL;

    for (guint i = 0; i < self->slots->len; i++) {
        Slot *slot = slot_at(self, i);

        if (slot->vote.index != OTHERS && self->clock - slot->begin >= width &&
            (!lightest || slot->weight < lightest->weight))
            lightest = slot;
    }
    return lightest;
}

/* Drops the slot, or makes it one for several classes if none is near. The votes keep their part of
 * the window, so the shares of other classes remain. */
static void merge_slot(GstConvnextVotes *self, Slot *slot, guint64 width)
{
    for (guint i = 0; i < self->slots->len; i++) {
        Slot *others = slot_at(self, i);

        if (others->vote.index == OTHERS &&
            MAX(others->begin, slot->begin) - MIN(others->begin, slot->begin) < width) {
            others->weight += slot->weight;
            g_array_remove_index(self->slots, (guint)(slot - slot_at(self, 0)));
            return;
        }
    }
    slot->vote.index = OTHERS;
}

static void limit_slots(GstConvnextVotes *self, guint64 width)
{
    while (self->slots->len > MAX_SLOTS) {
        Slot *lightest = find_lightest(self, width);

        if (lightest)
            merge_slot(self, lightest, width);
        else
            drop_oldest(self);
    }
}

static void fit_window(GstConvnextVotes *self, guint64 size)
{
    while (self->weight > size) {
        Slot *oldest = slot_at(self, 0);
        const guint64 excess = self->weight - size;

        if (oldest->weight <= excess) {
            drop_oldest(self);
        } else {
            oldest->weight -= excess;
            self->weight = size;
        }
    }
}

void gst_convnext_votes_add(GstConvnextVotes *self, const GstConvnextSmoothing *smoothing,
                            const GstConvnextVote *vote, guint64 weight)
{
    Slot *slot;

    if (weight == 0) {
        fit_window(self, window_size(smoothing)); /* which may have become smaller */
        return;
    }
    slot = find_slot(self, vote->index, slot_width(smoothing));
    if (slot) {
        slot->weight += weight;
        slot->vote.score +=
            (vote->score - slot->vote.score) * (double)weight / (double)slot->weight;
    } else {
        const Slot new_slot = {*vote, weight, self->clock};

        g_array_append_val(self->slots, new_slot);
    }
    self->weight += weight;
    self->clock += weight;
    limit_slots(self, slot_width(smoothing));
    fit_window(self, window_size(smoothing));
}

GstConvnextTally gst_convnext_votes_count(const GstConvnextVotes *self,
                                          const GstConvnextSmoothing *smoothing, int index)
{
    GstConvnextTally tally = {.since = GST_CLOCK_TIME_NONE};
    double weight = 0;

    for (guint i = self->slots->len; i-- > 0;) {
        const Slot *slot = slot_at(self, i);

        if (slot->vote.index != index)
            continue;
        weight += (double)slot->weight;
        tally.score += slot->vote.score * (double)slot->weight;
        tally.since = slot->vote.when;
    }
    tally.share = weight / (double)window_size(smoothing);
    if (weight > 0)
        tally.score /= weight;
    return tally;
}

double gst_convnext_votes_filled(const GstConvnextVotes *self,
                                 const GstConvnextSmoothing *smoothing)
{
    return (double)self->weight / (double)window_size(smoothing);
}

double gst_convnext_votes_largest_share(const GstConvnextVotes *self,
                                        const GstConvnextSmoothing *smoothing)
{
    double largest = 0;

    for (guint i = 0; i < self->slots->len; i++) {
        const int index = slot_at(self, i)->vote.index;

        if (index != OTHERS)
            largest = MAX(largest, gst_convnext_votes_count(self, smoothing, index).share);
    }
    return largest;
}
