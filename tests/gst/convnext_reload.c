/* Changes of the model while playing take effect between two frames, and invalid ones have no
 * effect.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/messages.h"
#include "tests/gst/support/stage.h"

#define OTHER_CAPS "video/x-raw,format=RGB,width=98,height=202,framerate=25/1"

static char *other;  /* a second network */
static guint frames; /* processed so far */

static void setup(void)
{
    stage_setup();
    other = network_new_wide(2);
    frames = 0;
}

static void teardown(void)
{
    stage_teardown();
    network_delete(other);
}

static GstBuffer *process_next(void)
{
    return process(frames++);
}

/* Processes frames until the model changes. Each has a result from one of the two networks, and the
 * message names the first frame of the new one. */
static void expect_change(const char *from, const char *to)
{
    gboolean is_changed = FALSE;
    guint64 announced_frame;

    while (!is_changed) {
        g_autoptr(GstBuffer) out = process_next();

        is_changed = frames_from_model(out, to);
        fail_unless(is_changed || frames_from_model(out, from));
    }
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", &announced_frame, 1), 1);
    fail_unless_equals_uint64(announced_frame, frames - 1);
}

/* Waits for a warning with this text, and checks that the first network is still in use. */
static void expect_warning(const char *text)
{
    messages_expect(gate_pop(gate, GST_MESSAGE_WARNING), text);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) out = process_next();

        fail_unless(frames_from_model(out, network), "the model changed");
    }
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", NULL, 0), 0);
}

static GstPadProbeReturn count_queries(GstPad *pad, GstPadProbeInfo *info, gpointer count)
{
    ++*(guint *)count;
    return GST_PAD_PROBE_OK;
}

/* Another model is loaded while playing, and then the first one again. Neither attaches maps, so
 * nothing is negotiated again. */
GST_START_TEST(test_new_model)
{
    g_autoptr(GstPad) src = gst_element_get_static_pad(h->element, "src");
    g_autoptr(GstPad) peer = gst_pad_get_peer(src);
    guint queries = 0;

    gst_buffer_unref(process_next());
    gst_pad_add_probe(peer, GST_PAD_PROBE_TYPE_QUERY_BOTH, count_queries, &queries, NULL);
    g_object_set(h->element, "model", other, NULL);
    expect_change(network, other);
    g_object_set(h->element, "model", network, NULL);
    expect_change(other, network);
    gst_buffer_unref(process_next());
    fail_unless_equals_int(queries, 0);
}
GST_END_TEST;

/* The message has the fields of model-info. */
GST_START_TEST(test_message)
{
    guint size = 0;

    gst_buffer_unref(process_next());
    g_object_set(h->element, "input-size", 96, NULL);
    do {
        gst_buffer_unref(process_next());
        g_autoptr(GstMessage) message = gate_pop(gate, GST_MESSAGE_ELEMENT);
        if (gst_message_has_name(message, "convnext-model-updated"))
            gst_structure_get_uint(gst_message_get_structure(message), "input-size", &size);
    } while (!size);
    fail_unless_equals_int(size, 96);
}
GST_END_TEST;

/* A missing model, too few labels, an invalid input size and a corrupt checkpoint each post a
 * warning and keep the model. A valid model is then loaded. */
GST_START_TEST(test_invalid_settings)
{
    g_autofree char *text = network_add_file(other, "labels.txt", "one\ntwo\nthree\n");
    g_autofree char *broken = g_build_filename(other, "model.safetensors", NULL);
    char *third = network_new_wide(3);

    gst_buffer_unref(process_next());
    g_object_set(h->element, "model", "/nonexistent/model", NULL);
    expect_warning("/nonexistent/model");
    g_object_set(h->element, "model", network, "labels", text, NULL);
    expect_warning("labels.txt");
    g_object_set(h->element, "labels", NULL, "input-size", 33, NULL);
    expect_warning("input-size");
    fail_unless(g_file_set_contents(broken, "not a checkpoint", -1, NULL));
    g_object_set(h->element, "input-size", 0, "model", other, NULL);
    expect_warning(broken);
    g_object_set(h->element, "model", third, NULL);
    expect_change(network, third);
    network_delete(third);
}
GST_END_TEST;

