/* Feeds sequences of results to a smoother and checks the changes of state.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/smoothing.h"

#include <gst/check/gstcheck.h>
#include <float.h>
#include <math.h>

static SmoothingInput input;

static void setup(void)
{
    input = (SmoothingInput){.smoother = gst_convnext_smoother_new(),
                             .times.frame = -1,
                             .activation = GST_CONVNEXT_ACTIVATION_SOFTMAX};
}

static void teardown(void)
{
    gst_convnext_smoother_free(input.smoother);
}

static void majority(guint count, guint window)
{
    input.smoothing = (GstConvnextSmoothing){
        .kind = GST_CONVNEXT_SMOOTHING_MAJORITY, .count = count, .window = window};
}

static void exponential(double alpha, double new_threshold)
{
    input.smoothing =
        (GstConvnextSmoothing){.kind = GST_CONVNEXT_SMOOTHING_EXPONENTIAL, .alpha = alpha};
    input.threshold = new_threshold;
}

/* Adds a result, ten nanoseconds after the one before. */
static GstStructure *add_scores(const float *scores, int best)
{
    input.times.frame++;
    input.times.running_time = input.times.frame * 10;
    return smoothing_add_result(&input, scores, best);
}

/* best: the best label of each result, '-' for none. changes: the expected change after each, as
 * "old>new". */
static void expect(const char *best, const char *const *changes)
{
    for (guint i = 0; best[i]; i++) {
        float values[] = {0.1f, 0.1f, 0.1f};
        int index = best[i] == '-' ? -1 : best[i] - 'a';

        if (index >= 0)
            values[index] = 0.8f;
        GstStructure *s = add_scores(values, index);
        const char *expected = changes[i] ? changes[i] : "";
        g_autofree char *found =
            s ? g_strdup_printf("%c>%c", smoothing_label(s, "old"), smoothing_label(s, "new"))
              : g_strdup("");
        fail_unless(g_str_equal(found, expected), "result %u, %c: '%s', expected '%s'", i, best[i],
                    found, expected);
        g_clear_pointer(&s, gst_structure_free);
    }
}

GST_START_TEST(test_majority)
{
    majority(3, 5);
    expect("aaababaabbbccc", (const char *const[14]){[2] = "->a", [9] = "a>b", [13] = "b>c"});
    gst_convnext_smoother_reset(input.smoother);
    expect("aaa", (const char *const[3]){[2] = "->a"});
}
GST_END_TEST;

/* With one vote in a window of one, the state follows every change of the best label. */
GST_START_TEST(test_no_smoothing)
{
    majority(1, 1);
    expect("aab-b", (const char *const[5]){"->a", NULL, "a>b", "b>-", "->b"});
}
GST_END_TEST;

/* "No label" is a state too, but not a change before the first label. */
GST_START_TEST(test_none)
{
    majority(2, 2);
    expect("---aa--", (const char *const[7]){[4] = "->a", [6] = "a>-"});
}
GST_END_TEST;

/* With as many results as the current state, another label does not replace it. */
GST_START_TEST(test_tie)
{
    majority(2, 4);
    expect("aabbb", (const char *const[5]){[1] = "->a", [4] = "a>b"});
    gst_convnext_smoother_reset(input.smoother);
    expect("aa--aa", (const char *const[6]){[1] = "->a"}); /* the same without a label */
}
GST_END_TEST;

/* A label that flickers never becomes the state. */
GST_START_TEST(test_flicker)
{
    majority(4, 5);
    expect("aaaabababababa", (const char *const[14]){[3] = "->a"});
}
GST_END_TEST;

GST_START_TEST(test_since)
{
    g_autoptr(GstStructure) s = NULL;
    const float a[] = {0.9f, 0.05f, 0.05f}, b[] = {0.2f, 0.6f, 0.2f};
    guint64 since, frame;
    double score;

    majority(3, 5);
    for (guint i = 0; i < 5; i++) {
        g_autoptr(GstStructure) first = add_scores(a, 0);

        fail_unless(!first || i == 2);
    }
    fail_unless(!add_scores(b, 1) && !add_scores(a, 0) && !add_scores(b, 1));
    s = add_scores(b, 1); /* a b a b b: b since frame 5 */
    fail_unless(s);
    fail_unless(gst_structure_has_name(s, "convnext-state-changed"));
    gst_structure_get(s, "since", G_TYPE_UINT64, &since, "frame", G_TYPE_UINT64, &frame, "score",
                      G_TYPE_DOUBLE, &score, NULL);
    fail_unless_equals_uint64(since, 50);
    fail_unless_equals_uint64(frame, 8);
    fail_unless(fabs(score - 0.6) < 1e-6);
}
GST_END_TEST;

