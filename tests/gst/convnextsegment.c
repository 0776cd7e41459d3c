/* The element convnextsegment: masks of each size, what of the frame they cover, and everything
 * that it shares with convnext.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "tests/gst/support/heads.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

#define LAUNCH "convnextsegment threads=1 model=" SEGMENTER
#define UNET FIXTURES "/segmenters/smp-unet"
#define FPN FIXTURES "/segmenters/smp-fpn"
#define MMSEGMENTATION FIXTURES "/segmenters/mmsegmentation-upernet.pth"
#define SLIDE " slide=true input-width=192 input-height=160" /* windows of 96x96 at 64x64 */
#define SIDE 96                                              /* of the network's input */
#define CLASSES 12

static GstConvnextSegmentation *segmentation_of(GstBuffer *buffer)
{
    GstConvnextSegmentation *segmentation =
        gst_convnext_result_get_segmentation(frames_result(buffer));

    fail_unless(segmentation, "no segmentation");
    return segmentation;
}

/* Classes that cover the frame together. */
static void finds_classes(GstConvnextResult *result)
{
    GstConvnextSegmentation *segmentation = gst_convnext_result_get_segmentation(result);
    double covered = 0;
    guint n;

    fail_unless(segmentation, "no segmentation");
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(segmentation, &n);
    for (guint i = 0; i < n; i++)
        covered += (double)segments[i].share;
    fail_unless(n > 0 && covered > 0.99 && covered < 1.01, "%u classes cover %g", n, covered);
}

static void check_size(GstBuffer *buffer, guint width, guint height, const GstConvnextRect *rect)
{
    GstConvnextSegmentation *segmentation = segmentation_of(buffer);
    GstConvnextRect covered;
    guint w, h, bits;

    gst_convnext_segmentation_get_size(segmentation, &w, &h, &bits);
    gst_convnext_segmentation_get_rect(segmentation, &covered);
    fail_unless_equals_int(w, width);
    fail_unless_equals_int(h, height);
    fail_unless_equals_int(bits, 8);
    fail_unless(memcmp(&covered, rect, sizeof covered) == 0, "covers %d,%d %dx%d", covered.x,
                covered.y, covered.w, covered.h);
}

/* The sizes of the mask, and the part of the frame that it covers: all of it, or with crop=center
 * the central square, without the padding of crop=border. */
GST_START_TEST(test_sizes)
{
    static const struct {
        const char *properties;
        guint width, height;
        GstConvnextRect rect;
    } cases[] = {
        {"", SIDE, SIDE, {0, 0, 160, 120}},
        {"mask-size=stride", SIDE / 4, SIDE / 4, {0, 0, 160, 120}},
        {"mask-size=frame", 160, 120, {0, 0, 160, 120}},
        {"input-width=96 input-height=64", 96, 64, {0, 0, 160, 120}},
        {"crop=center mask-size=frame", 120, 120, {20, 0, 120, 120}},
        {"crop=border", 96, 72, {0, 0, 160, 120}},
        {"crop=border mask-size=frame", 160, 120, {0, 0, 160, 120}},
        {"orientation=90r crop=border", 96, 72, {0, 0, 160, 120}},
        {SLIDE, 192, 160, {0, 0, 160, 120}},
        {"mask-size=stride" SLIDE, 48, 40, {0, 0, 160, 120}},
        {"mask-size=frame" SLIDE, 160, 120, {0, 0, 160, 120}},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *launch = g_strconcat(LAUNCH " ", cases[i].properties, NULL);
        g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
        g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);

        check_size(out, cases[i].width, cases[i].height, &cases[i].rect);
    }
}
GST_END_TEST;

/* The share of each class in a mask of this size, of an smp Unet: its logits have the input's size.
 */
static void find_shares(const char *mask_size, double shares[CLASSES])
{
    g_autofree char *launch =
        g_strdup_printf("convnextsegment threads=1 model=" UNET " mask-size=%s", mask_size);
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);
    guint n;
    const GstConvnextSegment *segments =
        gst_convnext_segmentation_get_segments(segmentation_of(out), &n);

    fail_unless(n > 1, "%u classes", n);
    for (guint i = 0; i < n; i++) {
        fail_unless(segments[i].index < CLASSES);
        shares[segments[i].index] = (double)segments[i].share;
    }
}

