/* From logits to scores and to the best classes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/scores.h"

#include <math.h>
#include <string.h>

#define N 6

static void check_best(const float *scores, guint k, const char *expected)
{
    guint best[N + 1];
    const guint found = cnx_top_k(best, k, scores, N);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < found; i++)
        g_string_append_printf(text, "%u", best[i]);
    g_assert_cmpstr(text->str, ==, expected);
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

static void test_softmax(void)
{
    static const float logits[N] = {1000, 1000, 999, -INFINITY, -1000, 1000};
    const double sum = 3 + exp(-1);
    float scores[N];

    cnx_softmax(scores, logits, N);
    for (guint i = 0; i < N; i++)
        g_assert_cmpfloat_with_epsilon(scores[i], exp(logits[i] - 1000.0) / sum, 1e-7);
    g_assert_cmpfloat(scores[3], ==, 0);
    memcpy(scores, logits, sizeof scores);
    scores[1] = INFINITY;
    cnx_softmax(scores, scores, N);
    for (guint i = 0; i < N; i++)
        g_assert_true(isnan(scores[i]));
}

static void test_sigmoid(void)
{
    static const float logits[N] = {0, 1, -1, 100, -100, -INFINITY};
    static const double expected[N] = {0.5, 0.731058579, 0.268941421, 1, 3.72e-44, 0};
    float scores[N];

    cnx_sigmoid(scores, logits, N);
    for (guint i = 0; i < N; i++)
        g_assert_cmpfloat_with_epsilon(scores[i], expected[i], 1e-7);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scores/best", test_best);
    g_test_add_func("/scores/softmax", test_softmax);
    g_test_add_func("/scores/sigmoid", test_sigmoid);
    return g_test_run();
}
