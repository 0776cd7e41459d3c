/* The property precision: what runs at an isa level that accelerates it and at one that does not,
 * the warning in the second case, and what model-info and stats report.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/stage.h"

#define STACK_BYTES ((guint64)128 << 10) /* of a thread, in thread-memory */
#define RUNS_AS "precision=%s runs as fp32: none of this processor's isa levels"

/* stats or model-info; the caller owns it. */
static GstStructure *read_property(GstElement *element, const char *name)
{
    GstStructure *structure;

    g_object_get(element, name, &structure, NULL);
    fail_unless(structure, "no %s", name);
    return structure;
}

/* Caps the isa level. Returns FALSE if the processor is below it. */
static gboolean cap_level(const char *level)
{
    g_autoptr(GstElement) element = gst_element_factory_make("convnext", NULL);

    g_setenv("CONVNEXT_CPU", level, TRUE);
    g_object_set(gst_object_ref_sink(element), "model", network, NULL);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    g_autoptr(GstStructure) stats = read_property(element, "stats");
    gst_element_set_state(element, GST_STATE_NULL);
    return g_str_equal(gst_structure_get_string(stats, "cpu"), level);
}

/* A started harness with this precision, whose bus the caller owns. */
static GstHarness *new_harness(const char *model, const char *precision, GstBus **bus)
{
    GstHarness *harness = frames_harness(model, NULL);

    *bus = gst_bus_new();
    gst_element_set_state(harness->element, GST_STATE_NULL);
    gst_element_set_bus(harness->element, *bus);
    gst_util_set_object_arg(G_OBJECT(harness->element), "precision", precision);
    harness_restart(harness, CAPS);
    return harness;
}

static void free_harness(GstHarness *harness, GstBus *bus)
{
    gst_element_set_bus(harness->element, NULL);
    gst_harness_teardown(harness);
    gst_object_unref(bus);
}

/* Checks the precision that runs. */
static void check_runs(GstElement *element, const char *precision)
{
    g_autoptr(GstStructure) stats = read_property(element, "stats");
    g_autoptr(GstStructure) info = read_property(element, "model-info");

    fail_unless_equals_string(gst_structure_get_string(stats, "engine"), precision);
    fail_unless_equals_string(gst_structure_get_string(info, "precision"), precision);
    fail_unless_equals_string(gst_structure_get_string(stats, "cpu"),
                              gst_structure_get_string(info, "cpu"));
}

/* Runs a frame, and returns the message that it or the start posted, or NULL. */
static char *run_precision(const char *precision, const char *runs, float *logits)
{
    GstBus *bus;
    GstHarness *harness = new_harness(network, precision, &bus);
    g_autofree char *text = NULL;

    frames_logits(harness, frames_new(CAPS, FRAME_COLOURS, 0), logits);
    check_runs(harness->element, runs);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING);
    if (message) {
        g_autoptr(GError) error = messages_parse(message);

        text = g_strdup(error->message);
    }
    messages_check_none(bus);
    free_harness(harness, bus);
    return g_steal_pointer(&text);
}

static void expect_fallback(const char *precision, const char *levels, const float *expected)
{
    float logits[NETWORK_CLASSES];
    g_autofree char *text = run_precision(precision, "fp32", logits);
    g_autofree char *begin = g_strdup_printf(RUNS_AS, precision);
    g_autofree char *end = g_strdup_printf("(%s) accelerates %s", levels, precision);

    fail_unless(text && g_str_has_prefix(text, begin) && g_str_has_suffix(text, end), "%s", text);
    fail_unless(!strchr(text, '\n'));
    fail_unless_equals_int(memcmp(logits, expected, sizeof logits), 0);
}

