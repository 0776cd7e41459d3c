/* The fixtures are tight: a plain resize, written here to be readable, reproduces their bytes, and
 * each mistake that one could make in it does not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "tests/model/support/fixtures.h"
#include "tests/model/support/picture.h"

typedef enum Fault {
    FAULT_NONE,
    FAULT_ORIGIN,    /* the crop is one column further left or right */
    FAULT_ROUNDING,  /* no rounding to bytes between the passes */
    FAULT_TRUNCATE,  /* the passes truncate */
    FAULT_ANTIALIAS, /* the filter does not widen when shrinking */
    FAULT_ORDER,     /* the other pass first */
    FAULT_CENTRE,    /* outputs start at a source pixel's centre: "align corners" */
    FAULT_GREY,      /* no rounding to bytes in the greyscale conversion */
    FAULTS
} Fault;

static double filter_at(CnxFilter filter, double x)
{
    const double a = fabs(x);

    switch (filter) {
    case CNX_FILTER_BOX:
        return x > -0.5 && x <= 0.5 ? 1 : 0;
    case CNX_FILTER_BILINEAR:
        return a < 1 ? 1 - a : 0;
    case CNX_FILTER_HAMMING:
        return a == 0  ? 1
               : a < 1 ? sin(a * G_PI) / (a * G_PI) * (0.54f + 0.46f * cos(a * G_PI))
                       : 0;
    case CNX_FILTER_BICUBIC:
        return a < 1   ? ((1.5 * a) - 2.5) * a * a + 1
               : a < 2 ? (((a - 5) * a + 8) * a - 4) * -0.5
                       : 0;
    default: /* Lanczos */
        if (!(x >= -3 && x < 3))
            return 0;
        return a == 0 ? 1 : sin(x * G_PI) / (x * G_PI) * (sin(x / 3 * G_PI) / (x / 3 * G_PI));
    }
}

typedef struct Picture {
    guint width, height;
    double *rgb; /* [height][width][3] */
} Picture;

/* Resizes one axis and frees src. round: to bytes. */
static Picture resize_axis(Picture src, CnxFilter filter, gboolean vertical, guint out,
                           gboolean round, Fault fault)
{
    static const double supports[] = {0, 0.5, 1, 1, 2, 3};
    const guint in = vertical ? src.height : src.width;
    const guint others = vertical ? src.width : src.height;
    const gsize step = vertical ? 3 * (gsize)src.width : 3,
                other_step = vertical ? 3 : 3 * (gsize)in;
    const double scale = (double)in / out;
    const double wide = fault == FAULT_ANTIALIAS ? 1 : MAX(scale, 1);
    Picture dst = {vertical ? src.width : out, vertical ? out : src.height, NULL};
    const gsize to_step = vertical ? 3 * (gsize)dst.width : 3;
    const gsize to_other = vertical ? 3 : 3 * (gsize)out;
    g_autofree double *w = g_new(double, 2 * (gsize)ceil(supports[filter] * wide) + 3);

    dst.rgb = g_new(double, 3 * (gsize)dst.width * dst.height);
    for (guint i = 0; i < out; i++) {
        const double centre = fault == FAULT_CENTRE ? i * scale + 0.5 : (i + 0.5) * scale;
        const int first = MAX((int)(centre - supports[filter] * wide + 0.5), 0);
        const int end = MIN((int)(centre + supports[filter] * wide + 0.5), (int)in);
        double sum = 0;

        for (int t = first; t < end; t++)
            sum += w[t - first] = filter_at(filter, (t - centre + 0.5) * (1 / wide));
        for (int t = first; t < end; t++)
            w[t - first] = trunc(w[t - first] / sum * 0x1p22 + (w[t - first] < 0 ? -0.5 : 0.5));
        for (gsize j = 0; j < 3 * (gsize)others; j++) {
            const gsize at = j / 3 * other_step + j % 3;
            double value = 0;

            for (int t = first; t < end; t++)
                value += src.rgb[at + t * step] * w[t - first];
            value = value / 0x1p22 + (fault == FAULT_TRUNCATE ? 0 : 0.5);
            dst.rgb[j / 3 * to_other + j % 3 + i * to_step] =
                round ? CLAMP(floor(value), 0, 255) : value - 0.5;
        }
    }
    g_free(src.rgb);
    return dst;
}

static Picture resize(Picture p, CnxFilter filter, guint width, guint height, Fault fault)
{
    const int lost_width = (int)p.width - (int)width, lost_height = (int)p.height - (int)height;
    gboolean vertical = lost_height > 0 && lost_height > 2 * lost_width;

    if (fault == FAULT_ORDER)
        vertical = !vertical;
    for (int i = 0; i < 2; i++, vertical = !vertical) {
        const gboolean last = i == 1 || (vertical ? lost_width : lost_height) == 0;

        if ((vertical ? lost_height : lost_width) != 0)
            p = resize_axis(p, filter, vertical, vertical ? height : width,
                            last || fault != FAULT_ROUNDING, fault);
    }
    return p;
}

