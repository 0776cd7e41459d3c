/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/full.h"

#include <glib/gstdio.h>
#include <string.h>

#include "model/base/encode.h"
#include "model/export/writer.h"
#include "tests/fixtures/seeded.h"

/* The values of a tensor. spread 0: those that the fixture stores. */
typedef struct Rule {
    double center;
    float spread;
} Rule;

typedef struct Plan {
    const char *network; /* in seeded.h */
    GArray *tensors;     /* CnxTensor, whose names are in the lines */
    GArray *rules;       /* Rule, for each of them */
    CnxContainer *expected;
} Plan;

/* A line "NAME 150,512,1,1 CENTER SPREAD" or "NAME 512", which is cut into words. */
static void plan_tensor(Plan *plan, char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 4);
    const guint count = g_strv_length(words);
    CnxTensor tensor = {.name = line, .dtype = CNX_DTYPE_F16};
    Rule rule = {0};

    g_assert_true(count == 2 || count == 4);
    g_auto(GStrv) sizes = g_strsplit(words[1], ",", CNX_MAX_RANK);
    for (; sizes[tensor.rank]; tensor.rank++)
        tensor.shape[tensor.rank] = g_ascii_strtoull(sizes[tensor.rank], NULL, 10);
    if (count == 4)
        rule = (Rule){g_ascii_strtod(words[2], NULL), (float)g_ascii_strtod(words[3], NULL)};
    line[strlen(words[0])] = '\0';
    g_array_append_val(plan->tensors, tensor);
    g_array_append_val(plan->rules, rule);
}

static const CnxTensor *find_stored(const Plan *plan, const char *tensor)
{
    g_autofree char *name = g_strconcat("weights/", tensor, NULL);
    guint count;
    const CnxTensor *tensors = cnx_container_tensors(plan->expected, &count);

    for (guint i = 0; i < count; i++)
        if (g_str_equal(tensors[i].name, name))
            return &tensors[i];
    g_error("the fixture has no %s", name);
}

static gboolean fill_tensor(const CnxTensor *tensor, guint8 *dst, gpointer data, GError **error)
{
    const Plan *plan = data;
    const Rule *rule =
        &g_array_index(plan->rules, Rule, tensor - (const CnxTensor *)plan->tensors->data);
    g_autofree float *values = g_new(float, tensor->elements);

    if (rule->spread != 0)
        seeded_values(values, plan->network, tensor->name, tensor->elements, rule->center,
                      rule->spread);
    else
        cnx_tensor_to_float(find_stored(plan, tensor->name), values);
    cnx_tensor_from_float(CNX_DTYPE_F16, values, tensor->elements, dst);
    return TRUE;
}

static void copy_config(const char *base, const char *folder)
{
    g_autofree char *source = g_strconcat(base, ".json", NULL);
    g_autofree char *path = g_build_filename(folder, "config.json", NULL), *text = NULL;

    if (g_file_get_contents(source, &text, NULL, NULL))
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

char *full_make(const char *base, CnxContainer *expected)
{
    g_autofree char *path = g_strconcat(base, ".tensors", NULL), *text = NULL;
    g_autoptr(GArray) tensors = g_array_new(FALSE, FALSE, sizeof(CnxTensor));
    g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(Rule));
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("convnext-full-XXXXXX", &error);

    g_assert_no_error(error);
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Plan plan = {lines[0], tensors, rules, expected};
    for (guint i = 1; lines[i] && *lines[i] != '\0'; i++)
        plan_tensor(&plan, lines[i]);
    g_autofree char *weights = g_build_filename(folder, "model.safetensors", NULL);
    cnx_writer_write(weights, (CnxTensor *)tensors->data, tensors->len, fill_tensor, &plan, &error);
    g_assert_no_error(error);
    copy_config(base, folder);
    return folder;
}

void full_delete(char *folder)
{
    static const char *const names[] = {"model.safetensors", "config.json"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(folder, names[i], NULL);

        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}