/* A model and its labels that are set together are loaded together. */
GST_START_TEST(test_model_and_labels)
{
    g_autofree char *labels = network_add_file(other, "labels.txt", "a\nb\nc\nd\ne\nf\n");

    gst_buffer_unref(process_next());
    g_object_set(h->element, "model", other, "labels", labels, NULL);
    expect_change(network, other);
    g_autoptr(GstBuffer) out = process_next();
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(frames_result(out), &n);
    fail_unless(n > 0 && strlen(classes[0].label) == 1, "the old labels");
}
GST_END_TEST;

/* Only the last of many changes counts, even if another one is being loaded. */
GST_START_TEST(test_many_changes)
{
    gst_buffer_unref(process_next());
    for (guint i = 0; i < 50; i++) {
        g_object_set(h->element, "model", i % 2 ? network : other, "input-size", 32 * (1 + i % 3),
                     NULL);
        gst_buffer_unref(process_next());
    }
    g_object_set(h->element, "model", other, "input-size", 128, NULL);
    guint size = 0;
    while (size != 128) {
        g_autoptr(GstStructure) info = NULL;

        gst_buffer_unref(process_next());
        g_object_get(h->element, "model-info", &info, NULL);
        gst_structure_get_uint(info, "input-size", &size);
    }
    g_autoptr(GstBuffer) out = process_next();
    fail_unless(frames_from_model(out, other));
}
GST_END_TEST;

/* New caps may arrive while another model is being loaded: each frame is inferred with its own
 * caps. */
GST_START_TEST(test_caps_change)
{
    for (guint i = 0; i < 20; i++) {
        const char *caps = i % 2 ? CAPS : OTHER_CAPS;

        g_object_set(h->element, "model", i % 3 ? other : network, NULL);
        if (i % 4 == 0)
            g_usleep(2000 * i); /* any moment while it loads */
        gst_harness_set_src_caps_str(h, caps);
        for (guint k = 0; k < 4; k++) {
            g_autoptr(GstBuffer) out =
                frames_process(h, frames_new(caps, FRAME_COLOURS, 40 * (frames + k)));

            fail_unless(frames_from_model(out, network) || frames_from_model(out, other));
        }
        frames += 4;
    }
}
GST_END_TEST;

/* A model that is being loaded at a stop is in use after the next start. */
GST_START_TEST(test_restart)
{
    for (guint i = 0; i < 10; i++) {
        const char *model = i % 2 ? network : other;

        gst_buffer_unref(process_next());
        g_object_set(h->element, "model", model, NULL);
        gst_element_set_state(h->element, i % 3 ? GST_STATE_READY : GST_STATE_NULL);
        gst_element_set_state(h->element, GST_STATE_PLAYING);
        gst_harness_set_src_caps_str(h, CAPS);
        g_autoptr(GstBuffer) out = process_next();
        fail_unless(frames_from_model(out, model));
    }
}
GST_END_TEST;

/* A model that is ready when the stream stops is announced once. Each attempt gives it more time
 * to be ready. */
GST_START_TEST(test_ready_at_stop)
{
    guint announced = 0;

    for (guint i = 0; i < 200 && announced == 0; i++) {
        gst_buffer_unref(process_next());
        g_object_set(h->element, "model", i % 2 ? network : other, NULL);
        g_usleep(i * 1000);
        gst_element_set_state(h->element, GST_STATE_READY);
        announced = gate_messages(gate, "convnext-model-updated", NULL, 0);
        gst_element_set_state(h->element, GST_STATE_PLAYING);
        gst_harness_set_src_caps_str(h, CAPS);
    }
    fail_unless_equals_int(announced, 1);
}
GST_END_TEST;

