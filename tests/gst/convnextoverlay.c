/* What convnextoverlay draws: which pixels change, and their colours. Results are attached by hand.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/gst/support/drawing.h"
#include "tests/gst/support/harness.h"

/* At a height of 240 text is 8 pixels high. */
#define BAR_WIDTH 40
#define BAR_HEIGHT 6
#define LINE 2 /* of a box */

/* Tests */

/* Takes the frame. */
static void expect_same(GstHarness *h, GstBuffer *frame)
{
    g_autoptr(GstBuffer) held = gst_buffer_ref(frame);

    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    g_autoptr(GstBuffer) out = gst_harness_pull(h);
    fail_unless(out == held);
}

/* Without anything to draw, the same memory passes, even if others hold the buffer. */
GST_START_TEST(test_nothing)
{
    g_autoptr(GstHarness) h = drawing_open("", DRAWING_CAPS);
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);

    expect_same(h, drawing_frame(DRAWING_CAPS));
    drawing_attach(frame, drawing_result(DRAWING_WIDTH, DRAWING_HEIGHT)); /* without classes */
    expect_same(h, frame);
}
GST_END_TEST;

/* Who holds a buffer keeps its pixels. */
GST_START_TEST(test_shared)
{
    g_autoptr(GstHarness) h = drawing_open("", DRAWING_CAPS);
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);

    drawing_attach(frame, drawing_objects());
    GstBuffer *held = gst_buffer_ref(frame);
    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull(h);
    fail_unless(out != held);
    fail_unless(gst_buffer_get_convnext_meta(out));
    g_autofree guint8 *before = drawing_pixels(DRAWING_CAPS, held),
                      *after = drawing_pixels(DRAWING_CAPS, out);
    fail_unless_equals_int(drawing_count_changed(before, DRAWING_WIDTH * DRAWING_HEIGHT), 0);
    fail_unless(drawing_count_changed(after, DRAWING_WIDTH * DRAWING_HEIGHT) > 0);
}
GST_END_TEST;

static gboolean is_on_line(int x, int y)
{
    const int left = x - drawing_box.x, top = y - drawing_box.y;
    const int right = drawing_box.w - 1 - left, bottom = drawing_box.h - 1 - top;

    return MIN(MIN(left, right), MIN(top, bottom)) >= 0 &&
           MIN(MIN(left, right), MIN(top, bottom)) < LINE;
}

/* Pixels of the frame without those above the drawing_box, where its label is. */
static gboolean is_tag(int y)
{
    return y < drawing_box.y;
}

GST_START_TEST(test_box)
{
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);

    drawing_attach(frame, drawing_objects());
    g_autofree guint8 *rgb = drawing_draw("show=objects", frame);
    for (int y = 0; y < DRAWING_HEIGHT; y++)
        for (int x = 0; x < DRAWING_WIDTH; x++)
            if (!is_tag(y))
                fail_unless(drawing_is_near(drawing_pixel(rgb, x, y),
                                            is_on_line(x, y) ? 0xff0000 : DRAWING_GREY, 0),
                            "pixel %d,%d", x, y);
    fail_unless(drawing_is_near(drawing_pixel(rgb, drawing_box.x, drawing_box.y - 1), 0xff0000, 0),
                "no label");
    fail_unless(
        drawing_is_near(drawing_pixel(rgb, drawing_box.x, drawing_box.y - 12), DRAWING_GREY, 0));
}
GST_END_TEST;

