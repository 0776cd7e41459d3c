/* What is set while playing takes effect on a frame's boundary, and what cannot be changes nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define OTHER_CAPS "video/x-raw,format=RGB,width=98,height=202,framerate=25/1"

static char *network, *other;
static GstHarness *h;
static Gate *gate;
static guint frames; /* pushed so far */

static void setup(void)
{
    network = network_new();
    other = network_new_wide(2);
    h = frames_harness(network, CAPS);
    gate = gate_new(h->element);
    frames = 0;
}

static void teardown(void)
{
    gate_free(gate);
    gst_harness_teardown(h);
    network_delete(network);
    network_delete(other);
}

static GstBuffer *through(void)
{
    return frames_through(h, frames_new(CAPS, FRAME_COLOURS, 40 * frames++));
}

/* Whether a frame's result is of the network in folder. */
static gboolean is_of(GstBuffer *out, const char *folder)
{
    char *name = g_path_get_basename(folder);
    gboolean is = g_str_equal(gst_convnext_result_get_model(frames_result(out)), name);

    g_free(name);
    return is;
}

/* Pushes frames, each of which comes out with a result of the older or the newer network, until the
 * change is announced; it is to be true for the frame that is announced and for none before. */
static void expect_change(const char *from, const char *to)
{
    gboolean changed = FALSE;
    guint64 announced;

    while (!changed) {
        GstBuffer *out = through();

        changed = is_of(out, to);
        fail_unless(changed || is_of(out, from));
        gst_buffer_unref(out);
    }
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", &announced, 1), 1);
    fail_unless_equals_uint64(announced, frames - 1);
}

static void expect_warning(const char *named)
{
    GError *error;
    GstMessage *message = gate_pop(gate, GST_MESSAGE_WARNING);

    gst_message_parse_warning(message, &error, NULL);
    fail_unless(strstr(error->message, named) != NULL, "%s is not in: %s", named, error->message);
    g_error_free(error);
    gst_message_unref(message);
    for (guint i = 0; i < 3; i++) {
        GstBuffer *out = through();

        fail_unless(is_of(out, network), "the model before is gone");
        gst_buffer_unref(out);
    }
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", NULL, 0), 0);
}

GST_START_TEST(test_good)
{
    gst_buffer_unref(through());
    g_object_set(h->element, "model", other, NULL);
    expect_change(network, other);
    g_object_set(h->element, "model", network, NULL);
    expect_change(other, network);
}
GST_END_TEST;

/* The message tells what model-info does. */
GST_START_TEST(test_message)
{
    GstMessage *message;
    guint size = 0;

    gst_buffer_unref(through());
    g_object_set(h->element, "input-size", 96, NULL);
    do {
        gst_buffer_unref(through());
        message = gate_pop(gate, GST_MESSAGE_ELEMENT);
        if (gst_message_has_name(message, "convnext-model-updated"))
            gst_structure_get_uint(gst_message_get_structure(message), "input-size", &size);
        gst_message_unref(message);
    } while (!size);
    fail_unless_equals_int(size, 96);
}
GST_END_TEST;

GST_START_TEST(test_bad)
{
    char *third = network_new_wide(3);
    char *text = network_add_file(other, "labels.txt", "one\ntwo\nthree\n");
    char *broken = g_build_filename(other, "model.safetensors", NULL);

    gst_buffer_unref(through());
    g_object_set(h->element, "model", "/nonexistent/model", NULL);
    expect_warning("/nonexistent/model");
    g_object_set(h->element, "model", network, "labels", text, NULL);
    expect_warning("labels.txt");
    g_object_set(h->element, "labels", NULL, "input-size", 33, NULL);
    expect_warning("input-size");
    fail_unless(g_file_set_contents(broken, "no checkpoint at all", -1, NULL));
    g_object_set(h->element, "input-size", 0, "model", other, NULL);
    expect_warning(broken);
    g_object_set(h->element, "model", third, NULL);
    expect_change(network, third);
    network_delete(third);
    g_free(text);
    g_free(broken);
}
GST_END_TEST;

/* Six names for six classes, and a network with six: together they are right. */
GST_START_TEST(test_together)
{
    char *labels = network_add_file(other, "labels.txt", "a\nb\nc\nd\ne\nf\n");

    gst_buffer_unref(through());
    g_object_set(h->element, "model", other, "labels", labels, NULL);
    expect_change(network, other);
    GstBuffer *out = through();
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(frames_result(out), &n);
    fail_unless(n > 0 && strlen(classes[0].label) == 1, "the older labels");
    gst_buffer_unref(out);
    g_free(labels);
}
GST_END_TEST;

/* Only the last of many changes counts, whatever was being loaded. */
GST_START_TEST(test_many)
{
    gst_buffer_unref(through());
    for (guint i = 0; i < 50; i++) {
        g_object_set(h->element, "model", i % 2 ? network : other, "input-size", 32 * (1 + i % 3),
                     NULL);
        gst_buffer_unref(through());
    }
    g_object_set(h->element, "model", other, "input-size", 128, NULL);
    guint size = 0;
    while (size != 128) {
        GstStructure *info;

        gst_buffer_unref(through());
        g_object_get(h->element, "model-info", &info, NULL);
        gst_structure_get_uint(info, "input-size", &size);
        gst_structure_free(info);
    }
    GstBuffer *out = through();
    fail_unless(is_of(out, other));
    gst_buffer_unref(out);
}
GST_END_TEST;

