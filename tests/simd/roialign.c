/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

/* The map at a point, in double; the point's position is a float, as torchvision's. */
static double value_at(const CnxRoiAlign *roi, float y, float x, int j)
{
    if (!(y >= -1 && y <= roi->h && x >= -1 && x <= roi->w))
        return 0;
    const double row = fmin(fmax(y, 0), roi->h - 1), column = fmin(fmax(x, 0), roi->w - 1);
    const int y0 = (int)row, x0 = (int)column;
    const int y1 = y0 + (y0 < roi->h - 1), x1 = x0 + (x0 < roi->w - 1);
    const double v = row - y0, u = column - x0;
    const float *map = roi->map + j;

    return (1 - v) *
               ((1 - u) * map[(y0 * roi->w + x0) * roi->c] + u * map[(y0 * roi->w + x1) * roi->c]) +
           v * ((1 - u) * map[(y1 * roi->w + x0) * roi->c] + u * map[(y1 * roi->w + x1) * roi->c]);
}

typedef struct Line {
    float start, bin;
    int n;
} Line;

static Line line_of(const CnxRoiAlign *roi, float from, float to)
{
    const float offset = roi->aligned ? 0.5f : 0;
    Line line = {.start = from * roi->scale - offset};
    float size = to * roi->scale - offset - line.start;

    if (!roi->aligned)
        size = fmaxf(size, 1);
    line.bin = size / (float)roi->side;
    line.n = roi->sampling > 0 ? roi->sampling : (int)ceilf(line.bin);
    return line;
}

static float point_of(const Line *line, int bin, int i)
{
    return line->start + (float)bin * line->bin + ((float)i + 0.5f) * line->bin / (float)line->n;
}

static double expected(const CnxRoiAlign *roi, const float *box, int bin, int j)
{
    const Line y = line_of(roi, box[1], box[3]), x = line_of(roi, box[0], box[2]);
    double sum = 0;

    for (int i = 0; i < y.n; i++) {
        for (int k = 0; k < x.n; k++)
            sum += value_at(roi, point_of(&y, bin / roi->side, i), point_of(&x, bin % roi->side, k),
                            j);
    }
    return y.n > 0 && x.n > 0 ? sum / ((double)y.n * x.n) : 0;
}

static void test(Check *t, CnxRoiAlign roi, const float *box, CheckFill fill)
{
    const int bins = roi.side * roi.side;

    CHECK_CASE(t, roialign, "%dx%dx%d side %d sampling %d aligned %d box %g %g %g %g fill %s",
               roi.h, roi.w, roi.c, roi.side, roi.sampling, roi.aligned, box[0], box[1], box[2],
               box[3], check_fill_name(fill));
    float *map = check_floats(t, (size_t)roi.h * roi.w * roi.c);
    double largest = 0;

    check_fill(t, map, (size_t)roi.h * roi.w * roi.c, fill);
    for (int i = 0; i < roi.h * roi.w * roi.c; i++)
        largest = fmax(largest, fabs(map[i]));
    check_seal(t);
    float *dst = check_floats(t, (size_t)bins * roi.c);

    roi.map = map;
    t->k->roialign(dst, &roi, box);
    for (int i = 0; i < bins * roi.c; i++)
        check_value(t, dst[i], expected(&roi, box, i / roi.c, i % roi.c), 4e-6 * largest + 0x1p-148,
                    i / roi.c, i % roi.c);
    check_done(t);
}

/* Boxes whose points cannot all be visited: the results are finite, and come at once. */
static void test_hostile(Check *t)
{
    enum { SIDE = 7, C = 19 };
    static const float extremes[] = {NAN, INFINITY, -INFINITY, 1e9f, -1e9f, 3e38f, -3e38f, 0, 5};

    for (int i = 0; i < 200; i++) {
        CnxRoiAlign roi = {NULL, 9, 13, C, 0.25f, SIDE, i % 2 * 2, i / 2 % 2};
        float box[4];

        for (int j = 0; j < 4; j++)
            box[j] = extremes[check_random(t) % COUNT(extremes)];
        CHECK_CASE(t, roialign, "hostile box %g %g %g %g sampling %d aligned %d", box[0], box[1],
                   box[2], box[3], roi.sampling, roi.aligned);
        float *map = check_floats(t, (size_t)9 * 13 * C);

        check_fill(t, map, (size_t)9 * 13 * C, CHECK_NORMAL);
        check_seal(t);
        float *dst = check_floats(t, (size_t)SIDE * SIDE * C);

        roi.map = map;
        t->k->roialign(dst, &roi, box);
        for (int j = 0; j < SIDE * SIDE * C; j++)
            check_value(t, dst[j], 0, 5, j / C, j % C);
        check_done(t);
    }
}

static void run(Check *t)
{
    static const int channels[] = {1, 7, 8, 9, 16, 17, 33, 64, 71};
    static const float boxes[][4] = {
        {3.3f, 4.1f, 30.7f, 22.9f}, /* inside */
        {-9, -7, 14, 60},           /* across the border */
        {-90, -90, -40, -40},       /* outside */
        {20, 15, 20.5f, 15.25f},    /* smaller than a pixel */
        {30, 22, 4, 3},             /* inverted */
        {-300, -200, 400, 500},     /* all of the map */
    };

    for (int i = 0; i < COUNT(boxes) * 4; i++) {
        const CnxRoiAlign roi = {NULL,  9,         13,        channels[i % COUNT(channels)],
                                 0.25f, i % 3 + 5, i % 2 * 2, i / 2 % 2};

        test(t, roi, boxes[i / 4], CHECK_NORMAL);
    }
    for (int fill = 0; fill < CHECK_FILLS; fill++) {
        if (fill != CHECK_HOSTILE)
            test(t, (CnxRoiAlign){NULL, 1, 5, 21, 0.5f, 3, fill % 2 * 2, fill / 2 % 2}, boxes[0],
                 (CheckFill)fill);
    }
    test_hostile(t);
}

typedef struct Bench {
    CnxRoiAlign roi;
    float box[4], *dst;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    const Bench *b = data;

    (void)turn;
    k->roialign(b->dst, &b->roi, b->box);
}

/* A box of the finest level of a detector at 800x1333, for the box head of torchvision and of
 * mmdetection, and for the mask head. */
static void bench(Check *t)
{
    static const int kinds[][3] = {{7, 2, false}, {7, 0, true}, {14, 2, false}};

    for (int i = 0; i < COUNT(kinds); i++) {
        Bench b = {{NULL, 200, 336, 256, 0.25f, kinds[i][0], kinds[i][1], kinds[i][2]},
                   {301, 212, 395, 291},
                   check_bench_floats(t, (size_t)14 * 14 * 256)};

        b.roi.map = check_bench_floats(t, (size_t)200 * 336 * 256);
        check_bench(t, &(CheckBench){"roialign", 0, NULL, body, &b},
                    "side %d c 256 sampling %d aligned %d", b.roi.side, b.roi.sampling,
                    b.roi.aligned);
        free((void *)b.roi.map);
        free(b.dst);
    }
}

const CheckSuite check_roialign = {"roialign", run, bench};
