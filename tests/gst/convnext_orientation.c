/* The property orientation and the tag image-orientation: the network gets the input that it would
 * get from frames that videoflip turned.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/stage.h"

static const char *const orientations[] = {"identity", "90r",  "180",   "90l",
                                           "horiz",    "vert", "ul-lr", "ur-ll"};

/* The frame as videoflip turns it. Takes the frame. caps: receives the new caps; the caller owns
 * them. */
static GstBuffer *flip(const char *orientation, GstBuffer *frame, char **caps)
{
    g_autofree char *launch = g_strconcat("videoflip video-direction=", orientation, NULL);
    g_autoptr(GstHarness) harness = gst_harness_new_parse(launch);

    gst_harness_set_src_caps_str(harness, *caps);
    GstBuffer *turned = gst_harness_push_and_pull(harness, frame);
    g_autoptr(GstCaps) out_caps = gst_pad_get_current_caps(harness->sinkpad);
    fail_unless(turned && out_caps);
    g_free(*caps);
    *caps = gst_caps_to_string(out_caps);
    return turned;
}

/* Runs a frame with these properties. */
static void run(const char *caps, GstBuffer *frame, const char *crop, const char *orientation,
                float *logits)
{
    g_autoptr(GstHarness) harness = frames_harness(network, caps);

    gst_util_set_object_arg(G_OBJECT(harness->element), "crop", crop);
    gst_util_set_object_arg(G_OBJECT(harness->element), "orientation", orientation);
    harness_restart(harness, caps);
    frames_logits(harness, frame, logits);
}

/* A whole frame: all orientations, crops and kinds of format, and pixels that are not square. */
GST_START_TEST(test_like_videoflip)
{
    static const char *const formats[] = {"I420", "NV12", "RGB", "GRAY8", "BGRA", "I420_10LE"};
    static const char *const crops[] = {"center", "squash", "border", "none"};
    static const char *const ratios[] = {"1/1", "4/3"};
    const char *orientation = orientations[__i__];

    for (guint f = 0; f < G_N_ELEMENTS(formats); f++)
        for (guint c = 0; c < G_N_ELEMENTS(crops); c++)
            for (guint r = 0; r < G_N_ELEMENTS(ratios); r++) {
                g_autofree char *caps =
                    g_strdup_printf("video/x-raw,format=%s,width=162,height=118,framerate=25/1,"
                                    "pixel-aspect-ratio=%s",
                                    formats[f], ratios[r]);
                g_autofree char *flipped = g_strdup(caps);
                float found[NETWORK_CLASSES], expected[NETWORK_CLASSES];
                GstBuffer *frame = frames_new(caps, FRAME_GRAYS, 0);
                GstBuffer *turned = flip(orientation, gst_buffer_ref(frame), &flipped);

                run(caps, frame, crops[c], orientation, found);
                run(flipped, turned, crops[c], "identity", expected);
                fail_unless(!memcmp(found, expected, sizeof found), "%s, crop=%s, %s: %g", caps,
                            crops[c], orientation, frames_distance(found, expected));
            }
}
GST_END_TEST;

static GstConvnextOrientation orientation_of(GstBuffer *buffer)
{
    g_autoptr(GstBuffer) owned = buffer;

    return gst_convnext_result_get_orientation(frames_result(owned));
}

/* A result has the frame's own size and region, and a feature map of the turned shape. */
GST_START_TEST(test_result)
{
    guint width, height, x, y, n;

    g_object_set(h->element, "orientation", GST_CONVNEXT_ORIENTATION_90R, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "crop", "none");
    gst_util_set_object_arg(G_OBJECT(h->element), "outputs", "classes+stage1");
    harness_restart(h, CAPS);
    g_autoptr(GstBuffer) out = process(0);
    GstConvnextResult *result = frames_result(out);
    fail_unless_equals_int(gst_convnext_result_get_orientation(result),
                           GST_CONVNEXT_ORIENTATION_90R);
    gst_convnext_result_get_frame_size(result, &width, &height);
    fail_unless(width == 160 && height == 120);
    gst_convnext_result_get_region(result, &x, &y, &width, &height);
    fail_unless(x == 0 && y == 0 && width == 160 && height == 120);
    g_autoptr(GstConvnextTensor) tensor = gst_convnext_result_get_tensor(result, "stage1");
    const gsize *shape = gst_convnext_tensor_get_shape(tensor, &n);
    fail_unless(shape[1] == 21 && shape[2] == 16, "the map is %zu x %zu", shape[1], shape[2]);
    g_autoptr(GstStructure) structure = gst_convnext_result_to_structure(result);
    g_autofree char *text = gst_structure_to_string(structure);
    fail_unless(strstr(text, "orientation=(GstConvnextOrientation)90r"), "%s", text);
}
GST_END_TEST;

