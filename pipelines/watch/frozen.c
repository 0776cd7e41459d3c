/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/frozen.h"

#include <string.h>

/* Pictures to remember. Encoders cycle through up to 10. */
#define MAX_PICTURES 16

/* A tile is unchanged up to this sum of absolute differences of its samples. An encoder that has
 * settled on a picture stays below it; the noise of a sensor exceeds it in some tiles, even in the
 * dark. */
#define MAX_DIFFERENCE 6

/* Tiles that may keep changing, such as the digits of a clock: 2 %. */
#define MAX_CHANGING (WATCH_TILES / 50)

/* The most that one frame adds to the time, so that a jump of the timestamps is no freeze. */
#define MAX_STEP (2 * GST_SECOND)

/* A picture with less detail never counts as frozen: at night, a sensor without noise delivers the
 * same black for hours. Detail near the upper and lower edge does not count, because cameras draw
 * their name and a clock there. A tile has detail if its samples span DETAIL_LEVELS. */
#define DETAIL_LEVELS 8
#define EDGE_ROWS 3                      /* of tiles, at each of the two edges */
#define MIN_DETAILED (WATCH_TILES / 100) /* tiles with detail */

struct WatchFrozen {
    GMutex lock; /* protects everything below */
    GstClockTime limit;
    WatchFingerprint *pictures[MAX_PICTURES]; /* most recently seen first; NULL at the end */
    guint8 is_changing[WATCH_TILES];          /* tiles to ignore */
    guint changing_count;
    GstClockTime last_timestamp; /* GST_CLOCK_TIME_NONE before the first */
    GstClockTime unchanged;      /* time since the last new picture */
    WatchFreeze freeze;
};

WatchFrozen *watch_frozen_new(GstClockTime limit)
{
    WatchFrozen *self = g_new0(WatchFrozen, 1);

    g_mutex_init(&self->lock);
    self->limit = limit;
    self->last_timestamp = GST_CLOCK_TIME_NONE;
    self->freeze.start = GST_CLOCK_TIME_NONE;
    return self;
}

