/* convnext adds metadata to a stream and changes nothing else, across caps changes, flushes,
 * restarts, GAP buffers and shared buffers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"

static GstBuffer *process(GstHarness *h, guint pts)
{
    return frames_process(h, frames_new(CAPS, FRAME_COLOURS, pts));
}

static char *checksum(GstBuffer *buffer)
{
    GstMapInfo map;

    fail_unless(gst_buffer_map(buffer, &map, GST_MAP_READ));
    char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, map.data, map.size);
    gst_buffer_unmap(buffer, &map);
    return sum;
}

/* Pixels, timestamps, offset and flags of a buffer do not change. */
GST_START_TEST(test_buffer_unchanged)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 120);

    GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_MARKER);
    GST_BUFFER_DTS(frame) = 100 * GST_MSECOND;
    GST_BUFFER_OFFSET(frame) = 7;
    g_autofree char *before = checksum(frame);
    g_autoptr(GstBuffer) out = frames_process(h, frame);
    g_autofree char *after = checksum(out);
    fail_unless_equals_string(before, after);
    fail_unless_equals_uint64(GST_BUFFER_PTS(out), 120 * GST_MSECOND);
    fail_unless_equals_uint64(GST_BUFFER_DTS(out), 100 * GST_MSECOND);
    fail_unless_equals_uint64(GST_BUFFER_DURATION(out), 40 * GST_MSECOND);
    fail_unless_equals_uint64(GST_BUFFER_OFFSET(out), 7);
    fail_unless(GST_BUFFER_FLAG_IS_SET(out, GST_BUFFER_FLAG_DISCONT));
    fail_unless(GST_BUFFER_FLAG_IS_SET(out, GST_BUFFER_FLAG_MARKER));
    fail_unless_equals_uint64(gst_convnext_result_get_pts(frames_result(out)), 120 * GST_MSECOND);
}
GST_END_TEST;

/* Other owners of a buffer see no new metadata, and its memory is not copied. */
GST_START_TEST(test_shared_buffer)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);
    g_autoptr(GstBuffer) frame = frames_new(CAPS, FRAME_COLOURS, 0);
    g_autoptr(GstBuffer) out = frames_process(h, gst_buffer_ref(frame));

    fail_unless(out != frame);
    fail_unless(gst_buffer_peek_memory(out, 0) == gst_buffer_peek_memory(frame, 0));
    fail_unless(!gst_buffer_get_convnext_meta(frame));
    fail_unless(gst_buffer_get_convnext_meta(out));
}
GST_END_TEST;

/* With interval=3, the frames between two inferences carry the last result and its age. */
GST_START_TEST(test_interval)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);

    g_object_set(h->element, "interval", 3, NULL);
    for (guint i = 0; i < 8; i++) {
        g_autoptr(GstBuffer) out = process(h, 40 * i);
        GstConvnextMeta *meta = frames_meta(out);

        fail_unless_equals_uint64(meta->age, i % 3 * 40 * GST_MSECOND);
        fail_unless_equals_uint64(gst_convnext_result_get_pts(meta->result),
                                  (i - i % 3) * 40 * GST_MSECOND);
    }
}
GST_END_TEST;

static GstBuffer *new_gap(guint pts)
{
    GstBuffer *gap = frames_new(CAPS, FRAME_COLOURS, pts);

    GST_BUFFER_FLAG_SET(gap, GST_BUFFER_FLAG_GAP);
    return gap;
}

/* A GAP buffer is not inferred: it carries the last result if there is one. */
GST_START_TEST(test_gap)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);
    g_autoptr(GstBuffer) out = frames_process(h, new_gap(0));

    fail_unless(!gst_buffer_get_convnext_meta(out), "a result without an inference");
    fail_unless(GST_BUFFER_FLAG_IS_SET(out, GST_BUFFER_FLAG_GAP));
    gst_buffer_unref(process(h, 40));
    fail_unless_equals_uint64(frames_age(frames_process(h, new_gap(80))), 40 * GST_MSECOND);
}
GST_END_TEST;