/* New caps while another model is being loaded: the plan for the older ones is not used. */
GST_START_TEST(test_caps_change)
{
    for (guint i = 0; i < 20; i++) {
        const char *caps = i % 2 ? CAPS : OTHER_CAPS;

        g_object_set(h->element, "model", i % 3 ? other : network, NULL);
        if (i % 4 == 0)
            g_usleep(2000 * i); /* any moment of the loading */
        gst_harness_set_src_caps_str(h, caps);
        for (guint k = 0; k < 4; k++) {
            GstBuffer *out = frames_through(h, frames_new(caps, FRAME_COLOURS, 40 * (frames + k)));

            fail_unless(is_of(out, network) || is_of(out, other));
            gst_buffer_unref(out);
        }
        frames += 4;
    }
}
GST_END_TEST;

/* Stopped while a model is being loaded: it is the one that the next start runs. */
GST_START_TEST(test_restart)
{
    for (guint i = 0; i < 10; i++) {
        const char *wanted = i % 2 ? network : other;

        gst_buffer_unref(through());
        g_object_set(h->element, "model", wanted, NULL);
        gst_element_set_state(h->element, i % 3 ? GST_STATE_READY : GST_STATE_NULL);
        gst_element_set_state(h->element, GST_STATE_PLAYING);
        gst_harness_set_src_caps_str(h, CAPS);
        GstBuffer *out = through();
        fail_unless(is_of(out, wanted));
        gst_buffer_unref(out);
    }
}
GST_END_TEST;

/* One that is ready when the stream stops is announced, as any other. When it is, is not known:
 * each time it has longer. */
GST_START_TEST(test_ready_at_stop)
{
    guint announced = 0;

    for (guint i = 0; i < 200 && announced == 0; i++) {
        gst_buffer_unref(through());
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

/* How a result becomes a state is no matter of the model. */
GST_START_TEST(test_smoothing)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    gst_buffer_unref(through());
    g_object_set(h->element, "smoothing-window", 2, NULL); /* of 3 that agree */
    gst_message_unref(gate_pop(gate, GST_MESSAGE_WARNING));
    g_object_set(h->element, "model", other, NULL);
    expect_change(network, other);
}
GST_END_TEST;

/* The property still names what cannot be loaded, so the next start says so as an error. */
GST_START_TEST(test_bad_restart)
{
    gst_buffer_unref(through());
    g_object_set(h->element, "model", "/nonexistent/model", NULL);
    expect_warning("/nonexistent/model");
    gst_element_set_state(h->element, GST_STATE_READY);
    fail_unless_equals_int(gst_element_set_state(h->element, GST_STATE_PLAYING),
                           GST_STATE_CHANGE_FAILURE);
    gst_message_unref(gate_pop(gate, GST_MESSAGE_ERROR));
}
GST_END_TEST;

/* With mode=latest: no answer of the older model after the message, and no frame waits. */
GST_START_TEST(test_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gate_close(gate);
    gst_buffer_unref(through());
    gate_wait(gate);
    g_object_set(h->element, "model", other, NULL);
    gboolean changed = FALSE;
    while (!changed) { /* the worker stands still all the time */
        GstBuffer *out = through();

        changed = gst_buffer_get_convnext_meta(out) == NULL;
        fail_unless(changed || is_of(out, network));
        gst_buffer_unref(out);
    }
    gate_open(gate);
    GstConvnextMeta *meta = NULL;
    while (!meta) {
        GstBuffer *out = through();

        meta = gst_buffer_get_convnext_meta(out);
        fail_unless(!meta || is_of(out, other));
        gst_buffer_unref(out);
    }
}
GST_END_TEST;

/* Whether the next frame does. */
static gboolean carries_result(void)
{
    GstBuffer *out = through();
    gboolean carries = gst_buffer_get_convnext_meta(out) != NULL;

    gst_buffer_unref(out);
    return carries;
}

/* The worker is held up at the first message about a frame; the second, of a change of state, is
 * not sent after another model is announced. */
GST_START_TEST(test_latest_messages)
{
    GstMessage *message;
    GstBus *bus = gst_element_get_bus(h->element);
    guint64 announced = 0, frame;

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 1, "smoothing-count", 1, NULL);
    gate_close(gate);
    gst_buffer_unref(through());
    gate_wait(gate);
    g_object_set(h->element, "model", other, NULL);
    while (carries_result())
        ;
    gate_open(gate);
    while (!carries_result()) /* the worker comes to the new model when it is free */
        ;
    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_ELEMENT))) {
        fail_unless(gst_structure_get_uint64(gst_message_get_structure(message), "frame", &frame));
        if (gst_message_has_name(message, "convnext-model-updated"))
            announced = frame;
        else if (gst_message_has_name(message, "convnext-state-changed"))
            fail_unless(frame >= announced, "of frame %" G_GUINT64_FORMAT, frame);
        gst_message_unref(message);
    }
    fail_unless(announced > 0);
    gst_object_unref(bus);
}
GST_END_TEST;

static Suite *reload_suite(void)
{
    Suite *s = suite_create("convnext_reload");
    TCase *tc = tcase_create("reload");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_good);
    tcase_add_test(tc, test_message);
    tcase_add_test(tc, test_bad);
    tcase_add_test(tc, test_together);
    tcase_add_test(tc, test_many);
    tcase_add_test(tc, test_caps_change);
    tcase_add_test(tc, test_restart);
    tcase_add_test(tc, test_ready_at_stop);
    tcase_add_test(tc, test_smoothing);
    tcase_add_test(tc, test_bad_restart);
    tcase_add_test(tc, test_latest);
    tcase_add_test(tc, test_latest_messages);
    return s;
}

GST_CHECK_MAIN(reload);
