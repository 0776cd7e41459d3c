/* The program convnext-inspect: its report as JSON and as text, its refusals, its conversions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/parts.h"
#include "tests/pipelines/inspect.h"

char *folder;
static const char *tool;

Output run(const char *const *arguments)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    Output output = {NULL};
    g_autoptr(GError) error = NULL;
    int wait;

    g_ptr_array_add(argv, (gpointer)tool);
    for (; *arguments; arguments++)
        g_ptr_array_add(argv, (gpointer)*arguments);
    g_ptr_array_add(argv, NULL);
    g_spawn_sync(NULL, (char **)argv->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output.out,
                 &output.err, &wait, &error);
    g_assert_no_error(error);
    output.status = g_spawn_check_wait_status(wait, &error) ? 0 : error->code;
    return output;
}

void output_clear(Output *output)
{
    g_free(output->out);
    g_free(output->err);
}

JsonObject *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) root = json_from_string(text, &error);

    g_assert_no_error(error);
    return json_node_dup_object(root);
}

void assert_ok(const Output *output)
{
    if (output->status != 0 || *output->err != '\0')
        g_error("status %d: %s", output->status, output->err);
}

static void check_uints(JsonObject *object, const char *key, const guint *expected, guint count)
{
    JsonArray *array = json_object_get_array_member(object, key);

    g_assert_cmpuint(json_array_get_length(array), ==, count);
    for (guint i = 0; i < count; i++)
        g_assert_cmpint(json_array_get_int_element(array, i), ==, expected[i]);
}

/* Adds the number of elements of matrices and kernels to *data, a gint64. Vectors are not counted,
 * because packing folds some of them, such as the affine part of a norm, into matrices. */
static gboolean count_matrix(const char *canonical, guint rank, const guint64 *shape, gpointer data)
{
    gint64 elements = rank > 1;

    for (guint i = 0; i < rank; i++)
        elements *= (gint64)shape[i];
    *(gint64 *)data += elements;
    return TRUE;
}

/* The stages, counted from 1, whose outputs have norms. */
static void check_output_norms(JsonObject *report, const CnxConfig *config)
{
    JsonArray *array = json_object_get_array_member(report, "output-norms");
    guint count = 0;

    for (guint i = 0; i < config->stages; i++)
        if (config->output_norm[i])
            g_assert_cmpint(json_array_get_int_element(array, count++), ==, i + 1);
    g_assert_cmpuint(json_array_get_length(array), ==, count);
}

