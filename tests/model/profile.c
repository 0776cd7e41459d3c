/* CONVNEXT_PROFILE prints a profile and changes nothing else.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "model/network/run.h"
#include "tests/fixtures/compare.h"
#include "tests/fixtures/seeded.h"

#define SIDE 64
#define IMAGES 2
#define PASSES 3

/* Of a core, from the profile's header. */
typedef struct Limits {
    double peak, form_peak, memory;
} Limits;

static GString *printed; /* on standard error */

static void on_print(const char *text)
{
    g_string_append(printed, text);
}

/* Opens a seeded network and deletes its file. */
static CnxModel *open_network(const SeededNetwork *network, CnxPrecision precision)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO, .precision = precision};
    g_autofree char *path = g_strdup_printf("%s/profile-%d.safetensors", g_get_tmp_dir(), getpid());
    GError *error = NULL;
    CnxModel *model;

    g_assert_true(seeded_checkpoint(path, network, &error));
    model = cnx_model_open_with(path, &options, NULL, NULL, &error);
    g_assert_no_error(error);
    g_remove(path);
    return model;
}

/* Runs PASSES forward passes with the variable set to this value. Returns the last logits; free
 * with g_free. */
static float *run_passes(CnxModel *model, const char *value)
{
    g_autoptr(CnxRun) run = NULL;
    GError *error = NULL;
    const CnxMap *logits;

    g_setenv("CONVNEXT_PROFILE", value, TRUE);
    run = cnx_run_new(model, SIDE, SIDE, IMAGES, CNX_OUTPUT_LOGITS, 2, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < IMAGES; i++)
        seeded_input(cnx_run_input(run, i), i == 0 ? "first" : "second", SIDE, SIDE);
    for (int i = 0; i < PASSES; i++)
        logits = &cnx_run_forward(run, IMAGES)->logits;
    return g_memdup2(logits->data, IMAGES * logits->channels * sizeof *logits->data);
}

static double parse_number(const char *text)
{
    char *end;
    const double value = g_ascii_strtod(text, &end);

    g_assert_true(end != text && *end == '\0' && isfinite(value));
    return value;
}

/* Operations of a product or depthwise convolution, from its shape. */
static double operations(char **cells)
{
    g_auto(GStrv) sides = g_strsplit(cells[2], "x", 0);
    double product = 2;

    g_assert_cmpuint(g_strv_length(sides), ==, 3);
    for (int i = 0; i < 3; i++)
        product *= parse_number(sides[i]);
    return g_str_has_prefix(cells[1], "dwconv7 ") ? 49 * product : product;
}

static gboolean is_product(const char *kernel)
{
    return g_str_has_prefix(kernel, "gemm") && !strstr(kernel, "_rows ");
}

/* Bytes that a layer other than a product reads and writes for an image. */
static double moved_bytes(char **cells, const SeededNetwork *network)
{
    g_auto(GStrv) sides = g_strsplit(cells[2], "x", 0);
    double bytes = sizeof(float);
    guint stage, passes = 2;

    for (guint i = 0; i < g_strv_length(sides); i++)
        bytes *= parse_number(sides[i]);
    if (g_str_has_suffix(cells[0], ".norms") && sscanf(cells[0], "stage%u", &stage) == 1)
        /* and the stem's, or that before the next stage */
        passes *= network->depths[stage - 1] + (stage == 1) + (stage < CNX_STAGES);
    else if (g_str_has_suffix(cells[0], ".grns") && sscanf(cells[0], "stage%u", &stage) == 1)
        passes *= network->depths[stage - 1];
    else if (g_str_equal(cells[0], "pool"))
        passes = 1;
    return passes * bytes;
}

/* ideal: milliseconds at the limit, whose largest relative error is `error`, because limits are
 * printed as whole numbers. */
static void check_share(char **cells, double ideal, double error)
{
    const double ms = parse_number(cells[4]), half = 0.5e-4; /* of the last digit */

    if (cells[6][0] == '\0') {
        g_assert_cmpfloat(ms, <=, half);
        return;
    }
    g_assert_cmpfloat(ideal * (1 - error), <=, (parse_number(cells[6]) + half) * (ms + half));
    g_assert_cmpfloat(ideal * (1 + error), >=, (parse_number(cells[6]) - half) * (ms - half));
}