/* Without the property, and with auto, fp32 runs. */
GST_START_TEST(test_auto)
{
    g_autoptr(GstElement) element = gst_element_factory_make("convnext", NULL);
    float logits[3][NETWORK_CLASSES];
    int precision = -1;

    g_object_get(gst_object_ref_sink(element), "precision", &precision, NULL);
    fail_unless_equals_int(precision, 0);
    frames_logits(h, frames_new(CAPS, FRAME_COLOURS, 0), logits[0]);
    check_runs(h->element, "fp32");
    fail_unless(run_precision("auto", "fp32", logits[1]) == NULL);
    fail_unless(run_precision("fp32", "fp32", logits[2]) == NULL);
    fail_unless_equals_int(memcmp(logits[0], logits[1], sizeof *logits), 0);
    fail_unless_equals_int(memcmp(logits[0], logits[2], sizeof *logits), 0);
}
GST_END_TEST;

/* At a level that does not accelerate a precision, fp32 runs, and one warning names the levels. */
GST_START_TEST(test_not_accelerated)
{
    float logits[NETWORK_CLASSES];

    fail_unless(cap_level("c"));
    fail_unless(run_precision("auto", "fp32", logits) == NULL);
    expect_fallback("int8", "c", logits);
    expect_fallback("bf16", "c", logits);
    if (!cap_level("avx2"))
        return;
    fail_unless(run_precision("auto", "fp32", logits) == NULL);
    expect_fallback("bf16", "c, avx2", logits);
}
GST_END_TEST;

/* The sentence names CONVNEXT_CPU only if the processor has more levels. */
GST_START_TEST(test_cap_is_named)
{
    float logits[NETWORK_CLASSES];

    fail_unless(cap_level("c"));
    g_autofree char *capped = run_precision("bf16", "fp32", logits);
    g_unsetenv("CONVNEXT_CPU");
    harness_restart(h, CAPS);
    g_autoptr(GstStructure) stats = read_property(h->element, "stats");
    const gboolean has_more = !g_str_equal(gst_structure_get_string(stats, "cpu"), "c");
    fail_unless(!strstr(capped, " up to CONVNEXT_CPU (c)") == !has_more, "%s", capped);
}
GST_END_TEST;

/* At a level that accelerates it, the results differ slightly, and the weights are smaller. */
GST_START_TEST(test_accelerated)
{
    float exact[NETWORK_CLASSES], rounded[NETWORK_CLASSES];

    if (!cap_level("avx2"))
        return;
    fail_unless(run_precision("fp32", "fp32", exact) == NULL);
    fail_unless(run_precision("int8", "int8", rounded) == NULL);
    fail_unless(frames_distance(exact, rounded) > 0);
    fail_unless(frames_distance(exact, rounded) < 0.2f, "%g", frames_distance(exact, rounded));
}
GST_END_TEST;

/* Elements share a queue if the same precision runs, whatever they request. */
GST_START_TEST(test_sharing)
{
    static const struct {
        const char *level, *a, *b;
        guint streams;
    } rows[] = {
        {"avx2", "int8", "fp32", 1}, {"avx2", "int8", "int8", 2}, {"avx2", "bf16", "auto", 2},
        {"c", "int8", "fp32", 2},    {"c", "int8", "bf16", 2},
    };

    gst_element_set_state(h->element, GST_STATE_NULL);
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        GstBus *bus[2];

        if (!cap_level(rows[i].level))
            continue;
        GstHarness *a = new_harness(network, rows[i].a, &bus[0]);
        GstHarness *b = new_harness(network, rows[i].b, &bus[1]);
        gst_buffer_unref(frames_process(a, frames_new(CAPS, FRAME_COLOURS, 0)));
        gst_buffer_unref(frames_process(b, frames_new(CAPS, FRAME_COLOURS, 0)));
        fail_unless(frames_counter(a->element, "streams") == rows[i].streams,
                    "%s and %s at %s share %u", rows[i].a, rows[i].b, rows[i].level,
                    (guint)frames_counter(a->element, "streams"));
        free_harness(a, bus[0]);
        free_harness(b, bus[1]);
    }
}
GST_END_TEST;

/* Processes frames until another engine runs. */
static void wait_for_change(guint *frames)
{
    while (gate_messages(gate, "convnext-model-updated", NULL, 0) == 0)
        gst_buffer_unref(process((*frames)++));
}