GST_START_TEST(test_frame_of_unet)
{
    double small[CLASSES] = {0}, whole[CLASSES] = {0};

    find_shares("network", small);
    find_shares("frame", whole);
    for (guint i = 0; i < CLASSES; i++)
        fail_unless(ABS(small[i] - whole[i]) < 0.02,
                    "class %u covers %g of the mask, but %g of "
                    "that of the frame",
                    i, small[i], whole[i]);
}
GST_END_TEST;

/* With mask-size=stride, each value is the best of the logits that are attached. */
static void check_logits(const char *launch, guint width, guint height)
{
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);
    GstConvnextTensor *tensor =
        gst_convnext_result_get_tensor(frames_result(out), GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS);
    guint dims, seen = 0;

    fail_unless(tensor, "no logits");
    const gsize *shape = gst_convnext_tensor_get_shape(tensor, &dims);
    const float *logits = gst_convnext_tensor_get_values(tensor, NULL);
    fail_unless(dims == 3 && shape[0] == height && shape[1] == width && shape[2] == CLASSES);
    for (guint y = 0; y < shape[0]; y++)
        for (guint x = 0; x < shape[1]; x++, logits += CLASSES) {
            guint best = 0;

            for (guint i = 1; i < CLASSES; i++)
                best = logits[i] > logits[best] ? i : best;
            const guint value = gst_convnext_segmentation_get_value(segmentation_of(out), x, y);
            fail_unless(value > 0 && logits[value - 1] > logits[best] - 1e-5f, "%u, not %u", value,
                        best + 1);
            seen |= 1u << best;
        }
    fail_unless(seen & (seen - 1), "one class only");
}

GST_START_TEST(test_logits)
{
    check_logits(LAUNCH " mask-size=stride logits=true", SIDE / 4, SIDE / 4);
    check_logits(LAUNCH " mask-size=stride logits=true" SLIDE, 48, 40);
}
GST_END_TEST;

/* The mask of the frame, and its bytes. */
static GstBuffer *run_element(const char *model, const char *properties, gsize *bytes)
{
    g_autofree char *launch = g_strdup_printf(
        "convnextsegment threads=1 input-width=96 input-height=96 model=%s %s", model, properties);
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    GstBuffer *out = heads_process(h, HEADS_CAPS, 0);
    guint width, height, bits;

    gst_convnext_segmentation_get_size(segmentation_of(out), &width, &height, &bits);
    *bytes = (gsize)width * height * bits / 8;
    return out;
}

/* An input that is no larger than a window has the same mask and the same logits as without
 * windows: in each size of masks, for an upsampling with aligned corners and for none. An element
 * with slide=true and one without it do not share a run. */
GST_START_TEST(test_slide_of_one)
{
    static const char *const models[] = {SEGMENTER, UNET, FPN};
    static const char *const sizes[] = {"mask-size=network logits=true",
                                        "mask-size=stride logits=true", "mask-size=frame"};

    for (guint i = 0; i < G_N_ELEMENTS(models) * G_N_ELEMENTS(sizes); i++) {
        const char *model = models[i / G_N_ELEMENTS(sizes)], *size = sizes[i % G_N_ELEMENTS(sizes)];
        g_autofree char *slide = g_strconcat(size, " slide=true", NULL);
        gsize bytes, bytes_of_slide;
        g_autoptr(GstBuffer) a = run_element(model, size, &bytes);
        g_autoptr(GstBuffer) b = run_element(model, slide, &bytes_of_slide);
        GstConvnextTensor *logits = gst_convnext_result_get_tensor(
            frames_result(a), GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS);

        fail_unless_equals_uint64(bytes, bytes_of_slide);
        fail_unless(memcmp(gst_convnext_segmentation_get_data(segmentation_of(a)),
                           gst_convnext_segmentation_get_data(segmentation_of(b)), bytes) == 0,
                    "%s %s", model, size);
        if (!logits)
            continue;
        const float *values = gst_convnext_tensor_get_values(logits, &bytes);
        const float *same = gst_convnext_tensor_get_values(
            gst_convnext_result_get_tensor(frames_result(b),
                                           GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS),
            &bytes_of_slide);
        fail_unless_equals_uint64(bytes, bytes_of_slide);
        fail_unless(memcmp(values, same, bytes * sizeof *values) == 0, "%s %s", model, size);
    }
}
GST_END_TEST;

