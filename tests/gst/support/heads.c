/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/heads.h"

#include <gst/check/gstcheck.h>

#define FOREIGN_ID 77

GstHarness *heads_harness(const char *launch, const char *caps)
{
    GstHarness *h = gst_harness_new_parse(launch);

    fail_unless(h, "no elements: %s", launch);
    if (caps)
        gst_harness_set_src_caps_str(h, caps);
    gst_harness_play(h);
    return h;
}

GstElement *heads_element(GstHarness *h)
{
    return g_list_last(GST_BIN_CHILDREN(h->element))->data;
}

GstBuffer *heads_process(GstHarness *h, const char *caps, guint i)
{
    return frames_process(h, frames_new(caps, FRAME_COLOURS, 40 * i));
}

/* Processes frame i and checks its result and age. */
static void check_frame(GstHarness *h, const char *caps, guint i, HeadsFinds *finds, guint age)
{
    g_autoptr(GstBuffer) out = heads_process(h, caps, i);
    const GstConvnextMeta *meta = frames_meta(out);

    finds(meta->result);
    fail_unless_equals_uint64(meta->age, age * GST_MSECOND);
}

void heads_check_caps(GstHarness *h, HeadsFinds *finds)
{
    static const char *const all_caps[] = {
        "video/x-raw,format=I420,width=160,height=120,framerate=25/1",
        "video/x-raw,format=RGB,width=98,height=202,framerate=25/1",
        "video/x-raw,format=NV12,width=98,height=202,framerate=25/1,pixel-aspect-ratio=2/1",
        "video/x-raw,format=GRAY8,width=40,height=1,framerate=25/1",
    };

    for (guint i = 0; i < G_N_ELEMENTS(all_caps); i++) {
        const GstVideoInfo info = frames_info(all_caps[i]);
        guint width, height;

        gst_harness_set_src_caps_str(h, all_caps[i]);
        g_autoptr(GstBuffer) out = heads_process(h, all_caps[i], i);
        GstConvnextResult *result = frames_result(out);
        finds(result);
        gst_convnext_result_get_frame_size(result, &width, &height);
        fail_unless_equals_int(width, GST_VIDEO_INFO_WIDTH(&info));
        fail_unless_equals_int(height, GST_VIDEO_INFO_HEIGHT(&info));
    }
}

void heads_check_gap(GstHarness *h, HeadsFinds *finds)
{
    GstBuffer *gap = frames_new(HEADS_CAPS, FRAME_COLOURS, 40);

    g_object_set(heads_element(h), "interval", 3, NULL);
    check_frame(h, HEADS_CAPS, 0, finds, 0);
    GST_BUFFER_FLAG_SET(gap, GST_BUFFER_FLAG_GAP);
    g_autoptr(GstBuffer) out = frames_process(h, gap);
    fail_unless_equals_uint64(frames_meta(out)->age, 40 * GST_MSECOND);
    check_frame(h, HEADS_CAPS, 2, finds, 80);
    check_frame(h, HEADS_CAPS, 3, finds, 0);
    harness_flush(h);
    check_frame(h, HEADS_CAPS, 0, finds, 0);
    fail_unless_equals_uint64(frames_counter(heads_element(h), "inferred"), 3);
}

void heads_check_latest(GstHarness *h, HeadsFinds *finds)
{
    g_autoptr(Gate) gate = gate_new(heads_element(h));
    guint64 frames[2];

    gst_util_set_object_arg(G_OBJECT(heads_element(h)), "mode", "latest");
    gate_close(gate);
    gst_buffer_unref(heads_process(h, HEADS_CAPS, 0));
    gate_wait(gate); /* frame 0 runs, frame 1 waits */
    gst_buffer_unref(heads_process(h, HEADS_CAPS, 1));
    gate_open(gate);
    harness_end(h);
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 2), 2);
    fail_unless_equals_uint64(frames[1], 1);
}

/* Processes a frame that carries no result. */
static void expect_nothing(GstHarness *h, const char *caps, guint i)
{
    g_autoptr(GstBuffer) out = heads_process(h, caps, i);

    fail_unless(!gst_buffer_get_convnext_meta(out), "frame %u carries an older result", i);
}

/* Processes frames until one carries a result, and returns that frame. */
static GstBuffer *wait_for_result(GstHarness *h, const char *caps)
{
    for (guint i = 0;; i++) {
        g_autoptr(GstBuffer) out = heads_process(h, caps, i);

        if (gst_buffer_get_convnext_meta(out))
            return g_steal_pointer(&out);
    }
}

/* The worker is held up behind frame 0 until the end. */
void heads_check_changes(GstHarness *h, HeadsFinds *finds)
{
    static const char other[] =
        "video/x-raw,format=RGB,width=98,height=202,framerate=25/1,pixel-aspect-ratio=2/1";
    g_autoptr(Gate) gate = gate_new(heads_element(h));
    GstBuffer *gap = frames_new(HEADS_CAPS, FRAME_COLOURS, 40);
    guint width, height;

    gst_util_set_object_arg(G_OBJECT(heads_element(h)), "mode", "latest");
    gate_close(gate);
    gst_buffer_unref(heads_process(h, HEADS_CAPS, 0));
    gate_wait(gate);
    GST_BUFFER_FLAG_SET(gap, GST_BUFFER_FLAG_GAP);
    g_autoptr(GstBuffer) out = frames_process(h, gap);
    fail_unless_equals_uint64(frames_meta(out)->age, 40 * GST_MSECOND);
    finds(frames_result(out));
    harness_flush(h);
    expect_nothing(h, HEADS_CAPS, 0);
    gst_harness_set_src_caps_str(h, other);
    expect_nothing(h, other, 1);
    gate_open(gate);
    g_autoptr(GstBuffer) last = wait_for_result(h, other);
    finds(frames_result(last));
    gst_convnext_result_get_frame_size(frames_result(last), &width, &height);
    fail_unless(width == 98 && height == 202, "a result of %u x %u", width, height);
}