void watch_frozen_free(WatchFrozen *self)
{
    for (guint i = 0; i < MAX_PICTURES; i++)
        g_free(self->pictures[i]);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* The time since the frame before. Frames without a timestamp last as long as their duration. */
static GstClockTime step_to(WatchFrozen *self, GstClockTime timestamp, GstClockTime duration)
{
    const GstClockTime last = self->last_timestamp;
    const GstClockTime step = GST_CLOCK_TIME_IS_VALID(duration) ? MIN(duration, MAX_STEP) : 0;

    if (!GST_CLOCK_TIME_IS_VALID(timestamp)) {
        self->last_timestamp =
            step > 0 && GST_CLOCK_TIME_IS_VALID(last) ? last + step : GST_CLOCK_TIME_NONE;
        return self->pictures[0] ? step : 0;
    }
    self->last_timestamp = timestamp;
    if (!GST_CLOCK_TIME_IS_VALID(last) || timestamp < last)
        return 0;
    return MIN(timestamp - last, MAX_STEP);
}

/* Recognising pictures */

static gboolean is_same_tile(const guint8 *a, const guint8 *b)
{
    guint sum = 0;

    for (guint i = 0; i < WATCH_TILE_SAMPLES; i++)
        sum += (guint)ABS(a[i] - b[i]);
    return sum <= MAX_DIFFERENCE;
}

/* Fills *changed with the tiles that differ and are not ignored yet. Returns their number, or one
 * above the number of tiles that may be added. */
static guint compare(const WatchFrozen *self, const WatchFingerprint *a, const WatchFingerprint *b,
                     guint *changed)
{
    const guint max = MAX_CHANGING - self->changing_count;
    guint count = 0;

    for (guint i = 0; i < WATCH_TILES; i++) {
        if (self->is_changing[i] || is_same_tile(a->tiles[i], b->tiles[i]))
            continue;
        if (count == max)
            return max + 1;
        changed[count++] = i;
    }
    return count;
}

static void move_to_front(WatchFrozen *self, guint position)
{
    WatchFingerprint *picture = self->pictures[position];

    memmove(self->pictures + 1, self->pictures, position * sizeof self->pictures[0]);
    self->pictures[0] = picture;
}

/* Whether the picture has been seen before, apart from a few tiles, which are then added to those
 * to ignore. */
static gboolean recognise(WatchFrozen *self, const WatchFingerprint *fingerprint)
{
    guint changed[MAX_CHANGING], best_changed[MAX_CHANGING];
    guint best_count = MAX_CHANGING + 1, best = 0;

    for (guint i = 0; i < MAX_PICTURES && self->pictures[i] && best_count > 0; i++) {
        const guint count = compare(self, fingerprint, self->pictures[i], changed);

        if (count >= best_count || count > MAX_CHANGING - self->changing_count)
            continue;
        best = i;
        best_count = count;
        memcpy(best_changed, changed, count * sizeof changed[0]);
    }
    if (best_count > MAX_CHANGING)
        return FALSE;
    move_to_front(self, best);
    for (guint i = 0; i < best_count; i++)
        self->is_changing[best_changed[i]] = TRUE;
    self->changing_count += best_count;
    return TRUE;
}

/* Replaces the least recently seen picture. */
static void remember(WatchFrozen *self, const WatchFingerprint *fingerprint)
{
    guint position = 0;

    while (position < MAX_PICTURES - 1 && self->pictures[position])
        position++;
    if (!self->pictures[position])
        self->pictures[position] = g_new(WatchFingerprint, 1);
    move_to_front(self, position);
    *self->pictures[0] = *fingerprint;
    memset(self->is_changing, FALSE, sizeof self->is_changing);
    self->changing_count = 0;
}

static gboolean has_detail(const WatchFingerprint *fingerprint)
{
    const guint first = EDGE_ROWS * WATCH_TILE_COLUMNS;
    guint count = 0;

    for (guint i = first; i < WATCH_TILES - first; i++) {
        const guint8 *samples = fingerprint->tiles[i];
        guint8 low = samples[0], high = samples[0];

        for (guint j = 1; j < WATCH_TILE_SAMPLES; j++) {
            low = MIN(low, samples[j]);
            high = MAX(high, samples[j]);
        }
        count += high - low >= DETAIL_LEVELS;
    }
    return count >= MIN_DETAILED;
}

/* The run of frames */

static void add_known(WatchFrozen *self)
{
    if (self->unchanged >= self->limit && has_detail(self->pictures[0]))
        self->freeze.is_frozen = TRUE;
}

/* Ends the run and begins the next, unless the picture is frozen and this is the only new one
 * within the limit. Returns whether it ends a freeze. */
static gboolean add_new(WatchFrozen *self, GstClockTime timestamp)
{
    const gboolean was_frozen = self->freeze.is_frozen;
    const gboolean is_lone = was_frozen && self->unchanged >= self->limit;

    self->unchanged = 0;
    if (!is_lone)
        self->freeze = (WatchFreeze){.since = g_get_real_time(), .start = timestamp};
    return was_frozen && !is_lone;
}

void watch_frozen_add(WatchFrozen *self, const WatchFingerprint *fingerprint,
                      GstClockTime timestamp, GstClockTime duration, WatchFreeze *freeze)
{
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&self->lock);
    const GstClockTime step = step_to(self, timestamp, duration);
    gboolean has_ended = FALSE;

    self->unchanged += step;
    self->freeze.duration += step;
    *freeze = self->freeze;
    if (recognise(self, fingerprint)) {
        add_known(self);
    } else {
        remember(self, fingerprint);
        has_ended = add_new(self, timestamp);
    }
    if (!has_ended)
        *freeze = self->freeze;
    freeze->is_frozen = self->freeze.is_frozen;
}