/* While playing, the precision changes between two frames. */
GST_START_TEST(test_reload)
{
    guint frames = 0;

    if (!cap_level("avx2"))
        return;
    harness_restart(h, CAPS);
    gst_buffer_unref(process(frames++));
    check_runs(h->element, "fp32");
    gst_util_set_object_arg(G_OBJECT(h->element), "precision", "int8");
    wait_for_change(&frames);
    check_runs(h->element, "int8");
    gst_util_set_object_arg(G_OBJECT(h->element), "precision", "auto");
    wait_for_change(&frames);
    check_runs(h->element, "fp32");
}
GST_END_TEST;

static GstBus *bus_of_stage(void)
{
    GstBus *bus = gst_element_get_bus(h->element);

    fail_unless(bus);
    return bus;
}

/* The warnings on the bus with this text, which gate_messages() would drop. */
static guint count_warnings(GstBus *bus, const char *text)
{
    guint count = 0;

    for (GstMessage *m; (m = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING));) {
        g_autoptr(GError) error = messages_parse(m);

        messages_check_text(error, text);
        count++;
    }
    return count;
}

/* Waits until the input has this size. */
static void wait_for_size(guint size, guint *frames)
{
    for (guint found = 0; found != size;) {
        gst_buffer_unref(process((*frames)++));
        g_autoptr(GstStructure) info = read_property(h->element, "model-info");
        gst_structure_get_uint(info, "input-size", &found);
    }
}

/* One warning, not one for each engine or start; another precision gets its own. */
GST_START_TEST(test_one_warning)
{
    g_autoptr(GstBus) bus = bus_of_stage();
    guint frames = 0;

    fail_unless(cap_level("c"));
    gst_util_set_object_arg(G_OBJECT(h->element), "precision", "int8");
    harness_restart(h, CAPS);
    fail_unless_equals_int(count_warnings(bus, "precision=int8 runs as fp32"), 1);
    harness_restart(h, CAPS);
    fail_unless_equals_int(count_warnings(bus, "precision"), 0);
    g_object_set(h->element, "input-size", 96, NULL);
    wait_for_size(96, &frames);
    fail_unless_equals_int(count_warnings(bus, "precision"), 0);
    gst_util_set_object_arg(G_OBJECT(h->element), "precision", "bf16");
    g_object_set(h->element, "input-size", 64, NULL);
    wait_for_size(64, &frames);
    fail_unless_equals_int(count_warnings(bus, "precision=bf16 runs as fp32"), 1);
}
GST_END_TEST;

static guint64 field_of(const GstStructure *info, const char *field)
{
    guint64 bytes = 0;

    fail_unless(gst_structure_get_uint64(info, field, &bytes), "no %s", field);
    return bytes;
}

/* A field of model-info in READY. */
static guint64 read_bytes(GstElement *element, const char *precision, const char *field)
{
    gst_util_set_object_arg(G_OBJECT(element), "precision", precision);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    g_autoptr(GstStructure) info = read_property(element, "model-info");
    gst_element_set_state(element, GST_STATE_NULL);
    return field_of(info, field);
}

static void expect_too_large(GstElement *element)
{
    messages_expect_refusal(element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
                            "expected at most");
}

/* The lowest limit that suffices for int8 is too low for fp32. */
GST_START_TEST(test_memory)
{
    g_autoptr(GstElement) element = gst_element_factory_make("convnext", NULL);
    char *wide = network_new_wide(8);

    g_object_set(gst_object_ref_sink(element), "model", wide, "threads", 1, NULL);
    if (cap_level("avx2")) {
        const guint64 least = read_bytes(element, "int8", "least-memory");
        const guint64 rounded = read_bytes(element, "int8", "memory");

        fail_unless(rounded < read_bytes(element, "fp32", "memory") / 2);
        g_object_set(element, "max-memory", least, NULL);
        expect_too_large(element);
        fail_unless_equals_uint64(read_bytes(element, "int8", "least-memory"), least);
        g_object_set(element, "max-memory", least - 1, NULL);
        expect_too_large(element);
    }
    network_delete(wide);
}
GST_END_TEST;

