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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/export/tiered-stems", test_tiered_stems);
    g_test_add_func("/export/both", test_both);
    g_test_add_func("/export/equal-labels", test_equal_labels);
    return g_test_run();
}