static guint64 image_memory(const char *launch, const char *windows)
{
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_autoptr(GstStructure) info = NULL;
    guint64 bytes = 0;

    g_object_get(heads_element(h), "model-info", &info, NULL);
    fail_unless_equals_string(gst_structure_get_string(info, "windows"), windows);
    fail_unless(gst_structure_get_uint64(info, "image-memory", &bytes));
    return bytes;
}

/* Windows take the memory of one, its pixels, and the logits of all. With crop=fit they are as high
 * as the input. */
GST_START_TEST(test_slide_info)
{
    const guint64 one = image_memory(LAUNCH, NULL);
    const guint64 all = image_memory(LAUNCH SLIDE, "96x96 at 64x64");
    g_autoptr(GstHarness) h = heads_harness("convnextsegment threads=1 model=" MMSEGMENTATION
                                            " slide=true input-width=96 input-height=64",
                                            HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);
    g_autoptr(GstStructure) info = NULL;

    fail_unless_equals_uint64(
        all - one, (3 * 2 * (SIDE / 4) * (SIDE / 4) * CLASSES + SIDE * SIDE * 3) * sizeof(float));
    check_size(out, 85, 64, &(GstConvnextRect){0, 0, 160, 120});
    g_object_get(heads_element(h), "model-info", &info, NULL);
    fail_unless_equals_string(gst_structure_get_string(info, "labels-from"), "weights");
    fail_unless_equals_string(gst_structure_get_string(info, "windows"), "64x64 at 42x42");
}
GST_END_TEST;

/* A threshold leaves pixels without a class. With sigmoids the same logits have other scores. */
GST_START_TEST(test_threshold)
{
    g_autoptr(GstHarness) h = heads_harness(LAUNCH " threshold=1", HEADS_CAPS);
    g_autoptr(GstBuffer) none = heads_process(h, HEADS_CAPS, 0);
    guint n, n_sigmoid;

    gst_convnext_segmentation_get_segments(segmentation_of(none), &n);
    fail_unless_equals_int(n, 0);
    g_object_set(heads_element(h), "threshold", 0.8, NULL);
    g_autoptr(GstBuffer) some = heads_process(h, HEADS_CAPS, 1);
    const float softmax = gst_convnext_segmentation_get_segments(segmentation_of(some), &n)->share;
    fail_unless(n > 0);
    g_object_set(heads_element(h), "multi-label", TRUE, NULL);
    g_autoptr(GstBuffer) more = heads_process(h, HEADS_CAPS, 2);
    const float sigmoid =
        gst_convnext_segmentation_get_segments(segmentation_of(more), &n_sigmoid)->share;
    fail_unless(softmax < sigmoid && n <= n_sigmoid);
}
GST_END_TEST;

/* Makes the folder `network` the Unet with more members in its config.json. */
static void make_unet(const char *members)
{
    g_autofree char *weights = g_build_filename(network, "model.safetensors", NULL), *bytes = NULL;
    g_autofree char *config = NULL;
    gsize size;

    fail_unless(g_file_get_contents(UNET "/model.safetensors", &bytes, &size, NULL) &&
                g_file_set_contents(weights, bytes, (gssize)size, NULL) &&
                g_file_get_contents(UNET "/config.json", &config, NULL, NULL));
    g_free(network_add_file(network, "config.json", config));
    network_add_keys(network, members);
}

/* The value of a pixel with these logits, or -1 where it hangs on rounding. */
typedef int Decides(const float *logits, double threshold);

static double logit(double p)
{
    return log(p / (1 - p));
}

