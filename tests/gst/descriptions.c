/* What gst-inspect-1.0 prints about the properties: a newcomer finds units, what 0 and NULL mean,
 * and nothing about other elements.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/heads.h"
#include "tests/gst/support/network.h"

static const char *const names[] = {"convnext", "convnextsegment", "convnextdetect",
                                    "convnextpublish"};

static GstElement *make(const char *name)
{
    GstElement *element = gst_element_factory_make(name, NULL);

    fail_unless(element, "no element %s", name);
    return gst_object_ref_sink(element);
}

/* The properties that a class of the plugin has installed: [*n], to be freed. */
static GParamSpec **own_properties(GstElement *element, guint *n)
{
    GParamSpec **all = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), n);
    guint kept = 0;

    for (guint i = 0; i < *n; i++)
        if (all[i]->owner_type == G_OBJECT_TYPE(element))
            all[kept++] = all[i];
    *n = kept;
    return all;
}

static gboolean needs_zero(const GParamSpec *spec)
{
    return (G_IS_PARAM_SPEC_UINT(spec) && G_PARAM_SPEC_UINT(spec)->minimum == 0) ||
           (G_IS_PARAM_SPEC_UINT64(spec) && G_PARAM_SPEC_UINT64(spec)->minimum == 0);
}

/* Numbers say what 0 means, texts what NULL means. */
GST_START_TEST(test_defaults)
{
    g_autoptr(GstElement) element = make(names[__i__]);
    guint n;
    g_autofree GParamSpec **specs = own_properties(element, &n);

    fail_unless(n > 0);
    for (guint i = 0; i < n; i++) {
        const char *blurb = g_param_spec_get_blurb(specs[i]);

        if (needs_zero(specs[i]))
            fail_unless(strstr(blurb, "(0 = "), "%s: %s", specs[i]->name, blurb);
        if (G_IS_PARAM_SPEC_STRING(specs[i]))
            fail_unless(strstr(blurb, "NULL") || strstr(blurb, "(\"-\" = "), "%s: %s",
                        specs[i]->name, blurb);
    }
}
GST_END_TEST;

static gboolean has_word(const char *text, const char *word)
{
    g_autofree char *pattern = g_strdup_printf("(?<![a-z-])%s(?![a-z-])", word);

    return g_regex_match_simple(pattern, text, 0, 0);
}

/* A description names only properties that the element has. Names that are ordinary words too are
 * not searched for. */
GST_START_TEST(test_others)
{
    g_autoptr(GstElement) element = make(names[__i__]);
    guint n;
    g_autofree GParamSpec **specs = own_properties(element, &n);

    for (guint other = 0; other < G_N_ELEMENTS(names); other++) {
        g_autoptr(GstElement) stranger = make(names[other]);
        guint strangers;
        g_autofree GParamSpec **theirs = own_properties(stranger, &strangers);

        for (guint j = 0; j < strangers; j++) {
            const char *name = theirs[j]->name;

            if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), name) ||
                !(strchr(name, '-') || g_str_equal(name, "smoothing")))
                continue;
            for (guint i = 0; i < n; i++)
                if (!g_str_equal(specs[i]->name, "model-info"))
                    fail_if(has_word(g_param_spec_get_blurb(specs[i]), name),
                            "%s, which %s does not have: %s", name, names[__i__],
                            g_param_spec_get_blurb(specs[i]));
        }
    }
}
GST_END_TEST;

/* The elements whose head runs in fp32 or bf16 say that int8 is refused, as they do. */
GST_START_TEST(test_precision)
{
    static const char *const refusing[] = {"convnextsegment", "convnextdetect"};

    for (guint i = 0; i < G_N_ELEMENTS(refusing); i++) {
        g_autoptr(GstElement) element = make(refusing[i]);
        GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), "precision");

        fail_unless(strstr(g_param_spec_get_blurb(spec), "int8 is refused"));
        gst_util_set_object_arg(G_OBJECT(element), "precision", "int8");
        g_object_set(element, "model", i ? DETECTOR : SEGMENTER, NULL);
        fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                               GST_STATE_CHANGE_FAILURE);
        gst_element_set_state(element, GST_STATE_NULL);
    }
}
GST_END_TEST;

/* Every field of model-info is named in its description. */
GST_START_TEST(test_model_info)
{
    static const char *const launches[] = {"convnext model=%s",
                                           "convnext model=" SEGMENTER " outputs=stage4%.0s",
                                           "convnextsegment slide=true model=" SEGMENTER "%.0s",
                                           "convnextdetect model=" DETECTOR "%.0s"};
    g_autofree char *launch = g_strdup_printf(launches[__i__], network);
    g_autoptr(GstElement) element = gst_object_ref_sink(gst_parse_launch(launch, NULL));
    g_autoptr(GstStructure) info = NULL;
    const char *blurb = g_param_spec_get_blurb(
        g_object_class_find_property(G_OBJECT_GET_CLASS(element), "model-info"));

    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    g_object_get(element, "model-info", &info, NULL);
    for (int i = 0; i < gst_structure_n_fields(info); i++) {
        const char *field = gst_structure_nth_field_name(info, (guint)i);

        fail_unless(g_str_has_suffix(field, "-from") || has_word(blurb, field), "%s is not in: %s",
                    field, blurb);
    }
    gst_element_set_state(element, GST_STATE_NULL);
}
GST_END_TEST;

static Suite *descriptions_suite(void)
{
    Suite *s = suite_create("descriptions");
    TCase *tc = tcase_create("descriptions");

    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_loop_test(tc, test_defaults, 0, G_N_ELEMENTS(names));
    tcase_add_loop_test(tc, test_others, 0, G_N_ELEMENTS(names));
    tcase_add_test(tc, test_precision);
    tcase_add_loop_test(tc, test_model_info, 0, 4);
    return s;
}

GST_CHECK_MAIN(descriptions);