/* A run takes the memory that model-info predicts, rounded activations included. */
GST_START_TEST(test_run_memory)
{
    static const char *const precisions[] = {"fp32", "int8"};
    guint64 run[G_N_ELEMENTS(precisions)];

    if (!cap_level("avx2"))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(precisions); i++) {
        gst_element_set_state(h->element, GST_STATE_NULL);
        g_object_set(h->element, "threads", 1, NULL);
        gst_util_set_object_arg(G_OBJECT(h->element), "precision", precisions[i]);
        harness_restart(h, CAPS);
        gst_buffer_unref(process(i));
        g_autoptr(GstStructure) info = read_property(h->element, "model-info");
        run[i] = frames_counter(h->element, "run-memory");
        fail_unless_equals_uint64(run[i], field_of(info, "image-memory") +
                                              field_of(info, "thread-memory") - STACK_BYTES);
    }
    fail_unless(run[0] != run[1]);
}
GST_END_TEST;

/* The largest difference between two tensors, relative to the largest number. */
static double distance(GstConvnextTensor *a, GstConvnextTensor *b)
{
    gsize n, same;
    const float *x = gst_convnext_tensor_get_values(a, &n);
    const float *y = gst_convnext_tensor_get_values(b, &same);
    double most = 0, largest = 0;

    fail_unless(n == same && n > 0);
    for (gsize i = 0; i < n; i++) {
        fail_unless(isfinite(y[i]));
        most = fmax(most, fabs((double)x[i] - (double)y[i]));
        largest = fmax(largest, fabs((double)x[i]));
    }
    return most / largest;
}

/* A frame with every output in this precision. */
static GstBuffer *run_outputs(const char *precision)
{
    gst_element_set_state(h->element, GST_STATE_NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "precision", precision);
    gst_util_set_object_arg(G_OBJECT(h->element), "outputs",
                            "classes+embedding+logits+stage1+stage2+stage3+stage4");
    harness_restart(h, CAPS);
    return process(0);
}

/* Every precision gives the embedding, the logits and the maps of the stages. */
GST_START_TEST(test_outputs)
{
    static const char *const names[] = {"embedding", "logits", "stage1",
                                        "stage2",    "stage3", "stage4"};
    const gboolean is_rounded = cap_level("avx2");
    g_autoptr(GstBuffer) exact = run_outputs("fp32");
    g_autoptr(GstBuffer) rounded = run_outputs("int8");
    guint n;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        GstConvnextTensor *a = gst_convnext_result_get_tensor(frames_result(exact), names[i]);
        GstConvnextTensor *b = gst_convnext_result_get_tensor(frames_result(rounded), names[i]);
        const double difference = distance(a, b);

        fail_unless(difference < 0.1, "%s: %g", names[i], difference);
        fail_unless((difference > 0) == is_rounded, "%s: %g", names[i], difference);
    }
    gst_convnext_result_get_classes(frames_result(rounded), &n);
    fail_unless_equals_int(n, 5);
}
GST_END_TEST;

/* Objects of a frame run in this precision too. */
GST_START_TEST(test_objects)
{
    static const Box boxes[] = {{"cat", 0, 0, 80, 60, 1}, {"dog", 40, 30, 100, 80, 2}};
    GstConvnextMeta *metas[2];
    float scores[2] = {0};

    if (!cap_level("avx2"))
        return;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(GstHarness) objects = boxes_harness(network, NULL);
        guint n;

        gst_element_set_state(objects->element, GST_STATE_NULL);
        gst_util_set_object_arg(G_OBJECT(objects->element), "precision", i ? "int8" : "fp32");
        harness_restart(objects, CAPS);
        g_autoptr(GstBuffer) out =
            boxes_process(objects, frames_new(CAPS, FRAME_COLOURS, 0), boxes, 2);
        fail_unless_equals_int(boxes_metas(out, metas, 2), 2);
        check_runs(objects->element, i ? "int8" : "fp32");
        scores[i] = gst_convnext_result_get_classes(metas[1]->result, &n)->score;
    }
    fail_unless(scores[0] != scores[1] && fabsf(scores[0] - scores[1]) < 0.1f, "%g, %g",
                (double)scores[0], (double)scores[1]);
}
GST_END_TEST;