/* Every layout of memory: subsampled, packed, with alpha, with more than 8 bits, odd sizes. */
GST_START_TEST(test_formats)
{
    static const char *const formats[] = {
        "I420", "NV12",      "NV21",      "YUY2",      "UYVY",      "Y444",   "Y42B",
        "RGB",  "BGRx",      "RGBA",      "ARGB",      "GBR",       "RGB16",  "GRAY8",
        "v210", "P010_10LE", "I420_10LE", "I422_12LE", "GRAY16_LE", "AYUV64", "RGB10A2_LE",
    };

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = g_strdup_printf(
            "video/x-raw,format=%s,width=320,height=240,framerate=25/1", formats[i]);
        const GstVideoInfo info = drawing_info(caps);
        GstBuffer *frame = drawing_frame(caps);

        drawing_attach(frame, drawing_objects());
        g_autofree guint8 *rgb = drawing_draw_in("show=objects", caps, frame);
        const guint8 *line = drawing_pixel(rgb, drawing_box.x + drawing_box.w / 2,
                                           drawing_box.y + drawing_box.h - 1);
        const guint red = GST_VIDEO_INFO_IS_GRAY(&info) ? 0x4c4c4c : 0xff0000;

        fail_unless(drawing_is_near(line, red, 12), "%s: the line is %02x%02x%02x", formats[i],
                    line[0], line[1], line[2]);
        fail_unless(drawing_is_near(drawing_pixel(rgb, drawing_box.x + 10, drawing_box.y + 10),
                                    DRAWING_GREY, 6),
                    "%s: inside", formats[i]);
        fail_unless(drawing_is_near(drawing_pixel(rgb, drawing_box.x - 4, drawing_box.y + 10),
                                    DRAWING_GREY, 6),
                    "%s: outside", formats[i]);
    }
}
GST_END_TEST;

/* Where a frame is transparent, what is drawn is not. */
GST_START_TEST(test_alpha)
{
    const char *caps = "video/x-raw,format=RGBA,width=320,height=240,framerate=25/1";
    g_autoptr(GstHarness) h = drawing_open("show=objects", caps);
    GstBuffer *frame = gst_buffer_new_allocate(NULL, DRAWING_WIDTH * DRAWING_HEIGHT * 4, NULL);
    guint8 pixel[4];

    gst_buffer_memset(frame, 0, 0, DRAWING_WIDTH * DRAWING_HEIGHT * 4);
    drawing_attach(frame, drawing_objects());
    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    g_autoptr(GstBuffer) out = gst_harness_pull(h);
    gst_buffer_extract(out, (gsize)((drawing_box.y + 1) * DRAWING_WIDTH + drawing_box.x + 1) * 4,
                       pixel, 4);
    fail_unless(pixel[0] == 0xff && pixel[1] == 0 && pixel[3] == 0xff);
    gst_buffer_extract(out, (gsize)((drawing_box.y + 9) * DRAWING_WIDTH + drawing_box.x + 9) * 4,
                       pixel, 4);
    fail_unless(pixel[0] == 0 && pixel[3] == 0);
}
GST_END_TEST;

/* An object that a result and a region of interest describe has one drawing_box, in the colour of
 * the result. Another object has its own. */
GST_START_TEST(test_once)
{
    const GstConvnextRect near = {drawing_box.x - 1, drawing_box.y + 1, drawing_box.w + 2,
                                  drawing_box.h},
                          other = {20, 180, 60, 40};
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);

    drawing_attach(frame, drawing_objects());
    drawing_add_roi(frame, "car", &near);
    g_autofree guint8 *once = drawing_draw("show=objects", frame);
    frame = drawing_frame(DRAWING_CAPS);
    drawing_attach(frame, drawing_objects());
    g_autofree guint8 *alone = drawing_draw("show=objects", frame);
    fail_unless(memcmp(once, alone, DRAWING_WIDTH * DRAWING_HEIGHT * 3) == 0,
                "the object was drawn twice");

    frame = drawing_frame(DRAWING_CAPS);
    drawing_attach(frame, drawing_objects());
    drawing_add_roi(frame, "car", &drawing_box);
    drawing_add_roi(frame, "car", &other);
    drawing_add_roi(frame, "person", &drawing_box); /* another label is another object */
    g_autofree guint8 *both = drawing_draw("show=objects", frame);
    fail_unless(!drawing_is_near(drawing_pixel(both, other.x, other.y), DRAWING_GREY, 0));
    fail_unless(!drawing_is_near(drawing_pixel(both, drawing_box.x, drawing_box.y), 0xff0000, 0));
}
GST_END_TEST;

/* A result about an object adds its class to the object's label. Its region, which has a margin, is
 * not drawn as well. */
