/* The worker of peers.py for detectors:
 *
 *   bench-detect MODEL PRECISION THREADS WIDTH HEIGHT INPUT OUTPUT [ROUNDS]
 *
 * INPUT holds a normalised picture, [HEIGHT, WIDTH, 3] floats. Writes the objects to OUTPUT, [n, 6]
 * floats: box, score, label from 1. Then it serves (serve.h); a frame is the network from the
 * padded input to the objects and their masks, which are not pasted into the picture. With ROUNDS
 * it prints instead how long each part of the network and pasting the masks take.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/heads/detector_network.h"
#include "tests/bench/clock.h"
#include "tests/bench/files.h"
#include "tests/bench/model.h"
#include "tests/bench/parts.h"
#include "tests/bench/serve.h"

#define SIDE 32 /* the padded input's sides are multiples of it */

typedef struct Work {
    CnxDetectorRun *run;
    guint width, height; /* of the picture */
    guint padded_width, padded_height;
    float *image; /* [padded_height, padded_width, 3] */
    const CnxDetections *found;
} Work;

static void run_frame(void *data)
{
    Work *work = data;

    work->found = cnx_detector_run_forward(work->run, work->image, work->width, work->height);
}

static float *pad(const Work *work, const float *picture)
{
    float *image = g_new0(float, (gsize)work->padded_width * work->padded_height * 3);

    for (guint y = 0; y < work->height; y++)
        memcpy(image + (gsize)y * work->padded_width * 3, picture + (gsize)y * work->width * 3,
               (gsize)work->width * 3 * sizeof *image);
    return image;
}

static void write_objects(const char *path, const CnxDetections *found)
{
    g_autofree float *objects = g_new(float, 6 * MAX(found->n, 1));

    for (guint i = 0; i < found->n; i++) {
        const CnxDetection *item = &found->items[i];
        const float object[] = {item->x0, item->y0,    item->x1,
                                item->y1, item->score, (float)(item->index + 1)};

        memcpy(objects + (gsize)6 * i, object, sizeof object);
    }
    files_write(path, objects, (gsize)6 * found->n);
}

static void paste_masks(const Work *work)
{
    const CnxPasting pasting = cnx_detector_pasting(work->run->detector);
    const CnxDetections *found = work->found;
    const gsize side = found->mask_side;
    g_autofree float *pasted = g_new(float, (gsize)work->width * work->height);
    g_autofree guint8 *mask = g_new(guint8, (gsize)work->width * work->height);

    for (guint i = 0; i < found->n; i++) {
        const CnxDetection *o = &found->items[i];
        const float box[] = {o->x0, o->y0, o->x1, o->y1};
        const CnxPaste area =
            cnx_detector_paste_area(pasting, found->mask_side, box, work->width, work->height);
        const gsize width = area.x1 - area.x0, pixels = width * (area.y1 - area.y0);

        cnx_detector_paste(pasting, found->masks + i * side * side, found->mask_side, box,
                           work->width, work->height, pasted, width);
        for (gsize p = 0; p < pixels; p++)
            mask[p] = pasted[p] > 0.5f;
    }
}

static void print_parts(Work *work, int rounds)
{
    static const char *const layers[] = {"backbone", "pyramid",   "RPN",
                                         "box head", "mask head", NULL};
    Parts parts = {.count = 0};
    int network = 0;

    cnx_detector_run_set_probe(work->run, parts_end, &parts);
    for (int i = 0; i < rounds; i++) {
        parts_begin_round(&parts);
        run_frame(work);
        if (i == 0)
            network = parts.count;
        if (work->found->masks) {
            paste_masks(work);
            parts_end(&parts, "paste");
        }
    }
    printf("%u objects\n\n", work->found->n);
    parts_print(&parts, network, "all but layers", layers);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxDetector) detector = NULL;
    g_autoptr(CnxDetectorRun) run = NULL;

    if (argc != 8 && argc != 9) {
        fprintf(stderr, "usage: bench-detect MODEL PRECISION THREADS WIDTH HEIGHT INPUT OUTPUT "
                        "[ROUNDS]\n");
        return 2;
    }
    const CnxOpenOptions options = {.precision = bench_precision(argv[2])};
    const guint threads = (guint)atoi(argv[3]);
    Work work = {.width = (guint)atoi(argv[4]), .height = (guint)atoi(argv[5])};

    work.padded_width = (work.width + SIDE - 1) / SIDE * SIDE;
    work.padded_height = (work.height + SIDE - 1) / SIDE * SIDE;
    g_autofree float *picture = files_read(argv[6], (gsize)work.width * work.height * 3);
    g_autofree float *image = work.image = pad(&work, picture);
    const double begin = clock_ms();

    detector = cnx_detector_open(argv[1], &options, NULL, NULL, &error);
    if (detector)
        run = cnx_detector_run_new(detector, work.padded_width, work.padded_height, NULL, threads,
                                   &error);
    if (!run) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    work.run = run;
    run_frame(&work);
    const double load = clock_ms() - begin;

    write_objects(argv[7], work.found);
    fprintf(stderr, "weights %.1f MB, arena %.1f MB\n", (double)cnx_detector_memory(detector) / 1e6,
            (double)cnx_detector_run_memory(run) / 1e6);
    if (argc == 9) {
        print_parts(&work, atoi(argv[8]));
        return 0;
    }
    serve(load,
          cnx_precision_name(cnx_form_precision(cnx_model_form(cnx_detector_backbone(detector)))),
          run_frame, &work);
    return 0;
}