/* Returns the operations for an image in the line's layer; 0 for layers that do not multiply. */
static double check_layer(const char *line, const SeededNetwork *network, const Limits *limits)
{
    g_auto(GStrv) cells = g_strsplit(line, ",", 0);
    double ms, flops = 0;

    g_assert_cmpuint(g_strv_length(cells), ==, 7);
    g_assert_true(cells[0][0] != '\0' && strchr(cells[1], ' '));
    g_assert_cmpfloat(parse_number(cells[3]), ==, PASSES * IMAGES);
    ms = parse_number(cells[4]);
    g_assert_cmpfloat(ms, >=, 0);
    if (is_product(cells[1]) || g_str_has_prefix(cells[1], "dwconv7 ")) {
        const double gflops = parse_number(cells[5]), half = 0.5e-4; /* of the last digit */
        const double peak = strstr(cells[1], "gemm_") ? limits->form_peak : limits->peak;
        const double bytes = is_product(cells[1]) ? 0 : moved_bytes(cells, network);

        flops = operations(cells);
        g_assert_cmpfloat((gflops - half) * (ms - half) * 1e6, <=, flops);
        g_assert_cmpfloat((gflops + half) * (ms + half) * 1e6, >=, flops);
        check_share(cells, MAX(flops / peak, bytes / limits->memory) * 1e-6,
                    1 / MIN(peak, limits->memory));
    } else if (g_str_equal(cells[0], "rounding")) {
        g_assert_cmpstr(cells[5], ==, "");
        g_assert_cmpfloat(parse_number(cells[6]), >=, 0);
    } else if (!g_str_equal(cells[0], "forward")) {
        g_assert_cmpstr(cells[5], ==, "");
        check_share(cells, moved_bytes(cells, network) / limits->memory * 1e-6, 1 / limits->memory);
    }
    return flops;
}

/* The shares are whole numbers whose sum is 100, but for their rounding. */
static void check_kinds(const char *line)
{
    static const char *const names[] = {"products", "depthwise", "norms", "GRN",
                                        "pooling",  "rounding",  "waits"};
    const char *const start = "# of the threads' time: ";
    g_auto(GStrv) kinds = g_strsplit(line + strlen(start), ", ", 0);
    double sum = 0;

    g_assert_true(g_str_has_prefix(line, start));
    g_assert_cmpuint(g_strv_length(kinds), ==, G_N_ELEMENTS(names));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_auto(GStrv) words = g_strsplit(kinds[i], " ", 0);

        g_assert_cmpuint(g_strv_length(words), ==, 3);
        g_assert_cmpstr(words[0], ==, names[i]);
        g_assert_cmpfloat(parse_number(words[1]), >=, 0);
        sum += parse_number(words[1]);
    }
    g_assert_cmpfloat(fabs(sum - 100), <=, 4);
}

/* Each kind of work that takes time has its share of its limit. */
static void check_limits(const char *line, const SeededNetwork *network, gboolean rounds)
{
    const char *const start = "# of their limits: ";
    g_auto(GStrv) kinds = g_strsplit(line + strlen(start), ", ", 0);

    g_assert_true(g_str_has_prefix(line, start));
    g_assert_cmpuint(g_strv_length(kinds), <=, 4 + network->grn + rounds);
    g_assert_cmpuint(g_strv_length(kinds), >=, 3);
    for (char **kind = kinds; *kind; kind++) {
        g_auto(GStrv) words = g_strsplit(*kind, " ", 0);

        g_assert_cmpuint(g_strv_length(words), ==, 3);
        g_assert_cmpfloat(parse_number(words[1]), >=, 0);
    }
}

