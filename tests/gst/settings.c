/* Settings: which of them change results, and what is checked beyond the range of one property.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings/settings.h"

#include <gst/check/gstcheck.h>

static GstConvnextSettings settings;

static void setup(void)
{
    gst_convnext_settings_init(&settings, GST_CONVNEXT_TASK_CLASSIFY);
}

static void teardown(void)
{
    gst_convnext_engine_settings_clear(&settings.engine);
}

/* Sets another value than the default. */
static void change(guint id, GType type, double number)
{
    g_auto(GValue) value = G_VALUE_INIT;

    g_value_init(&value, type);
    if (G_TYPE_IS_ENUM(type))
        g_value_set_enum(&value, (int)number);
    else if (type == G_TYPE_UINT)
        g_value_set_uint(&value, (guint)number);
    else if (type == G_TYPE_UINT64)
        g_value_set_uint64(&value, (guint64)number);
    else if (type == G_TYPE_BOOLEAN)
        g_value_set_boolean(&value, number != 0);
    else
        g_value_set_double(&value, number);
    fail_unless(gst_convnext_settings_set(&settings, id, &value));
}

/* Settings that change results make the next frame due, others do not. */
GST_START_TEST(test_same_results)
{
    const struct {
        guint id;
        GType type;
        double number;
        gboolean is_same;
    } cases[] = {
        {GST_CONVNEXT_PROP_ORIENTATION, GST_TYPE_CONVNEXT_ORIENTATION, 1, FALSE},
        {GST_CONVNEXT_PROP_ACTIVATION, GST_TYPE_CONVNEXT_ACTIVATION, 2, FALSE},
        {GST_CONVNEXT_PROP_TOP_K, G_TYPE_UINT, 1, FALSE},
        {GST_CONVNEXT_PROP_THRESHOLD, G_TYPE_DOUBLE, 0.5, FALSE},
        {GST_CONVNEXT_PROP_SMOOTHING, GST_TYPE_CONVNEXT_SMOOTHING, 1, FALSE},
        {GST_CONVNEXT_PROP_SMOOTHING_TIME, G_TYPE_UINT64, 9, FALSE},
        {GST_CONVNEXT_PROP_SMOOTHING_ENTER, G_TYPE_DOUBLE, 0.9, FALSE},
        {GST_CONVNEXT_PROP_SMOOTHING_LEAVE, G_TYPE_DOUBLE, 0.1, FALSE},
        {GST_CONVNEXT_PROP_SMOOTHING_WINDOW, G_TYPE_UINT, 9, FALSE},
        {GST_CONVNEXT_PROP_SMOOTHING_COUNT, G_TYPE_UINT, 2, FALSE},
        {GST_CONVNEXT_PROP_SMOOTHING_ALPHA, G_TYPE_DOUBLE, 0.9, FALSE},
        {GST_CONVNEXT_PROP_OBJECT_MARGIN, G_TYPE_DOUBLE, 0.1, FALSE},
        {GST_CONVNEXT_PROP_MAX_OBJECTS, G_TYPE_UINT, 3, TRUE},
        {GST_CONVNEXT_PROP_INTERVAL, G_TYPE_UINT, 3, TRUE},
        {GST_CONVNEXT_PROP_MAX_AGE, G_TYPE_UINT64, 3, TRUE},
        {GST_CONVNEXT_PROP_CARRY, G_TYPE_BOOLEAN, 0, TRUE},
        {GST_CONVNEXT_PROP_POST_MESSAGES, G_TYPE_BOOLEAN, 1, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const GstConvnextFrameSettings before = settings.frame;

        change(cases[i].id, cases[i].type, cases[i].number);
        fail_unless(gst_convnext_frame_settings_same_results(&before, &settings.frame) ==
                        cases[i].is_same,
                    "case %u", i);
        fail_unless_equals_int(settings.frame.version, (int)before.version + 1);
    }
}
GST_END_TEST;

GST_START_TEST(test_object_class)
{
    static const char *const words[] = {"car", "", "person", NULL};

    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        g_auto(GValue) value = G_VALUE_INIT;

        g_value_init(&value, G_TYPE_STRING);
        g_value_set_static_string(&value, words[i]);
        fail_unless(gst_convnext_settings_set(&settings, GST_CONVNEXT_PROP_OBJECT_CLASS, &value));
        fail_unless_equals_string(settings.frame.objects.klass,
                                  words[i] && *words[i] ? words[i] : NULL);
    }
}
GST_END_TEST;

GST_START_TEST(test_input_size)
{
    static const guint sizes[] = {0, 32, 224, 416}, odd[] = {1, 16, 48, 225};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        settings.engine.input_size = sizes[i];
        fail_unless(gst_convnext_engine_settings_check(&settings.engine, NULL));
        settings.engine.input_size = odd[i];
        fail_if(gst_convnext_engine_settings_check(&settings.engine, NULL));
    }
}
GST_END_TEST;

