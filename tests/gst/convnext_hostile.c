/* Buffers whose GstVideoMeta does not fit their memory: one warning, the frames pass without a
 * result, and the stream continues. The memory of each frame is an allocation of exactly its size,
 * so AddressSanitizer and valgrind see every read outside it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

/* Read in place, converted, tiled, of pixels that share bytes, with a palette. */
static const char *const formats[] = {"I420",  "NV12",        "YUY2", "RGB",
                                      "GRAY8", "P010_10LE",   "Y444", "NV12_64Z32",
                                      "v210",  "NV12_10LE32", "RGB8P"};

#define WIDTH 160
#define HEIGHT 120

static char *make_caps(const char *format)
{
    return g_strdup_printf("video/x-raw,format=%s,width=%d,height=%d,framerate=25/1", format, WIDTH,
                           HEIGHT);
}

/* A frame in one allocation of its size, described by a GstVideoMeta. */
static GstBuffer *make_frame(const char *caps, guint pts, GstVideoMeta **meta)
{
    GstVideoInfo info = frames_info(caps);
    GstBuffer *drawn = frames_new(caps, FRAME_GRAYS, pts);
    gsize size = gst_buffer_get_size(drawn);
    guint8 *pixels = g_malloc(size);
    GstBuffer *buffer = gst_buffer_new_wrapped(pixels, size);

    gst_buffer_extract(drawn, 0, pixels, size);
    gst_buffer_copy_into(buffer, drawn, GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
    gst_buffer_unref(drawn);
    *meta = gst_buffer_add_video_meta_full(
        buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info), WIDTH, HEIGHT,
        GST_VIDEO_INFO_N_PLANES(&info), info.offset, info.stride);
    return buffer;
}

/* Lies about a plane, or about the picture. */
typedef struct Lie {
    const char *what;
    void (*tell)(GstVideoMeta *meta, guint plane, gsize size);
} Lie;

static void no_such_offset(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->offset[plane] = size;
}

static void huge_offset(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->offset[plane] = G_MAXSIZE - 3;
}

static void late_offset(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->offset[plane] = size - 1;
}

static void wide_stride(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->stride[plane] = (int)size;
}

static void huge_stride(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->stride[plane] = G_MAXINT;
}

static void negative_stride(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->offset[plane] = 0;
    meta->stride[plane] = -ABS(meta->stride[plane]);
}

static void least_stride(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->stride[plane] = G_MININT;
}

static void no_stride(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->stride[plane] = 0;
}

static void wide_picture(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->width = 2 * WIDTH + 64;
}

static void high_picture(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->height = 2 * HEIGHT + 64;
}

static void huge_picture(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->width = meta->height = 30000;
}

static void endless_picture(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->width = meta->height = G_MAXUINT;
}

static void empty_picture(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->width = 0;
}

static void flat_picture(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->height = 0;
}

static void no_planes(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->n_planes = 0;
}

static void many_planes(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->n_planes = G_MAXUINT;
}

static void other_format(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->format = GST_VIDEO_FORMAT_ARGB64;
}

static void no_format(GstVideoMeta *meta, guint plane, gsize size)
{
    meta->format = GST_VIDEO_FORMAT_UNKNOWN;
}

static const Lie plane_lies[] = {
    {"an offset behind the memory", no_such_offset},
    {"an offset that overflows", huge_offset},
    {"an offset at the last byte", late_offset},
    {"a stride of the whole memory", wide_stride},
    {"the largest stride", huge_stride},
    {"a negative stride from the first row", negative_stride},
    {"the least stride", least_stride},
    {"a stride of zero", no_stride},
};
static const Lie picture_lies[] = {
    {"too wide", wide_picture},
    {"too high", high_picture},
    {"huge", huge_picture},
    {"endless", endless_picture},
    {"without columns", empty_picture},
    {"without rows", flat_picture},
    {"without planes", no_planes},
    {"with too many planes", many_planes},
    {"of another format", other_format},
    {"of no format", no_format},
};

