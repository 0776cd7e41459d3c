/* What convnextoverlay takes for a frame of 1920 x 1080: bench-overlay, in the environment of
 * pipelines/env.sh. The frame passes alone, with classes and a state, with ten objects, with a mask
 * of the whole frame, and with a heatmap. Prints the median in milliseconds for several formats.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

#include "tests/bench/clock.h"

#define WIDTH 1920
#define HEIGHT 1080
#define FRAMES 60
#define SIDE 224

typedef void AddResult(GstBuffer *frame, guint i);

static GstConvnextResult *new_result(void)
{
    GstConvnextResult *result = gst_convnext_result_new("model", 0);

    gst_convnext_result_set_frame_size(result, WIDTH, HEIGHT);
    gst_convnext_result_set_region(result, 0, 0, WIDTH, HEIGHT);
    return result;
}

static GstConvnextLegend *new_legend(void)
{
    static const char *const labels[] = {"car", "person", "road", "sky"};

    return gst_convnext_legend_new(G_N_ELEMENTS(labels), labels, NULL);
}

static void add_nothing(GstBuffer *frame, guint i) {}

static void add_classes(GstBuffer *frame, guint i)
{
    static const char *const labels[] = {"normal", "dark", "noisy", "obstructed", "no-signal"};
    g_autoptr(GstConvnextResult) result = new_result();

    gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SIGMOID);
    for (guint k = 0; k < G_N_ELEMENTS(labels); k++)
        gst_convnext_result_add_class(result, k, labels[k], (float)((i * 7 + k * 13) % 100) / 100);
    gst_convnext_meta_set_state(gst_buffer_add_convnext_meta(frame, result, 0), labels[0], 0.9,
                                i * GST_SECOND / 25);
}

static void add_objects(GstBuffer *frame, guint i)
{
    g_autoptr(GstConvnextResult) result = new_result();
    g_autoptr(GstConvnextLegend) legend = new_legend();
    GstConvnextDetectedObject objects[10];

    for (guint k = 0; k < G_N_ELEMENTS(objects); k++)
        objects[k] = (GstConvnextDetectedObject){
            k % 2, NULL, (float)((i + k * 9) % 100) / 100, 20.f + k * 180.f, 100.f + k * 60.f,
            240,   300};
    gst_convnext_result_set_objects(result, legend, G_N_ELEMENTS(objects), objects);
    gst_buffer_add_convnext_meta(frame, result, 0);
}

static void add_mask(GstBuffer *frame, guint i)
{
    const GstConvnextRect rect = {0, 0, WIDTH, HEIGHT};
    g_autoptr(GstConvnextResult) result = new_result();
    g_autoptr(GstConvnextLegend) legend = new_legend();
    guint8 *mask = g_malloc(SIDE * SIDE);

    for (guint at = 0; at < SIDE * SIDE; at++)
        mask[at] = (guint8)(1 + (at / 8 + at / SIDE / 8) % 4);
    gst_convnext_result_set_segmentation(
        result, gst_memory_new_wrapped(0, mask, SIDE * SIDE, 0, SIDE * SIDE, mask, g_free), SIDE,
        SIDE, 8, &rect, legend);
    gst_buffer_add_convnext_meta(frame, result, 0);
}

static void add_cam(GstBuffer *frame, guint i)
{
    const gsize shape[] = {1, 7, 7, 1};
    const GstConvnextView view = {.width = WIDTH,
                                  .height = HEIGHT,
                                  .network_width = SIDE,
                                  .network_height = SIDE,
                                  .content_width = SIDE,
                                  .content_height = SIDE};
    g_autoptr(GstConvnextResult) result = new_result();
    float values[49];

    for (guint k = 0; k < G_N_ELEMENTS(values); k++)
        values[k] = (float)((k * 5 + i) % 11);
    gst_convnext_result_set_view(result, &view);
    gst_convnext_result_take_tensor(
        result, gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_CAM, 4, shape, values));
    gst_buffer_add_convnext_meta(frame, result, 0);
}

static double measure(const char *format, AddResult *add)
{
    g_autofree char *caps = g_strdup_printf(
        "video/x-raw,format=%s,width=%u,height=%u,framerate=25/1", format, WIDTH, HEIGHT);
    GstHarness *h = gst_harness_new_parse("convnextoverlay heatmap=true");
    GstVideoInfo info;
    double times[FRAMES];

    gst_video_info_set_format(&info, gst_video_format_from_string(format), WIDTH, HEIGHT);
    gst_harness_set_src_caps_str(h, caps);
    for (guint i = 0; i < FRAMES; i++) {
        GstBuffer *frame = gst_buffer_new_allocate(NULL, info.size, NULL);

        gst_buffer_memset(frame, 0, 100, info.size);
        add(frame, i);
        const double start = clock_ms();
        gst_harness_push(h, frame);
        times[i] = clock_ms() - start;
        gst_buffer_unref(gst_harness_pull(h));
    }
    gst_harness_teardown(h);
    return clock_median(times, FRAMES);
}

int main(int argc, char **argv)
{
    static const char *const formats[] = {"I420", "NV12", "BGRx", "P010_10LE"};
    static const struct {
        const char *name;
        AddResult *add;
    } scenes[] = {{"nothing", add_nothing},
                  {"classes", add_classes},
                  {"objects", add_objects},
                  {"mask", add_mask},
                  {"heatmap", add_cam}};

    gst_init(&argc, &argv);
    g_print("%-10s", "ms");
    for (guint i = 0; i < G_N_ELEMENTS(scenes); i++)
        g_print("%9s", scenes[i].name);
    for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
        g_print("\n%-10s", formats[f]);
        for (guint i = 0; i < G_N_ELEMENTS(scenes); i++)
            g_print("%9.2f", measure(formats[f], scenes[i].add));
    }
    g_print("\n");
    return 0;
}