static int decide_rest(const float *x, double threshold)
{
    static const double temperatures[] = {2, 1, 0.5}, thresholds[] = {0.5, 0.6, 0.3};
    double best = 0; /* how far the threshold is exceeded */
    int value = 4;

    for (int i = 0; i < 3; i++) {
        const double above = (double)x[i] / temperatures[i] - logit(MAX(thresholds[i], threshold));

        if (fabs(above - best) < 1e-4)
            return -1;
        if (above > best) {
            best = above;
            value = 1 + i;
        }
    }
    return value;
}

static int decide_softmax(const float *x, double threshold)
{
    double sum = 0, score;
    int best = 0;

    for (int i = 1; i < 4; i++)
        best = x[i] > x[best] ? i : best;
    for (int i = 0; i < 4; i++)
        sum += exp((double)(x[i] - x[best]) / 4);
    score = 1 / sum;
    return fabs(score - threshold) < 1e-5 ? -1 : score < threshold ? 0 : 1 + best;
}

static int decide_best(const float *x, double threshold)
{
    int best = 0;

    (void)threshold;
    for (int i = 1; i < 4; i++)
        best = x[i] > x[best] ? i : best;
    return 1 + best;
}

/* The logits that are attached are those of the network. */
static void check_decision(const char *members, Decides *decides, double threshold, guint expected)
{
    g_autofree char *launch =
        g_strdup_printf("convnextsegment threads=1 logits=true input-width=96 "
                        "input-height=64 model=%s",
                        network);
    guint seen = 0;

    make_unet(members);
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_object_set(heads_element(h), "threshold", threshold, NULL);
    g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);
    GstConvnextTensor *tensor =
        gst_convnext_result_get_tensor(frames_result(out), GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS);
    const float *logits = gst_convnext_tensor_get_values(tensor, NULL);
    for (guint i = 0; i < 96 * 64; i++) {
        const guint value =
            gst_convnext_segmentation_get_value(segmentation_of(out), i % 96, i / 96);
        const int wanted = decides(logits + (gsize)4 * i, threshold);

        fail_unless(wanted < 0 || (int)value == wanted, "%u, not %d", value, wanted);
        seen |= 1u << value;
    }
    fail_unless((seen & expected) == expected, "values seen: %#x", seen);
}

/* Temperatures, thresholds and a rest class of config.json. A higher threshold of the element
 * counts. With classes that exclude each other, the temperature changes the score only. */
GST_START_TEST(test_decision)
{
    static const char rules[] =
        "\"problem_type\": \"multi_label_classification\", \"rest_class\": 3, "
        "\"temperature\": [2, 1, 0.5, 1], \"threshold\": [0.5, 0.6, 0.3, 0.5]";
    g_autoptr(GstStructure) info = NULL;
    gboolean is_multi_label;

    check_decision(rules, decide_rest, 0, 1u << 4 | 1u << 1 | 1u << 3);
    check_decision(rules, decide_rest, 0.8, 1u << 4 | 1u << 3);
    check_decision("\"temperature\": 4", decide_softmax, 0.5, 1);
    check_decision("\"temperature\": 1e-45", decide_best, 0, 1u << 1 | 1u << 2);
    check_decision("\"temperature\": 3e38", decide_best, 0, 1u << 1 | 1u << 2);
    make_unet(rules);
    g_autofree char *launch = g_strconcat("convnextsegment model=", network, NULL);
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_object_get(heads_element(h), "model-info", &info, NULL);
    fail_unless_equals_string(gst_structure_get_string(info, "scores"), "sigmoid");
    fail_unless_equals_string(gst_structure_get_string(info, "temperature"), "2 1 0.5 1");
    fail_unless_equals_string(gst_structure_get_string(info, "threshold"), "0.5 0.6 0.3 0.5");
    fail_unless_equals_string(gst_structure_get_string(info, "rest-class"), "class 3");
    fail_unless(gst_structure_get_boolean(info, "multi-label", &is_multi_label) && is_multi_label);
}
GST_END_TEST;

/* A config.json of another model beside weights that are named themselves is ignored, and the
 * element says so. */