/* From a = 0.8, b = 0.1: the first b makes them 0.52 and 0.38, the second 0.352 and 0.548. */
GST_START_TEST(test_exponential)
{
    exponential(0.4, 0);
    expect("aaabbbaa", (const char *const[8]){[0] = "->a", [4] = "a>b", [6] = "b>a"});
    gst_convnext_smoother_reset(input.smoother);
    exponential(1, 0);
    expect("aab", (const char *const[3]){[0] = "->a", [2] = "a>b"});
}
GST_END_TEST;

static guint64 since_of(GstStructure *s)
{
    guint64 since = 0;

    fail_unless(s && gst_structure_get_uint64(s, "since", &since));
    gst_structure_free(s);
    return since;
}

/* The score of a change is the mean of the votes for the label. */
GST_START_TEST(test_score)
{
    const float sure[] = {0.9f, 0.1f, 0}, unsure[] = {0.5f, 0.4f, 0.1f};
    double score = 0;

    majority(2, 3);
    fail_unless(!add_scores(sure, 0));
    g_autoptr(GstStructure) s = add_scores(unsure, 0);
    fail_unless(s && gst_structure_get_double(s, "score", &score));
    fail_unless(fabs(score - 0.7) < 1e-6, "%g", score);
}
GST_END_TEST;

/* The state has begun with the first of the latest results that show it; if the latest one shows
 * another label, it begins now. */
GST_START_TEST(test_exponential_since)
{
    static const float a[] = {0.8f, 0.1f, 0.1f}, b[] = {0.1f, 0.8f, 0.1f};
    static const float results[][3] = {{0.6f, 0.4f, 0}, {0.3f, 0.3f, 0.4f}, {0, 0.49f, 0.5f}};

    exponential(0.4, 0);
    fail_unless_equals_uint64(since_of(add_scores(a, 0)), 0);
    fail_unless(!add_scores(a, 0));
    fail_unless(!add_scores(b, 1));
    fail_unless_equals_uint64(since_of(add_scores(b, 1)), 20);
    gst_convnext_smoother_reset(input.smoother);
    exponential(0.5, 0);
    fail_unless_equals_uint64(since_of(add_scores(results[0], 0)), 40);
    fail_unless(!add_scores(results[1], 2));
    /* b, although c is newest */
    fail_unless_equals_uint64(since_of(add_scores(results[2], 2)), 60);
}
GST_END_TEST;

/* Below the threshold there is no label. */
GST_START_TEST(test_exponential_threshold)
{
    const float nothing[] = {0.3f, 0.3f, 0.3f};
    GstStructure *s;

    exponential(1, 0.5);
    expect("a", (const char *const[1]){"->a"});
    s = add_scores(nothing, -1);
    fail_unless(s && smoothing_label(s, "old") == 'a' && smoothing_label(s, "new") == '-');
    fail_unless(!gst_structure_has_field(s, "score"));
    gst_structure_free(s);
    fail_unless(!add_scores(nothing, -1));
    expect("a", (const char *const[1]){"->a"});
}
GST_END_TEST;

static void check_change(const float *scores, const char *expected, double expected_score)
{
    g_autoptr(GstStructure) s = add_scores(scores, -1);
    g_autofree char *found =
        s ? g_strdup_printf("%c>%c", smoothing_label(s, "old"), smoothing_label(s, "new"))
          : g_strdup("");
    double score = -1;

    fail_unless_equals_string(found, expected);
    if (s)
        gst_structure_get_double(s, "score", &score);
    fail_unless(fabs(score - expected_score) < 1e-6, "%g, expected %g", score, expected_score);
}

/* The rest class a is the state until the average of another class reaches its threshold, even if
 * its own score is low or the others' are higher. */
GST_START_TEST(test_exponential_rest_class)
{
    static const float healthy[] = {0.3f, 0.4f, 0.1f}, faulty[] = {0.02f, 0.8f, 0.1f},
                       worse[] = {0.02f, 0.8f, 0.5f};
    float thresholds[] = {0.9f, 0.69f, 0.21f};
    const CnxDecision with_rest = {.threshold = thresholds, .rest_class = 0};

    exponential(0.5, 0);
    input.activation = GST_CONVNEXT_ACTIVATION_SIGMOID;
    input.decision = &with_rest;
    check_change(healthy, "->a", 0.3);
    check_change(faulty, "", -1); /* b is 0.6 */
    fail_unless(!gst_convnext_smoother_is_settled(input.smoother));
    check_change(faulty, "a>b", 0.7);
    check_change(worse, "b>c", 0.3); /* b is 0.75, 0.30 above; c 0.48 */
    check_change(healthy, "c>a", 0.1775);
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
    input.threshold = 0.99; /* the property never takes the rest class away */
    check_change(healthy, "", -1);
}
GST_END_TEST;