/* No result is carried across a flush, a new segment or new caps. */
GST_START_TEST(test_no_carry_over)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);

    g_object_set(h->element, "interval", 100, NULL);
    gst_buffer_unref(process(h, 0));
    for (guint i = 1; i <= 3; i++) {
        if (i == 1) {
            harness_flush(h);
        } else if (i == 2) {
            harness_new_segment(h);
        } else {
            gst_harness_set_src_caps_str(
                h, "video/x-raw,format=RGB,width=99,height=200,framerate=25/1");
            gst_harness_set_src_caps_str(h, CAPS);
        }
        fail_unless_equals_uint64(frames_age(process(h, 40 * i)), 0);
    }
}
GST_END_TEST;

/* With crop=none, each change of caps changes the input's size, and every frame gets a result. */
GST_START_TEST(test_caps_change)
{
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    static const char *const caps[] = {
        "video/x-raw,format=RGB,width=64,height=48,framerate=25/1",
        "video/x-raw,format=NV12,width=321,height=241,framerate=25/1",
        "video/x-raw,format=GRAY8,width=33,height=500,framerate=25/1",
    };

    g_object_set(h->element, "crop", 4 /* none */, NULL);
    for (guint i = 0; i < 2 * G_N_ELEMENTS(caps); i++) {
        const char *new_caps = caps[i % G_N_ELEMENTS(caps)];

        gst_harness_set_src_caps_str(h, new_caps);
        g_autoptr(GstBuffer) out = frames_process(h, frames_new(new_caps, FRAME_GRAYS, 40 * i));
        fail_unless(frames_result(out));
    }
}
GST_END_TEST;

/* Frames of a segment in bytes have no running time, but are inferred as well. */
GST_START_TEST(test_segment_in_bytes)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);
    GstSegment segment;

    gst_segment_init(&segment, GST_FORMAT_BYTES);
    harness_push_segment(h, &segment);
    gst_buffer_unref(process(h, 0));
    gst_harness_push_upstream_event(
        h, gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.0, 40 * GST_MSECOND, 0));
    fail_unless_equals_uint64(frames_age(process(h, 40)), 0);
}
GST_END_TEST;

/* The scores are a sorted softmax, and threshold, top-k and activation apply while playing. */
GST_START_TEST(test_classes)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);
    guint n;
    float sum = 0;

    g_object_set(h->element, "top-k", 100, NULL);
    g_autoptr(GstBuffer) all = process(h, 0);
    const GstConvnextClass *classes = gst_convnext_result_get_classes(frames_result(all), &n);
    fail_unless_equals_int(n, NETWORK_CLASSES);
    for (guint i = 0; i < n; i++) {
        sum += classes[i].score;
        fail_unless(i == 0 || classes[i].score <= classes[i - 1].score, "not sorted");
    }
    fail_unless(sum > 0.9999f && sum < 1.0001f, "softmax sums to %g", sum);
    float second_score = classes[1].score;
    guint best = classes[0].index;

    g_object_set(h->element, "threshold", (double)second_score + 1e-4, NULL);
    g_autoptr(GstBuffer) only_best = process(h, 40);
    classes = gst_convnext_result_get_classes(frames_result(only_best), &n);
    fail_unless_equals_int(n, 1);
    fail_unless_equals_int(classes[0].index, best);

    g_object_set(h->element, "activation", GST_CONVNEXT_ACTIVATION_NONE, "top-k", 4, NULL);
    g_autoptr(GstBuffer) raw = process(h, 80);
    classes = gst_convnext_result_get_classes(frames_result(raw), &n);
    fail_unless_equals_int(n, 4);
    float logits[NETWORK_CLASSES];
    fail_unless_equals_int(classes[0].index, best);
    frames_logits(h, frames_new(CAPS, FRAME_COLOURS, 120), logits);
    fail_unless(classes[0].score == logits[best]);
}
GST_END_TEST;

/* Each requested output is attached as a tensor of the right shape; classes are not attached unless
 * requested. */
