/* From logits to the classes of a result, and from the results of several objects to their states.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/classify.h"

#include <gst/check/gstcheck.h>

#include "gst/results/states.h"

static const char *const labels[] = {"a", "b", "c", "d"};

/* The labels of the result for these logits, best first. */
static char *classify(const float *logits, GstConvnextActivation activation, guint top_k,
                      double threshold, const CnxDecision *decision)
{
    const GstConvnextScoring scoring = {activation, top_k, threshold};
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("m", 0);
    g_autoptr(GString) text = g_string_new(NULL);
    float scores[4];
    guint n;

    gst_convnext_classify(result, logits, scores, labels, 4, &scoring, decision);
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);
    for (guint i = 0; i < n; i++)
        g_string_append(text, classes[i].label);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* The softmax of a single class is always 1. */
GST_START_TEST(test_activation)
{
    static const struct {
        guint classes;
        gboolean multi_label, regression;
        GstConvnextActivation expected;
    } cases[] = {
        {2, FALSE, FALSE, GST_CONVNEXT_ACTIVATION_SOFTMAX},
        {2, TRUE, FALSE, GST_CONVNEXT_ACTIVATION_SIGMOID},
        {1, FALSE, FALSE, GST_CONVNEXT_ACTIVATION_SIGMOID},
        {1, FALSE, TRUE, GST_CONVNEXT_ACTIVATION_NONE},
        {2, FALSE, TRUE, GST_CONVNEXT_ACTIVATION_NONE},
    };
    CnxConfig *config = cnx_config_new();

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        config->classes = cases[i].classes;
        config->multi_label = cases[i].multi_label;
        config->regression = cases[i].regression;
        fail_unless_equals_int(
            gst_convnext_activation_resolve(GST_CONVNEXT_ACTIVATION_AUTO, config),
            cases[i].expected);
        fail_unless_equals_int(
            gst_convnext_activation_resolve(GST_CONVNEXT_ACTIVATION_SOFTMAX, config),
            GST_CONVNEXT_ACTIVATION_SOFTMAX);
    }
    cnx_config_free(config);
}
GST_END_TEST;

