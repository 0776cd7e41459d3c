/* Fixtures of segmenters and detectors: a network, and the library's outputs for drawn pictures
 * (tests/fixtures/sane.py).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"
#include "model/heads/segmenter.h"
#include "model/network/run.h"

#define DENSE_SAMPLED 53 /* large maps are stored every so many numbers */
#define DENSE_EITHER 255 /* in a mask: the library's two best classes are almost equal */

typedef struct DenseFixture {
    const char *name;
    char *model;      /* path of the network: a folder or a file */
    gboolean is_made; /* the network is temporary (full.h) */
    CnxContainer *expected;
    char **inputs; /* "96x64", ..; WIDTHxHEIGHT */
} DenseFixture;

/* name: "segmenters/transformers-upernet". Clear with dense_clear(). */
DenseFixture dense_open(const char *name);
/* The same with the outputs of another fixture of the network. */
DenseFixture dense_open_expected(const char *name, const char *expected);

/* The segmenter of a fixture. The caller owns a reference. */
CnxSegmenter *dense_open_segmenter(const DenseFixture *fixture);
void dense_clear(DenseFixture *fixture);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DenseFixture, dense_clear)

/* The picture of an input, [height, width, 3] bytes. g_free(). */
guint8 *dense_picture(const char *input, guint *width, guint *height);

/* The same, normalised for ImageNet. g_free(). */
float *dense_input(const char *input, guint *width, guint *height);

/* What the library computed. output: "logits", "argmax" or a step; ends the test if the fixture
 * lacks it. */
const CnxTensor *dense_expected(const DenseFixture *fixture, const char *input, const char *output);

/* The names of an input's outputs that start with prefix, sorted. g_strfreev(). */
char **dense_outputs(const DenseFixture *fixture, const char *input, const char *prefix);

/* The worst difference of a map from the library's, in standard deviations of it; NaN if a value is
 * NaN. The number of values must fit. */
double dense_compare(const DenseFixture *fixture, const char *input, const char *output,
                     const CnxMap *map);

/* The numbers, [elements], of a tensor. g_free(). */
float *dense_numbers(const CnxTensor *tensor);

/* How many pixels of a mask of classes from 0, [n], differ from the library's where that is not
 * DENSE_EITHER. compared: the number of pixels that the fixture holds. */
guint dense_count_wrong(const DenseFixture *fixture, const char *input, const char *output,
                        const guint8 *classes, gsize n, guint *compared);
