/* From logits to scores and to the best classes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/scores.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N 6

static void check_order(const float *scores, guint k, double floor, const CnxDecision *decision,
                        const char *expected)
{
    guint best[N + 1];
    const guint found = cnx_rank_classes(best, k, scores, N, floor, decision);

    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < found; i++)
        g_string_append_printf(text, "%u", best[i]);
    g_assert_cmpstr(text->str, ==, expected);
}

static void check_best(const float *scores, guint k, const char *expected)
{
    const CnxDecision empty = {.rest_class = CNX_NO_CLASS};

    check_order(scores, k, -INFINITY, NULL, expected);
    check_order(scores, k, -INFINITY, &empty, expected);
}

/* The higher score first, of equal ones the lower index, NaN last. */
static void test_best(void)
{
    static const float scores[N] = {0.1f, 0.3f, 0.2f, 0.3f, 0.1f, 0.3f};
    static const float odd[N] = {NAN, -INFINITY, 0, NAN, INFINITY, -1};

    check_best(scores, 0, "");
    check_best(scores, 1, "1");
    check_best(scores, 2, "13");
    check_best(scores, 5, "13520");
    check_best(scores, N, "135204");
    check_best(scores, N + 1, "135204");
    check_best(odd, 2, "42");
    check_best(odd, N, "425103");
}

static void test_floor(void)
{
    static const float scores[N] = {0.1f, 0.5f, 0.2f, 0.25f, 0, 0.5f};

    check_order(scores, N, 0.25, NULL, "153");
    check_order(scores, 1, 0.25, NULL, "1");
    check_order(scores, N, 0.51, NULL, "");
}

/* Present classes by their excess in logits, then the rest class 2, then the others. */
static void test_thresholds(void)
{
    float thresholds[N] = {0.9f, 0.2f, 0.5f, 0.5f, 0.02f, 0.7f};
    const CnxDecision decision = {.threshold = thresholds, .rest_class = 2};
    const CnxDecision no_rest = {.threshold = thresholds, .rest_class = CNX_NO_CLASS};
    static const struct {
        float scores[N];
        guint k;
        double floor;
        const char *expected, *without_rest;
    } cases[] = {
        /* all faults are absent: the least excess is that of class 0 */
        {{0.1f, 0.1f, 0.3f, 0.4f, 0.01f, 0.6f}, N, 0, "235410", ""},
        /* 1 exceeds by 0.98, 5 by 0.54, 0 by 0.12 */
        {{0.91f, 0.4f, 0.99f, 0.4f, 0.01f, 0.8f}, N, 0, "150234", "2150"},
        {{0.91f, 0.4f, 0.99f, 0.4f, 0.01f, 0.8f}, 1, 0, "1", "2"},
        {{0.91f, 0.4f, 0.99f, 0.4f, 0.01f, 0.8f}, 4, 0, "1502", "2150"},
        /* the floor leaves out 1, which is present, and 3 and 4, but never the rest class */
        {{0.91f, 0.4f, 0.3f, 0.45f, 0.01f, 0.8f}, N, 0.5, "502", "50"},
        {{0.91f, 0.4f, 0.3f, 0.45f, 0.01f, 0.8f}, 1, 0.95, "2", ""},
        /* a score that equals its threshold reaches it; of equal excesses the higher score */
        {{0.9f, 0.2f, 0, 0.5f, 0.02f, 0.7f}, N, 0, "053142", "05314"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %u", i);
        check_order(cases[i].scores, cases[i].k, cases[i].floor, &decision, cases[i].expected);
        check_order(cases[i].scores, cases[i].k, cases[i].floor, &no_rest, cases[i].without_rest);
    }
}

/* Scores and thresholds of 0 and 1 have no logit. */
static void test_extreme_thresholds(void)
{
    float thresholds[N] = {0, 1, 0.5f, 1, 0, 0.5f};
    const CnxDecision decision = {.threshold = thresholds, .rest_class = 5};
    static const float ends[N] = {0, 1, 1, 0.99999994f, 1, 0}, nan[N] = {NAN, 1, 1, 0, 0, NAN},
                       tiny[N] = {1e-45f, 0, 0, 1, 0, 1};

    check_order(ends, N, 0, &decision, "421053");
    check_order(nan, N, 0, &decision, "214305");
    check_order(tiny, N, 0, &decision, "304521");
}

static void test_softmax(void)
{
    static const float logits[N] = {1000, 1000, 999, -INFINITY, -1000, 1000};
    const double sum = 3 + exp(-1);
    float scores[N];

    cnx_softmax(scores, logits, N, NULL);
    for (guint i = 0; i < N; i++)
        g_assert_cmpfloat_with_epsilon(scores[i], exp(logits[i] - 1000.0) / sum, 1e-7);
    g_assert_cmpfloat(scores[3], ==, 0);
    memcpy(scores, logits, sizeof scores);
    scores[1] = INFINITY;
    cnx_softmax(scores, scores, N, NULL);
    for (guint i = 0; i < N; i++)
        g_assert_true(isnan(scores[i]));
}

static void test_sigmoid(void)
{
    static const float logits[N] = {0, 1, -1, 100, -100, -INFINITY};
    static const double expected[N] = {0.5, 0.731058579, 0.268941421, 1, 3.72e-44, 0};
    float scores[N];

    cnx_sigmoid(scores, logits, N, NULL);
    for (guint i = 0; i < N; i++)
        g_assert_cmpfloat_with_epsilon(scores[i], expected[i], 1e-7);
}

/* The difference of the logits is divided, so that the smallest and the largest float work too. */
static void test_temperature(void)
{
    static const float logits[N] = {0, 3, -2, 100, -INFINITY, 98};
    static const float extremes[] = {1e-45f, FLT_MIN, FLT_MAX};
    float scores[N], temperatures[N] = {2, 2, 2, 2, 2, 2};
    const CnxDecision decision = {.temperature = temperatures, .rest_class = CNX_NO_CLASS};

    cnx_softmax(scores, logits, N, &decision);
    g_assert_cmpfloat_with_epsilon(scores[3], 1 / (1 + exp(-1)), 1e-7);
    g_assert_cmpfloat(scores[4], ==, 0);
    temperatures[1] = 0.5f;
    cnx_sigmoid(scores, logits, N, &decision);
    g_assert_cmpfloat(scores[0], ==, 0.5f);
    g_assert_cmpfloat_with_epsilon(scores[1], 1 / (1 + exp(-6)), 1e-7);
    g_assert_cmpfloat_with_epsilon(scores[2], 1 / (1 + exp(1)), 1e-7);
    for (guint i = 0; i < G_N_ELEMENTS(extremes); i++) {
        for (guint j = 0; j < N; j++)
            temperatures[j] = extremes[i];
        cnx_softmax(scores, logits, N, &decision);
        for (guint j = 0; j < N; j++)
            g_assert_true(scores[j] >= 0 && scores[j] <= 1);
        cnx_sigmoid(scores, logits, N, &decision);
        for (guint j = 0; j < N; j++)
            g_assert_true(scores[j] >= 0 && scores[j] <= 1);
        g_assert_cmpfloat(scores[0], ==, 0.5f);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scores/best", test_best);
    g_test_add_func("/scores/floor", test_floor);
    g_test_add_func("/scores/thresholds", test_thresholds);
    g_test_add_func("/scores/extreme-thresholds", test_extreme_thresholds);
    g_test_add_func("/scores/temperature", test_temperature);
    g_test_add_func("/scores/softmax", test_softmax);
    g_test_add_func("/scores/sigmoid", test_sigmoid);
    return g_test_run();
}