GST_START_TEST(test_result_of_object)
{
    GstConvnextResult *result = drawing_classes("sedan", 0.75f, "van");
    const GstConvnextRect wide = {drawing_box.x - 20, drawing_box.y - 20, drawing_box.w + 40,
                                  drawing_box.h + 40};

    gst_convnext_result_set_object(result, 7, "car");
    gst_convnext_result_set_region(result, (guint)wide.x, (guint)wide.y, (guint)wide.w,
                                   (guint)wide.h);
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);
    drawing_add_roi(frame, "car", &drawing_box);
    g_autofree guint8 *detected = drawing_draw("", gst_buffer_copy_deep(frame));
    drawing_attach(frame, result);
    g_autofree guint8 *classified = drawing_draw("", frame);

    for (int y = drawing_box.y; y < DRAWING_HEIGHT; y++)
        fail_unless(memcmp(drawing_pixel(detected, 0, y), drawing_pixel(classified, 0, y),
                           DRAWING_WIDTH * 3) == 0,
                    "row %d", y);
    fail_unless(drawing_count_changed(classified, DRAWING_WIDTH * DRAWING_HEIGHT) >
                    drawing_count_changed(detected, DRAWING_WIDTH * DRAWING_HEIGHT),
                "the class is not in the label");
}
GST_END_TEST;

#define FIRST_BAR 0x4caf50
#define OTHER_BAR 0x90a4ae

GST_START_TEST(test_bars)
{
    const guint n = DRAWING_WIDTH * DRAWING_HEIGHT;
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);

    drawing_attach(frame, drawing_classes("first", 0.75f, "second"));
    g_autofree guint8 *rgb = drawing_draw("", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count(rgb, n, FIRST_BAR), BAR_WIDTH * 3 / 4 * BAR_HEIGHT);
    fail_unless_equals_int(drawing_count(rgb, n, OTHER_BAR), BAR_WIDTH / 4 * BAR_HEIGHT);
    fail_unless(!drawing_is_near(drawing_pixel(rgb, 0, 0), DRAWING_GREY, 0));
    fail_unless(drawing_is_near(drawing_pixel(rgb, DRAWING_WIDTH - 1, DRAWING_HEIGHT - 1),
                                DRAWING_GREY, 0));

    g_autofree guint8 *corner = drawing_draw("position=bottom-right", gst_buffer_copy_deep(frame));
    fail_unless(drawing_is_near(drawing_pixel(corner, 0, 0), DRAWING_GREY, 0));
    fail_unless(!drawing_is_near(drawing_pixel(corner, DRAWING_WIDTH - 1, DRAWING_HEIGHT - 1),
                                 DRAWING_GREY, 0));
    fail_unless_equals_int(drawing_count(corner, n, FIRST_BAR), BAR_WIDTH * 3 / 4 * BAR_HEIGHT);

    g_autofree guint8 *one = drawing_draw("top-k=1", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count(one, n, OTHER_BAR), 0);
    g_autofree guint8 *none = drawing_draw("top-k=0", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count_changed(none, n), 0);
    g_autofree guint8 *hidden = drawing_draw("show=objects+masks", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count_changed(hidden, n), 0);

    g_autofree guint8 *filtered = drawing_draw("labels=\"<second>\"", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count(filtered, n, FIRST_BAR), 0);
    fail_unless_equals_int(drawing_count(filtered, n, OTHER_BAR), BAR_WIDTH / 4 * BAR_HEIGHT);
    g_autofree guint8 *unknown = drawing_draw("labels=\"<third>\"", frame);
    fail_unless_equals_int(drawing_count_changed(unknown, n), 0);
}
GST_END_TEST;

/* Bars and lines of a frame whose pixels are shown twice as wide as high are half as wide. */
GST_START_TEST(test_aspect)
{
    const char *caps = "video/x-raw,format=RGB,width=320,height=240,framerate=25/1,"
                       "pixel-aspect-ratio=2/1,interlace-mode=interleaved";
    GstBuffer *frame = drawing_frame(caps);

    drawing_attach(frame, drawing_classes("first", 0.5f, "second"));
    g_autofree guint8 *rgb = drawing_draw_in("", caps, frame);
    fail_unless_equals_int(drawing_count(rgb, DRAWING_WIDTH * DRAWING_HEIGHT, FIRST_BAR),
                           BAR_WIDTH / 4 * BAR_HEIGHT);
}
GST_END_TEST;