/* What another element has attached: an object with its region, a mask, and a box. */
static GstConvnextResult *new_foreign(void)
{
    static guint8 mask[] = {0, 1, 1, 0};
    static const char *const labels[] = {"theirs"};
    static const GstConvnextDetectedObject object = {.score = 0.5f, .width = 3, .height = 4};
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(1, labels, NULL);
    GstConvnextResult *foreign = gst_convnext_result_new("foreign", 0);

    gst_convnext_result_set_objects(foreign, legend, 1, &object);
    gst_convnext_result_set_segmentation(
        foreign, gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, mask, 4, 0, 4, NULL, NULL), 2, 2,
        8, &(GstConvnextRect){0, 0, 20, 20}, legend);
    return foreign;
}

void heads_check_shared(GstHarness *h, HeadsFinds *finds)
{
    g_autoptr(GstBuffer) frame = frames_new(HEADS_CAPS, FRAME_COLOURS, 0);
    g_autoptr(GstConvnextResult) foreign = new_foreign();
    guint metas = 0;
    gpointer state = NULL;
    GstConvnextMeta *meta;

    gst_buffer_add_video_region_of_interest_meta(frame, "foreign", 1, 2, 3, 4)->id = FOREIGN_ID;
    gst_buffer_add_convnext_meta(frame, foreign, 0);
    GST_MINI_OBJECT_FLAG_SET(gst_buffer_peek_memory(frame, 0), GST_MEMORY_FLAG_READONLY);
    g_autoptr(GstBuffer) out = frames_process(h, gst_buffer_ref(frame));
    fail_unless(out != frame, "a shared buffer was changed");
    fail_unless_equals_int(gst_buffer_get_n_meta(frame, GST_CONVNEXT_META_API_TYPE), 1);
    fail_unless(gst_buffer_get_video_region_of_interest_meta_id(out, FOREIGN_ID));
    fail_unless(gst_buffer_peek_memory(out, 0) == gst_buffer_peek_memory(frame, 0),
                "the pixels were copied");
    while ((meta = (GstConvnextMeta *)gst_buffer_iterate_meta_filtered(out, &state,
                                                                       GST_CONVNEXT_META_API_TYPE)))
        if (metas++ > 0)
            finds(meta->result);
        else
            fail_unless(meta->result == foreign);
    fail_unless_equals_int(metas, 2);
}

void heads_check_restart(GstHarness *h, HeadsFinds *finds)
{
    for (guint i = 0; i < 2; i++) {
        harness_restart(h, HEADS_CAPS);
        check_frame(h, HEADS_CAPS, 0, finds, 0);
    }
}

/* Processes frames until the model changes. */
static void wait_for_model(GstHarness *h, Gate *gate, const char *model, HeadsFinds *finds)
{
    gboolean is_changed = FALSE;

    g_object_set(heads_element(h), "model", model, NULL);
    for (guint i = 0; !is_changed; i++) {
        g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, i);

        finds(frames_result(out));
        is_changed = frames_from_model(out, model);
    }
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", NULL, 0), 1);
}

/* With mode=latest the worker is held up while the model changes. */
static void wait_for_model_in_latest(GstHarness *h, Gate *gate, const char *model,
                                     HeadsFinds *finds)
{
    gboolean is_changed = FALSE;

    gst_util_set_object_arg(G_OBJECT(heads_element(h)), "mode", "latest");
    gate_close(gate);
    gst_buffer_unref(heads_process(h, HEADS_CAPS, 0));
    gate_wait(gate);
    g_object_set(heads_element(h), "model", model, NULL);
    for (guint i = 1; !is_changed; i++) {
        g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, i);

        is_changed = !gst_buffer_get_convnext_meta(out);
        fail_if(!is_changed && frames_from_model(out, model));
    }
    gate_open(gate);
    g_autoptr(GstBuffer) out = wait_for_result(h, HEADS_CAPS);
    fail_unless(frames_from_model(out, model), "a result of the old model");
    finds(frames_result(out));
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", NULL, 0), 1);
}

void heads_check_reload(GstHarness *h, const char *own, const char *other, HeadsFinds *finds)
{
    g_autoptr(Gate) gate = gate_new(heads_element(h));

    check_frame(h, HEADS_CAPS, 0, finds, 0);
    wait_for_model(h, gate, other, finds);
    wait_for_model(h, gate, own, finds);
    wait_for_model_in_latest(h, gate, other, finds);
}

void heads_check_sharing(const char *launch, HeadsFinds *finds)
{
    g_autoptr(GstHarness) a = heads_harness(launch, HEADS_CAPS);

    check_frame(a, HEADS_CAPS, 0, finds, 0);
    const guint64 memory = frames_counter(heads_element(a), "run-memory");
    g_autoptr(GstHarness) b = heads_harness(launch, HEADS_CAPS);
    check_frame(b, HEADS_CAPS, 0, finds, 0);
    fail_unless(memory > 0);
    fail_unless_equals_uint64(frames_counter(heads_element(a), "streams"), 2);
    fail_unless_equals_uint64(frames_counter(heads_element(b), "run-memory"), memory);
}
