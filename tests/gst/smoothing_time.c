/* Smoothing by time: feeds results at given times to a smoother and checks the changes of state.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/smoothing.h"

#include <gst/check/gstcheck.h>
#include <math.h>

#include "gst/results/votes.h"

#define FRAME 40 /* milliseconds, of 25 frames a second */
#define HOUR 3600000

static SmoothingInput input;
static double score;     /* of the best label; the others share the rest */
static GString *changes; /* as "old>new@milliseconds " */

static void setup(void)
{
    input = (SmoothingInput){
        .smoother = gst_convnext_smoother_new(),
        .smoothing = {.kind = GST_CONVNEXT_SMOOTHING_MAJORITY,
                      .time = 2 * GST_SECOND,
                      .window = 5,
                      .count = 3,
                      .alpha = 0.3},
        .activation = GST_CONVNEXT_ACTIVATION_SOFTMAX,
    };
    score = 0.8;
    changes = g_string_new(NULL);
}

static void teardown(void)
{
    gst_convnext_smoother_free(input.smoother);
    g_string_free(changes, TRUE);
}

static void exponential(void)
{
    input.smoothing.kind = GST_CONVNEXT_SMOOTHING_EXPONENTIAL;
}

/* Adds a result, and the change of state to changes. */
static void add_best(char best)
{
    const float rest = (float)(1 - score) / 2;
    float scores[] = {rest, rest, rest};
    const int index = best == '-' ? -1 : best - 'a';

    if (index >= 0)
        scores[index] = (float)score;
    g_autoptr(GstStructure) s = smoothing_add_result(&input, scores, index);
    if (s)
        g_string_append_printf(changes, "%c>%c@%" G_GINT64_FORMAT " ", smoothing_label(s, "old"),
                               smoothing_label(s, "new"),
                               (gint64)input.times.running_time / (gint64)GST_MSECOND);
    input.times.frame++;
}

/* Adds a result for each letter, the best label, '-' for none; the next result follows after so
 * many milliseconds. */
static void feed(const char *best, guint repeats, gint64 step)
{
    for (guint i = 0; i < repeats; i++)
        for (const char *c = best; *c; c++) {
            add_best(*c);
            if (GST_CLOCK_TIME_IS_VALID(input.times.running_time))
                input.times.running_time += (GstClockTime)(step * (gint64)GST_MSECOND);
        }
}

/* The changes since the last call. */
static void expect(const char *expected)
{
    fail_unless_equals_string(changes->str, expected);
    g_string_truncate(changes, 0);
}

/* The first state needs 0.6 of the time, and so does each further one. */
GST_START_TEST(test_majority)
{
    feed("a", 100, FRAME);
    expect("->a@1200 ");
    feed("b", 100, FRAME); /* from 4000 on; a has 0.4 at 5200, and less at 5240 */
    expect("a>b@5240 ");
    feed("-", 100, FRAME);
    expect("b>-@9240 ");
}
GST_END_TEST;

/* Two classes that are present together take turns as the first of a result. With a rest class,
 * here a, one of them becomes the state and stays. */
GST_START_TEST(test_taking_turns)
{
    static float thresholds[] = {0.5, 0.5, 0.5};
    static const CnxDecision with_rest = {.threshold = thresholds, .rest_class = 0};

    feed("bc", 100, FRAME); /* without a rest class neither reaches 0.6 */
    expect("");
    teardown();
    setup();
    input.decision = &with_rest;
    feed("bc", 100, FRAME);
    expect("->b@1200 ");
    feed("a", 100, FRAME); /* from 8000 on */
    expect("b>a@9200 ");
    feed("bc", 100, FRAME); /* from 12000 on; a has 0.4 at 13200 */
    expect("a>c@13240 ");
    feed("bcacbbcabbcacbcbacba", 10, FRAME); /* c has 0.35, b 0.4: neither keeps nor enters */
    expect("");
    feed("bc", 50, FRAME);
    expect("");
    feed("-", 100, FRAME); /* from 32000 on */
    expect("c>-@33200 ");
}
GST_END_TEST;