/* The state needs a result; without a label it is "none". */
GST_START_TEST(test_state)
{
    const guint n = DRAWING_WIDTH * DRAWING_HEIGHT;
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);
    GstConvnextMeta *meta = drawing_attach(frame, drawing_classes("first", 0.75f, "second"));

    g_autofree guint8 *without = drawing_draw("show=state", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count_changed(without, n), 0);
    gst_convnext_meta_set_state(meta, "open", 0.9, 75 * GST_SECOND);
    g_autofree guint8 *with = drawing_draw("show=state", gst_buffer_copy_deep(frame));
    fail_unless(drawing_count_changed(with, n) > 200);
    g_autofree guint8 *other =
        drawing_draw("show=state labels=\"<closed>\"", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count_changed(other, n), 0);
    gst_convnext_meta_set_state(meta, NULL, 0, GST_CLOCK_TIME_NONE);
    g_autofree guint8 *none = drawing_draw("show=state", frame);
    fail_unless(drawing_count_changed(none, n) > 200 && memcmp(none, with, n * 3) != 0);
}
GST_END_TEST;

/* Labels are anything: markup, broken UTF-8, lines, 10 KB, from right to left. */
GST_START_TEST(test_labels)
{
    g_autofree char *long_label = g_strnfill(10240, 'W');
    const char *const labels[] = {"<b>ab</b>",
                                  "a & b &lt; \"c\"",
                                  "\xff\xfe\x80 caf\xe9",
                                  "a\nb\tc\x01",
                                  "",
                                  "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
                                  "\xe2\x80\xae"
                                  "abc",
                                  "%s%n",
                                  NULL,
                                  long_label};
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);

    drawing_attach(frame, drawing_classes("ab", 0.75f, ""));
    g_autofree guint8 *plain = drawing_draw("", frame);
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
        frame = drawing_frame(DRAWING_CAPS);
        GstConvnextMeta *meta = drawing_attach(frame, drawing_classes(labels[i], 0.75f, labels[i]));
        gst_convnext_meta_set_state(meta, labels[i], 0.5, 0);
        if (labels[i])
            drawing_add_roi(frame, labels[i], &drawing_box);
        g_autofree guint8 *rgb = drawing_draw("", frame);
        fail_unless(drawing_count_changed(rgb, DRAWING_WIDTH * DRAWING_HEIGHT) > 100, "label %u",
                    i);
        fail_unless(memcmp(rgb, plain, DRAWING_WIDTH * DRAWING_HEIGHT * 3) != 0, "label %u", i);
    }
    /* Tags are text: they take room. */
    frame = drawing_frame(DRAWING_CAPS);
    drawing_attach(frame, drawing_classes("<b>ab</b>", 0.75f, ""));
    g_autofree guint8 *markup = drawing_draw("", frame);
    fail_unless(drawing_count_changed(markup, DRAWING_WIDTH * DRAWING_HEIGHT) >
                drawing_count_changed(plain, DRAWING_WIDTH * DRAWING_HEIGHT));
}
GST_END_TEST;

/* Nothing is written outside of frames that are too small for it. */
GST_START_TEST(test_sizes)
{
    static const int sizes[][2] = {{1, 1},    {2, 2},   {3, 17}, {8, 2000},
                                   {2000, 8}, {19, 19}, {33, 21}};
    static const char *const formats[] = {"RGB", "I420", "NV12", "YUY2", "P010_10LE"};
    const float values[] = {0, 1, 2, 3};
    const gsize shape[] = {1, 2, 2, 1};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (guint j = 0; j < G_N_ELEMENTS(formats); j++) {
            const guint width = (guint)sizes[i][0], height = (guint)sizes[i][1];
            g_autofree char *caps =
                g_strdup_printf("video/x-raw,format=%s,width=%u,height=%u,framerate=25/1",
                                formats[j], width, height);
            GstConvnextResult *result = drawing_result(width, height);
            g_autoptr(GstConvnextLegend) legend = drawing_legend();
            const GstConvnextDetectedObject objects[] = {{0, NULL, 0.5f, 0, 0, width, height},
                                                         {1, NULL, 0.5f, -1e9f, -5, 3e9f, 1e9f}};
            const GstConvnextView view = {.width = width,
                                          .height = height,
                                          .network_width = 64,
                                          .network_height = 64,
                                          .content_width = 64,
                                          .content_height = 64};
            GstBuffer *frame = drawing_frame(caps);

            gst_convnext_result_add_class(result, 0, "label", 0.5f);
            gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
            gst_convnext_result_set_objects(result, legend, 2, objects);
            gst_convnext_result_set_view(result, &view);
            gst_convnext_result_take_tensor(
                result, gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_CAM, 4, shape, values));
            drawing_attach(frame, result);
            g_autofree guint8 *rgb =
                drawing_draw_in("heatmap=true show=classes+objects+masks+regions", caps, frame);
            fail_unless(drawing_count_changed(rgb, (gsize)width * height) > 0, "%s", caps);
        }
}
GST_END_TEST;