/* The pixel's value in channel c. */
static double sample(const Fixture *f, const guint8 *pixel, guint c, Fault fault)
{
    const double grey = (pixel[0] * 19595.0 + pixel[1] * 38470.0 + pixel[2] * 7471.0) / 65536;

    if (f->recipe.grey)
        return fault == FAULT_GREY ? grey : floor(grey + 0.5);
    return pixel[f->gray ? 1 : c];
}

/* Whether the resize produces the fixture's bytes. */
static gboolean reproduces(const Fixture *f, const guint8 *rgb, const CnxGeometry *g, Fault fault)
{
    const gsize n = 3 * (gsize)f->out_width * f->out_height;
    const int shift = fault != FAULT_ORIGIN ? 0 : g->x.src > 0 ? -1 : 1;
    Picture p = {f->info.w, f->info.h, g_new(double, 3 * (gsize)f->info.w * f->info.h)};
    g_autofree guint8 *bytes = g_malloc(n);
    g_autofree char *sha256 = NULL;

    for (gsize i = 0; i < 3 * (gsize)p.width * p.height; i++) {
        const gsize x = f->info.x + i / 3 % p.width, y = f->info.y + i / 3 / p.width;

        p.rgb[i] = sample(f, rgb + 3 * (y * f->info.width + x), i % 3, fault);
    }
    p = resize(p, f->recipe.filter, g->x.resized, g->y.resized, fault);
    for (gsize i = 0; i < n; i++) {
        const gsize x = i / 3 % f->out_width - g->x.dst, y = i / 3 / f->out_width - g->y.dst;
        const gsize from = (y + g->y.src) * p.width + x + g->x.src + shift;

        bytes[i] =
            x < g->x.count && y < g->y.count ? (guint8)p.rgb[3 * from + i % 3] : g->fill[i % 3];
    }
    g_free(p.rgb);
    sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, n);
    return strcmp(sha256, f->sha256) == 0;
}

/* Whether the mistake can affect this fixture. */
static gboolean can_matter(const Fixture *f, const CnxGeometry *g, Fault fault)
{
    gboolean horizontal = g->x.resized != f->info.w, vertical = g->y.resized != f->info.h;

    if (f->recipe.filter == CNX_FILTER_BOX) { /* copies pixels when enlarging */
        horizontal = g->x.resized < f->info.w;
        vertical = g->y.resized < f->info.h;
    }
    switch (fault) {
    case FAULT_ORIGIN:
        return g->x.resized > g->x.out;
    case FAULT_ROUNDING:
    case FAULT_ORDER:
        return horizontal && vertical;
    case FAULT_ANTIALIAS:
        return g->x.resized < f->info.w || g->y.resized < f->info.h;
    case FAULT_GREY:
        return f->recipe.grey && (horizontal || vertical);
    default:
        return horizontal || vertical;
    }
}

/* Skips pictures smaller than 60 pixels a side: mistakes may not show in a handful of pixels, or in
 * two that are stretched over many. Large pictures, which take long, take turns at the mistakes. */
static void test_fault(gconstpointer data)
{
    const Fault fault = (Fault)GPOINTER_TO_INT(data);
    int seen = 0, hidden = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(fixtures); i++) {
        const Fixture *f = &fixtures[i];
        g_autofree guint8 *rgb = NULL;
        const gsize pixels = (gsize)f->info.w * f->info.h;
        CnxGeometry g;

        if (pixels > 200000 && fault != FAULT_NONE && fault != FAULT_GREY && i % FAULTS != fault)
            continue;
        if (f->recipe.filter == CNX_FILTER_NEAREST || f->info.par_n != f->info.par_d ||
            pixels > 640 * 480 || MIN(f->info.w, f->info.h) < 60)
            continue;
        g_assert_true(cnx_recipe_geometry(&f->recipe, f->info.w, f->info.h, &g, NULL));
        if (fault != FAULT_NONE && !can_matter(f, &g, fault))
            continue;
        rgb = picture_draw(f->info.width, f->info.height, f->seed);
        seen++;
        if (reproduces(f, rgb, &g, fault) == (fault == FAULT_NONE))
            continue;
        hidden++;
        g_test_message("%s", f->name);
    }
    g_test_message("%d of %d", hidden, seen);
    g_assert_cmpint(seen, >=, fault == FAULT_GREY ? 4 : 50);
    if (hidden > 0)
        g_test_fail();
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"none",      "origin", "rounding", "truncate",
                                        "antialias", "order",  "centre",   "grey"};

    g_test_init(&argc, &argv, NULL);
    for (int i = 0; i < FAULTS; i++) {
        g_autofree char *name = g_strconcat("/faults/", names[i], NULL);

        g_test_add_data_func(name, GINT_TO_POINTER(i), test_fault);
    }
    return g_test_run();
}
