/* The keys of config files that say when a class is present: temperature, threshold, rest_class.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/decision.h"

#include <string.h>

#include "tests/model/support/folder.h"

/* The weights have ten classes. */
#define TEN "[1,0.5,2,1e-3,1,1,1,1,1,0.25]"
#define NAMES                                                                                 \
    ",\"id2label\":{\"0\":\"a\",\"1\":\"b\",\"2\":\"c\",\"3\":\"d\",\"4\":\"e\",\"5\":\"e\"," \
    "\"6\":\"7\",\"7\":\"h\",\"8\":\"i\",\"9\":\"j\\n\"}"
#define MULTI HF NAMES ",\"problem_type\":\"multi_label_classification\""
#define BARE HF ",\"problem_type\":\"multi_label_classification\""
#define SOFTMAX HF NAMES ",\"problem_type\":\"single_label_classification\""
#define REGRESSION HF ",\"problem_type\":\"regression\""

static const struct {
    const char *weights, *config;
    gboolean sigmoid;
    float temperature[2], threshold[2]; /* of the first and the last class; -1: none */
    int rest_class;
} valid[] = {
    {"transformers-v1", MULTI "}", TRUE, {-1}, {-1}, CNX_NO_CLASS},
    {"transformers-v1",
     MULTI ",\"temperature\":null,\"threshold\":null,\"rest_class\":null}",
     TRUE,
     {-1},
     {-1},
     CNX_NO_CLASS},
    {"transformers-v1", MULTI ",\"temperature\":" TEN "}", TRUE, {1, 0.25f}, {-1}, CNX_NO_CLASS},
    {"transformers-v1",
     MULTI ",\"temperature\":1e-44,\"threshold\":0}",
     TRUE,
     {1e-44f, 1e-44f},
     {0, 0},
     CNX_NO_CLASS},
    {"transformers-v1",
     MULTI ",\"threshold\":[1,1,0,0,0.3,0,0,0,0,0.7],\"rest_class\":\"b\"}",
     TRUE,
     {-1},
     {1, 0.7f},
     1},
    {"transformers-v1", MULTI ",\"threshold\":1,\"rest_class\":9}", TRUE, {-1}, {1, 1}, 9},
    {"transformers-v1", MULTI ",\"threshold\":1,\"rest_class\":0.0}", TRUE, {-1}, {1, 1}, 0},
    {"transformers-v1",
     MULTI ",\"threshold\":0.5,\"rest_class\":\"7\"}",
     TRUE,
     {-1},
     {0.5f, 0.5f},
     6},
    {"transformers-v1",
     MULTI ",\"threshold\":0.5,\"rest_class\":\"j\\n\"}",
     TRUE,
     {-1},
     {0.5f, 0.5f},
     9},
    {"transformers-v1", BARE ",\"threshold\":0.5,\"rest_class\":3}", TRUE, {-1}, {0.5f, 0.5f}, 3},
    {"transformers-v1", SOFTMAX ",\"temperature\":1.5}", FALSE, {1.5f, 1.5f}, {-1}, CNX_NO_CLASS},
    {"transformers-v1", HF ",\"temperature\":1.5}", FALSE, {1.5f, 1.5f}, {-1}, CNX_NO_CLASS},
    {"transformers-v1", REGRESSION "}", FALSE, {-1}, {-1}, CNX_NO_CLASS},
    {"transformers-v1", REGRESSION ",\"temperature\":1.0}", FALSE, {-1}, {-1}, CNX_NO_CLASS},
    /* without classes the config is that of another network */
    {"transformers-model",
     "{\"model_type\":\"convnext\",\"threshold\":7,\"rest_class\":8}",
     FALSE,
     {-1},
     {-1},
     CNX_NO_CLASS},
    /* transformers' wrapper of timm */
    {"timm-v1",
     TIMM "\"problem_type\":\"multi_label_classification\",\"threshold\":0.25}",
     TRUE,
     {-1},
     {0.25f, 0.25f},
     CNX_NO_CLASS},
    {"timm-v1",
     TIMM "\"label_names\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"],"
          "\"problem_type\":\"multi_label_classification\",\"threshold\":0.5,"
          "\"rest_class\":\"c\"}",
     TRUE,
     {-1},
     {0.5f, 0.5f},
     2},
    {"timm-v1", TIMM "\"temperature\":0.75}", FALSE, {0.75f, 0.75f}, {-1}, CNX_NO_CLASS},
};