/* The report on every fixture agrees with the library. */
static void test_json(gconstpointer data)
{
    g_autofree char *path = g_strconcat(FIXTURES "/networks/", data, NULL);
    GError *error = NULL;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error);
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    g_auto(Output) output = RUN("--json", "--tensors", path);
    g_autoptr(JsonObject) report = NULL;
    JsonObject *input;
    guint count, hidden;

    assert_ok(&output);
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);
    report = parse(output.out);
    input = json_object_get_object_member(report, "input");
    JsonObject *head = json_object_get_object_member(report, "head");
    JsonObject *tensors = json_object_get_object_member(report, "tensors");
    JsonArray *list = json_object_get_array_member(tensors, "list");
    gint64 matrices = 0;

    g_assert_cmpstr(json_object_get_string_member(report, "variant"), ==, config->variant);
    g_assert_cmpstr(json_object_get_string_member(report, "dialect"), ==,
                    cnx_dialect_name(config->dialect));
    g_assert_cmpint(json_object_get_int_member(report, "parameters"), ==,
                    (gint64)config->parameters);
    check_uints(report, "depths", config->depths, config->stages);
    check_uints(report, "widths", config->dims, config->stages);
    check_output_norms(report, config);
    JsonObject *origins = json_object_get_object_member(report, "origins");
    g_assert_true(json_object_has_member(report, "labels") == !!config->labels);
    g_assert_true(json_object_has_member(origins, "labels") == !!config->labels);
    g_assert_cmpint(json_object_get_boolean_member(report, "grn"), ==, config->grn);
    g_assert_cmpfloat(json_object_get_double_member(report, "head-eps"), ==, config->head_eps);
    g_assert_cmpint(json_object_get_int_member(head, "classes"), ==, config->classes);
    g_assert_true(cnx_head_is_plain(&config->head, &hidden));
    g_assert_cmpint(json_object_get_int_member(head, "hidden"), ==, hidden);
    g_assert_cmpuint(json_array_get_length(json_object_get_array_member(head, "steps")), ==,
                     config->head.count);
    g_assert_cmpint(json_object_get_int_member(input, "size"), ==, config->recipe.size);
    g_assert_cmpint(json_object_get_int_member(input, "resize"), ==, config->recipe.resize);
    g_assert_cmpstr(json_object_get_string_member(input, "filter"), ==,
                    cnx_filter_name(config->recipe.filter));
    g_assert_cmpint(json_object_get_int_member(report, "macs"), >, 0);
    g_assert_true(cnx_parts_foreach(config, count_matrix, &matrices));
    g_assert_cmpint(json_object_get_int_member(report, "memory"), >=, 4 * matrices);
    g_assert_cmpint(json_object_get_int_member(tensors, "used"), ==, count);
    g_assert_cmpint(json_object_get_int_member(tensors, "ignored"), ==, 0);
    g_assert_cmpint(json_object_get_int_member(tensors, "missing"), ==, 0);
    g_assert_cmpuint(json_array_get_length(list), ==, count);
    for (guint i = 0; i < count; i++) {
        JsonObject *tensor = json_array_get_object_element(list, i);

        g_assert_cmpstr(json_object_get_string_member(tensor, "name"), ==, parts[i].tensor->name);
        g_assert_cmpstr(json_object_get_string_member(tensor, "part"), ==, parts[i].canonical);
    }
    cnx_checkpoint_close(checkpoint);
}

/* The lines of the bundled model that another training may change */
static void check_trained(const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open(BUNDLED, CNX_WEIGHT_SET_AUTO, &error);
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    const guint size = config->recipe.size;
    char *lines[] = {
        g_strdup_printf("variant     %s\n", config->variant),
        g_strdup_printf("stem        %ux%u patches\n", config->patch, config->patch),
        g_strdup_printf("head        9 classes, %s\n",
                        cnx_config_is_sigmoid(config) ? "sigmoid" : "softmax"),
        g_strdup_printf("input       %ux%u (preprocessor_config.json)\n", size, size),
        g_strdup_printf("resize      both sides to %u, bilinear (preprocessor_config.json)\n",
                        size),
        g_strdup_printf(" GMAC for a %ux%u input\n", size, size),
    };

    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        if (!strstr(text, lines[i]))
            g_error("'%s' is not in: %s", lines[i], text);
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        g_free(lines[i]);
}

/* The bundled model, for which every line is known. */
static void test_text(void)
{
    static const char *const lines[] = {
        "container   safetensors, ",
        "dialect     transformers\n",
        "stored as F16\n",
        "blocks      V1: layer scale; biases\n",
        "activation  gelu (config.json)\n",
        "norms       layer norm, eps 1e-06 (default); last norm 1e-06 (config.json)\n",
        "labels      \"normal\", \"dark\", ",
        ", ... (config.json)\n",
        "mean        0.485 0.456 0.406 (preprocessor_config.json)\n",
        "std         0.229 0.224 0.225 (preprocessor_config.json)\n",
        " used, 0 ignored, 0 missing\n",
        " of packed weights at isa level ",
    };
    g_auto(Output) plain = RUN(BUNDLED), listed = RUN("-t", BUNDLED);

    assert_ok(&plain);
    assert_ok(&listed);
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        if (!strstr(plain.out, lines[i]))
            g_error("'%s' is not in: %s", lines[i], plain.out);
    check_trained(plain.out);
    g_assert_true(g_str_has_prefix(listed.out, plain.out));
    g_assert_nonnull(
        strstr(listed.out + strlen(plain.out),
               "used     F16   [9,192]          \"classifier.weight\" = head.weight\n"));
}