/* Objects are turned one by one; their regions stay. */
GST_START_TEST(test_objects)
{
    static const char caps[] = "video/x-raw,format=RGB,width=320,height=240,framerate=25/1";
    static const Box boxes[] = {{"cat", 10, 20, 101, 80, 1}, {"dog", 200, 99, 61, 99, 2}};

    g_autoptr(GstHarness) harness = boxes_harness(network, caps);
    GstConvnextMeta *metas[3];

    gst_util_set_object_arg(G_OBJECT(harness->element), "orientation", "90l");
    g_autoptr(GstBuffer) out = boxes_process(harness, frames_new(caps, FRAME_COLOURS, 0), boxes, 2);
    fail_unless_equals_int(boxes_metas(out, metas, 3), 2);
    for (guint i = 0; i < 2; i++) {
        const Box *b = &boxes[i];
        g_autofree char *own_caps =
            g_strdup_printf("video/x-raw,format=RGB,width=%u,height=%u,framerate=25/1", b->w, b->h);
        GstBuffer *own =
            frames_copy_rectangle(caps, frames_new(caps, FRAME_COLOURS, 0), b->x, b->y, b->w, b->h);
        GstBuffer *turned = flip("90l", own, &own_caps);
        float expected[NETWORK_CLASSES];
        gsize n;

        run(own_caps, turned, "auto", "identity", expected);
        boxes_check(metas[i], b->x, b->y, b->w, b->h, 0);
        fail_unless_equals_int(gst_convnext_result_get_orientation(metas[i]->result),
                               GST_CONVNEXT_ORIENTATION_90L);
        g_autoptr(GstConvnextTensor) tensor =
            gst_convnext_result_get_tensor(metas[i]->result, "logits");
        const float *found = gst_convnext_tensor_get_values(tensor, &n);
        fail_unless(frames_distance(found, expected) < 1e-5f, "object %u", i);
    }
}
GST_END_TEST;

/* orientation: NULL for a list of other tags. */
static void push_tag(GstHarness *harness, GstTagScope scope, const char *orientation)
{
    GstTagList *list = gst_tag_list_new(GST_TAG_TITLE, "phone", NULL);

    gst_tag_list_set_scope(list, scope);
    if (orientation)
        gst_tag_list_add(list, GST_TAG_MERGE_REPLACE, GST_TAG_IMAGE_ORIENTATION, orientation, NULL);
    fail_unless(gst_harness_push_event(harness, gst_event_new_tag(list)));
}

/* auto follows the tags from the next frame on: a stream's before a container's, until the tag is
 * taken back or another stream begins. */
GST_START_TEST(test_tags)
{
    fail_unless_equals_int(orientation_of(process(0)), GST_CONVNEXT_ORIENTATION_IDENTITY);
    push_tag(h, GST_TAG_SCOPE_GLOBAL, "rotate-180");
    fail_unless_equals_int(orientation_of(process(1)), GST_CONVNEXT_ORIENTATION_180);
    push_tag(h, GST_TAG_SCOPE_STREAM, "rotate-90");
    fail_unless_equals_int(orientation_of(process(2)), GST_CONVNEXT_ORIENTATION_90R);
    push_tag(h, GST_TAG_SCOPE_GLOBAL, "flip-rotate-0");
    fail_unless_equals_int(orientation_of(process(3)), GST_CONVNEXT_ORIENTATION_90R);
    push_tag(h, GST_TAG_SCOPE_STREAM, NULL);
    fail_unless_equals_int(orientation_of(process(4)), GST_CONVNEXT_ORIENTATION_HORIZ);
    push_tag(h, GST_TAG_SCOPE_STREAM, "rotate-0");
    fail_unless_equals_int(orientation_of(process(5)), GST_CONVNEXT_ORIENTATION_IDENTITY);
    push_tag(h, GST_TAG_SCOPE_STREAM, "upside down");
    fail_unless_equals_int(orientation_of(process(6)), GST_CONVNEXT_ORIENTATION_HORIZ);
    harness_flush(h);
    fail_unless_equals_int(orientation_of(process(7)), GST_CONVNEXT_ORIENTATION_HORIZ);
    fail_unless(gst_harness_push_event(h, gst_event_new_stream_start("another")));
    fail_unless_equals_int(orientation_of(process(8)), GST_CONVNEXT_ORIENTATION_IDENTITY);
}
GST_END_TEST;