/* A mask of two halves: none and a person, which is blue. */
GST_START_TEST(test_mask)
{
    static guint8 mask[] = {0, 2};
    const GstConvnextRect rect = {0, 0, DRAWING_WIDTH, DRAWING_HEIGHT};
    g_autoptr(GstConvnextLegend) legend = drawing_legend();
    GstConvnextResult *result = drawing_result(DRAWING_WIDTH, DRAWING_HEIGHT);
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);

    fail_unless(gst_convnext_result_set_segmentation(
        result, gst_memory_new_wrapped(0, mask, 2, 0, 2, NULL, NULL), 2, 1, 8, &rect, legend));
    drawing_attach(frame, result);
    g_autofree guint8 *rgb = drawing_draw("show=masks", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count(rgb, DRAWING_WIDTH * DRAWING_HEIGHT, 0x4040c0),
                           DRAWING_WIDTH / 2 * DRAWING_HEIGHT);
    fail_unless(drawing_is_near(drawing_pixel(rgb, DRAWING_WIDTH / 2 - 1, 5), DRAWING_GREY, 0));
    g_autofree guint8 *hidden =
        drawing_draw("show=masks labels=\"<car>\"", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(drawing_count_changed(hidden, DRAWING_WIDTH * DRAWING_HEIGHT), 0);
    g_autofree guint8 *share = drawing_draw("show=classes", frame);
    fail_unless_equals_int(drawing_count(share, DRAWING_WIDTH * DRAWING_HEIGHT, 0x0000ff),
                           BAR_WIDTH / 2 * BAR_HEIGHT);
}
GST_END_TEST;

/* The left half of the drawing_box belongs to the car: by the pixels of its mask, or by
 * probabilities. */
GST_START_TEST(test_object_masks)
{
    const gsize shape[] = {1, 2, 2};
    const float probabilities[] = {1, 0, 1, 0};

    for (guint i = 0; i < 2; i++) {
        GstConvnextResult *result = drawing_objects();
        GstBuffer *frame = drawing_frame(DRAWING_CAPS);
        const gsize n = (gsize)drawing_box.w * drawing_box.h;
        guint8 *mask = g_malloc(n);

        for (gsize at = 0; at < n; at++)
            mask[at] = at % drawing_box.w < (gsize)drawing_box.w / 2;
        if (i == 0)
            fail_unless(gst_convnext_result_set_object_mask(
                result, 0, gst_memory_new_wrapped(0, mask, n, 0, n, mask, g_free), &drawing_box));
        else
            gst_convnext_result_take_tensor(
                result, gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_OBJECT_MASKS, 3, shape,
                                                     probabilities));
        if (i == 1)
            g_free(mask);
        drawing_attach(frame, result);
        g_autofree guint8 *rgb = drawing_draw("show=masks", frame);
        fail_unless_equals_int(drawing_count(rgb, DRAWING_WIDTH * DRAWING_HEIGHT, 0xc04040),
                               drawing_box.w / 2 * drawing_box.h);
        fail_unless(drawing_is_near(
            drawing_pixel(rgb, drawing_box.x + drawing_box.w / 2 - 1, drawing_box.y), 0xc04040, 0));
        fail_unless(drawing_is_near(
            drawing_pixel(rgb, drawing_box.x + drawing_box.w / 2, drawing_box.y), DRAWING_GREY, 0));
    }
}
GST_END_TEST;

/* A network that saw the frame turned clockwise: its upper row is the left side of the frame, from
 * the bottom to the top. */