/* The bundled model has the same first class in every precision, for a picture that is not close to
 * a threshold. */
GST_START_TEST(test_bundled)
{
    static const char *const precisions[] = {"fp32", "bf16", "int8"};
    const char *label[G_N_ELEMENTS(precisions)];

    for (guint i = 0; i < G_N_ELEMENTS(precisions); i++) {
        GstBus *bus;
        GstHarness *harness = new_harness(NULL, precisions[i], &bus);
        g_autoptr(GstBuffer) out = frames_process(harness, frames_new(CAPS, FRAME_COLOURS, 0));
        guint n;
        const GstConvnextClass *classes = gst_convnext_result_get_classes(frames_result(out), &n);

        fail_unless(n > 0);
        label[i] = g_intern_string(classes[0].label);
        fail_unless_equals_string(label[i], label[0]);
        free_harness(harness, bus);
    }
}
GST_END_TEST;

/* int8 rounds weights that are stored as 8-bit integers a second time: a warning says so. */
GST_START_TEST(test_quantised)
{
    static const char *const rows[][2] = {{"bitsandbytes", "a second time"}, {"plain", NULL}};

    if (!cap_level("avx2"))
        return;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *path = g_build_filename(FIXTURES, "forms", rows[i][0], NULL);

        for (guint j = 0; j < 2; j++) {
            g_autoptr(GstElement) element = gst_element_factory_make("convnext", NULL);
            g_autoptr(GstBus) bus = gst_bus_new();

            gst_element_set_bus(gst_object_ref_sink(element), bus);
            g_object_set(element, "model", path, NULL);
            gst_util_set_object_arg(G_OBJECT(element), "outputs", "embedding");
            gst_util_set_object_arg(G_OBJECT(element), "precision", j ? "int8" : "fp32");
            fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                                   GST_STATE_CHANGE_SUCCESS);
            if (j && rows[i][1])
                messages_expect(gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING), rows[i][1]);
            messages_check_none(bus);
            gst_element_set_state(element, GST_STATE_NULL);
            gst_element_set_bus(element, NULL);
        }
    }
}
GST_END_TEST;

/* A gst-launch line with an unknown precision is refused in one sentence. */
GST_START_TEST(test_unknown)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GstElement) pipeline =
        gst_parse_launch("videotestsrc ! convnext precision=int4 ! fakesink", &error);

    fail_unless(error);
    messages_check_text(error, "could not set property \"precision\"");
    messages_check_text(error, "\"int4\"");
}
GST_END_TEST;

static void setup(void)
{
    g_unsetenv("CONVNEXT_CPU");
    stage_setup();
}

static Suite *convnext_precision_suite(void)
{
    Suite *s = suite_create("convnext_precision");
    TCase *tc = tcase_create("all");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, stage_teardown);
    tcase_add_test(tc, test_auto);
    tcase_add_test(tc, test_not_accelerated);
    tcase_add_test(tc, test_cap_is_named);
    tcase_add_test(tc, test_accelerated);
    tcase_add_test(tc, test_sharing);
    tcase_add_test(tc, test_reload);
    tcase_add_test(tc, test_one_warning);
    tcase_add_test(tc, test_memory);
    tcase_add_test(tc, test_run_memory);
    tcase_add_test(tc, test_outputs);
    tcase_add_test(tc, test_objects);
    tcase_add_test(tc, test_bundled);
    tcase_add_test(tc, test_quantised);
    tcase_add_test(tc, test_unknown);
    return s;
}

GST_CHECK_MAIN(convnext_precision);