/* At any rate of frames the state changes at the same time. */
GST_START_TEST(test_rates)
{
    static const gint64 steps[] = {5, 20, 50, 100, 500};
    const gint64 step = steps[__i__];

    feed("a", (guint)(4000 / step), step);
    feed("b", (guint)(4000 / step), step);
    g_autofree char *expected = g_strdup_printf("->a@%d a>b@%d ", step == 500 ? 1500 : 1200,
                                                step == 500 ? 5500 : 5200 + (int)step);
    expect(expected);
}
GST_END_TEST;

/* Flicker, and another label for less than the time to enter, change nothing. */
GST_START_TEST(test_flicker)
{
    feed("a", 50, FRAME);
    expect("->a@1200 ");
    feed("ab", 200, FRAME);
    feed("a", 50, FRAME);
    feed("b", 29, FRAME);
    feed("a", 50, FRAME);
    expect("");
}
GST_END_TEST;

/* The state stays until its share is below smoothing-leave, and another enters only with
 * smoothing-enter. */
GST_START_TEST(test_hysteresis)
{
    input.smoothing.leave = 0.2;
    feed("a", 50, FRAME);
    expect("->a@1200 ");
    feed("abbb", 50, FRAME); /* a keeps 0.25 */
    expect("");
    feed("b", 50, FRAME); /* from 10000 on; 9 times a since 8440 */
    expect("a>b@10440 ");
    gst_convnext_smoother_reset(input.smoother);
    input.smoothing.enter = 0.9;
    input.smoothing.leave = 0.5;
    input.times.running_time = 0;
    feed("b", 50, FRAME);
    expect("->b@1800 ");
    feed("accc", 5, FRAME); /* from 2000 on */
    expect("");
    feed("c", 50, FRAME);
    expect("b>c@4000 ");
}
GST_END_TEST;

/* smoothing-leave alone also is the least share to enter, and smoothing-enter sets two thirds of it
 * to leave. */
GST_START_TEST(test_automatic)
{
    input.smoothing.leave = 0.8;
    feed("a", 50, FRAME);
    expect("->a@1600 ");
    gst_convnext_smoother_reset(input.smoother);
    input.times.running_time = 0;
    input.smoothing.leave = 0;
    input.smoothing.enter = 0.3;
    feed("a", 50, FRAME);
    feed("b", 50, FRAME); /* a has less than 0.2 once b has more than 0.8 */
    expect("->a@600 a>b@3640 ");
}
GST_END_TEST;

/* Each result counts for the time until the next one, not as one of a number. */
GST_START_TEST(test_irregular)
{
    feed("a", 50, FRAME);
    expect("->a@1200 ");
    for (guint i = 0; i < 20; i++) {
        feed("b", 1, 200);
        feed("a", 2, FRAME);
    }
    fail_unless(g_str_has_prefix(changes->str, "a>b@"), "%s", changes->str);
    fail_unless(strlen(changes->str) < 10, "%s", changes->str);
}
GST_END_TEST;

/* While a camera is lost, its last result counts for a quarter of the time at most. */
GST_START_TEST(test_gap)
{
    feed("a", 100, FRAME);
    expect("->a@1200 ");
    feed("b", 1, 0);
    input.times.running_time += HOUR * GST_MSECOND;
    feed("b", 17, FRAME); /* 500 and 16 * 40 milliseconds */
    expect("");
    feed("a", 50, FRAME);
    expect("");
}
GST_END_TEST;

/* Results that are further apart vote by number, four at a time. A single one changes nothing. */
GST_START_TEST(test_sparse)
{
    feed("aaaaabaaaa", 1, 60000);
    expect("->a@180000 ");
    feed("bbbbb", 1, 60000); /* from 600000 on */
    expect("a>b@780000 ");
}
GST_END_TEST;

/* So do results without timestamps. */
GST_START_TEST(test_no_times)
{
    input.times.running_time = GST_CLOCK_TIME_NONE;
    feed("aaa", 1, 0);
    expect("");
    feed("aabaa", 1, 0);
    expect("->a@0 ");
    feed("bbbb", 1, 0);
    expect("a>b@0 ");
}
GST_END_TEST;

/* Time that runs backwards passes as well; without time nothing changes. */
GST_START_TEST(test_odd_times)
{
    input.times.running_time = HOUR * GST_MSECOND;
    feed("a", 100, -FRAME);
    expect("->a@3598800 ");
    feed("b", 1000, 0);
    expect("");
    feed("b", 31, FRAME);
    expect("");
    feed("b", 1, FRAME);
    expect("a>b@3597240 ");
}
GST_END_TEST;