/* Ignored tensors are listed by name, with the reason. */
static void test_ignored(void)
{
    static const char reason[] = "is the last norm again (DINOv3)";
    const char *path = FIXTURES "/networks/dinov3-original/model.safetensors";
    g_auto(Output) plain = RUN(path), listed = RUN("--tensors", path), json = RUN("--json", path);
    g_autofree char *line = g_strdup_printf("            ignored: \"norms.3.bias\" %s\n", reason);
    g_autofree char *row = g_strdup_printf("\"norms.3.weight\" %s\n", reason);

    assert_ok(&plain);
    assert_ok(&listed);
    assert_ok(&json);
    g_assert_nonnull(strstr(plain.out, " used, 2 ignored, 0 missing\n"));
    g_assert_nonnull(strstr(plain.out, line));
    g_assert_nonnull(strstr(listed.out + strlen(plain.out), row));
    g_autoptr(JsonObject) report = parse(json.out);
    JsonObject *names = json_object_get_object_member(
        json_object_get_object_member(report, "tensors"), "ignored-names");
    g_assert_cmpuint(json_object_get_size(names), ==, 2);
    g_assert_cmpstr(json_object_get_string_member(names, "norms.3.weight"), ==, reason);
}

void check_failure(Output result, const char *sentence)
{
    g_auto(Output) output = result;
    g_autofree char *line = g_strdup_printf("convnext-inspect: %s\n", sentence);

    g_assert_cmpint(output.status, ==, 1);
    g_assert_cmpstr(output.out, ==, "");
    g_assert_cmpstr(output.err, ==, line);
}

/* The sentence is the one that the element posts: both report the error of opening the file. */
static void check_refused(const char *name, const char *contents)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;

    if (contents)
        g_assert_true(g_file_set_contents(path, contents, -1, NULL));
    g_assert_null(cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error));
    check_failure(RUN(path), error->message);
    check_failure(RUN("--json", path), error->message);
    g_remove(path);
}

static void check_refused_with(const char *path, const char *activation)
{
    const CnxOpenOptions options = {.head_activation = activation};
    g_autoptr(GError) error = NULL;

    g_assert_null(cnx_checkpoint_open_with(path, &options, &error));
    check_failure(RUN("--head-activation", activation, path), error->message);
}

/* A head whose activation an option says, in the text and as JSON */
static void test_head(void)
{
    const char *path = FIXTURES "/heads/timm-fc1-bn1-fc2.safetensors";
    g_auto(Output) text = RUN("--head-activation", "none,relu", path);
    g_auto(Output) json = RUN("--head-activation", "none,relu", "--json", path);

    assert_ok(&text);
    g_assert_true(strstr(text.out, "head        norm after pooling (assumed); linear layer of "
                                   "8; batch norm, relu; linear layer "
                                   "of 5; 5 classes, softmax\n"));
    assert_ok(&json);
    g_autoptr(JsonObject) report = parse(json.out);
    JsonObject *head = json_object_get_object_member(report, "head");
    JsonArray *steps = json_object_get_array_member(head, "steps");
    JsonObject *step = json_array_get_object_element(steps, 1);
    g_assert_cmpuint(json_array_get_length(steps), ==, 3);
    g_assert_true(json_object_get_boolean_member(head, "norm-assumed"));
    g_assert_cmpstr(json_object_get_string_member(head, "pooling"), ==, "mean");
    g_assert_cmpstr(json_object_get_string_member(step, "kind"), ==, "batch-norm");
    g_assert_cmpint(json_object_get_int_member(step, "inputs"), ==, 8);
    g_assert_cmpint(json_object_get_int_member(step, "outputs"), ==, 8);
    g_assert_cmpstr(json_object_get_string_member(step, "activation"), ==, "relu");
    check_refused_with(path, "sigmoid");
}