GST_START_TEST(test_heatmap)
{
    const gsize shape[] = {1, 2, 2, 1};
    const float values[] = {-1, -1, 5, -1}; /* the lower left corner of the input */
    const GstConvnextView view = {.width = DRAWING_WIDTH,
                                  .height = DRAWING_HEIGHT,
                                  .orientation = GST_CONVNEXT_ORIENTATION_90R,
                                  .network_width = 64,
                                  .network_height = 64,
                                  .content_width = 64,
                                  .content_height = 64};
    double x = 1, y = 63;
    GstConvnextResult *result = drawing_classes("first", 0.75f, "second");
    GstBuffer *frame = drawing_frame(DRAWING_CAPS);

    gst_convnext_result_set_view(result, &view);
    gst_convnext_result_take_tensor(
        result, gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_CAM, 4, shape, values));
    drawing_attach(frame, result);
    g_autofree guint8 *rgb = drawing_draw("show=0 heatmap=true", gst_buffer_copy_deep(frame));
    g_autofree guint8 *off = drawing_draw("show=0", frame);
    fail_unless_equals_int(drawing_count_changed(off, DRAWING_WIDTH * DRAWING_HEIGHT), 0);
    gst_convnext_view_to_frame(&view, &x, &y);
    const guint8 *hot = drawing_pixel(rgb, (int)x, (int)y);
    const guint8 *cold =
        drawing_pixel(rgb, DRAWING_WIDTH - 1 - (int)x, DRAWING_HEIGHT - 1 - (int)y);
    fail_unless(hot[0] > 200 && hot[1] < 60 && hot[2] < 60, "%d,%d is %02x%02x%02x", (int)x, (int)y,
                hot[0], hot[1], hot[2]);
    fail_unless(drawing_is_near(cold, DRAWING_GREY, 0), "%02x%02x%02x", cold[0], cold[1], cold[2]);
}
GST_END_TEST;

/* The number of warnings that frames cause, each with these words. */
static guint count_warnings(const char *properties, const char *caps, guint frames,
                            const char *words)
{
    g_autoptr(GstHarness) h = drawing_open(properties, NULL);
    g_autoptr(GstElement) overlay = gst_harness_find_element(h, "convnextoverlay");
    g_autoptr(GstBus) bus = gst_bus_new();
    GstMessage *message;
    guint n = 0;

    gst_element_set_bus(overlay, bus);
    gst_harness_set_src_caps_str(h, caps);
    for (guint i = 0; i < frames; i++) {
        GstBuffer *frame = gst_buffer_new_allocate(NULL, drawing_info(caps).size, NULL);

        gst_buffer_memset(frame, 0, 0, -1);
        drawing_attach(frame, drawing_classes("first", 0.75f, "second"));
        fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
        gst_buffer_unref(gst_harness_pull(h));
    }
    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING))) {
        g_autoptr(GError) error = NULL;

        gst_message_parse_warning(message, &error, NULL);
        fail_unless(strstr(error->message, words) != NULL, "%s", error->message);
        gst_message_unref(message);
        n++;
    }
    gst_element_set_bus(overlay, NULL);
    return n;
}

GST_START_TEST(test_warnings)
{
    const char *palette = "video/x-raw,format=RGB8P,width=320,height=240,framerate=25/1";

    fail_unless_equals_int(count_warnings("heatmap=true", DRAWING_CAPS, 3, "outputs=classes+cam"),
                           1);
    fail_unless_equals_int(count_warnings("", palette, 3, "put videoconvert in front"), 1);
    fail_unless_equals_int(count_warnings("", DRAWING_CAPS, 3, "none"), 0);
}
GST_END_TEST;

static Suite *convnextoverlay_suite(void)
{
    Suite *s = suite_create("convnextoverlay");
    TCase *tc = tcase_create("convnextoverlay");

    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_nothing);
    tcase_add_test(tc, test_shared);
    tcase_add_test(tc, test_box);
    tcase_add_test(tc, test_formats);
    tcase_add_test(tc, test_alpha);
    tcase_add_test(tc, test_once);
    tcase_add_test(tc, test_result_of_object);
    tcase_add_test(tc, test_bars);
    tcase_add_test(tc, test_aspect);
    tcase_add_test(tc, test_state);
    tcase_add_test(tc, test_labels);
    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_mask);
    tcase_add_test(tc, test_object_masks);
    tcase_add_test(tc, test_heatmap);
    tcase_add_test(tc, test_warnings);
    return s;
}

GST_CHECK_MAIN(convnextoverlay)