GST_START_TEST(test_ignored)
{
    g_autofree char *launch =
        g_strdup_printf("convnextsegment model=%s/model.safetensors", network);
    g_autoptr(GstStructure) info = NULL;

    make_unet("\"decoder_use_batchnorm\": false");
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_object_get(heads_element(h), "model-info", &info, NULL);
    fail_unless(strstr(gst_structure_get_string(info, "ignored"), "decoder_use_batchnorm"));
    fail_unless(strstr(gst_structure_get_string(info, "assumed"), "decoder_interpolation"));
}
GST_END_TEST;

/* Painting changes the frame's pixels, but not those of a buffer that shares them, nor memory that
 * is read-only. */
GST_START_TEST(test_paint)
{
    g_autoptr(GstHarness) h = heads_harness(LAUNCH " paint=true", HEADS_CAPS);
    g_autoptr(GstBuffer) frame = frames_new(HEADS_CAPS, FRAME_COLOURS, 0);
    g_autoptr(GstBuffer) before = gst_buffer_copy_deep(frame);
    GstMapInfo a, b, c;

    GST_MINI_OBJECT_FLAG_SET(gst_buffer_peek_memory(frame, 0), GST_MEMORY_FLAG_READONLY);
    g_autoptr(GstBuffer) out = frames_process(h, gst_buffer_ref(frame));

    finds_classes(frames_result(out));
    fail_unless(gst_buffer_map(before, &a, GST_MAP_READ) &&
                gst_buffer_map(frame, &b, GST_MAP_READ) && gst_buffer_map(out, &c, GST_MAP_READ));
    fail_unless(memcmp(a.data, b.data, a.size) == 0, "a shared buffer was painted");
    fail_unless(a.size == c.size && memcmp(a.data, c.data, a.size) != 0, "nothing was painted");
    gst_buffer_unmap(before, &a);
    gst_buffer_unmap(frame, &b);
    gst_buffer_unmap(out, &c);
}
GST_END_TEST;

/* Masks use their memory again. */
GST_START_TEST(test_pool)
{
    g_autoptr(GstHarness) h = heads_harness(LAUNCH " mask-size=frame carry=false", HEADS_CAPS);
    GstBuffer *out = heads_process(h, HEADS_CAPS, 0);
    const guint8 *first = gst_convnext_segmentation_get_data(segmentation_of(out));

    gst_buffer_unref(out);
    out = heads_process(h, HEADS_CAPS, 1); /* the element holds the first one until now */
    gst_buffer_unref(out);
    g_autoptr(GstBuffer) third = heads_process(h, HEADS_CAPS, 2);
    fail_unless(gst_convnext_segmentation_get_data(segmentation_of(third)) == first);
}
GST_END_TEST;

GST_START_TEST(test_stream)
{
    static void (*const checks[])(GstHarness *, HeadsFinds *) = {
        heads_check_caps,    heads_check_gap,    heads_check_latest,
        heads_check_changes, heads_check_shared, heads_check_restart};

    for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
        g_autoptr(GstHarness) h = heads_harness(LAUNCH, HEADS_CAPS);

        checks[i](h, finds_classes);
    }
    g_autoptr(GstHarness) h = heads_harness(LAUNCH, HEADS_CAPS);
    heads_check_reload(h, SEGMENTER, OTHER_SEGMENTER, finds_classes);
    heads_check_sharing(LAUNCH, finds_classes);
}
GST_END_TEST;

static void expect_refusal(const char *name, const char *property, const char *value, GQuark domain,
                           int code, const char *text)
{
    g_autoptr(GstElement) element = gst_element_factory_make(name, NULL);

    gst_object_ref_sink(element);
    gst_util_set_object_arg(G_OBJECT(element), "model", SEGMENTER);
    if (property)
        gst_util_set_object_arg(G_OBJECT(element), property, value);
    messages_expect_refusal(element, domain, code, text);
}

