/* What a baseline learns and says, of scenes that are made here: a vector for each, with changes
 * along a few others, as of people who pass, and noise.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/baseline/baseline.h"

#include <math.h>

#include "pipelines/watch/baseline/store.h"

#define SIZE 48
#define LEARN 100.0 /* seconds */
#define MOVED 60.0
#define STEP 0.25
#define DAY_LIGHT 120

typedef struct Case {
    WatchBaseline *baseline;
    GRand *random;
    WatchVerdict verdict;
    float embedding[SIZE];
    guint learnt, faulty; /* lessons */
} Case;

static Case *new_case(void)
{
    Case *test = g_new0(Case, 1);

    test->baseline = watch_baseline_new(LEARN, MOVED);
    test->random = g_rand_new_with_seed(1);
    return test;
}

static void free_case(Case *test)
{
    watch_baseline_free(test->baseline);
    g_rand_free(test->random);
    g_free(test);
}

/* A fixed vector of the length 1 for each number. */
static void make_vector(float *vector, guint number)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(1000 + number);
    double sum = 0;

    for (guint i = 0; i < SIZE; i++) {
        vector[i] = (float)g_rand_double_range(random, -1, 1);
        sum += vector[i] * vector[i];
    }
    for (guint i = 0; i < SIZE; i++)
        vector[i] /= (float)sqrt(sum);
}

/* Fills test->embedding with a picture of a scene, of any length. */
static void take_picture(Case *test, guint scene)
{
    const double passer = g_rand_double_range(test->random, 0, 0.5);
    const double length = g_rand_double_range(test->random, 1, 9);
    float base[SIZE], change[SIZE];

    make_vector(base, scene);
    make_vector(change, 100);
    for (guint i = 0; i < SIZE; i++)
        test->embedding[i] = (float)(length * (base[i] + passer * change[i] +
                                               g_rand_double_range(test->random, -0.005, 0.005)));
}

static void add_step(Case *test, guint scene, WatchLabel label, double brightness, double step)
{
    take_picture(test, scene);
    const WatchLook look = {test->embedding, SIZE, label, brightness, step};
    const WatchLesson lesson = watch_baseline_add(test->baseline, &look);

    test->learnt += lesson == WATCH_LESSON_LEARNT;
    test->faulty += lesson == WATCH_LESSON_FAULTY;
    watch_baseline_read(test->baseline, &test->verdict);
}

static void add(Case *test, guint scene, WatchLabel label, double brightness)
{
    add_step(test, scene, label, brightness, STEP);
}

static void add_seconds(Case *test, double seconds, guint scene, WatchLabel label,
                        double brightness)
{
    for (double time = 0; time < seconds; time += STEP)
        add(test, scene, label, brightness);
}