typedef struct Stage {
    GstHarness *h;
    GstBus *bus;
    char *caps;
    guint frames; /* pushed so far */
} Stage;

static Stage stage_new(const char *format)
{
    Stage stage = {.caps = make_caps(format), .bus = gst_bus_new()};

    stage.h = frames_harness(network, stage.caps);
    gst_element_set_bus(stage.h->element, stage.bus);
    return stage;
}

static void stage_clear(Stage *stage)
{
    gst_element_set_bus(stage->h->element, NULL);
    gst_harness_teardown(stage->h);
    gst_object_unref(stage->bus);
    g_free(stage->caps);
}

/* Whether a frame with this lie, or an honest one, has a result. */
static gboolean has_result(Stage *stage, const Lie *lie, guint plane)
{
    GstVideoMeta *meta;
    GstBuffer *frame = make_frame(stage->caps, 40 * stage->frames++, &meta);

    if (lie)
        lie->tell(meta, plane, gst_buffer_get_size(frame));
    g_autoptr(GstBuffer) out = frames_process(stage->h, frame);
    return gst_buffer_get_convnext_meta(out) != NULL;
}

/* A palette has no rows, so its stride is not read. */
static gboolean is_harmless(const char *format, guint plane, const Lie *lie)
{
    return g_str_equal(format, "RGB8P") && plane == 1 && strstr(lie->what, "stride");
}

static void run_lies(const char *format)
{
    Stage stage = stage_new(format);
    GstVideoInfo info = frames_info(stage.caps);

    fail_unless(has_result(&stage, NULL, 0), "%s: an honest frame has no result", format);
    for (guint plane = 0; plane < GST_VIDEO_INFO_N_PLANES(&info); plane++)
        for (guint i = 0; i < G_N_ELEMENTS(plane_lies); i++)
            if (!is_harmless(format, plane, &plane_lies[i]))
                fail_unless(!has_result(&stage, &plane_lies[i], plane), "%s, plane %u: %s", format,
                            plane, plane_lies[i].what);
    for (guint i = 0; i < G_N_ELEMENTS(picture_lies); i++)
        fail_unless(!has_result(&stage, &picture_lies[i], 0), "%s: %s", format,
                    picture_lies[i].what);
    fail_unless(has_result(&stage, NULL, 0), "%s: the stream does not recover", format);
    messages_expect(gst_bus_pop_filtered(stage.bus, GST_MESSAGE_WARNING),
                    "and others like it, pass without a result");
    messages_check_none(stage.bus);
    stage_clear(&stage);
}

GST_START_TEST(test_lies)
{
    run_lies(formats[__i__]);
}
GST_END_TEST;

/* The warning names the plane and the memory. A new start has its own. */
GST_START_TEST(test_warning)
{
    Stage stage = stage_new("I420");

    for (guint start = 0; start < 2; start++) {
        has_result(&stage, &plane_lies[3], 1);
        messages_expect(gst_bus_pop_filtered(stage.bus, GST_MESSAGE_WARNING),
                        "the GstVideoMeta of a buffer places plane 1 of its picture of 160 x 120 "
                        "I420 at byte 19200 with a stride of 28800, but the memory there has 28800 "
                        "bytes and does not hold it");
        harness_restart(stage.h, stage.caps);
    }
    stage_clear(&stage);
}
GST_END_TEST;

/* A buffer without metadata that is too small for its caps is the same. */
GST_START_TEST(test_small_buffer)
{
    Stage stage = stage_new("RGB");

    fail_unless(has_result(&stage, NULL, 0));
    for (gsize size = 0; size < 3; size++) {
        g_autoptr(GstBuffer) out = frames_process(
            stage.h, gst_buffer_new_wrapped(g_malloc0(size * 1000 + 1), size * 1000 + 1));

        fail_unless(!gst_buffer_get_convnext_meta(out));
    }
    messages_expect(gst_bus_pop_filtered(stage.bus, GST_MESSAGE_WARNING),
                    "a buffer of 1 bytes does not hold the picture of 160 x 120 RGB");
    fail_unless(has_result(&stage, NULL, 0));
    messages_check_none(stage.bus);
    stage_clear(&stage);
}
GST_END_TEST;