static void check_header(char **lines, const SeededNetwork *network, const char *level,
                         gboolean rounds, Limits *limits)
{
    g_autofree char *title =
        g_strdup_printf(": profile of %s, %dx%d, 2 threads", network->variant, SIDE, SIDE);
    g_autofree char *isa = g_strdup_printf("# isa level %s; ", level);
    const char *rounded = strstr(lines[1], "rounded products ");

    g_assert_true(g_str_has_prefix(lines[0], "# gst-convnext "));
    g_assert_true(g_str_has_suffix(lines[0], title));
    g_assert_true(g_str_has_prefix(lines[1], isa));
    g_assert_cmpint(sscanf(strstr(lines[1], " is "), " is %lf GFLOP/s", &limits->peak), ==, 1);
    g_assert_cmpfloat(limits->peak, >, 0);
    g_assert_cmpint(rounded ? sscanf(rounded, "rounded products %lf", &limits->form_peak) : 0, ==,
                    rounds);
    g_assert_true(limits->form_peak > 0 || !rounds);
    g_assert_cmpint(sscanf(strstr(lines[1], "of memory "), "of memory %lf GB/s", &limits->memory),
                    ==, 1);
    g_assert_cmpfloat(limits->memory, >, 0);
    check_kinds(lines[2]);
    check_limits(lines[3], network, rounds);
    g_assert_cmpstr(lines[4], ==, "layer,kernel,shape,calls,median_ms,gflops,share");
}

static void test_network(gconstpointer data, CnxPrecision precision)
{
    g_autoptr(CnxModel) model = open_network(data, precision);
    g_auto(GStrv) lines = NULL;
    g_autofree float *plain = run_passes(model, "0"), *profiled = NULL;
    const SeededNetwork *network = data;
    const gboolean rounds = cnx_model_form(model) != CNX_FORM_FLOAT;
    const guint classes = cnx_model_config(model)->classes;
    guint blocks = 0, expected;
    Limits limits = {0};
    double flops = 0, all;

    g_assert_cmpuint(printed->len, ==, 0);
    profiled = run_passes(model, "1");
    g_assert_cmpmem(plain, IMAGES * classes * sizeof *plain, profiled,
                    IMAGES * classes * sizeof *profiled);
    lines = g_strsplit(printed->str, "\n", 0);
    check_header(lines, network, cnx_model_isa(model), rounds, &limits);

    for (int i = 0; i < CNX_STAGES; i++)
        blocks += network->depths[i];
    /* header; stem, downs, blocks, norms, GRNs; pool, head, rounding, forward; text after the last
     * newline */
    expected = 5 + 1 + 3 + 3 * blocks + 4 + (network->grn ? 4 : 0) + 3 + rounds + 1;
    g_assert_cmpuint(g_strv_length(lines), ==, expected);
    for (guint i = 5; i < expected - 1; i++)
        flops += check_layer(lines[i], network, &limits);
    g_assert_true(g_str_has_prefix(lines[expected - 2], "forward,all "));
    g_assert_true(g_str_has_prefix(lines[expected - 3], "rounding,") == rounds);

    g_auto(GStrv) cells = g_strsplit(lines[expected - 2], ",", 0);
    all = 2 * parse_number(cells[5]) * parse_number(cells[4]) * 1e6; /* gflops is for one thread */
    g_assert_cmpfloat(fabs(all - flops), <=, 2e-2 * flops);
    g_string_truncate(printed, 0);
}

static void test_fp32(gconstpointer data)
{
    test_network(data, CNX_PRECISION_FP32);
}

static void test_int8(gconstpointer data)
{
    test_network(data, CNX_PRECISION_INT8);
}

static void test_bad_value(void)
{
    g_autoptr(CnxModel) model = open_network(&seeded_networks[0], CNX_PRECISION_FP32);
    g_autoptr(GError) error = NULL;

    g_setenv("CONVNEXT_PROFILE", "yes", TRUE);
    g_assert_null(cnx_run_new(model, SIDE, SIDE, 1, CNX_OUTPUT_LOGITS, 1, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
    g_assert_cmpstr(error->message, ==, "CONVNEXT_PROFILE is 'yes'; it must be 0 or 1");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    printed = g_string_new(NULL);
    g_set_printerr_handler(on_print);
    g_test_add_data_func("/profile/v1", &seeded_networks[0], test_fp32);
    g_test_add_data_func("/profile/v2", &seeded_networks[1], test_fp32);
    g_test_add_data_func("/profile/v2-int8", &seeded_networks[1], test_int8);
    g_test_add_func("/profile/bad-value", test_bad_value);
    return g_test_run();
}
