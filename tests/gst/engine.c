/* Engines without an element: names of models, outputs that a network lacks, times of several
 * images, and which engines give the same classes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/engine.h"

#include <gst/check/gstcheck.h>
#include <unistd.h>

#include "tests/gst/support/network.h"

static GstConvnextSettings settings;

static void setup(void)
{
    network_setup();
    gst_convnext_settings_init(&settings, GST_CONVNEXT_TASK_CLASSIFY);
}

static void teardown(void)
{
    gst_convnext_engine_settings_clear(&settings.engine);
    network_teardown();
}

static GstConvnextEngine *open_engine(const char *model)
{
    g_autoptr(GError) error = NULL;

    g_free(settings.engine.model);
    settings.engine.model = g_strdup(model);
    GstConvnextEngine *engine = gst_convnext_engine_open(&settings.engine, &error);
    fail_unless(engine, "%s", error ? error->message : "");
    return engine;
}

/* Runs n grey images, prepared in 8 ms. */
static GstConvnextJob *run_images(GstConvnextEngine *engine, guint n)
{
    GstConvnextJob *job = gst_convnext_job_new();

    fail_unless(gst_convnext_job_begin(job, engine, n, NETWORK_SIZE, NETWORK_SIZE, NULL));
    for (guint i = 0; i < n; i++)
        memset(gst_convnext_job_input(job, i), 0,
               (gsize)NETWORK_SIZE * NETWORK_SIZE * 3 * sizeof(float));
    job->scoring = settings.frame.scoring;
    job->preprocess_time = 8 * GST_MSECOND;
    fail_unless(gst_convnext_engine_run(job, NULL));
    fail_unless_equals_int(job->results->len, n);
    return job;
}

/* The name of the file, or of the folder of a file with a usual name. */
GST_START_TEST(test_names)
{
    g_autofree char *base = g_path_get_basename(network);
    g_autofree char *usual = g_build_filename(network, "model.safetensors", NULL);
    g_autofree char *own = g_build_filename(network, "cat.or.dog.safetensors", NULL);
    const char *const paths[][2] = {{network, base}, {usual, base}, {own, "cat.or.dog"}};

    fail_unless_equals_int(symlink("model.safetensors", own), 0);
    for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GstConvnextEngine) engine = open_engine(paths[i][0]);
        GstConvnextJob *job = run_images(engine, 1);

        fail_unless_equals_string(gst_convnext_result_get_model(g_ptr_array_index(job->results, 0)),
                                  paths[i][1]);
        gst_convnext_job_free(job);
    }
}
GST_END_TEST;

/* Each image has its share of the time that all of them took. */
GST_START_TEST(test_times)
{
    g_autoptr(GstConvnextEngine) engine = open_engine(network);
    GstConvnextJob *job = run_images(engine, 4);
    GstClockTime inference = 0;

    for (guint i = 0; i < 4; i++) {
        GstConvnextResult *result = g_ptr_array_index(job->results, i);

        fail_unless_equals_uint64(gst_convnext_result_get_preprocess_time(result), 2 * GST_MSECOND);
        inference += gst_convnext_result_get_inference_time(result);
    }
    fail_unless(inference <= job->inference_time && inference + 16 > job->inference_time);
    gst_convnext_job_free(job);
}
GST_END_TEST;

static void expect_refusal(const char *word)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GstConvnextEngine) engine = gst_convnext_engine_open(&settings.engine, &error);

    fail_unless(!engine && error && strstr(error->message, word), "expected '%s', found '%s'", word,
                error ? error->message : "nothing");
}

/* A network with three stages. */
GST_START_TEST(test_stages)
{
    settings.engine.model = g_build_filename(g_getenv("CNX_ROOT"), "tests", "fixtures", "networks",
                                             "transformers-three-stages", NULL);
    settings.engine.outputs = GST_CONVNEXT_OUTPUTS_STAGE3;
    g_autoptr(GstConvnextEngine) engine = gst_convnext_engine_open(&settings.engine, NULL);
    fail_unless(engine);
    settings.engine.outputs = GST_CONVNEXT_OUTPUTS_STAGE4;
    expect_refusal("the model has 3 stages, but outputs names a later one");
    settings.engine.outputs |= GST_CONVNEXT_OUTPUTS_STAGE1;
    expect_refusal("the model has 3 stages, but outputs names a later one");
}
GST_END_TEST;

GST_START_TEST(test_same_classes)
{
    g_autoptr(GstConvnextEngine) first = open_engine(network);
    g_autofree char *labels = network_add_file(network, "other.txt", "a\nb\nc\nd\ne\nf\n");
    g_autofree char *same =
        network_add_file(network, "same.txt", "zero\none\ntwo\nthree\nfour\nfive\n");

    settings.engine.threads = 1;
    settings.engine.outputs |= GST_CONVNEXT_OUTPUTS_EMBEDDING;
    g_autoptr(GstConvnextEngine) outputs = open_engine(network);
    fail_unless(gst_convnext_engine_same_classes(first, outputs));
    settings.engine.labels = g_strdup(same);
    g_autoptr(GstConvnextEngine) named = open_engine(network);
    fail_unless(gst_convnext_engine_same_classes(first, named));
    g_free(settings.engine.labels);
    settings.engine.labels = g_strdup(labels);
    g_autoptr(GstConvnextEngine) renamed = open_engine(network);
    fail_unless(!gst_convnext_engine_same_classes(first, renamed));
    g_clear_pointer(&settings.engine.labels, g_free);
    settings.engine.crop = GST_CONVNEXT_CROP_BORDER;
    g_autoptr(GstConvnextEngine) cropped = open_engine(network);
    fail_unless(!gst_convnext_engine_same_classes(first, cropped));
    settings.engine.crop = GST_CONVNEXT_CROP_AUTO;
    settings.engine.input_size = 96;
    g_autoptr(GstConvnextEngine) sized = open_engine(network);
    fail_unless(!gst_convnext_engine_same_classes(first, sized));
}
GST_END_TEST;

static void expect_origins(const char *size, const char *crop, const char *resize)
{
    g_autoptr(GstConvnextEngine) engine = open_engine(network);
    g_autoptr(GstStructure) info = gst_convnext_engine_info(engine);

    fail_unless_equals_string(gst_structure_get_string(info, "input-size-from"), size);
    fail_unless_equals_string(gst_structure_get_string(info, "crop-from"), crop);
    fail_unless_equals_string(gst_structure_get_string(info, "resize-from"), resize);
}

/* The size before the crop follows both properties. */
GST_START_TEST(test_origins)
{
    g_autoptr(GstConvnextEngine) engine = open_engine(network);
    g_autoptr(GstStructure) info = gst_convnext_engine_info(engine);
    g_autofree char *size = g_strdup(gst_structure_get_string(info, "input-size-from"));
    g_autofree char *crop = g_strdup(gst_structure_get_string(info, "crop-from"));

    settings.engine.crop = GST_CONVNEXT_CROP_SQUASH;
    expect_origins(size, "property", "property");
    settings.engine.crop = GST_CONVNEXT_CROP_AUTO;
    settings.engine.input_size = 96;
    expect_origins("property", crop, "property");
}
GST_END_TEST;

static Suite *engine_suite(void)
{
    Suite *suite = suite_create("engine");
    TCase *tc = tcase_create("all");

    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_names);
    tcase_add_test(tc, test_times);
    tcase_add_test(tc, test_stages);
    tcase_add_test(tc, test_same_classes);
    tcase_add_test(tc, test_origins);
    return suite;
}
GST_CHECK_MAIN(engine);
