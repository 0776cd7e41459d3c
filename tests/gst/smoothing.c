/* Sequences of results, and the changes of state that they are to make.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/smoothing.h"

#include <gst/check/gstcheck.h>
#include <math.h>

static const char *const labels[] = {"a", "b", "c"};

static GstConvnextSmoother *smoother;
static GstConvnextJob request;
static GstConvnextActivation activation; /* of the results */

static void setup(void)
{
    smoother = gst_convnext_smoother_new();
    request = (GstConvnextJob){.frame = -1};
    activation = GST_CONVNEXT_ACTIVATION_SOFTMAX;
}

static void teardown(void)
{
    gst_convnext_smoother_free(smoother);
}

static void majority(guint count, guint window)
{
    request.smoothing = (GstConvnextSmoothing){
        .kind = GST_CONVNEXT_SMOOTHING_MAJORITY, .count = count, .window = window};
}

static void exponential(double alpha, double threshold)
{
    request.smoothing =
        (GstConvnextSmoothing){.kind = GST_CONVNEXT_SMOOTHING_EXPONENTIAL, .alpha = alpha};
    request.scoring.threshold = threshold;
}

static GstStructure *add(const float *values, int best)
{
    GstConvnextResult *result = gst_convnext_result_new("m", 0);
    GstConvnextScores *scores = g_malloc(sizeof *scores + 3 * sizeof *values);

    scores->n = 3;
    scores->labels = labels;
    memcpy(scores->values, values, 3 * sizeof *values);
    gst_convnext_result_set_activation(result, activation);
    if (best >= 0)
        gst_convnext_result_add_class(result, (guint)best, labels[best], values[best]);
    request.frame++;
    request.running_time = request.frame * 10;
    GstStructure *change = gst_convnext_smoother_add(smoother, &request, result, scores);
    g_free(scores);
    gst_convnext_result_unref(result);
    return change;
}

static char letter(const GstStructure *s, const char *field)
{
    const char *label = gst_structure_get_string(s, field);

    return label ? label[0] : '-';
}

/* The best labels one after the other, '-' for none; and what changes, as "old>new" per frame. */
static void expect(const char *best, const char *const *changes)
{
    for (guint i = 0; best[i]; i++) {
        float values[] = {0.1f, 0.1f, 0.1f};
        int index = best[i] == '-' ? -1 : best[i] - 'a';

        if (index >= 0)
            values[index] = 0.8f;
        GstStructure *s = add(values, index);
        const char *wanted = changes[i] ? changes[i] : "";
        char *got = s ? g_strdup_printf("%c>%c", letter(s, "old"), letter(s, "new")) : g_strdup("");
        fail_unless(g_str_equal(got, wanted), "result %u, %c: '%s', not '%s'", i, best[i], got,
                    wanted);
        g_free(got);
        if (s)
            gst_structure_free(s);
    }
}

GST_START_TEST(test_majority)
{
    majority(3, 5);
    expect("aaababaabbbccc", (const char *const[14]){[2] = "->a", [9] = "a>b", [13] = "b>c"});
    gst_convnext_smoother_reset(smoother);
    expect("aaa", (const char *const[3]){[2] = "->a"});
}
GST_END_TEST;

/* One of one is each change of the best label. */
GST_START_TEST(test_no_smoothing)
{
    majority(1, 1);
    expect("aab-b", (const char *const[5]){"->a", NULL, "a>b", "b>-", "->b"});
}
GST_END_TEST;

/* To be without a label is a state, but no news at first. */
GST_START_TEST(test_none)
{
    majority(2, 2);
    expect("---aa--", (const char *const[7]){[4] = "->a", [6] = "a>-"});
}
GST_END_TEST;

/* A label that flickers never holds. */
GST_START_TEST(test_flicker)
{
    majority(4, 5);
    expect("aaaabababababa", (const char *const[14]){[3] = "->a"});
}
GST_END_TEST;

