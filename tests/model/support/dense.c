/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/dense.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/fixtures/compare.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/full.h"
#include "tests/model/support/picture.h"

#define SEED 7 /* SEED of sane.py */

/* Files of fixtures that are not a folder */
static const char *const suffixes[] = {"", ".pth", ".ckpt"};

static char **list_inputs(CnxContainer *expected)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *last = NULL;
    guint count;
    const CnxTensor *tensors = cnx_container_tensors(expected, &count);

    for (guint i = 0; i < count; i++) {
        g_autofree char *input = g_strndup(tensors[i].name, strcspn(tensors[i].name, "/"));

        if (g_strcmp0(input, last) == 0 || g_str_equal(input, "weights"))
            continue;
        g_strv_builder_add(builder, input);
        g_free(last);
        last = g_steal_pointer(&input);
    }
    return g_strv_builder_end(builder);
}

DenseFixture dense_open_expected(const char *name, const char *expected)
{
    DenseFixture fixture = {.name = name};
    g_autofree char *base = g_strconcat(FIXTURES "/", name, NULL);
    g_autofree char *path = g_strconcat(FIXTURES "/", expected, ".expected.safetensors", NULL);
    g_autoptr(GError) error = NULL;

    fixture.expected = cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);

    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *model = g_strconcat(base, suffixes[i], NULL);

        if (!fixture.model && g_file_test(model, G_FILE_TEST_EXISTS))
            fixture.model = g_steal_pointer(&model);
    }
    fixture.is_made = !fixture.model;
    if (fixture.is_made)
        fixture.model = full_make(base, fixture.expected);
    fixture.inputs = list_inputs(fixture.expected);
    return fixture;
}

DenseFixture dense_open(const char *name)
{
    return dense_open_expected(name, name);
}

CnxSegmenter *dense_open_segmenter(const DenseFixture *fixture)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    GError *error = NULL;
    CnxSegmenter *segmenter = cnx_segmenter_open(fixture->model, &options, NULL, NULL, &error);

    g_assert_no_error(error);
    return segmenter;
}

void dense_clear(DenseFixture *fixture)
{
    g_strfreev(fixture->inputs);
    cnx_container_close(fixture->expected);
    if (fixture->is_made)
        full_delete(fixture->model);
    else
        g_free(fixture->model);
}

guint8 *dense_picture(const char *input, guint *width, guint *height)
{
    g_assert_cmpint(sscanf(input, "%ux%u", width, height), ==, 2);
    return picture_draw(*width, *height, SEED);
}

float *dense_input(const char *input, guint *width, guint *height)
{
    g_autofree guint8 *picture = dense_picture(input, width, height);
    const gsize n = (gsize)*width * *height * 3;
    float *image = g_new(float, n);

    seeded_normalise(image, picture, n);
    return image;
}

static const CnxTensor *find(const DenseFixture *fixture, const char *name)
{
    guint count;
    const CnxTensor *tensors = cnx_container_tensors(fixture->expected, &count);

    for (guint i = 0; i < count; i++)
        if (g_str_equal(tensors[i].name, name))
            return &tensors[i];
    return NULL;
}

const CnxTensor *dense_expected(const DenseFixture *fixture, const char *input, const char *output)
{
    g_autofree char *name = g_strconcat(input, "/", output, NULL);
    const CnxTensor *tensor = find(fixture, name);

    if (!tensor)
        g_error("%s has no %s", fixture->name, name);
    return tensor;
}

char **dense_outputs(const DenseFixture *fixture, const char *input, const char *prefix)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_autofree char *start = g_strconcat(input, "/", prefix, NULL);
    guint count;
    const CnxTensor *tensors = cnx_container_tensors(fixture->expected, &count);

    for (guint i = 0; i < count; i++)
        if (g_str_has_prefix(tensors[i].name, start))
            g_strv_builder_add(builder, tensors[i].name + strlen(input) + 1);
    return g_strv_builder_end(builder);
}

float *dense_numbers(const CnxTensor *tensor)
{
    float *numbers = g_new(float, tensor->elements);

    cnx_tensor_to_float(tensor, numbers);
    return numbers;
}

/* How far apart the stored of n numbers are. */
static gsize find_step(const CnxTensor *expected, gsize n)
{
    const gsize step = expected->elements == n ? 1 : DENSE_SAMPLED;

    if (expected->elements != (n + step - 1) / step)
        g_error("%s: %" G_GSIZE_FORMAT " numbers computed, but the library's are %" G_GSIZE_FORMAT
                ", or that times %d",
                expected->name, n, expected->elements, DENSE_SAMPLED);
    return step;
}

double dense_compare(const DenseFixture *fixture, const char *input, const char *output,
                     const CnxMap *map)
{
    const CnxTensor *expected = dense_expected(fixture, input, output);
    const gsize n = (gsize)map->n * map->height * map->width * map->channels;

    if (expected->rank == 4) {
        const guint64 shape[] = {map->n, map->height, map->width, map->channels};

        g_assert_cmpmem(expected->shape, sizeof shape, shape, sizeof shape);
    }
    return compare_sampled(map->data, n, expected, find_step(expected, n));
}

guint dense_count_wrong(const DenseFixture *fixture, const char *input, const char *output,
                        const guint8 *classes, gsize n, guint *compared)
{
    const CnxTensor *expected = dense_expected(fixture, input, output);
    const gsize step = find_step(expected, n);
    guint wrong = 0;

    *compared = (guint)expected->elements;
    for (gsize i = 0; i < expected->elements; i++)
        wrong += expected->data[i] != DENSE_EITHER && expected->data[i] != classes[i * step];
    return wrong;
}