/* If no other label prevails, a state that has lost its share for the whole time gives way. */
GST_START_TEST(test_unsupported)
{
    feed("a", 50, FRAME);
    expect("->a@1200 ");
    feed("bc", 20, FRAME); /* from 2000 on */
    feed("a", 30, FRAME);
    expect("");
    feed("bc", 50, FRAME); /* from 4800 on; a loses its share at 6040 */
    expect("a>-@8000 ");
    feed("c", 50, FRAME);
    fail_unless(g_str_has_prefix(changes->str, "->c@"), "%s", changes->str);
}
GST_END_TEST;

/* A flush forgets all evidence, and so does a change between number and time, which keeps the
 * state. Another time keeps both. */
GST_START_TEST(test_changes)
{
    feed("a", 50, FRAME);
    expect("->a@1200 ");
    gst_convnext_smoother_reset(input.smoother);
    feed("a", 30, FRAME); /* from 2000 on */
    expect("");
    feed("a", 20, FRAME);
    expect("->a@3200 ");
    feed("b", 29, FRAME); /* from 4000 on */
    input.smoothing.time = 0;
    feed("bb", 1, FRAME);
    expect("");
    feed("b", 1, FRAME);
    expect("a>b@5240 ");
    input.smoothing.time = 2 * GST_SECOND;
    feed("a", 30, FRAME); /* from 5280 on */
    expect("");
    input.smoothing.time = 10 * GST_SECOND;
    feed("a", 120, FRAME);
    expect("");
    feed("a", 1, FRAME);
    expect("b>a@11280 ");
}
GST_END_TEST;

/* A state without any votes is left, however small the levels are. */
GST_START_TEST(test_tiny_levels)
{
    input.smoothing.enter = input.smoothing.leave = 1e-300;
    feed("a", 100, FRAME);
    expect("->a@40 ");
    feed("b", 100, FRAME); /* from 4000 on; a has no votes after two seconds */
    expect("a>b@6000 ");
    input.smoothing.enter = 0;
    input.smoothing.time = 0;
    feed("aaaaaa", 1, FRAME);
    feed("bbbbb", 1, FRAME); /* the last one takes the last vote from a */
    expect("b>a@8080 a>b@8400 ");
}
GST_END_TEST;

/* A shorter time forgets at once the votes that it no longer covers, without a new one too. */
GST_START_TEST(test_shorter_time)
{
    input.smoothing.time = 10 * GST_SECOND;
    feed("a", 250, FRAME);
    feed("bc", 122, FRAME);
    expect("->a@6000 ");
    input.times.running_time -= FRAME * GST_MSECOND; /* that of the last result */
    input.smoothing.time = GST_SECOND;
    feed("b", 1, 0); /* b has half of the last second, and none of its votes before */
    expect("a>-@19720 ");
}
GST_END_TEST;

/* By number, smoothing-enter replaces smoothing-count, and smoothing-leave adds to it. */
GST_START_TEST(test_by_number)
{
    input.smoothing.time = 0;
    input.smoothing.enter = 0.8;
    feed("aaa", 1, 1);
    expect("");
    feed("ab", 1, 1);
    expect("->a@3 ");
    feed("bb", 1, 1);
    expect("");
    feed("b", 1, 1);
    expect("a>b@7 ");
    input.smoothing.enter = input.smoothing.leave = 0.6; /* b b b b and then */
    feed("aa", 1, 1);
    expect("");
    feed("a", 1, 1);
    expect("b>a@10 ");
    input.smoothing.leave = 0.2;
    feed("bbbb", 1, 1);
    expect("");
    feed("b", 1, 1);
    expect("a>b@15 ");
}
GST_END_TEST;