/* Neither mode=latest, change detection nor objects read more. */
GST_START_TEST(test_modes)
{
    static const char *const settings[][2] = {
        {"mode", "latest"}, {"change-threshold", "0.02"}, {"region", "objects"}};
    Stage stage = stage_new("NV12");

    gst_util_set_object_arg(G_OBJECT(stage.h->element), settings[__i__][0], settings[__i__][1]);
    harness_restart(stage.h, stage.caps);
    for (guint i = 0; i < G_N_ELEMENTS(plane_lies) + G_N_ELEMENTS(picture_lies); i++) {
        const Lie *lie = i < G_N_ELEMENTS(plane_lies) ? &plane_lies[i]
                                                      : &picture_lies[i - G_N_ELEMENTS(plane_lies)];
        GstVideoMeta *meta;
        GstBuffer *frame = make_frame(stage.caps, 40 * i, &meta);

        lie->tell(meta, 1, gst_buffer_get_size(frame));
        gst_buffer_add_video_region_of_interest_meta(frame, "car", 8, 8, 64, 64);
        g_autoptr(GstBuffer) out = frames_process(stage.h, frame);
        fail_unless(!gst_buffer_get_convnext_meta(out), "%s", lie->what);
    }
    messages_expect(gst_bus_pop_filtered(stage.bus, GST_MESSAGE_WARNING), "does not hold");
    messages_check_none(stage.bus);
    stage_clear(&stage);
}
GST_END_TEST;

/* A picture whose rows lie in memory from last to first fits: the logits are the same. */
GST_START_TEST(test_upside_down)
{
    static const char *const honest[] = {"I420", "RGB", "P010_10LE"};
    Stage stage = stage_new(honest[__i__]);
    GstVideoInfo info = frames_info(stage.caps);
    float expected[NETWORK_CLASSES], found[NETWORK_CLASSES];
    GstVideoMeta *meta;
    GstMapInfo map;

    gst_util_set_object_arg(G_OBJECT(stage.h->element), "outputs", "logits");
    harness_restart(stage.h, stage.caps);
    frames_logits(stage.h, make_frame(stage.caps, 0, &meta), expected);
    GstBuffer *frame = make_frame(stage.caps, 40, &meta);
    fail_unless(gst_buffer_map(frame, &map, GST_MAP_READWRITE));
    g_autofree guint8 *rows = g_memdup2(map.data, map.size);
    for (guint i = 0; i < meta->n_planes; i++) {
        const guint stride = (guint)info.stride[i], n = i ? HEIGHT / 2 : HEIGHT;

        for (guint y = 0; y < n; y++)
            memcpy(map.data + info.offset[i] + y * stride,
                   rows + info.offset[i] + (n - 1 - y) * stride, stride);
        meta->offset[i] = info.offset[i] + (n - 1) * stride;
        meta->stride[i] = -info.stride[i];
    }
    gst_buffer_unmap(frame, &map);
    frames_logits(stage.h, frame, found);
    fail_unless(!memcmp(expected, found, sizeof found), "%s: other logits", honest[__i__]);
    messages_check_none(stage.bus);
    stage_clear(&stage);
}
GST_END_TEST;

static Suite *convnext_hostile_suite(void)
{
    Suite *s = suite_create("convnext_hostile");
    TCase *tc = tcase_create("hostile");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_loop_test(tc, test_lies, 0, G_N_ELEMENTS(formats));
    tcase_add_test(tc, test_warning);
    tcase_add_test(tc, test_small_buffer);
    tcase_add_loop_test(tc, test_modes, 0, 3);
    tcase_add_loop_test(tc, test_upside_down, 0, 3);
    return s;
}

GST_CHECK_MAIN(convnext_hostile);