/* Other values of the property ignore the tag. New caps keep it. */
GST_START_TEST(test_property)
{
    push_tag(h, GST_TAG_SCOPE_STREAM, "rotate-270");
    fail_unless_equals_int(orientation_of(process(0)), GST_CONVNEXT_ORIENTATION_90L);
    gst_util_set_object_arg(G_OBJECT(h->element), "orientation", "identity");
    fail_unless_equals_int(orientation_of(process(1)), GST_CONVNEXT_ORIENTATION_IDENTITY);
    gst_util_set_object_arg(G_OBJECT(h->element), "orientation", "vert");
    fail_unless_equals_int(orientation_of(process(2)), GST_CONVNEXT_ORIENTATION_VERT);
    gst_util_set_object_arg(G_OBJECT(h->element), "orientation", "auto");
    gst_harness_set_src_caps_str(h, "video/x-raw,format=I420,width=160,height=120,framerate=5/1");
    fail_unless_equals_int(orientation_of(process(3)), GST_CONVNEXT_ORIENTATION_90L);
}
GST_END_TEST;

/* A change of the tag runs the next frame; other tags do not. */
GST_START_TEST(test_due)
{
    g_object_set(h->element, "interval", 10, "change-threshold", 0.02, NULL);
    push_tag(h, GST_TAG_SCOPE_STREAM, "rotate-90");
    fail_unless_equals_uint64(frames_age(process(0)), 0);
    push_tag(h, GST_TAG_SCOPE_STREAM, "rotate-90");
    fail_unless_equals_uint64(frames_age(process(1)), STEP * GST_MSECOND);
    push_tag(h, GST_TAG_SCOPE_STREAM, "rotate-270");
    g_autoptr(GstBuffer) out = process(2);
    fail_unless_equals_uint64(frames_meta(out)->age, 0);
    fail_unless_equals_int(gst_convnext_result_get_orientation(frames_result(out)),
                           GST_CONVNEXT_ORIENTATION_90L);
}
GST_END_TEST;

/* The orientation of the frames that come out of elements in front of convnext. */
static GstConvnextOrientation behind(const char *elements)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *launch = g_strdup_printf(
        "videotestsrc num-buffers=1 ! taginject tags=image-orientation=rotate-90 ! %s "
        "! bin.( identity ! convnext name=c model=%s ) ! appsink name=sink sync=false",
        elements, network);
    g_autoptr(GstElement) pipeline = gst_parse_launch(launch, &error);
    g_autoptr(GstSample) sample = NULL;

    fail_unless(!error, "%s", error ? error->message : "");
    g_autoptr(GstElement) sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_signal_emit_by_name(sink, "pull-sample", &sample);
    fail_unless(sample);
    GstConvnextOrientation orientation =
        gst_convnext_result_get_orientation(frames_result(gst_sample_get_buffer(sample)));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return orientation;
}

/* The tag is ignored behind an element that has turned the frames by it, also across bins. */
GST_START_TEST(test_turned_upstream)
{
    fail_unless_equals_int(behind("queue"), GST_CONVNEXT_ORIENTATION_90R);
    fail_unless_equals_int(behind("videoflip video-direction=identity"),
                           GST_CONVNEXT_ORIENTATION_90R);
    fail_unless_equals_int(behind("videoflip video-direction=auto"),
                           GST_CONVNEXT_ORIENTATION_IDENTITY);
    fail_unless_equals_int(behind("bin.( identity ! videoflip video-direction=auto ) ! queue"),
                           GST_CONVNEXT_ORIENTATION_IDENTITY);
}
GST_END_TEST;

static Suite *convnext_orientation_suite(void)
{
    Suite *s = suite_create("convnext_orientation");
    TCase *tc = tcase_create("frames"), *staged = tcase_create("stream");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_loop_test(tc, test_like_videoflip, 0, G_N_ELEMENTS(orientations));
    tcase_add_test(tc, test_objects);
    tcase_add_test(tc, test_turned_upstream);
    suite_add_tcase(s, staged);
    tcase_set_timeout(staged, 300);
    tcase_add_checked_fixture(staged, stage_setup, stage_teardown);
    tcase_add_test(staged, test_result);
    tcase_add_test(staged, test_tags);
    tcase_add_test(staged, test_property);
    tcase_add_test(staged, test_due);
    return s;
}

GST_CHECK_MAIN(convnext_orientation);
