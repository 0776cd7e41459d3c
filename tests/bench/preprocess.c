/* Times preprocessing: bench-preprocess WIDTH HEIGHT FORMAT CROP
 *
 * FORMAT is NV12, I420, YUY2, RGB or BGRX. CROP is center, which resizes to 256 and crops to 224,
 * or squash, which takes the whole frame; both are bicubic, as for the published checkpoints. A
 * frame goes from its planes to the network's [224, 224, 3] floats on one thread. Serves (serve.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "model/preprocess/preprocess.h"
#include "tests/bench/clock.h"
#include "tests/bench/serve.h"

#define SIDE 224

typedef struct Bench {
    CnxPreprocess *preprocess;
    CnxImage image;
    float *dst;
} Bench;

static const struct {
    const char *name;
    CnxPixels pixels;
    guint bytes;     /* for a pixel in the first plane */
    guint planes[2]; /* bytes for two pixels in a row of the other planes */
} formats[] = {
    {"NV12", CNX_PIXELS_NV12, 1, {2, 0}}, {"I420", CNX_PIXELS_I420, 1, {1, 1}},
    {"YUY2", CNX_PIXELS_YUY2, 2, {0, 0}}, {"RGB", CNX_PIXELS_RGB, 3, {0, 0}},
    {"BGRX", CNX_PIXELS_BGRX, 4, {0, 0}},
};

static void run_frame(void *data)
{
    Bench *b = data;

    cnx_preprocess_run(b->preprocess, &b->image, b->dst, NULL);
}

static guint8 *new_plane(gsize size)
{
    guint8 *plane = g_malloc(size);
    guint32 random = 1;

    for (gsize i = 0; i < size; i++) {
        random = random * 1664525 + 1013904223;
        plane[i] = (guint8)(random >> 24);
    }
    return plane;
}

static gboolean new_image(Bench *b, const char *name, CnxImageInfo *info)
{
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (!g_str_equal(formats[i].name, name))
            continue;
        info->pixels = formats[i].pixels;
        b->image.stride[0] = (gssize)(formats[i].bytes * info->width);
        b->image.plane[0] = new_plane((gsize)b->image.stride[0] * info->height);
        for (int p = 0; p < 2; p++) {
            b->image.stride[1 + p] = (gssize)(formats[i].planes[p] * ((info->width + 1) / 2));
            b->image.plane[1 + p] =
                new_plane((gsize)b->image.stride[1 + p] * ((info->height + 1) / 2));
        }
        return TRUE;
    }
    return FALSE;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    CnxRecipe recipe = {
        .size = SIDE,
        .resize = 256,
        .crop_pct = 0.875,
        .crop = CNX_CROP_CENTER,
        .filter = CNX_FILTER_BICUBIC,
        .mean = {0.485f, 0.456f, 0.406f},
        .std = {0.229f, 0.224f, 0.225f},
        .rescale = 1.0 / 255,
    };
    Bench b = {0};

    if (argc != 5) {
        fprintf(stderr, "usage: bench-preprocess WIDTH HEIGHT FORMAT CROP\n");
        return 2;
    }
    CnxImageInfo info = {.width = (guint)atoi(argv[1]),
                         .height = (guint)atoi(argv[2]),
                         .matrix = CNX_MATRIX_BT709,
                         .par_n = 1,
                         .par_d = 1};

    info.w = info.width;
    info.h = info.height;
    if (!new_image(&b, argv[3], &info)) {
        fprintf(stderr, "unknown format %s: expected NV12, I420, YUY2, RGB or BGRX\n", argv[3]);
        return 2;
    }
    if (g_str_equal(argv[4], "squash")) {
        recipe.crop = CNX_CROP_SQUASH;
        recipe.resize = SIDE;
    }
    const double begin = clock_ms();

    b.preprocess = cnx_preprocess_new(&recipe, &info, &error);
    if (!b.preprocess) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    b.dst = g_new(float, 3 * SIDE * SIDE);
    run_frame(&b);
    serve(clock_ms() - begin, "-", run_frame, &b);
    cnx_preprocess_free(b.preprocess);
    for (int p = 0; p < 3; p++)
        g_free((gpointer)b.image.plane[p]);
    g_free(b.dst);
    return 0;
}