/* A score that equals the threshold reaches it; logits have no threshold. */
GST_START_TEST(test_threshold)
{
    static const float logits[] = {-1, 0, 2, -9};
    static const struct {
        GstConvnextActivation activation;
        guint top_k;
        double threshold;
        const char *expected;
    } cases[] = {
        {GST_CONVNEXT_ACTIVATION_SIGMOID, 4, 0.5, "cb"},
        {GST_CONVNEXT_ACTIVATION_SIGMOID, 4, 0.51, "c"},
        {GST_CONVNEXT_ACTIVATION_SIGMOID, 4, 0, "cbad"},
        {GST_CONVNEXT_ACTIVATION_SIGMOID, 1, 0.5, "c"},
        {GST_CONVNEXT_ACTIVATION_SOFTMAX, 9, 0.9, ""},
        {GST_CONVNEXT_ACTIVATION_NONE, 3, 0.5, "cba"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found =
            classify(logits, cases[i].activation, cases[i].top_k, cases[i].threshold, NULL);

        fail_unless(g_str_equal(found, cases[i].expected), "case %u: '%s', expected '%s'", i, found,
                    cases[i].expected);
    }
}
GST_END_TEST;

/* Temperatures, thresholds and the rest class belong to the scores of the model's own activation.
 */
GST_START_TEST(test_decision_of)
{
    static const struct {
        guint classes;
        gboolean multi_label, regression;
        GstConvnextActivation activation;
        gboolean applies;
    } cases[] = {
        {9, TRUE, FALSE, GST_CONVNEXT_ACTIVATION_AUTO, TRUE},
        {9, TRUE, FALSE, GST_CONVNEXT_ACTIVATION_SIGMOID, TRUE},
        {9, TRUE, FALSE, GST_CONVNEXT_ACTIVATION_SOFTMAX, FALSE},
        {9, TRUE, FALSE, GST_CONVNEXT_ACTIVATION_NONE, FALSE},
        {9, FALSE, FALSE, GST_CONVNEXT_ACTIVATION_AUTO, TRUE},
        {9, FALSE, FALSE, GST_CONVNEXT_ACTIVATION_SOFTMAX, TRUE},
        {9, FALSE, FALSE, GST_CONVNEXT_ACTIVATION_SIGMOID, FALSE},
        {1, FALSE, FALSE, GST_CONVNEXT_ACTIVATION_SIGMOID, TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        CnxConfig *config = cnx_config_new();

        config->classes = cases[i].classes;
        config->multi_label = cases[i].multi_label;
        config->regression = cases[i].regression;
        fail_unless(gst_convnext_decision_resolve(cases[i].activation, config) ==
                        (cases[i].applies ? &config->decision : NULL),
                    "case %u", i);
        cnx_config_free(config);
    }
}
GST_END_TEST;

/* The state comes first: the class that exceeds its threshold most, or the rest class, which
 * neither top-k nor the property threshold takes away from there. */
GST_START_TEST(test_rest_class)
{
    static const float none[] = {-3, 1, -4, -1.5f}, two[] = {3, -1, 5, 0};
    float thresholds[] = {0.5f, 0.8f, 0.99f, 0.3f}, temperatures[] = {1, 1, 1, 2};
    const CnxDecision decision = {temperatures, thresholds, .rest_class = 0};
    static const struct {
        const float *logits;
        guint top_k;
        double threshold;
        const char *expected;
    } cases[] = {
        {none, 4, 0, "dabc"}, /* d: 0.32 with its temperature; b: 0.73, but it needs 0.8 */
        {none, 4, 0.5, "ab"}, /* d is present, but below the property */
        {none, 1, 0.99, "a"}, {two, 4, 0, "dcab"}, /* d: 0.85 above its threshold, c: 0.40 */
        {two, 2, 0, "dc"},    {two, 4, 0.7, "ca"}, {two, 4, 0.999, "a"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = classify(cases[i].logits, GST_CONVNEXT_ACTIVATION_SIGMOID,
                                          cases[i].top_k, cases[i].threshold, &decision);

        fail_unless(g_str_equal(found, cases[i].expected), "case %u: '%s', expected '%s'", i, found,
                    cases[i].expected);
    }
}
GST_END_TEST;

/* Softmax has a single temperature. */
GST_START_TEST(test_softmax_temperature)
{
    static const float logits[] = {4, 0, 0, 0};
    float temperatures[] = {4, 4, 4, 4};
    const CnxDecision decision = {.temperature = temperatures, .rest_class = CNX_NO_CLASS};

    /* e / (e + 3) is 0.475; without the temperature it is 0.948 */
    g_autofree char *plain = classify(logits, GST_CONVNEXT_ACTIVATION_SOFTMAX, 4, 0.5, NULL);
    g_autofree char *divided = classify(logits, GST_CONVNEXT_ACTIVATION_SOFTMAX, 4, 0.5, &decision);
    fail_unless_equals_string(plain, "a");
    fail_unless_equals_string(divided, "");
}
GST_END_TEST;

/* Each object has the scores of its own result; an object without a reliable id has no state. */
GST_START_TEST(test_objects)
{
    static const float scores[] = {0.9f, 0, 0.1f, 0, 0.1f, 0.2f, 0.7f, 0, 0, 1, 0, 0};
    const GstConvnextObject objects[] = {
        {.track = 5, .is_tracked = TRUE, .id = 50, .type = g_quark_from_static_string("car")},
        {.track = 6, .is_tracked = TRUE, .id = -1},
        {.track = 7, .is_tracked = FALSE, .id = 70},
    };
    const GstConvnextTimes times = {0};
    const GstConvnextSmoothing smoothing = {.kind = GST_CONVNEXT_SMOOTHING_EXPONENTIAL, .alpha = 1};
    const GstConvnextSample sample = {
        .times = &times, .smoothing = &smoothing, .scores = scores, .labels = labels, .classes = 4};
    g_autoptr(GPtrArray) results =
        g_ptr_array_new_with_free_func((GDestroyNotify)gst_convnext_result_unref);
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(GstConvnextObject));
    GstConvnextStates *states = gst_convnext_states_new();
    int id;

    g_array_append_vals(array, objects, G_N_ELEMENTS(objects));
    for (guint i = 0; i < G_N_ELEMENTS(objects); i++) {
        GstConvnextResult *result = gst_convnext_result_new("m", 0);

        gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
        g_ptr_array_add(results, result);
    }
    GSList *changes = gst_convnext_states_add_all(states, &sample, results, array);
    fail_unless_equals_int(g_slist_length(changes), 2);
    const GstStructure *one = changes->data, *two = changes->next->data;
    fail_unless_equals_string(gst_structure_get_string(one, "new"), "a");
    fail_unless_equals_string(gst_structure_get_string(one, "object-label"), "car");
    fail_unless(gst_structure_get_int(one, "object-id", &id) && id == 50);
    fail_unless_equals_string(gst_structure_get_string(two, "new"), "c");
    fail_unless(!gst_structure_has_field(two, "object-id"));
    g_slist_free_full(changes, (GDestroyNotify)gst_structure_free);
    gst_convnext_states_free(states);
}
GST_END_TEST;

static Suite *classify_suite(void)
{
    Suite *suite = suite_create("classify");
    TCase *tc = tcase_create("all");

    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_activation);
    tcase_add_test(tc, test_threshold);
    tcase_add_test(tc, test_decision_of);
    tcase_add_test(tc, test_rest_class);
    tcase_add_test(tc, test_softmax_temperature);
    tcase_add_test(tc, test_objects);
    return suite;
}
GST_CHECK_MAIN(classify);
