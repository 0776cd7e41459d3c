/* The forms that training tools leave in a checkpoint: what can be computed yields the tool's own
 * weights.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/parts.h"

#define FORMS FIXTURES "/forms/"
#define TOLERANCE 2e-6 /* of the largest number of a tensor */

static const struct Case {
    const char *name;
    const char *lines; /* of cnx_checkpoint_forms(), joined */
} cases[] = {
    {"plain", ""},
    {"lora", "8 tensors with LoRAs of scales from 1.66667 to 3.5 added"},
    {"lora-conv", "5 tensors with a LoRA of scale 2.12132 added"},
    {"dora", "4 tensors made from a norm and a direction (weight norm); "
             "4 tensors with a LoRA of scale 1.5 added"},
    {"lora-wide", "1 tensor with a LoRA of scale 0.0571429 added"},
    {"ia3", "18 tensors multiplied by IA3"},
    {"ia3-conv", "3 tensors multiplied by IA3"},
    {"saved", "4 tensors with a LoRA of scale 1 added"},
    {"pruned", "25 tensors multiplied by the masks of pruning"},
    {"weight-norm-old", "17 tensors made from a norm and a direction (weight norm)"},
    {"weight-norm", "17 tensors made from a norm and a direction (weight norm)"},
    {"spectral-norm-old", "17 tensors divided by the spectral norm"},
    {"spectral-norm", "17 tensors divided by the spectral norm"},
    {"fp8", ""},
    {"fp8-pickled", ""},
    {"fp8-fnuz", ""},
    {"block-scales", "2 tensors multiplied by the scales of quantisation"},
    {"comfyui", "2 tensors multiplied by the scales of quantisation"},
    {"bitsandbytes", "2 tensors multiplied by the scales of quantisation"},
    {"bitsandbytes-lora", "1 tensor multiplied by the scales of quantisation; "
                          "1 tensor with a LoRA of scale 1.5 added"},
    {"dynamic", "9 tensors multiplied by the scales of quantisation"},
    {"dynamic-channels", "9 tensors multiplied by the scales of quantisation"},
    {"dynamic-f16", ""},
    {"compressed-tensors", "4 tensors multiplied by the scales of quantisation"},
    {"quanto", "17 tensors multiplied by the scales of quantisation"},
    {"list", ""},
    {"tuple", ""},
    {"tuple-in-dict", ""},
    {"dtensor", ""},
};

typedef struct Comparison {
    const CnxCheckpoint *plain, *found;
    const CnxTensor *changed; /* [count], with canonical names */
    guint count, used;
} Comparison;

static const CnxTensor *find_expected(Comparison *c, const char *canonical)
{
    for (guint i = 0; i < c->count; i++)
        if (!strcmp(c->changed[i].name, canonical)) {
            c->used++;
            return &c->changed[i];
        }
    return cnx_checkpoint_tensor(c->plain, canonical);
}

/* Compares the whole tensor, and parts of it that begin and end anywhere. */
static gboolean compare_tensor(const char *canonical, guint rank, const guint64 *shape,
                               gpointer user_data)
{
    Comparison *c = user_data;
    const CnxTensor *a = find_expected(c, canonical);
    const CnxTensor *b = cnx_checkpoint_tensor(c->found, canonical);
    const gsize n = a->elements, first = n / 3, count = n - first - n / 5;
    float largest = 0;

    g_assert_cmpuint(n, ==, b->elements);
    g_autofree float *x = g_new(float, n), *y = g_new(float, n), *part = g_new(float, n);
    cnx_tensor_to_float(a, x);
    cnx_tensor_range_to_float(b, first, count, part);
    cnx_tensor_to_float(b, y);
    for (gsize i = 0; i < n; i++)
        largest = MAX(largest, fabsf(x[i]));
    for (gsize i = 0; i < n; i++)
        if (!(fabsf(x[i] - y[i]) <= TOLERANCE * largest))
            g_error("%s[%zu] is %.9g, expected %.9g", canonical, i, (double)y[i], (double)x[i]);
    g_assert_cmpmem(part, count * sizeof *part, y + first, count * sizeof *y);
    return TRUE;
}

static CnxCheckpoint *open_form(const char *name)
{
    g_autofree char *path = g_strconcat(FORMS, name, NULL);
    GError *error = NULL;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    return checkpoint;
}

static void test_form(gconstpointer data)
{
    const struct Case *form = data;
    g_autoptr(CnxCheckpoint) plain = open_form("plain");
    g_autoptr(CnxCheckpoint) found = open_form(form->name);
    g_autofree char *path = g_strconcat(FORMS, form->name, ".expected.safetensors", NULL);
    g_autoptr(CnxContainer) expected = g_file_test(path, G_FILE_TEST_EXISTS)
                                           ? cnx_container_open(path, CNX_WEIGHT_SET_AUTO, NULL)
                                           : NULL;
    Comparison c = {.plain = plain, .found = found};

    if (expected)
        c.changed = cnx_container_tensors(expected, &c.count);
    g_assert_true(cnx_parts_foreach(cnx_checkpoint_config(found), compare_tensor, &c));
    g_assert_cmpuint(c.used, ==, c.count);
    g_auto(GStrv) lines = cnx_checkpoint_forms(found);
    g_autofree char *joined = g_strjoinv("; ", lines);
    g_assert_cmpstr(joined, ==, form->lines);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strconcat("/forms/", cases[i].name, NULL);

        g_test_add_data_func(name, &cases[i], test_form);
    }
    return g_test_run();
}