static void test_refusals(void)
{
    check_refused("missing.safetensors", NULL);
    check_refused("empty.safetensors", "");
    check_refused("text.safetensors", "It was a dark and stormy night; the model was not there.\n");
    check_refused("page.safetensors", "<!DOCTYPE html><html>404</html>");
    check_failure(RUN(""), "the path of the checkpoint is empty");
    check_failure(RUN(BUNDLED, "--convert", ""),
                  "--convert is empty, expected the name of a folder");
    check_failure(RUN(BUNDLED, "--dtype", "F32"),
                  "--layout, --dtype and --backbone-only require --convert");
    check_failure(RUN(BUNDLED, "--convert", "x", "--tensors"),
                  "--json and --tensors cannot be combined with --convert, which prints no report");
    check_failure(RUN(BUNDLED, "--convert", "x", "--json"),
                  "--json and --tensors cannot be combined with --convert, which prints no report");
    check_failure(RUN(BUNDLED, "--convert", "x", "--dtype", "F8"),
                  "--dtype is 'F8', expected one of F32, F16, BF16");
    check_failure(RUN(BUNDLED, "--convert", "x", "--layout", "keras"),
                  "--layout is 'keras', expected one of transformers, timm");
    check_failure(RUN(BUNDLED, BUNDLED), "expected one checkpoint, found more than one path");
    check_failure(RUN("--json"), "the path of a checkpoint file or folder is missing");
    check_failure(RUN(BUNDLED, "--convert", BUNDLED),
                  BUNDLED ": is not empty, expected a new or an empty folder");
}

static gint64 get_run_int(const char *text, const char *name)
{
    g_autoptr(JsonObject) report = parse(text);

    return json_object_get_int_member(json_object_get_object_member(report, "run"), name);
}

/* What the model takes when it runs, and the refusal of the element, behind the report. */
static void test_memory(void)
{
    g_auto(Output) usual = RUN("--json", BUNDLED), json = RUN("--json", BUNDLED, "--threads", "3");
    g_auto(Output) large = RUN("--json", BUNDLED, "--input-size", "1024", "--threads", "3");
    g_auto(Output) text = RUN(BUNDLED, "--max-memory", "2000000000", "--threads", "2");
    g_auto(Output) refused = RUN(BUNDLED, "--max-memory", "4000000", "--threads", "1");

    assert_ok(&usual);
    assert_ok(&json);
    assert_ok(&large);
    assert_ok(&text);
    g_assert_cmpint(get_run_int(json.out, "threads"), ==, 3);
    g_assert_cmpint(get_run_int(json.out, "batch"), ==, 8);
    g_assert_cmpint(get_run_int(large.out, "input-size"), ==, 1024);
    g_assert_cmpint(get_run_int(large.out, "least-memory"), >,
                    2 * get_run_int(json.out, "least-memory"));
    g_assert_cmpint(get_run_int(usual.out, "max-memory"), >, 0);
    g_assert_nonnull(strstr(text.out, "max-memory  2.0\302\240GB (max-memory)\n"));
    g_assert_nonnull(strstr(text.out, " for 2 threads, "));
    g_assert_cmpint(refused.status, ==, 1);
    g_assert_nonnull(strstr(refused.out, "max-memory"));
    g_assert_true(g_str_has_prefix(refused.err, "convnext-inspect: " BUNDLED
                                                ": a convnext (1,1,3,1; 32,64,128,192"));
    g_assert_nonnull(strstr(refused.err, ") with inputs of "));
    g_assert_nonnull(strstr(refused.err, " pixels and 1 thread takes "));
    g_assert_true(g_str_has_suffix(
        refused.err, " MB of memory, expected at most 4.0 MB (max-memory): set a smaller "
                     "input-size or a larger max-memory\n"));
    check_failure(RUN(BUNDLED, "--input-size", "33"),
                  "--input-size is 33, expected a multiple of 32 up to 8192");
    check_failure(RUN(BUNDLED, "--precision", "int4"),
                  "--precision is 'int4', expected one of auto, fp32, bf16, int8");
    check_failure(RUN(BUNDLED, "--threads", "-1"), "--threads is -1, expected 0 or more");
    check_failure(RUN(BUNDLED, "--max-memory", "-1"),
                  "--max-memory is -1, expected a number of bytes");
}