static void teach(Case *test)
{
    add_seconds(test, LEARN + 1, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(test->verdict.is_known);
}

static void test_subspace(void)
{
    float samples[8][SIZE] = {0}, other[SIZE] = {0};
    WatchSubspace subspace;

    watch_subspace_init(&subspace, SIZE);
    for (guint i = 0; i < 8; i++) { /* along one axis, and about 1 on another */
        samples[i][3] = (float)i;
        samples[i][5] = 1;
    }
    watch_subspace_fit(&subspace, samples[0], 8, 0, 0);
    g_assert_cmpfloat_with_epsilon(subspace.mean[3], 3.5, 1e-6);
    g_assert_cmpfloat_with_epsilon(subspace.mean[5], 1, 1e-6);
    g_assert_cmpfloat_with_epsilon(fabs(subspace.axes[3]), 1, 1e-6);
    other[3] = -100; /* in the plane */
    other[5] = 1;
    g_assert_cmpfloat_with_epsilon(watch_subspace_distance(&subspace, other), 0, 1e-3);
    other[3] = 3.5F;
    other[7] = 2;
    g_assert_cmpfloat_with_epsilon(watch_subspace_distance(&subspace, other), 4, 1e-5);
    watch_subspace_follow(&subspace, other, 0.5);
    g_assert_cmpfloat_with_epsilon(watch_subspace_distance(&subspace, other), 1, 1e-5);
    watch_subspace_fit(&subspace, samples[0], 8, 1, 8); /* one sample has no direction */
    g_assert_cmpfloat(subspace.mean[3], ==, 0);
    g_assert_cmpfloat_with_epsilon(watch_subspace_distance(&subspace, samples[2]), 4, 1e-5);
    watch_subspace_clear(&subspace);
}

static void test_progress(void)
{
    Case *test = new_case();

    add_seconds(test, LEARN / 2, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_false(test->verdict.is_known);
    g_assert_cmpfloat_with_epsilon(test->verdict.progress, 0.5, 0.01);
    add_seconds(test, LEARN / 2 + 1, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(test->verdict.is_known && !test->verdict.has_left);
    g_assert_cmpuint(test->learnt, ==, 1);
    g_assert_cmpfloat(test->verdict.progress, ==, 1);
    add_seconds(test, 600, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(test->verdict.is_settled && !test->verdict.is_moved && !test->verdict.has_left);
    g_assert_cmpfloat(test->verdict.ratio, <, 1);
    free_case(test);
}

/* The picture leaves, has moved after its time, and is back. */
static void test_moved(void)
{
    Case *test = new_case();

    teach(test);
    add_seconds(test, 30, 1, WATCH_NORMAL, DAY_LIGHT);
    add_seconds(test, 1.5, 2, WATCH_NORMAL, DAY_LIGHT);
    g_assert_false(test->verdict.has_left);
    add_seconds(test, 1, 2, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(test->verdict.has_left && !test->verdict.is_moved);
    add_seconds(test, MOVED - 3, 2, WATCH_NORMAL, DAY_LIGHT);
    g_assert_false(test->verdict.is_moved);
    add_seconds(test, 1, 2, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(test->verdict.is_moved);
    g_assert_cmpfloat_with_epsilon(test->verdict.moved_time, MOVED, 1);
    add_seconds(test, 600, 2, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(test->verdict.is_moved);
    g_assert_cmpfloat_with_epsilon(test->verdict.moved_time, MOVED, 1);
    add_seconds(test, MOVED / 3 - 1, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(test->verdict.is_moved && !test->verdict.has_left);
    add_seconds(test, 2, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_false(test->verdict.is_moved);
    g_assert_cmpfloat_with_epsilon(test->verdict.moved_time, MOVED + 600 + MOVED / 3, 3);
    free_case(test);
}

/* Neither what passes again and again nor a fault is another scene. */
static void test_not_moved(void)
{
    Case *test = new_case();

    teach(test);
    for (guint i = 0; i < 200; i++) {
        add_seconds(test, 7, 2, WATCH_NORMAL, DAY_LIGHT);
        add_seconds(test, 3, 1, WATCH_NORMAL, DAY_LIGHT);
        g_assert_false(test->verdict.is_moved);
    }
    add_seconds(test, 600, 2, WATCH_FAULTY, DAY_LIGHT);
    add_seconds(test, 600, 2, WATCH_IGNORED, DAY_LIGHT);
    g_assert_true(test->verdict.has_left && !test->verdict.is_moved);
    free_case(test);
}

/* A camera that is broken while it is learnt does not teach that. */
static void test_faulty(void)
{
    Case *test = new_case();

    for (guint i = 0; i < 3; i++) {
        add_seconds(test, LEARN * 0.6, 2, WATCH_FAULTY, DAY_LIGHT);
        add_seconds(test, LEARN * 0.5, 1, WATCH_NORMAL, DAY_LIGHT);
        g_assert_cmpuint(test->faulty, ==, i + 1);
    }
    g_assert_false(test->verdict.is_known);
    add_seconds(test, LEARN / 4, 2, WATCH_FAULTY, DAY_LIGHT);
    teach(test);
    g_assert_cmpuint(test->learnt, ==, 1);
    add_seconds(test, 10, 2, WATCH_FAULTY, DAY_LIGHT); /* which was not learnt */
    g_assert_true(test->verdict.has_left);
    free_case(test);
}

/* On the first day, another brightness is learnt; the same brightness never is. */
static void test_night(void)
{
    Case *test = new_case();

    teach(test);
    add_seconds(test, LEARN + 1, 3, WATCH_NORMAL, 30);
    g_assert_cmpuint(test->verdict.scenes, ==, 2);
    g_assert_false(test->verdict.has_left);
    add_seconds(test, 600, 3, WATCH_NORMAL, 40);
    add_seconds(test, 600, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_false(test->verdict.has_left || test->verdict.is_moved);
    add_seconds(test, 600, 1, WATCH_NORMAL, 30); /* the day at night */
    g_assert_true(test->verdict.is_moved);
    add_seconds(test, 600, 3, WATCH_FAULTY, 200); /* a fault is never learnt */
    g_assert_cmpuint(test->verdict.scenes, ==, 2);
    add_seconds(test, 600, 3, WATCH_NORMAL, 30);
    g_assert_false(test->verdict.is_moved);
    for (guint i = 0; i < WATCH_DAY / 20; i++)
        add_step(test, 1, WATCH_NORMAL, DAY_LIGHT, 20);
    add_seconds(test, 600, 4, WATCH_NORMAL, 200);
    g_assert_cmpuint(test->verdict.scenes, ==, 2);
    g_assert_true(test->verdict.is_moved);
    free_case(test);
}

/* A slow change is followed. */
static void test_slow(void)
{
    Case *test = new_case();
    float change[SIZE];

    teach(test);
    make_vector(change, 7);
    for (guint second = 0; second < 4 * 3600; second++) {
        take_picture(test, 1);
        for (guint i = 0; i < SIZE; i++)
            test->embedding[i] += change[i] * (float)(second / 3600.0 * 0.02);
        const WatchLook look = {test->embedding, SIZE, WATCH_NORMAL, DAY_LIGHT, 1};

        watch_baseline_add(test->baseline, &look);
        watch_baseline_read(test->baseline, &test->verdict);
        g_assert_false(test->verdict.is_moved);
    }
    free_case(test);
}

static void test_bad(void)
{
    Case *test = new_case();
    float zero[SIZE] = {0}, odd[SIZE] = {1, NAN};
    const WatchLook bad[] = {{zero, SIZE, WATCH_NORMAL, DAY_LIGHT, 10},
                             {odd, SIZE, WATCH_NORMAL, DAY_LIGHT, 10},
                             {test->embedding, SIZE - 1, WATCH_NORMAL, DAY_LIGHT, 10}};

    add(test, 1, WATCH_NORMAL, DAY_LIGHT);
    for (guint i = 0; i < 300; i++) {
        g_assert_cmpint(watch_baseline_add(test->baseline, &bad[i % 3]), ==, WATCH_LESSON_NONE);
    }
    watch_baseline_read(test->baseline, &test->verdict);
    g_assert_cmpfloat_with_epsilon(test->verdict.progress, STEP / LEARN, 1e-9);
    teach(test);
    free_case(test);
}

/* What was learnt says at first neither that the picture has moved nor that it has not. */
static void test_restored(void)
{
    Case *test = new_case(), *next = new_case();
    static const guint8 identity[WATCH_IDENTITY];
    WatchScenes scenes = {0};

    teach(test);
    g_autoptr(GBytes) bytes = watch_store_pack(watch_baseline_scenes(test->baseline), identity);
    g_assert_true(watch_store_unpack(&scenes, bytes, identity, NULL));
    watch_baseline_restore(next->baseline, &scenes);
    add(next, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(next->verdict.is_known && !next->verdict.is_settled && !next->verdict.has_left);
    add_seconds(next, MOVED / 3 + 1, 1, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(next->verdict.is_settled && !next->verdict.is_moved);
    add_seconds(next, MOVED + 1, 2, WATCH_NORMAL, DAY_LIGHT);
    g_assert_true(next->verdict.is_moved);
    free_case(next);
    free_case(test);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/baseline/subspace", test_subspace);
    g_test_add_func("/baseline/progress", test_progress);
    g_test_add_func("/baseline/moved", test_moved);
    g_test_add_func("/baseline/not-moved", test_not_moved);
    g_test_add_func("/baseline/faulty", test_faulty);
    g_test_add_func("/baseline/night", test_night);
    g_test_add_func("/baseline/slow", test_slow);
    g_test_add_func("/baseline/bad", test_bad);
    g_test_add_func("/baseline/restored", test_restored);
    return g_test_run();
}