/* Without a rest class there is no label while no average reaches its threshold. */
GST_START_TEST(test_exponential_no_rest_class)
{
    static const float nothing[] = {0.4f, 0.4f, 0.1f}, b[] = {0.4f, 0.8f, 0.1f};
    float thresholds[] = {0.5f, 0.5f, 0.5f};
    const CnxDecision no_rest = {.threshold = thresholds, .rest_class = CNX_NO_CLASS};

    exponential(0.5, 0);
    input.activation = GST_CONVNEXT_ACTIVATION_SIGMOID;
    input.decision = &no_rest;
    check_change(nothing, "", -1);
    check_change(b, "->b", 0.6);
    check_change(nothing, "", -1); /* 0.5 */
    check_change(nothing, "b>-", -1);
}
GST_END_TEST;

typedef enum Rules { NO_RULES, NO_REST, REST } Rules;

typedef struct Levels {
    Rules rules;
    double threshold, enter, leave;
    char before; /* the state */
    float averages[3];
    char after;
} Levels;

/* a is the rest class; b exceeds its threshold of 0.1 by more than c its 0.9 */
static const Levels levels[] = {
    /* the first class is below a level, and hides none that is above it */
    {REST, 0, 0.8, 0, 'a', {0.5f, 0.5f, 0.95f}, 'c'},
    {REST, 0.6, 0, 0, 'a', {0.5f, 0.5f, 0.95f}, 'c'},
    {NO_REST, 0, 0.8, 0, 'a', {0.4f, 0.5f, 0.95f}, 'c'},
    {REST, 0.6, 0.3, 0, 'a', {0.5f, 0.5f, 0.95f}, 'b'}, /* smoothing-enter replaces threshold */
    {REST, 0, 0.8, 0, 'a', {0.5f, 0.5f, 0.85f}, 'a'},   /* but not the model's thresholds */
    /* smoothing-leave holds a state whose class is absent, or no longer the first */
    {REST, 0, 0, 0.3, 'c', {0.5f, 0.5f, 0.4f}, 'c'},
    {REST, 0.6, 0.8, 0.3, 'c', {0.5f, 0.9f, 0.3f}, 'c'},
    {REST, 0, 0, 0.3, 'c', {0.5f, 0.5f, 0.2f}, 'b'},
    {REST, 0, 0.8, 0.3, 'c', {0.5f, 0.5f, 0.2f}, 'a'},
    {NO_REST, 0, 0.8, 0.3, 'c', {0.4f, 0.5f, 0.2f}, '-'},
    {NO_RULES, 0, 0.8, 0.3, 'c', {0.5f, 0.9f, 0.2f}, 'b'},
    /* without it a state holds while it is present and no other one enters before it */
    {REST, 0, 0.8, 0, 'b', {0.5f, 0.5f, 0.95f}, 'b'},
    {REST, 0, 0.8, 0, 'b', {0.9f, 0.1f, 0.5f}, 'b'},
    {REST, 0, 0.8, 0, 'b', {0.9f, 0.05f, 0.5f}, 'a'},
    {REST, 0.2, 0.8, 0, 'b', {0.9f, 0.15f, 0.5f}, 'a'},
    {REST, 0, 0.8, 0, 'b', {0.5f, 0.15f, 0.96f}, 'c'},
    {NO_REST, 0, 0.8, 0, 'b', {0.4f, 0.05f, 0.5f}, '-'},
    {NO_RULES, 0.5, 0.8, 0, 'b', {0.1f, 0.6f, 0.7f}, 'b'},
    {NO_RULES, 0.5, 0.8, 0, 'b', {0.1f, 0.4f, 0.7f}, '-'},
    /* the rest class has no level */
    {REST, 0, 0, 0.3, 'a', {0.95f, 0.15f, 0.2f}, 'b'},
    {REST, 0.99, 0.9, 0.8, 'b', {0.01f, 0.05f, 0.2f}, 'a'},
};

/* Averages to the scores, and returns the label of the state. */
static char settle(const float *scores, char state)
{
    for (guint i = 0; i < 200; i++) {
        g_autoptr(GstStructure) s = add_scores(scores, -1);

        state = s ? smoothing_label(s, "new") : state;
    }
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
    return state;
}