/* The line of a report that begins with this word; the caller frees it. */
static char *find_line(const char *text, const char *word)
{
    g_autofree char *begin = g_strconcat("\n", word, " ", NULL);
    const char *found = strstr(text, begin);

    if (!found)
        g_error("no line '%s' in: %s", word, text);
    return g_strndup(found + 1, strcspn(found + 1, "\n"));
}

/* At a level that does not accelerate a precision, the report says what runs, and why. */
static void test_slow_precision(void)
{
    g_setenv("CONVNEXT_CPU", "c", TRUE);
    g_auto(Output) usual = RUN("--json", BUNDLED), text = RUN("--precision", "bf16", BUNDLED);
    g_auto(Output) json = RUN("-p", "int8", "--json", BUNDLED);
    g_unsetenv("CONVNEXT_CPU");
    assert_ok(&usual);
    assert_ok(&text);
    assert_ok(&json);
    g_autofree char *line = find_line(text.out, "precision"), *cost = find_line(text.out, "cost");
    g_assert_true(g_str_has_prefix(line, "precision   fp32: none of this processor's isa levels"));
    g_assert_true(g_str_has_suffix(line, "(c) accelerates bf16"));
    g_assert_true(g_str_has_suffix(cost, " input"));
    g_autoptr(JsonObject) report = parse(json.out), other = parse(usual.out);
    g_assert_cmpstr(json_object_get_string_member(report, "precision"), ==, "fp32");
    g_assert_cmpstr(json_object_get_string_member(report, "cpu"), ==, "c");
    g_assert_true(g_str_has_suffix(json_object_get_string_member(report, "precision-remark"),
                                   "(c) accelerates int8"));
    g_assert_cmpint(json_object_get_int_member(report, "rounded-macs"), ==, 0);
    g_assert_cmpint(json_object_get_int_member(report, "memory"), ==,
                    json_object_get_int_member(other, "memory"));
    g_assert_false(json_object_has_member(other, "precision-remark"));
}

/* At a level that accelerates it: less memory, and its share of the operations. */
static void test_fast_precision(void)
{
    g_setenv("CONVNEXT_CPU", "avx2", TRUE);
    g_auto(Output) usual = RUN("--json", "--precision", "auto", BUNDLED);
    g_auto(Output) json = RUN("--json", "--precision", "int8", BUNDLED);
    g_auto(Output) text = RUN("--precision", "int8", BUNDLED);
    g_auto(Output) twice = RUN("--precision", "int8", FIXTURES "/forms/bitsandbytes");
    g_unsetenv("CONVNEXT_CPU");
    assert_ok(&usual);
    assert_ok(&json);
    assert_ok(&text);
    assert_ok(&twice);
    g_autoptr(JsonObject) exact = parse(usual.out), rounded = parse(json.out);
    if (strcmp(json_object_get_string_member(exact, "cpu"), "avx2") != 0) {
        g_test_skip("the processor lacks avx2");
        return;
    }
    const gint64 macs = json_object_get_int_member(rounded, "macs");
    const gint64 part = json_object_get_int_member(rounded, "rounded-macs");
    g_autofree char *share =
        g_strdup_printf(" input, %.1f %% of it in int8", 100.0 * (double)part / (double)macs);
    g_autofree char *cost = find_line(text.out, "cost"), *line = find_line(text.out, "precision");
    g_autofree char *remark = find_line(twice.out, "precision");
    g_assert_cmpstr(json_object_get_string_member(exact, "precision"), ==, "fp32");
    g_assert_cmpstr(json_object_get_string_member(rounded, "precision"), ==, "int8");
    g_assert_cmpint(json_object_get_int_member(rounded, "memory"), <,
                    json_object_get_int_member(exact, "memory") / 2);
    g_assert_true(part > macs / 2 && part < macs);
    g_assert_cmpstr(line, ==, "precision   int8");
    g_assert_true(g_str_has_suffix(cost, share));
    g_assert_nonnull(strstr(remark, "int8 rounds them a second time"));
}