/* What is refused in the transition to READY. */
GST_START_TEST(test_refusals)
{
    expect_refusal("convnextsegment", "model", network, GST_STREAM_ERROR,
                   GST_STREAM_ERROR_NOT_IMPLEMENTED, "it is a classifier; use convnext");
    expect_refusal("convnextsegment", "model", DETECTOR, GST_STREAM_ERROR,
                   GST_STREAM_ERROR_NOT_IMPLEMENTED, "use convnextdetect");
    expect_refusal("convnextsegment", "model", "", GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                   "the property model is not set");
    expect_refusal("convnextsegment", "precision", "int8", GST_LIBRARY_ERROR,
                   GST_LIBRARY_ERROR_SETTINGS, "a head runs in fp32 or bf16");
    expect_refusal("convnextsegment", "max-memory", "1000", GST_RESOURCE_ERROR,
                   GST_RESOURCE_ERROR_NO_SPACE_LEFT, "the weights of the network");
    expect_refusal("convnextsegment", "max-memory", "1500000", GST_RESOURCE_ERROR,
                   GST_RESOURCE_ERROR_NO_SPACE_LEFT, "a smaller input-width and input-height");
    expect_refusal("convnext", NULL, NULL, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                   "which belongs to a segmentation or detection head");
}
GST_END_TEST;

/* convnext runs the backbone of a segmenter or a detector, and says so. */
static void check_backbone(const char *model)
{
    g_autofree char *launch = g_strdup_printf("convnext outputs=stage4 model=%s", model);
    g_autoptr(GstHarness) h = heads_harness(launch, NULL);
    g_autoptr(Gate) gate = gate_new(heads_element(h));
    g_autoptr(GstStructure) info = NULL;
    g_autoptr(GError) remark = NULL;

    harness_restart(h, HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);
    g_autoptr(GstMessage) message = gate_pop(gate, GST_MESSAGE_INFO);
    gst_message_parse_info(message, &remark, NULL);
    messages_check_text(remark, "only the backbone runs, without ");
    messages_check_text(remark, "which belongs to a segmentation or detection head");
    g_object_get(heads_element(h), "model-info", &info, NULL);
    fail_unless(strstr(remark->message, gst_structure_get_string(info, "unused-heads")));
    fail_unless(gst_convnext_result_get_tensor(frames_result(out), "stage4"));
}

GST_START_TEST(test_backbone)
{
    check_backbone(SEGMENTER);
    check_backbone(DETECTOR);
}
GST_END_TEST;

/* What model-info says about the head. */
GST_START_TEST(test_info)
{
    g_autoptr(GstHarness) h = heads_harness(LAUNCH, HEADS_CAPS);
    g_autoptr(GstStructure) info = NULL;
    guint classes, stride;
    guint64 least, run;

    g_object_get(heads_element(h), "model-info", &info, NULL);
    fail_unless_equals_string(gst_structure_get_string(info, "head"), "UPerNet");
    fail_unless_equals_string(gst_structure_get_string(info, "library"), "transformers");
    fail_unless(gst_structure_get(info, "classes", G_TYPE_UINT, &classes, "stride", G_TYPE_UINT,
                                  &stride, "least-memory", G_TYPE_UINT64, &least, "image-memory",
                                  G_TYPE_UINT64, &run, NULL));
    fail_unless_equals_int(classes, CLASSES);
    fail_unless_equals_int(stride, 4);
    fail_unless(run > 0 && run < least);
}
GST_END_TEST;

static Suite *convnextsegment_suite(void)
{
    Suite *s = suite_create("convnextsegment");
    TCase *tc = tcase_create("all");

    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_frame_of_unet);
    tcase_add_test(tc, test_logits);
    tcase_add_test(tc, test_slide_of_one);
    tcase_add_test(tc, test_slide_info);
    tcase_add_test(tc, test_threshold);
    tcase_add_test(tc, test_decision);
    tcase_add_test(tc, test_ignored);
    tcase_add_test(tc, test_paint);
    tcase_add_test(tc, test_pool);
    tcase_add_test(tc, test_stream);
    tcase_add_test(tc, test_refusals);
    tcase_add_test(tc, test_backbone);
    tcase_add_test(tc, test_info);
    suite_add_tcase(s, tc);
    return s;
}

GST_CHECK_MAIN(convnextsegment);