static void check_ends(const float *values, const float *expected)
{
    g_assert_true(!values == (expected[0] < 0));
    if (!values)
        return;
    g_assert_cmpfloat(values[0], ==, expected[0]);
    g_assert_cmpfloat(values[9], ==, expected[1]);
}

static void test_valid(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(valid); i++) {
        g_test_message("%s", valid[i].config);
        folder_put_weights(valid[i].weights);
        folder_write("config.json", valid[i].config);
        CnxCheckpoint *checkpoint = folder_open(FALSE);
        const CnxConfig *config = cnx_checkpoint_config(checkpoint);

        g_assert_cmpint(cnx_config_is_sigmoid(config), ==, valid[i].sigmoid);
        check_ends(config->decision.temperature, valid[i].temperature);
        check_ends(config->decision.threshold, valid[i].threshold);
        g_assert_cmpint(config->decision.rest_class, ==, valid[i].rest_class);
        cnx_checkpoint_close(checkpoint);
        folder_clear();
    }
}

/* The sentence begins with the folder and contains the words. */
static const struct {
    const char *config, *words;
} refused[] = {
    {MULTI ",\"temperature\":0}", "config.json: key \"temperature\" is 0, expected a positive "
                                  "float32 number, or an array of 10 such "
                                  "numbers"},
    {MULTI ",\"temperature\":-1}", "\"temperature\" is -1, expected"},
    {MULTI ",\"temperature\":1e-60}", "\"temperature\" is 1e-60, expected"},
    {MULTI ",\"temperature\":1e39}", "\"temperature\" is 1e+39, expected"},
    {MULTI ",\"temperature\":1e999}", "\"temperature\" is Infinity, expected"},
    {MULTI ",\"temperature\":NaN}", "is not valid JSON"},
    {MULTI ",\"temperature\":\"1\"}", "\"temperature\" is \"1\", expected"},
    {MULTI ",\"temperature\":true}", "\"temperature\" is true, expected"},
    {MULTI ",\"temperature\":{\"a\":1}}", "\"temperature\" is {\"a\":1}, expected"},
    {MULTI ",\"temperature\":[1,1]}",
     "\"temperature\" is an array of 2, expected 10 numbers or a single one"},
    {MULTI ",\"temperature\":[]}", "\"temperature\" is an array of 0, expected 10"},
    {MULTI ",\"temperature\":[1,1,1,1,1,1,1,1,1,1,1]}", "\"temperature\" is an array of 11"},
    {MULTI ",\"temperature\":[1,1,1,-0.5,1,1,1,1,1,1]}",
     "\"temperature\" has -0.5 at index 3, expected a positive float32 number"},
    {MULTI ",\"temperature\":[1,1,1,1,1,1,1,1,1,null]}", "\"temperature\" has null at index 9"},
    {MULTI ",\"temperature\":[[1],1,1,1,1,1,1,1,1,1]}", "\"temperature\" has [1] at index 0"},
    {MULTI ",\"threshold\":1.01}",
     "\"threshold\" is 1.01, expected a number from 0 to 1, or an array of 10 such numbers"},
    {MULTI ",\"threshold\":-1e-60}", "\"threshold\" is -1e-60, expected"},
    {MULTI ",\"threshold\":[0,0,0,0,0,2,0,0,0,0]}",
     "\"threshold\" has 2 at index 5, expected a number from 0 to 1"},
    {MULTI ",\"rest_class\":\"a\"}",
     "\"rest_class\" needs the key \"threshold\", which says when the other classes are present"},
    {MULTI ",\"threshold\":null,\"rest_class\":0}", "\"rest_class\" needs the key \"threshold\""},
    {MULTI ",\"threshold\":0.5,\"rest_class\":\"normal\"}",
     "\"rest_class\" is \"normal\", expected one of the labels or an index from 0 to 9"},
    {MULTI ",\"threshold\":0.5,\"rest_class\":\"e\"}",
     "\"rest_class\" is \"e\", the label of 2 classes, expected an index from 0 to 9"},
    {MULTI ",\"threshold\":0.5,\"rest_class\":10}",
     "\"rest_class\" is 10, expected one of the labels or an index from 0 to 9"},
    {MULTI ",\"threshold\":0.5,\"rest_class\":-1}", "\"rest_class\" is -1, expected"},
    {MULTI ",\"threshold\":0.5,\"rest_class\":0.5}", "\"rest_class\" is 0.5, expected"},
    {MULTI ",\"threshold\":0.5,\"rest_class\":[0]}", "\"rest_class\" is [0], expected"},
    {BARE ",\"threshold\":0.5,\"rest_class\":\"a\"}",
     "\"rest_class\" is \"a\", expected an index from 0 to 9, because the file names no classes"},
    {SOFTMAX ",\"temperature\":" TEN "}",
     "\"temperature\" is an array, expected one number for all classes, because they exclude each "
     "other (softmax)"},
    {SOFTMAX ",\"threshold\":0.5}",
     "\"threshold\" is for independent classes (\"problem_type\" \"multi_label_classification\"), "
     "but these exclude each other (softmax)"},
    {SOFTMAX ",\"rest_class\":0}", "\"rest_class\" is for independent classes"},
    {REGRESSION ",\"temperature\":2}",
     "\"temperature\" is about scores, but the outputs are values (\"problem_type\" is "
     "\"regression\")"},
    {REGRESSION ",\"temperature\":true}", "\"temperature\" is about scores"},
    {REGRESSION ",\"temperature\":[1]}", "\"temperature\" is about scores"},
    {REGRESSION ",\"temperature\":\"1\"}", "\"temperature\" is about scores"},
    {REGRESSION ",\"threshold\":0.5}", "\"threshold\" is about scores"},
};

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        folder_put_weights("transformers-v1");
        folder_write("config.json", refused[i].config);
        folder_check_refused(refused[i].words);
        folder_check_file_refused(refused[i].words);
        folder_clear();
    }
}