GST_START_TEST(test_outputs)
{
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    static const gsize sides[] = {16, 8, 4, 2}, dims[] = NETWORK_DIMS;

    gst_util_set_object_arg(G_OBJECT(h->element), "outputs",
                            "embedding+logits+stage1+stage2+stage3+stage4");
    harness_restart(h, CAPS);
    g_autoptr(GstBuffer) out = process(h, 0);
    GstConvnextResult *result = frames_result(out);
    guint n;
    gst_convnext_result_get_classes(result, &n);
    fail_unless_equals_int(n, 0);
    fail_unless_equals_int(gst_convnext_result_get_n_tensors(result), 6);
    for (guint i = 0; i < 4; i++) {
        g_autofree char *name = g_strdup_printf("stage%u", i + 1);

        g_autoptr(GstConvnextTensor) tensor = gst_convnext_result_get_tensor(result, name);

        fail_unless(tensor, "%s is missing", name);
        const gsize *shape = gst_convnext_tensor_get_shape(tensor, &n);
        fail_unless_equals_int(n, 4);
        fail_unless_equals_int(shape[0], 1);
        fail_unless_equals_int(shape[1], sides[i]);
        fail_unless_equals_int(shape[2], sides[i]);
        fail_unless_equals_int(shape[3], dims[i]);
    }
}
GST_END_TEST;

/* Each inference posts one message, and stats and model-info hold the right counts. */
GST_START_TEST(test_messages_and_stats)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autoptr(GstStructure) stats = NULL;
    g_autoptr(GstStructure) info = NULL;
    guint64 frames = 0, inferred = 0, skipped = 0;
    guint classes = 0;

    gst_element_set_bus(h->element, bus);
    g_object_set(h->element, "post-messages", TRUE, "interval", 2, NULL);
    for (guint i = 0; i < 4; i++)
        gst_buffer_unref(process(h, 40 * i));
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT);
        guint64 frame;

        fail_unless(message, "no message %u", i);
        const GstStructure *s = gst_message_get_structure(message);
        fail_unless(gst_structure_has_name(s, "convnext"));
        fail_unless(gst_structure_get_uint64(s, "frame", &frame));
        fail_unless_equals_uint64(frame, 2 * i);
    }
    fail_unless(gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT) == NULL);
    g_object_get(h->element, "stats", &stats, "model-info", &info, NULL);
    gst_structure_get_uint64(stats, "frames", &frames);
    gst_structure_get_uint64(stats, "inferred", &inferred);
    gst_structure_get_uint64(stats, "skipped", &skipped);
    fail_unless(frames == 4 && inferred == 2 && skipped == 2);
    fail_unless(gst_structure_has_field_typed(stats, "inference-p95", G_TYPE_DOUBLE));
    gst_structure_get_uint(info, "classes", &classes);
    fail_unless_equals_int(classes, NETWORK_CLASSES);
    gst_element_set_bus(h->element, NULL);
}
GST_END_TEST;

/* A restart applies input-size; restoring it restores the first logits. */
GST_START_TEST(test_restart)
{
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    float first[NETWORK_CLASSES], larger[NETWORK_CLASSES], again[NETWORK_CLASSES];
    float *const logits[] = {first, larger, again};

    for (guint i = 0; i < 3; i++) {
        gst_element_set_state(h->element, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
        g_object_set(h->element, "input-size", i == 1 ? 128 : 0, NULL);
        gst_element_set_state(h->element, GST_STATE_PLAYING);
        gst_harness_set_src_caps_str(h, CAPS);
        frames_logits(h, frames_new(CAPS, FRAME_COLOURS, 0), logits[i]);
    }
    fail_unless(!memcmp(first, again, sizeof first));
    fail_unless(memcmp(first, larger, sizeof first), "input-size has no effect");
}
GST_END_TEST;

static Suite *convnext_suite(void)
{
    Suite *s = suite_create("convnext");
    TCase *tc = tcase_create("streams");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_buffer_unchanged);
    tcase_add_test(tc, test_shared_buffer);
    tcase_add_test(tc, test_interval);
    tcase_add_test(tc, test_gap);
    tcase_add_test(tc, test_no_carry_over);
    tcase_add_test(tc, test_caps_change);
    tcase_add_test(tc, test_segment_in_bytes);
    tcase_add_test(tc, test_classes);
    tcase_add_test(tc, test_outputs);
    tcase_add_test(tc, test_messages_and_stats);
    tcase_add_test(tc, test_restart);
    return s;
}

GST_CHECK_MAIN(convnext);
