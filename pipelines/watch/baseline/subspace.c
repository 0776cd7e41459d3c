/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/baseline/subspace.h"

#include <math.h>
#include <string.h>

#define ROUNDS 12          /* of the iteration; more change the distances by less than 1 % */
#define LEAST_LENGTH 1e-10 /* a shorter vector is rounding only */

void watch_subspace_init(WatchSubspace *self, guint size)
{
    self->size = size;
    self->mean = g_new0(float, size);
    self->axes = g_new0(float, (gsize)WATCH_AXES *size);
}

void watch_subspace_clear(WatchSubspace *self)
{
    g_clear_pointer(&self->mean, g_free);
    g_clear_pointer(&self->axes, g_free);
}

static double dot(const float *a, const float *b, guint size)
{
    double sum = 0;

    for (guint i = 0; i < size; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static void add_scaled(float *to, const float *from, double factor, guint size)
{
    for (guint i = 0; i < size; i++)
        to[i] += (float)(factor * from[i]);
}

static float *axis(const WatchSubspace *self, guint i)
{
    return self->axes + (gsize)i * self->size;
}

/* Makes the axes orthonormal, twice for the sake of rounding. */
static void orthonormalise(WatchSubspace *self)
{
    for (guint i = 0; i < WATCH_AXES; i++) {
        float *own = axis(self, i);
        double length = 0;

        for (guint round = 0; round < 2; round++) {
            const double before = sqrt(dot(own, own, self->size));

            for (guint j = 0; j < i; j++)
                add_scaled(own, axis(self, j), -dot(own, axis(self, j), self->size), self->size);
            length = sqrt(dot(own, own, self->size));
            if (length < LEAST_LENGTH || length < 1e-6 * before)
                length = 0;
            for (guint k = 0; k < self->size; k++)
                own[k] = length > 0 ? (float)(own[k] / length) : 0;
        }
    }
}

typedef struct Samples {
    float *rows; /* [count, size], without their mean */
    guint count;
} Samples;

static Samples take_samples(WatchSubspace *self, const float *samples, guint count,
                            guint skip_begin, guint skip_end)
{
    Samples taken = {.rows = g_new(float, (gsize)count * self->size)};

    memset(self->mean, 0, self->size * sizeof(float));
    for (guint i = 0; i < count; i++) {
        if (i >= skip_begin && i < skip_end)
            continue;
        memcpy(taken.rows + (gsize)taken.count++ * self->size, samples + (gsize)i * self->size,
               self->size * sizeof(float));
    }
    for (guint i = 0; i < taken.count; i++)
        add_scaled(self->mean, taken.rows + (gsize)i * self->size, 1.0 / taken.count, self->size);
    for (guint i = 0; i < taken.count; i++)
        add_scaled(taken.rows + (gsize)i * self->size, self->mean, -1, self->size);
    return taken;
}

/* Orthogonal iteration: the axes become those of the largest variance. */
void watch_subspace_fit(WatchSubspace *self, const float *samples, guint count, guint skip_begin,
                        guint skip_end)
{
    const guint size = self->size;
    Samples taken = take_samples(self, samples, count, skip_begin, skip_end);
    g_autofree float *next = g_new(float, (gsize)WATCH_AXES *size);

    for (guint i = 0; i < WATCH_AXES; i++) /* samples that are spread over the time */
        memcpy(axis(self, i), taken.rows + (gsize)(i * taken.count / WATCH_AXES) * size,
               size * sizeof(float));
    orthonormalise(self);
    for (guint round = 0; round < ROUNDS; round++) {
        memset(next, 0, (gsize)WATCH_AXES * size * sizeof(float));
        for (guint i = 0; i < taken.count; i++) {
            const float *row = taken.rows + (gsize)i * size;

            for (guint j = 0; j < WATCH_AXES; j++)
                add_scaled(next + (gsize)j * size, row, dot(row, axis(self, j), size), size);
        }
        memcpy(self->axes, next, (gsize)WATCH_AXES * size * sizeof(float));
        orthonormalise(self);
    }
    g_free(taken.rows);
}

double watch_subspace_distance(const WatchSubspace *self, const float *embedding)
{
    g_autofree float *rest = g_memdup2(embedding, self->size * sizeof(float));
    double distance;

    add_scaled(rest, self->mean, -1, self->size);
    distance = dot(rest, rest, self->size);
    for (guint i = 0; i < WATCH_AXES; i++) {
        const double along = dot(rest, axis(self, i), self->size);

        distance -= along * along;
    }
    return MAX(distance, 0);
}

void watch_subspace_follow(WatchSubspace *self, const float *embedding, double share)
{
    for (guint i = 0; i < self->size; i++)
        self->mean[i] += (float)(share * (embedding[i] - self->mean[i]));
}