/* Values that no key accepts, and as the error shows them. */
static const char *const wrong_types[][2] = {
    {"\"\"", "\"\""},
    {"\"0.5\"", "\"0.5\""},
    {"true", "true"},
    {"false", "false"},
    {"{}", "{}"},
    {"{\"normal\":0}", "{\"normal\":0}"},
    {"-0.5", "-0.5"},
    {"-7", "-7"},
    {"1e999", "Infinity"},
    {"-1e999", "-Infinity"},
    {"-99999999999999999999", "-1e+20"}, /* more than 64 bits */
    {"-9223372036854775809", "-9.2233720368547758e+18"},
};
static const char *const wrong_lists[][2] = {
    {"[]", "an array of 0"},
    {"[0.5,0.5]", "an array of 2"},
    {"[[1,1,1,1,1,1,1,1,1,1]]", "an array of 1"},
    {"[1,1,1,\"1\",1,1,1,1,1,1]", "\"1\" at index 3"},
    {"[1,1,1,1,1,1,1,1,1,null]", "null at index 9"},
    {"[false,1,1,1,1,1,1,1,1,1]", "false at index 0"},
    {"[1,[1],1,1,1,1,1,1,1,1]", "[1] at index 1"},
    {"[1,{},1,1,1,1,1,1,1,1]", "{} at index 1"},
    {"[1,1,1,1,-1e-9,1,1,1,1,1]", "-1e-09 at index 4"},
    {"[1,1,1,1,1e999,1,1,1,1,1]", "Infinity at index 4"},
};

/* The error is one sentence with the file, the key, the value found and the values expected. */
static void check_error(const char *start, const char *key, const char *value, const char *found,
                        const char *expected)
{
    g_autofree char *config = g_strdup_printf("%s,\"%s\":%s}", start, key, value);
    g_autofree char *words =
        g_strdup_printf("/config.json: key \"%s\" %s, expected %s", key, found, expected);

    folder_put_weights("transformers-v1");
    folder_write("config.json", config);
    folder_check_refused(words);
    folder_clear();
}