void remove_folder(const char *path, const char *const *files)
{
    for (; *files; files++) {
        g_autofree char *file = g_build_filename(path, *files, NULL);

        g_assert_cmpint(g_remove(file), ==, 0);
    }
    g_assert_cmpint(g_rmdir(path), ==, 0);
}

static void test_convert(void)
{
    static const char *const files[] = {"model.safetensors", "config.json",
                                        "preprocessor_config.json", "labels.txt", NULL};
    g_autofree char *out = g_build_filename(folder, "converted", NULL);
    g_autofree char *written = g_strdup_printf("wrote %s, for transformers\n", out);
    g_auto(Output) conversion = RUN(BUNDLED, "--convert", out, "--dtype", "bf16");
    g_auto(Output) output = RUN(out, "--json");
    g_autoptr(JsonObject) report = NULL;

    assert_ok(&conversion);
    g_assert_cmpstr(conversion.out, ==, written);
    assert_ok(&output);
    report = parse(output.out);
    g_assert_cmpstr(json_object_get_string_member(report, "dtype"), ==, "BF16");
    g_assert_cmpstr(json_object_get_string_member(report, "dialect"), ==, "transformers");
    remove_folder(out, files);
}

/* Temperatures, thresholds and the rest class, in both formats and after a conversion */
static void test_decision(void)
{
    static const char *const files[] = {"model.safetensors", "config.json",
                                        "preprocessor_config.json", NULL};
    static const char config[] =
        "{\"model_type\":\"convnext\",\"hidden_sizes\":[7,13,22,35],\"depths\":[1,1,2,1],"
        "\"problem_type\":\"multi_label_classification\",\"temperature\":1.5,"
        "\"threshold\":[0,0.25,0.5,0.5,0.5,0.5,0.5,0.5,0.5,1],\"rest_class\":2}";
    static const char *const lines[] = {"head        10 classes, sigmoid\n", "temperature 1.5\n",
                                        "threshold   0 0.25 0.5 0.5 0.5 0.5 0.5 0.5 0.5 1\n",
                                        "rest class  \"class 2\", if no other class reaches its "
                                        "threshold\n"};
    g_autofree char *weights = g_build_filename(folder, "rules.safetensors", NULL);
    g_autofree char *json = g_build_filename(folder, "config.json", NULL);
    g_autofree char *out = g_build_filename(folder, "converted", NULL), *data = NULL;
    gsize size;

    g_assert_true(g_file_get_contents(FIXTURES "/networks/transformers-v1/model.safetensors", &data,
                                      &size, NULL));
    g_assert_true(g_file_set_contents(weights, data, (gssize)size, NULL));
    g_assert_true(g_file_set_contents(json, config, -1, NULL));
    g_auto(Output) conversion = RUN(folder, "--convert", out);
    g_auto(Output) text = RUN(out), report = RUN(out, "--json");
    assert_ok(&conversion);
    assert_ok(&text);
    assert_ok(&report);
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
        if (!strstr(text.out, lines[i]))
            g_error("'%s' is not in: %s", lines[i], text.out);
    g_autoptr(JsonObject) object = parse(report.out);
    JsonObject *head = json_object_get_object_member(object, "head");
    JsonArray *thresholds = json_object_get_array_member(head, "threshold");
    JsonArray *temperatures = json_object_get_array_member(head, "temperature");
    g_assert_true(json_object_get_boolean_member(head, "multi-label"));
    g_assert_cmpuint(json_array_get_length(thresholds), ==, 10);
    g_assert_cmpfloat(json_array_get_double_element(thresholds, 1), ==, 0.25);
    g_assert_cmpfloat(json_array_get_double_element(temperatures, 9), ==, 1.5);
    g_assert_cmpint(json_object_get_int_member(head, "rest-class"), ==, 2);
    remove_folder(out, files);
    g_remove(weights);
    g_remove(json);
}