/* Invalid smoothing properties do not prevent a change of the model. */
GST_START_TEST(test_smoothing)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    gst_buffer_unref(process_next());
    g_object_set(h->element, "smoothing-window", 2, NULL); /* with smoothing-count 3 */
    gst_message_unref(gate_pop(gate, GST_MESSAGE_WARNING));
    g_object_set(h->element, "model", other, NULL);
    expect_change(network, other);
}
GST_END_TEST;

/* A model that could not be loaded while playing is an error at the next start. */
GST_START_TEST(test_invalid_model_at_restart)
{
    gst_buffer_unref(process_next());
    g_object_set(h->element, "model", "/nonexistent/model", NULL);
    expect_warning("/nonexistent/model");
    gst_element_set_state(h->element, GST_STATE_READY);
    fail_unless_equals_int(gst_element_set_state(h->element, GST_STATE_PLAYING),
                           GST_STATE_CHANGE_FAILURE);
    gst_message_unref(gate_pop(gate, GST_MESSAGE_ERROR));
}
GST_END_TEST;

/* With mode=latest, no result of the old model is attached after the change, and no frame waits. */
GST_START_TEST(test_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gate_close(gate);
    gst_buffer_unref(process_next());
    gate_wait(gate);
    g_object_set(h->element, "model", other, NULL);
    gboolean is_changed = FALSE;
    while (!is_changed) { /* the worker is blocked all the time */
        g_autoptr(GstBuffer) out = process_next();

        is_changed = gst_buffer_get_convnext_meta(out) == NULL;
        fail_unless(is_changed || frames_from_model(out, network));
    }
    gate_open(gate);
    GstConvnextMeta *meta = NULL;
    while (!meta) {
        g_autoptr(GstBuffer) out = process_next();

        meta = gst_buffer_get_convnext_meta(out);
        fail_unless(!meta || frames_from_model(out, other));
    }
}
GST_END_TEST;

/* Processes a frame and returns whether it has a result. */
static gboolean process_has_result(void)
{
    g_autoptr(GstBuffer) out = process_next();

    return gst_buffer_get_convnext_meta(out) != NULL;
}

/* With mode=latest, no state message of the old model follows the announcement of the new one,
 * even if the worker was blocked at the message before. */
GST_START_TEST(test_latest_messages)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(h->element);
    guint64 announced_frame = 0, frame;

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 1, "smoothing-count", 1, NULL);
    gate_close(gate);
    gst_buffer_unref(process_next());
    gate_wait(gate);
    g_object_set(h->element, "model", other, NULL);
    while (process_has_result())
        ;
    gate_open(gate);
    while (!process_has_result()) /* until the worker runs the new model */
        ;
    while (TRUE) {
        g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT);

        if (!message)
            break;
        fail_unless(gst_structure_get_uint64(gst_message_get_structure(message), "frame", &frame));
        if (gst_message_has_name(message, "convnext-model-updated"))
            announced_frame = frame;
        else if (gst_message_has_name(message, "convnext-state-changed"))
            fail_unless(frame >= announced_frame, "a late message of frame %" G_GUINT64_FORMAT,
                        frame);
    }
    fail_unless(announced_frame > 0);
}
GST_END_TEST;

static Suite *convnext_reload_suite(void)
{
    Suite *s = suite_create("convnext_reload");
    TCase *tc = tcase_create("reload");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_new_model);
    tcase_add_test(tc, test_message);
    tcase_add_test(tc, test_invalid_settings);
    tcase_add_test(tc, test_model_and_labels);
    tcase_add_test(tc, test_many_changes);
    tcase_add_test(tc, test_caps_change);
    tcase_add_test(tc, test_restart);
    tcase_add_test(tc, test_ready_at_stop);
    tcase_add_test(tc, test_smoothing);
    tcase_add_test(tc, test_invalid_model_at_restart);
    tcase_add_test(tc, test_latest);
    tcase_add_test(tc, test_latest_messages);
    return s;
}

GST_CHECK_MAIN(convnext_reload);