static void check_numbers(const char *key, const char *range)
{
    g_autofree char *expected = g_strdup_printf("%s, or an array of 10 such numbers", range);

    for (guint i = 0; i < G_N_ELEMENTS(wrong_types); i++) {
        g_autofree char *found = g_strconcat("is ", wrong_types[i][1], NULL);

        check_error(MULTI, key, wrong_types[i][0], found, expected);
    }
    for (guint i = 0; i < G_N_ELEMENTS(wrong_lists); i++) {
        const gboolean is_item = strstr(wrong_lists[i][1], "index") != NULL;
        g_autofree char *found = g_strconcat(is_item ? "has " : "is ", wrong_lists[i][1], NULL);

        check_error(MULTI, key, wrong_lists[i][0], found,
                    is_item ? range : "10 numbers or a single one");
    }
}

static void test_types(void)
{
    static const char index[] = "one of the labels or an index from 0 to 9";
    static const char bare_index[] = "an index from 0 to 9, because the file names no classes";
    static const char number[] = "a positive float32 number";

    check_numbers("temperature", number);
    check_numbers("threshold", "a number from 0 to 1");
    for (guint i = 0; i < G_N_ELEMENTS(wrong_types); i++) {
        g_autofree char *found = g_strconcat("is ", wrong_types[i][1], NULL);

        check_error(MULTI ",\"threshold\":0.5", "rest_class", wrong_types[i][0], found, index);
        check_error(BARE ",\"threshold\":0.5", "rest_class", wrong_types[i][0], found, bare_index);
        check_error(SOFTMAX, "temperature", wrong_types[i][0], found, number); /* never an array */
    }
    check_error(MULTI ",\"threshold\":0.5", "rest_class", "[\"a\"]", "is [\"a\"]", index);
    check_error(MULTI ",\"threshold\":0.5", "rest_class", "[]", "is []", index);
    check_error(BARE ",\"threshold\":0.5", "rest_class", "[0]", "is [0]", bare_index);
    check_error(MULTI ",\"a 99999999999999999999\":[0.99999999999999999999],\"threshold\":0.5",
                "rest_class", "36893488147419103232", "is 3.6893488147419103e+19",
                index); /* 2^65 */
    check_error(SOFTMAX, "temperature", "0", "is 0", number);
    check_error(MULTI, "temperature", "0", "is 0",
                "a positive float32 number, or an array of 10 such numbers");
}

/* Next to a file with the weights, all files of another model are ignored together. */
static void test_ignored(void)
{
    folder_put_weights("transformers-v1");
    folder_write("config.json", MULTI ",\"temperature\":2,\"threshold\":0.5,\"rest_class\":0}");
    folder_write("preprocessor_config.json",
                 "{\"image_processor_type\":\"TimmWrapperImageProcessor\",\"pretrained_cfg\":{"
                 "\"input_size\":[4,224,224]}}");
    CnxCheckpoint *checkpoint = folder_open(TRUE);
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);

    g_assert_nonnull(strstr(config->ignored, "4 channels"));
    g_assert_false(cnx_config_is_sigmoid(config));
    g_assert_null(config->decision.temperature);
    g_assert_null(config->decision.threshold);
    g_assert_cmpint(config->decision.rest_class, ==, CNX_NO_CLASS);
    cnx_checkpoint_close(checkpoint);
    folder_clear();
}

/* One number of a small file for many classes. */
static void test_memory(void)
{
    static const char text[] = "{\"temperature\":2}";
    g_autoptr(GError) error = NULL;
    CnxBudget budget = {1 << 20};
    g_autoptr(JsonObject) object = cnx_json_parse(text, strlen(text), &budget, "file", &error);
    const CnxJson json = {object, "file", &error, &budget};
    CnxDecision decision = {.rest_class = CNX_NO_CLASS};

    budget.left = 4000;
    g_assert_true(cnx_decision_read(&decision, &json, CNX_SCORES_SIGMOID, 1000, NULL));
    g_assert_cmpfloat(decision.temperature[999], ==, 2);
    cnx_decision_clear(&decision);
    g_assert_false(cnx_decision_read(&decision, &json, CNX_SCORES_SIGMOID, 1000, NULL));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_CORRUPT);
    g_assert_nonnull(strstr(error->message, "\"temperature\" has 1000 numbers"));
    g_assert_null(decision.temperature);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/decision/valid", test_valid);
    g_test_add_func("/decision/refused", test_refused);
    g_test_add_func("/decision/types", test_types);
    g_test_add_func("/decision/ignored", test_ignored);
    g_test_add_func("/decision/memory", test_memory);
    const int status = g_test_run();
    folder_delete();
    return status;
}