/* An hour of 60 frames a second takes no more memory than the slots, and the shares stay right. */
GST_START_TEST(test_memory)
{
    GstConvnextVotes votes;
    static const double shares[] = {0.5, 0.25, 0.25};

    gst_convnext_votes_init(&votes);
    input.smoothing.time = HOUR * GST_MSECOND;
    for (guint i = 0; i < 400000; i++) {
        const GstConvnextVote vote = {(int)((0x84 >> i % 4 * 2) & 3), 0.5, i};

        gst_convnext_votes_add(&votes, &input.smoothing, &vote, 16 * GST_MSECOND);
    }
    fail_unless(votes.slots->len <= 256, "%u slots", votes.slots->len);
    for (int i = 0; i < 3; i++) {
        const GstConvnextTally tally = gst_convnext_votes_count(&votes, &input.smoothing, i);

        fail_unless(fabs(tally.share - shares[i]) < 1.0 / 64, "%d: %g", i, tally.share);
        fail_unless(fabs(tally.score - 0.5) < 1e-9, "%g", tally.score);
    }
    for (guint i = 0; i < 4000; i++) { /* another class in each result */
        const GstConvnextVote vote = {(int)i, 0.5, i};

        gst_convnext_votes_add(&votes, &input.smoothing, &vote, GST_MSECOND);
    }
    fail_unless(votes.slots->len <= 1024, "%u slots", votes.slots->len);
    gst_convnext_votes_clear(&votes);
}
GST_END_TEST;

/* Many rare classes do not take slots from a frequent one, or make room for it. */
GST_START_TEST(test_rare_classes)
{
    GstConvnextVotes votes;
    g_autoptr(GRand) random = g_rand_new_with_seed(1);
    GstConvnextTally tally;

    gst_convnext_votes_init(&votes);
    input.smoothing.time = HOUR * GST_MSECOND;
    for (guint i = 0; i < 72000; i++) {
        const GstConvnextVote vote = {i % 10 < 7 ? 0 : g_rand_int_range(random, 1, 1000), 0.5, i};

        gst_convnext_votes_add(&votes, &input.smoothing, &vote, 100 * GST_MSECOND);
        fail_unless(votes.slots->len <= 1024, "%u slots", votes.slots->len);
    }
    tally = gst_convnext_votes_count(&votes, &input.smoothing, 0);
    fail_unless(fabs(tally.share - 0.7) < 1.0 / 64, "%g", tally.share);
    fail_unless(fabs(gst_convnext_votes_largest_share(&votes, &input.smoothing) - tally.share) <
                1e-9);
    fail_unless(tally.since >= 35000 && tally.since < 37000);
    for (guint i = 0; i < 72000; i++) {
        const GstConvnextVote vote = {g_rand_int_range(random, 1, 1000), 0.5, i};

        gst_convnext_votes_add(&votes, &input.smoothing, &vote, 100 * GST_MSECOND);
    }
    fail_unless(gst_convnext_votes_largest_share(&votes, &input.smoothing) < 0.1);
    gst_convnext_votes_clear(&votes);
}
GST_END_TEST;

/* The averages of a = 0.8 and b = 0.1 meet after 2 s * ln 2, at any rate. The first result, which
 * may be wrong, weighs no more than others, and the first state needs half of the time. */
GST_START_TEST(test_exponential)
{
    static const gint64 steps[] = {5, 20, 50, 100, 500};
    const gint64 step = steps[__i__];

    exponential();
    feed("b", 1, step);
    feed("a", (guint)(16000 / step) - 1, step);
    feed("b", (guint)(4000 / step), step);
    fail_unless(g_str_has_prefix(changes->str, "->a@1000 "), "%s", changes->str);
    const char *second = strstr(changes->str, "a>b@");
    fail_unless(second, "%s", changes->str);
    const gint64 time = g_ascii_strtoll(second + 4, NULL, 10);
    fail_unless(time >= 17386 && time < 17387 + step, "%s", changes->str);
}
GST_END_TEST;

/* Neither the last result before a gap nor the first one after it takes over. */
GST_START_TEST(test_exponential_gap)
{
    exponential();
    feed("a", 200, FRAME);
    expect("->a@1000 ");
    feed("b", 1, HOUR);
    feed("b", 10, FRAME);
    feed("a", 1, HOUR);
    expect("");
}
GST_END_TEST;

/* The state stays while its average reaches smoothing-leave. Then no label follows unless one
 * reaches smoothing-enter. */