GST_START_TEST(test_since)
{
    GstStructure *s = NULL;
    const float a[] = {0.9f, 0.05f, 0.05f}, b[] = {0.2f, 0.6f, 0.2f};
    guint64 since, frame;
    double score;

    majority(3, 5);
    for (guint i = 0; i < 5; i++)
        if ((s = add(a, 0)))
            gst_structure_free(s);
    fail_unless(!add(b, 1) && !add(a, 0) && !add(b, 1));
    s = add(b, 1); /* a b a b b: b since frame 5 */
    fail_unless(s);
    fail_unless(gst_structure_has_name(s, "convnext-state-changed"));
    gst_structure_get(s, "since", G_TYPE_UINT64, &since, "frame", G_TYPE_UINT64, &frame, "score",
                      G_TYPE_DOUBLE, &score, NULL);
    fail_unless_equals_uint64(since, 50);
    fail_unless_equals_uint64(frame, 8);
    fail_unless(fabs(score - 0.6) < 1e-6);
    gst_structure_free(s);
}
GST_END_TEST;

/* From a = 0.8, b = 0.1: the first b makes them 0.52 and 0.38, the second 0.352 and 0.548. */
GST_START_TEST(test_exponential)
{
    exponential(0.4, 0);
    expect("aaabbbaa", (const char *const[8]){[0] = "->a", [4] = "a>b", [6] = "b>a"});
    gst_convnext_smoother_reset(smoother);
    exponential(1, 0);
    expect("aab", (const char *const[3]){[0] = "->a", [2] = "a>b"});
}
GST_END_TEST;

/* Below the threshold there is no label. What is not a number counts for nothing. */
GST_START_TEST(test_exponential_threshold)
{
    const float nothing[] = {0.3f, 0.3f, 0.3f}, nan[] = {0.9f, NAN, 0.9f};
    GstStructure *s;

    exponential(1, 0.5);
    expect("a", (const char *const[1]){"->a"});
    fail_unless(add(nan, 0) == NULL);
    s = add(nothing, -1);
    fail_unless(s && letter(s, "old") == 'a' && letter(s, "new") == '-');
    fail_unless(!gst_structure_has_field(s, "score"));
    gst_structure_free(s);
    fail_unless(add(nothing, -1) == NULL);
    expect("a", (const char *const[1]){"->a"});
}
GST_END_TEST;

/* Other settings while playing. */
GST_START_TEST(test_change)
{
    majority(3, 5);
    expect("aaa", (const char *const[3]){[2] = "->a"});
    majority(1, 1);
    expect("b", (const char *const[1]){"a>b"});
    exponential(0.5, 0);
    expect("bc", (const char *const[2]){NULL, NULL});
    majority(5, 2); /* means 2 of 2 */
    expect("cc", (const char *const[2]){[1] = "b>c"});
    request.smoothing.kind = GST_CONVNEXT_SMOOTHING_NONE;
    expect("a", (const char *const[1]){NULL});
    majority(1, 1);
    expect("c", (const char *const[1]){"->c"});
}
GST_END_TEST;

/* What was before the other kind is not the last any more. */
GST_START_TEST(test_change_back)
{
    majority(3, 5);
    expect("aaabb", (const char *const[5]){[2] = "->a"});
    exponential(1, 0);
    expect("a", (const char *const[1]){NULL});
    majority(3, 5);
    expect("bbb", (const char *const[3]){[2] = "a>b"});
    exponential(0.5, 0);
    expect("bc", (const char *const[2]){NULL, NULL}); /* the a of before would still weigh */
    majority(3, 5);
    expect("c", (const char *const[1]){NULL});
    exponential(0.5, 0);
    expect("a", (const char *const[1]){"b>a"});
}
GST_END_TEST;

/* Logits of which one is large, then probabilities: they are not averaged with one another. */
GST_START_TEST(test_change_activation)
{
    const float logits[] = {20, -5, -5};

    exponential(0.1, 0);
    activation = GST_CONVNEXT_ACTIVATION_NONE;
    gst_structure_free(add(logits, 0));
    activation = GST_CONVNEXT_ACTIVATION_SOFTMAX;
    expect("bb", (const char *const[2]){[0] = "a>b"});
}
GST_END_TEST;

static Suite *smoothing_suite(void)
{
    Suite *s = suite_create("smoothing");
    TCase *tc = tcase_create("smoothing");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_majority);
    tcase_add_test(tc, test_no_smoothing);
    tcase_add_test(tc, test_none);
    tcase_add_test(tc, test_flicker);
    tcase_add_test(tc, test_since);
    tcase_add_test(tc, test_exponential);
    tcase_add_test(tc, test_exponential_threshold);
    tcase_add_test(tc, test_change);
    tcase_add_test(tc, test_change_back);
    tcase_add_test(tc, test_change_activation);
    return s;
}

GST_CHECK_MAIN(smoothing);
