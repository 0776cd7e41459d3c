/* What each library can express: networks that are refused for one property, and the labels of
 * configs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/config/recipe_defaults.h"
#include "model/export/export_timm.h"
#include "model/export/export_transformers.h"

static CnxConfig *new_network(void)
{
    CnxConfig *config = cnx_config_new();

    memcpy(config->depths, (guint[]){2, 2, 6, 2}, sizeof config->depths);
    memcpy(config->dims, (guint[]){40, 80, 160, 320}, sizeof config->dims);
    config->variant = g_strdup("convnext_atto");
    config->classes = 3;
    config->final_norm = TRUE;
    config->layer_scale = TRUE;
    config->act = CNX_ACT_GELU;
    config->eps = config->head_eps = 1e-6;
    cnx_recipe_set_defaults(&config->recipe, CNX_DIALECT_TIMM, config->variant);
    return config;
}

/* The sentence that refuses the network, or NULL; free with g_free. */
static char *check_network(const CnxExportWriter *writer, const CnxConfig *config)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    const CnxExport e = {config, "file", writer->library, CNX_DTYPE_F32, notes, &error};
    const gboolean fine = writer->check(&e);

    g_assert_true(fine == !error);
    return error ? g_strdup(error->message) : NULL;
}

static void assert_refused(const CnxExportWriter *writer, const CnxConfig *config, const char *word)
{
    g_autofree char *sentence = check_network(writer, config);

    g_test_message("%s", sentence ? sentence : "accepted");
    if (!word)
        g_assert_null(sentence);
    else if (!sentence || !strstr(sentence, word))
        g_error("expected '%s', found: %s", word, sentence);
}

/* timm rounds half of the width to a multiple of 8, and up if that loses more than a tenth. */
static void test_tiered_stems(void)
{
    static const struct {
        guint width, between;
        const char *word;
    } stems[] = {{40, 24, NULL},
                 {64, 32, NULL},
                 {36, 24, NULL},
                 {36, 16, "16 channels between"},
                 {8, 8, NULL},
                 {40, 40, NULL},
                 {40, 20, "20 channels between"}};

    for (guint i = 0; i < G_N_ELEMENTS(stems); i++) {
        CnxConfig *config = new_network();

        config->stem = CNX_STEM_OVERLAP;
        config->dims[0] = stems[i].width;
        config->stem_width = stems[i].between;
        assert_refused(&cnx_export_timm, config, stems[i].word);
        cnx_config_free(config);
    }
}

static void test_both(void)
{
    CnxConfig *config = new_network();

    assert_refused(&cnx_export_timm, config, NULL);
    assert_refused(&cnx_export_transformers, config, NULL);
    config->grn = TRUE;
    assert_refused(&cnx_export_transformers, config, "both GRN and layer scale");
    assert_refused(&cnx_export_timm, config, NULL);
    config->layer_scale = FALSE;
    assert_refused(&cnx_export_transformers, config, NULL);
    config->head_eps = 1e-5;
    assert_refused(&cnx_export_transformers, config, NULL);
    assert_refused(&cnx_export_timm, config, "only one for all norms");
    config->eps = 1e-5;
    assert_refused(&cnx_export_transformers, config, "the eps of the layer norms is 1e-05");
    assert_refused(&cnx_export_timm, config, NULL);
    config->multi_label = TRUE;
    assert_refused(&cnx_export_timm, config, "independent");
    config->multi_label = FALSE;
    config->regression = TRUE;
    assert_refused(&cnx_export_timm, config, "regression");
    cnx_config_free(config);
}

/* Of two classes with one name, label2id has the first. */
static void test_equal_labels(void)
{
    static const char *const labels[] = {"crane", "cat", "crane", NULL};
    CnxConfig *config = new_network();
    const CnxExport e = {config, "file", "transformers", CNX_DTYPE_F32, NULL, NULL};

    config->labels = g_strdupv((char **)labels);
    g_autoptr(JsonNode) root = cnx_export_transformers.make_config(&e);
    JsonObject *object = json_node_get_object(root);
    JsonObject *numbers = json_object_get_object_member(object, "label2id");
    JsonObject *names = json_object_get_object_member(object, "id2label");
    g_assert_cmpuint(json_object_get_size(names), ==, 3);
    g_assert_cmpuint(json_object_get_size(numbers), ==, 2);
    g_assert_cmpint(json_object_get_int_member(numbers, "crane"), ==, 0);
    g_assert_cmpstr(json_object_get_string_member(names, "2"), ==, "crane");
    cnx_config_free(config);
}