GST_START_TEST(test_exponential_hysteresis)
{
    exponential();
    input.smoothing.enter = 0.7;
    input.smoothing.leave = 0.3;
    score = 0.6;
    feed("a", 500, FRAME);
    expect("");
    score = 0.9;
    feed("a", 100, FRAME); /* from 20000 on, from 0.6: 0.7 after 2 s * ln 1.5 */
    expect("->a@20840 ");
    score = 0.6;
    feed("b", 100, FRAME); /* a falls from 0.859 to 0.2: 0.3 after 2 s * ln 6.6 */
    expect("a>-@27800 ");
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
    score = 0.9;
    feed("b", 100, FRAME);
    fail_unless(g_str_has_prefix(changes->str, "->b@"), "%s", changes->str);
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
}
GST_END_TEST;

/* With smoothing-enter alone, the state stays until another label reaches it, or the state falls
 * below the threshold. */
GST_START_TEST(test_exponential_enter)
{
    exponential();
    input.smoothing.time = 0;
    input.smoothing.alpha = 1;
    input.smoothing.enter = 0.7;
    feed("a", 1, 1);
    score = 0.6;
    feed("b", 3, 1);
    expect("->a@0 ");
    input.threshold = 0.3;
    feed("b", 1, 1);
    expect("a>-@4 ");
    score = 0.8;
    feed("b", 1, 1);
    expect("->b@5 ");
}
GST_END_TEST;

/* Logits have no levels. */
GST_START_TEST(test_exponential_logits)
{
    exponential();
    input.activation = GST_CONVNEXT_ACTIVATION_NONE;
    input.smoothing.enter = 0.9;
    input.smoothing.leave = 0.1;
    feed("a", 100, FRAME);
    feed("b", 100, FRAME);
    fail_unless(g_str_has_prefix(changes->str, "->a@1000 a>b@"), "%s", changes->str);
}
GST_END_TEST;

/* Inference goes on until the state is known, or known again. */
GST_START_TEST(test_settled)
{
    static const GstConvnextSmoothingKind kinds[] = {GST_CONVNEXT_SMOOTHING_MAJORITY,
                                                     GST_CONVNEXT_SMOOTHING_EXPONENTIAL};

    input.smoothing.kind = kinds[__i__];
    input.smoothing.leave = 0.3;
    feed("a", 1, FRAME);
    fail_unless(!gst_convnext_smoother_is_settled(input.smoother));
    feed("a", 50, FRAME);
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
    feed("b", 1, FRAME);
    fail_unless(!gst_convnext_smoother_is_settled(input.smoother));
    feed("a", 1, FRAME);
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
    feed("b", 100, FRAME);
    fail_unless(gst_convnext_smoother_is_settled(input.smoother));
    g_string_truncate(changes, 0);
    feed("b", 1000, FRAME);
    expect("");
}
GST_END_TEST;

static Suite *smoothing_time_suite(void)
{
    Suite *s = suite_create("smoothing_time");
    TCase *tc = tcase_create("smoothing_time");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_majority);
    tcase_add_test(tc, test_taking_turns);
    tcase_add_loop_test(tc, test_rates, 0, 5);
    tcase_add_test(tc, test_flicker);
    tcase_add_test(tc, test_hysteresis);
    tcase_add_test(tc, test_automatic);
    tcase_add_test(tc, test_irregular);
    tcase_add_test(tc, test_gap);
    tcase_add_test(tc, test_sparse);
    tcase_add_test(tc, test_no_times);
    tcase_add_test(tc, test_odd_times);
    tcase_add_test(tc, test_unsupported);
    tcase_add_test(tc, test_changes);
    tcase_add_test(tc, test_tiny_levels);
    tcase_add_test(tc, test_shorter_time);
    tcase_add_test(tc, test_by_number);
    tcase_add_test(tc, test_memory);
    tcase_add_test(tc, test_rare_classes);
    tcase_add_loop_test(tc, test_exponential, 0, 5);
    tcase_add_test(tc, test_exponential_gap);
    tcase_add_test(tc, test_exponential_hysteresis);
    tcase_add_test(tc, test_exponential_enter);
    tcase_add_test(tc, test_exponential_logits);
    tcase_add_loop_test(tc, test_settled, 0, 2);
    return s;
}

GST_CHECK_MAIN(smoothing_time);