/* Both sides may be set, or one, and input-size as well only if it says the same. */
GST_START_TEST(test_input_sides)
{
    static const struct {
        guint size, width, height;
        const char *reason;
    } cases[] = {
        {0, 640, 384, NULL},
        {0, 640, 0, NULL},
        {640, 640, 0, NULL},
        {0, 640, 100, "input-height must be 0 or a multiple of 32, not 100"},
        {0, 33, 0, "input-width must be 0 or a multiple of 32, not 33"},
        {224, 640, 224, "input-size is 224, so input-width cannot be 640: set input-size to 0"},
        {640, 640, 384, "input-size is 640, so input-height cannot be 384: set input-size to 0"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        settings.engine.input_size = cases[i].size;
        settings.engine.input_width = cases[i].width;
        settings.engine.input_height = cases[i].height;
        fail_unless(gst_convnext_engine_settings_check(&settings.engine, &error) ==
                    !cases[i].reason);
        fail_unless_equals_string(error ? error->message : NULL, cases[i].reason);
    }
}
GST_END_TEST;

/* The count is checked for majority only, where it counts, and may equal the window. */
GST_START_TEST(test_smoothing)
{
    GstConvnextSmoothing *smoothing = &settings.frame.smoothing;

    smoothing->kind = GST_CONVNEXT_SMOOTHING_MAJORITY;
    smoothing->count = smoothing->window = 4;
    fail_unless(gst_convnext_settings_check_frames(&settings, NULL));
    smoothing->count = 5;
    fail_if(gst_convnext_settings_check_frames(&settings, NULL));
    smoothing->time = 1;
    fail_unless(gst_convnext_settings_check_frames(&settings, NULL));
    smoothing->time = 0;
    smoothing->enter = 0.6;
    fail_unless(gst_convnext_settings_check_frames(&settings, NULL));
    smoothing->enter = 0;
    smoothing->kind = GST_CONVNEXT_SMOOTHING_EXPONENTIAL;
    fail_unless(gst_convnext_settings_check_frames(&settings, NULL));
    settings.engine.outputs = GST_CONVNEXT_OUTPUTS_EMBEDDING;
    fail_if(gst_convnext_settings_check_frames(&settings, NULL));
    smoothing->kind = GST_CONVNEXT_SMOOTHING_NONE;
    fail_unless(gst_convnext_settings_check_frames(&settings, NULL));
}
GST_END_TEST;

/* The level to leave may equal the level to enter, and is free if that is automatic. */
GST_START_TEST(test_levels)
{
    GstConvnextSmoothing *smoothing = &settings.frame.smoothing;
    g_autoptr(GError) error = NULL;

    for (int kind = 0; kind < 3; kind++) {
        smoothing->kind = kind;
        smoothing->enter = 0;
        smoothing->leave = 0.7;
        fail_unless(gst_convnext_settings_check_frames(&settings, NULL));
        smoothing->enter = 0.7;
        fail_unless(gst_convnext_settings_check_frames(&settings, NULL));
        smoothing->enter = 0.5;
        fail_unless(gst_convnext_settings_check_frames(&settings, NULL) == (kind == 0));
    }
    gst_convnext_settings_check_frames(&settings, &error);
    fail_unless_equals_string(error->message,
                              "smoothing-leave must be at most smoothing-enter (0.5), not 0.7");
}
GST_END_TEST;

/* The properties that the check reads. */
GST_START_TEST(test_is_checked)
{
    static const guint ids[] = {
        GST_CONVNEXT_PROP_OUTPUTS,         GST_CONVNEXT_PROP_SMOOTHING,
        GST_CONVNEXT_PROP_SMOOTHING_TIME,  GST_CONVNEXT_PROP_SMOOTHING_ENTER,
        GST_CONVNEXT_PROP_SMOOTHING_LEAVE, GST_CONVNEXT_PROP_SMOOTHING_WINDOW,
        GST_CONVNEXT_PROP_SMOOTHING_COUNT};

    for (guint i = 0; i < G_N_ELEMENTS(ids); i++)
        fail_unless(gst_convnext_settings_is_checked(ids[i]), "%u", i);
    fail_if(gst_convnext_settings_is_checked(GST_CONVNEXT_PROP_SMOOTHING_ALPHA));
    fail_if(gst_convnext_settings_is_checked(GST_CONVNEXT_PROP_QOS));
}
GST_END_TEST;

static Suite *settings_suite(void)
{
    Suite *suite = suite_create("settings");
    TCase *tc = tcase_create("all");

    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_same_results);
    tcase_add_test(tc, test_object_class);
    tcase_add_test(tc, test_input_size);
    tcase_add_test(tc, test_input_sides);
    tcase_add_test(tc, test_smoothing);
    tcase_add_test(tc, test_levels);
    tcase_add_test(tc, test_is_checked);
    return suite;
}
GST_CHECK_MAIN(settings);