/* The config that a writer makes, read again. */
static CnxConfig *read_again(const CnxExportWriter *writer, const CnxConfig *config,
                             GPtrArray *notes)
{
    g_autoptr(GError) error = NULL;
    CnxBudget budget = {1 << 20};
    const CnxExport e = {config, "file", writer->library, CNX_DTYPE_F32, notes, &error};
    CnxConfig *again = cnx_config_new();

    g_assert_true(writer->check(&e));
    g_autoptr(JsonNode) root = writer->make_config(&e);
    const CnxJson json = {json_node_get_object(root), "config.json", &error, &budget};
    again->classes = config->classes;
    again->labels = g_strdupv(config->labels);
    g_assert_true(cnx_config_read_scores(again, &json));
    return again;
}

static void assert_same_decision(const CnxConfig *a, const CnxConfig *b)
{
    const gsize size = a->classes * sizeof(float);
    const CnxDecision *x = &a->decision, *y = &b->decision;

    g_assert_cmpint(a->multi_label, ==, b->multi_label);
    g_assert_cmpint(x->rest_class, ==, y->rest_class);
    g_assert_true(!x->temperature == !y->temperature && !x->threshold == !y->threshold);
    if (x->temperature)
        g_assert_cmpmem(x->temperature, size, y->temperature, size);
    if (x->threshold)
        g_assert_cmpmem(x->threshold, size, y->threshold, size);
}

static void check_decision(const CnxExportWriter *writer, const CnxConfig *config, guint notes)
{
    g_autoptr(GPtrArray) sentences = g_ptr_array_new_with_free_func(g_free);
    CnxConfig *again = read_again(writer, config, sentences);

    assert_same_decision(config, again);
    g_assert_cmpuint(sentences->len, ==, notes);
    cnx_config_free(again);
}

/* Temperatures, thresholds and the rest class survive, whether its label is unique or not. */
static void test_decision(void)
{
    static const char *const labels[][4] = {{"normal", "dark", "noisy"}, {"a", "b", "a"}};
    static const float temperatures[] = {1.1f, 0.7f, 3}, thresholds[] = {0, 0.375f, 1 / 3.0f};
    CnxConfig *config = new_network();

    config->recipe.resize = config->recipe.size; /* no note about the crop */
    check_decision(&cnx_export_transformers, config, 0);
    check_decision(&cnx_export_timm, config, 0);
    config->multi_label = TRUE;
    config->decision.temperature = g_memdup2(temperatures, sizeof temperatures);
    check_decision(&cnx_export_transformers, config, 0);
    config->decision.threshold = g_memdup2(thresholds, sizeof thresholds);
    for (config->decision.rest_class = -1; config->decision.rest_class < 3;
         config->decision.rest_class++) {
        for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
            config->labels = g_strdupv((char **)labels[i]);
            check_decision(&cnx_export_transformers, config, 0);
            g_clear_pointer(&config->labels, g_strfreev);
        }
        check_decision(&cnx_export_transformers, config, 0);
    }
    cnx_config_free(config);
}

/* Softmax has one temperature; timm keeps it for this library only. */
static void test_softmax_temperature(void)
{
    static const float temperatures[] = {1.25f, 1.25f, 1.25f};
    CnxConfig *config = new_network();

    config->recipe.resize = config->recipe.size; /* no note about the crop */
    config->decision.temperature = g_memdup2(temperatures, sizeof temperatures);
    check_decision(&cnx_export_transformers, config, 0);
    check_decision(&cnx_export_timm, config, 1);
    cnx_config_free(config);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/export/tiered-stems", test_tiered_stems);
    g_test_add_func("/export/both", test_both);
    g_test_add_func("/export/equal-labels", test_equal_labels);
    g_test_add_func("/export/decision", test_decision);
    g_test_add_func("/export/softmax-temperature", test_softmax_temperature);
    return g_test_run();
}
