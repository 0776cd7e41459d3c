/* Feature maps go out in the memory that the network wrote: no frame allocates or copies one, and a
 * result keeps its maps whatever runs later.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/fixtures/allocations.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define OUTPUTS "stage1+stage2+stage3+stage4"

static GstHarness *open_element(void)
{
    GstHarness *h = frames_harness(network, NULL);

    gst_util_set_object_arg(G_OBJECT(h->element), "outputs", OUTPUTS);
    g_object_set(h->element, "threads", 1, NULL);
    harness_restart(h, CAPS);
    return h;
}

static void setup(void)
{
    network = network_new_wide(4);
}

static void teardown(void)
{
    network_teardown();
}

static const float *values_of(GstConvnextResult *result, guint stage, gsize *n)
{
    return gst_convnext_tensor_get_values(gst_convnext_result_peek_tensor(result, stage), n);
}

/* The same buffer again and again. Each of its maps follows the one before in memory, where the
 * network wrote them. */
GST_START_TEST(test_allocations)
{
    g_autoptr(GstHarness) h = open_element();
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 0);
    const float *seen[4] = {NULL};
    guint places = 0;

    for (guint i = 0; i < 60; i++) {
        gsize n;

        if (i == 10)
            fail_unless((allocations_take_large() > 0) == allocations_are_counted(),
                        "the counter does not count");
        frame = frames_process(h, frame);
        GstConvnextResult *result = frames_result(frame);
        const float *first = values_of(result, 0, &n), *next = first + n;
        for (guint stage = 1; stage < 4; stage++) {
            fail_unless(values_of(result, stage, &n) == next, "stage %u was copied", stage + 1);
            next += n;
        }
        for (guint place = 0; place < G_N_ELEMENTS(seen); place++) {
            if (place == places)
                seen[places++] = first;
            if (seen[place] == first)
                break;
        }
        frames_remove_metas(frame);
    }
    fail_unless_equals_int(allocations_take_large(), 0);
    fail_unless(places <= 2, "the maps had %u places", places);
    gst_clear_buffer(&frame);
}
GST_END_TEST;

static GstConvnextResult *take_result(GstHarness *h, FramePicture picture, guint pts)
{
    g_autoptr(GstBuffer) frame = frames_process(h, frames_new(CAPS, picture, pts));

    return gst_convnext_result_ref(frames_result(frame));
}

static float difference(GstConvnextResult *a, GstConvnextResult *b)
{
    gsize n;
    const float *x = values_of(a, 3, &n), *y = values_of(b, 3, NULL);
    float most = 0;

    for (gsize i = 0; i < n; i++)
        most = MAX(most, ABS(x[i] - y[i]));
    return most;
}

/* Results that somebody holds keep their values, also behind the element's end. */
GST_START_TEST(test_kept)
{
    GstHarness *h = open_element();
    GstConvnextResult *results[2][9];

    for (guint i = 0; i < G_N_ELEMENTS(results[0]); i++) {
        results[0][i] = take_result(h, FRAME_COLOURS, 80 * i);
        results[1][i] = take_result(h, FRAME_OTHER, 80 * i + 40);
    }
    gst_harness_teardown(h);
    fail_unless(difference(results[0][0], results[1][0]) > 0.01f);
    for (guint i = 0; i < G_N_ELEMENTS(results[0]); i++)
        for (guint j = 0; j < 2; j++) {
            fail_unless(difference(results[j][0], results[j][i]) == 0);
            fail_unless(i == 0 ||
                        values_of(results[j][0], 3, NULL) != values_of(results[j][i], 3, NULL));
        }
    for (guint i = 0; i < G_N_ELEMENTS(results[0]); i++) {
        gst_convnext_result_unref(results[0][i]);
        gst_convnext_result_unref(results[1][i]);
    }
}
GST_END_TEST;

static Suite *maps_suite(void)
{
    Suite *suite = suite_create("convnext_maps");
    TCase *tc = tcase_create("convnext_maps");

    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_allocations);
    tcase_add_test(tc, test_kept);
    return suite;
}

GST_CHECK_MAIN(maps);