/* A conversion that is not exact prints a note and succeeds. */
static void test_note(void)
{
    static const char *const files[] = {"model.safetensors", "config.json",
                                        "preprocessor_config.json", NULL};
    g_autofree char *out = g_build_filename(folder, "converted", NULL);
    g_auto(Output) output = RUN(FIXTURES "/networks/timm-v1", "--convert", out);

    g_assert_cmpint(output.status, ==, 0);
    g_assert_true(g_str_has_prefix(output.err, "note: transformers rounds the origin of the crop"));
    remove_folder(out, files);
}

/* What was composed, and the composed weights in a converted folder. */
static void test_composed(void)
{
    static const char *const files[] = {"model.safetensors", "config.json", NULL};
    static const char line[] = "4 tensors with a LoRA of scale 1.5 added";
    g_auto(Output) text = RUN(FIXTURES "/forms/dora");
    g_auto(Output) json = RUN("--json", FIXTURES "/forms/dora");
    g_autofree char *target = g_build_filename(folder, "composed", NULL);
    g_auto(Output) converted = RUN("--convert", target, "--layout", "timm", FIXTURES "/forms/dora");
    g_autoptr(CnxCheckpoint) from =
        cnx_checkpoint_open(FIXTURES "/forms/dora", CNX_WEIGHT_SET_AUTO, NULL);
    g_autoptr(CnxCheckpoint) to = cnx_checkpoint_open(target, CNX_WEIGHT_SET_AUTO, NULL);
    float a[2], b[2];

    assert_ok(&text);
    assert_ok(&json);
    assert_ok(&converted);
    g_assert_nonnull(strstr(text.out, "composed: "));
    g_assert_nonnull(strstr(text.out, line));
    g_autoptr(JsonObject) report = parse(json.out);
    JsonArray *lines =
        json_object_get_array_member(json_object_get_object_member(report, "tensors"), "composed");
    g_assert_cmpuint(json_array_get_length(lines), ==, 2);
    g_assert_cmpstr(json_array_get_string_element(lines, 1), ==, line);
    g_assert_true(from && to);
    cnx_tensor_range_to_float(cnx_checkpoint_tensor(from, "head.weight"), 7, 2, a);
    cnx_tensor_range_to_float(cnx_checkpoint_tensor(to, "head.weight"), 7, 2, b);
    g_assert_cmpmem(a, sizeof a, b, sizeof b);
    g_assert_null(cnx_checkpoint_tensor(to, "head.weight")->composed);
    remove_folder(target, files);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"timm-v1",
                                        "timm-hnf",
                                        "timm-mlp-head",
                                        "timm-v2-conv",
                                        "facebook-v1",
                                        "facebook-v2",
                                        "transformers-v1",
                                        "openmmlab-v1",
                                        "torchvision-v1",
                                        "transformers-v2-tanh",
                                        "transformers-backbone"};

    g_test_init(&argc, &argv, NULL);
    tool = g_getenv("CONVNEXT_INSPECT");
    g_assert_nonnull(tool);
    folder = g_dir_make_tmp("convnext-inspect-XXXXXX", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat("/inspect/json/", names[i], NULL);

        g_test_add_data_func(path, names[i], test_json);
    }
    g_test_add_func("/inspect/text", test_text);
    g_test_add_func("/inspect/ignored", test_ignored);
    g_test_add_func("/inspect/memory", test_memory);
    g_test_add_func("/inspect/slow-precision", test_slow_precision);
    g_test_add_func("/inspect/fast-precision", test_fast_precision);
    g_test_add_func("/inspect/head", test_head);
    add_tests_of_heads();
    g_test_add_func("/inspect/composed", test_composed);
    g_test_add_func("/inspect/refusals", test_refusals);
    g_test_add_func("/inspect/convert", test_convert);
    g_test_add_func("/inspect/note", test_note);
    g_test_add_func("/inspect/decision", test_decision);
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