/* Thresholds, the rest class and the levels together, by number and by time. */
GST_START_TEST(test_exponential_levels)
{
    const Levels *row = &levels[__i__ / 2];
    float thresholds[] = {0.3f, 0.1f, 0.9f};
    const CnxDecision rules = {.threshold = thresholds, .rest_class = row->rules == REST ? 0 : -1};
    float scores[] = {0.01f, 0.01f, 0.01f};
    char found;

    exponential(0.5, 0);
    input.smoothing.time = __i__ % 2 ? 40 : 0; /* 4 results */
    input.activation = GST_CONVNEXT_ACTIVATION_SIGMOID;
    input.decision = row->rules == NO_RULES ? NULL : &rules;
    scores[row->before - 'a'] = 0.99f;
    fail_unless_equals_int(settle(scores, '-'), row->before);
    input.threshold = row->threshold;
    input.smoothing.enter = row->enter;
    input.smoothing.leave = row->leave;
    found = settle(row->averages, row->before);
    fail_unless(found == row->after, "row %d: %c, expected %c", __i__ / 2, found, row->after);
}
GST_END_TEST;

/* After scores that are not finite the state is unknown, and the next result begins a new
 * average. */
GST_START_TEST(test_exponential_not_finite)
{
    const float nan[] = {0.9f, NAN, 0.9f};

    exponential(0.1, 0);
    expect("a", (const char *const[1]){"->a"});
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
    g_autoptr(GstStructure) s = add_scores(nan, -1);
    fail_unless(s && smoothing_label(s, "old") == 'a' && smoothing_label(s, "new") == '-');
    fail_unless(!gst_structure_has_field(s, "score"));
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
    fail_unless(!add_scores(nan, -1));
    expect("b", (const char *const[1]){"->b"});
}
GST_END_TEST;

/* The difference of two logits may be infinite; their average is not. */
GST_START_TEST(test_exponential_huge)
{
    const float high[] = {FLT_MAX, -FLT_MAX, 0}, low[] = {-FLT_MAX, FLT_MAX, 0};
    double score;

    exponential(0.75, 0);
    input.activation = GST_CONVNEXT_ACTIVATION_NONE;
    gst_structure_free(add_scores(high, 0));
    g_autoptr(GstStructure) s = add_scores(low, 1);
    fail_unless(s && smoothing_label(s, "old") == 'a' && smoothing_label(s, "new") == 'b');
    fail_unless(gst_structure_get_double(s, "score", &score));
    fail_unless(score > 0.49 * FLT_MAX && score < 0.51 * FLT_MAX, "%g", score);
}
GST_END_TEST;

/* Settings may change while playing. */
GST_START_TEST(test_change)
{
    majority(3, 5);
    expect("aaa", (const char *const[3]){[2] = "->a"});
    majority(1, 1);
    expect("b", (const char *const[1]){"a>b"});
    exponential(0.5, 0);
    expect("bc", (const char *const[2]){NULL, NULL});
    majority(5, 2); /* the same as 2 of 2 */
    expect("cc", (const char *const[2]){[1] = "b>c"});
    input.smoothing.kind = GST_CONVNEXT_SMOOTHING_NONE;
    expect("a", (const char *const[1]){NULL});
    majority(1, 1);
    expect("c", (const char *const[1]){"->c"});
}
GST_END_TEST;

/* Results from before another kind of smoothing no longer count. */
GST_START_TEST(test_change_back)
{
    majority(3, 5);
    expect("aaabb", (const char *const[5]){[2] = "->a"});
    exponential(1, 0);
    expect("a", (const char *const[1]){NULL});
    majority(3, 5);
    expect("bbb", (const char *const[3]){[2] = "a>b"});
    exponential(0.5, 0);
    expect("bc", (const char *const[2]){NULL, NULL}); /* the earlier a must have no weight */
    majority(3, 5);
    expect("c", (const char *const[1]){NULL});
    exponential(0.5, 0);
    expect("a", (const char *const[1]){"b>a"});
}
GST_END_TEST;

/* Logits, one of them large, are not averaged with probabilities. */
GST_START_TEST(test_change_activation)
{
    const float logits[] = {20, -5, -5};

    exponential(0.1, 0);
    input.activation = GST_CONVNEXT_ACTIVATION_NONE;
    gst_structure_free(add_scores(logits, 0));
    input.activation = GST_CONVNEXT_ACTIVATION_SOFTMAX;
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
    tcase_add_test(tc, test_tie);
    tcase_add_test(tc, test_flicker);
    tcase_add_test(tc, test_since);
    tcase_add_test(tc, test_exponential);
    tcase_add_test(tc, test_score);
    tcase_add_test(tc, test_exponential_since);
    tcase_add_test(tc, test_exponential_threshold);
    tcase_add_test(tc, test_exponential_rest_class);
    tcase_add_test(tc, test_exponential_no_rest_class);
    tcase_add_loop_test(tc, test_exponential_levels, 0, 2 * G_N_ELEMENTS(levels));
    tcase_add_test(tc, test_exponential_not_finite);
    tcase_add_test(tc, test_exponential_huge);
    tcase_add_test(tc, test_change);
    tcase_add_test(tc, test_change_back);
    tcase_add_test(tc, test_change_activation);
    return s;
}

GST_CHECK_MAIN(smoothing);
