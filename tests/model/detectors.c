/* Detectors against their libraries: the fixtures of tests/fixtures/make_detectors.py and
 * make_mm_detectors.py, their steps and their objects. At the highest isa level of the machine all
 * fixtures and inputs, below it one of each library.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/heads/detector_network.h"
#include "model/preprocess/preprocess.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/dense.h"

#define MAP_LIMIT 2e-4 /* standard deviations of the library's map */
#define BOX_LIMIT 0.05 /* pixels of the resized image */
#define SCORE_LIMIT 2e-4
#define MASK_LIMIT 1e-3   /* probabilities at 28x28 */
#define PASTED_LIMIT 2e-3 /* probabilities in the frame */

static const struct {
    const char *name;
    gboolean everywhere; /* at each isa level */
} fixtures[] = {
    {"detectors/torchvision-mask-rcnn", TRUE},
    {"detectors/torchvision-faster-rcnn", FALSE},
    {"detectors/torchvision-faster-rcnn-three", FALSE},
    {"detectors/torchvision-mask-rcnn-plain", FALSE},
    {"detectors/torchvision-mask-rcnn-v2", FALSE},
    {"detectors/mmdetection-mask-rcnn", TRUE},
    {"detectors/mmdetection-cascade-rcnn", TRUE},
    {"detectors/facebook-cascade-mask-rcnn", FALSE},
    {"detectors/facebook-mask-rcnn", FALSE},
#if COMPARE_FULL_SIZE
    {"detectors/full-mask-rcnn", FALSE},
#endif
};

/* An input of a fixture and our results for it */
typedef struct Case {
    DenseFixture *fixture;
    const char *input;
    guint frame_width, frame_height;
    CnxView view;
    CnxDetectorRun *run;
    const CnxDetections *found;
} Case;

/* The worst differences of all inputs */
typedef struct Worst {
    double map, box, score, mask, pasted;
    guint objects;
} Worst;

static void enlarge(double *worst, double value)
{
    if (!(value <= *worst))
        *worst = value;
}

/* "300x170 at 136x240": min_size and max_size; without them the frame is not resized. */
static CnxRecipe read_recipe(const Case *c, const CnxDetector *detector)
{
    const char *at = strstr(c->input, " at ");
    CnxRecipe recipe = cnx_detector_info(detector)->recipe;
    guint least = MIN(c->frame_width, c->frame_height);
    guint most = MAX(c->frame_width, c->frame_height);

    if (at)
        g_assert_cmpint(sscanf(at, " at %ux%u", &least, &most), ==, 2);
    cnx_recipe_set_fit(&recipe, least, most, recipe.multiple);
    return recipe;
}

/* The frame as the network's input: resized, normalised, padded. Sets view. */
static float *make_image(Case *c, const CnxDetector *detector)
{
    g_autoptr(GError) error = NULL;
    g_autofree guint8 *frame = dense_picture(c->input, &c->frame_width, &c->frame_height);
    const CnxRecipe recipe = read_recipe(c, detector);
    const CnxImageInfo info = {.pixels = CNX_PIXELS_RGB,
                               .width = c->frame_width,
                               .height = c->frame_height,
                               .par_n = 1,
                               .par_d = 1,
                               .w = c->frame_width,
                               .h = c->frame_height};
    const CnxImage image = {{frame}, {3 * (gssize)c->frame_width}};
    g_autoptr(CnxPreprocess) preprocess = cnx_preprocess_new(&recipe, &info, &error);

    g_assert_no_error(error);
    c->view = cnx_preprocess_view(preprocess);
    const gsize n = (gsize)c->view.width * c->view.height * 3;
    g_autofree guint8 *bytes = g_malloc(n);
    float *input = g_new(float, n);
    cnx_preprocess_run(preprocess, &image, input,
                       recipe.resampling == CNX_RESAMPLING_OPENCV ? bytes : NULL);
    return input;
}

static void case_run(Case *c, CnxDetector *detector, guint threads)
{
    g_autoptr(GError) error = NULL;
    g_autofree float *image = make_image(c, detector);
    const CnxView *v = &c->view;

    c->run = cnx_detector_run_new(detector, v->width, v->height, NULL, threads, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(cnx_detector_run_measure(detector, v->width, v->height, NULL, threads), ==,
                     cnx_detector_run_memory(c->run));
    c->found = cnx_detector_run_forward(c->run, image, v->content_w, v->content_h);
}

/* Steps */

/* Of a full-size network the fixture has one map of the pyramid only. */
static gboolean is_stored(const Case *c, const char *output)
{
    g_auto(GStrv) names = dense_outputs(c->fixture, c->input, output);

    return names[0] != NULL;
}

static double compare_map(const Case *c, const char *output, const float *data, guint height,
                          guint width, guint channels)
{
    const CnxMap map = {data, 1, height, width, channels};
    const double worst = dense_compare(c->fixture, c->input, output, &map);

    g_test_message("%s %s: %.2g deviations", c->input, output, worst);
    return worst;
}

/* Of the map of logits and deltas, columns first to first + count - 1. */
static double compare_columns(const Case *c, const char *output, const CnxDetectorLevel *level,
                              guint first, guint count)
{
    const guint columns = c->run->detector->weights.rpn_out.n;
    const gsize pixels = (gsize)level->height * level->width;
    g_autofree float *part = g_new(float, pixels *count);

    for (gsize p = 0; p < pixels; p++)
        memcpy(part + p * count, level->rpn + p * columns + first, count * sizeof *part);
    return compare_map(c, output, part, level->height, level->width, count);
}

static void check_levels(const Case *c, Worst *worst)
{
    const CnxDetectorConfig *config = &c->run->detector->config;

    for (guint i = 0; i < c->run->levels; i++) {
        const CnxDetectorLevel *level = &c->run->level[i];
        const guint channels = c->run->detector->weights.inner[0].n;
        g_autofree char *number = g_strdup_printf("%u", i);
        g_autofree char *map = g_strconcat("fpn", i < config->inner ? number : "pool", NULL);
        g_autofree char *logits = g_strconcat("objectness", number, NULL);
        g_autofree char *deltas = g_strconcat("deltas", number, NULL);

        if (is_stored(c, map))
            enlarge(&worst->map,
                    compare_map(c, map, level->map, level->height, level->width, channels));
        if (!is_stored(c, logits))
            continue;
        enlarge(&worst->map, compare_columns(c, logits, level, 0, config->anchors));
        enlarge(&worst->map,
                compare_columns(c, deltas, level, config->anchors, 4 * config->anchors));
    }
    g_assert_cmpfloat(worst->map, <=, MAP_LIMIT);
}

/* The largest difference of the corners of two boxes. */
static double box_distance(const float *a, CnxBox b)
{
    return MAX(MAX(fabs(a[0] - b.x0), fabs(a[1] - b.y0)),
               MAX(fabs(a[2] - b.x1), fabs(a[3] - b.y1)));
}

/* The nearest of our boxes' coordinates to the library's number i, at the same place or, since
 * rounding may exchange neighbours with almost equal scores, beside it. */
static double nearest_coordinate(const Case *c, const CnxBox *boxes, gsize i, double expected)
{
    const float *mine = &boxes[0].x0;
    const gsize first = i >= 8 ? i - 8 : i % 4, last = 4 * (gsize)c->run->proposal_count;
    double nearest = INFINITY;

    for (gsize k = first; k <= i + 8 && k < last; k += 4)
        nearest = MIN(nearest, fabs(mine[k] - expected));
    return nearest;
}

/* boxes: the proposals, or where the heads of a cascade have moved them. */
static void check_boxes(const Case *c, const char *output, const CnxBox *boxes, Worst *worst)
{
    const CnxTensor *tensor = dense_expected(c->fixture, c->input, output);
    const gsize n = 4 * (gsize)c->run->proposal_count;
    const gsize step = tensor->elements == n ? 1 : DENSE_SAMPLED;
    g_autofree float *theirs = dense_numbers(tensor);

    g_assert_cmpuint(tensor->elements, ==, (n + step - 1) / step);
    for (gsize i = 0; i < tensor->elements; i++)
        enlarge(&worst->box, nearest_coordinate(c, boxes, i * step, theirs[i]));
    g_assert_cmpfloat(worst->box, <=, BOX_LIMIT);
}

/* Objects */

/* Our object for the library's object i: the same class, and the nearest box. */
static guint find_match(const Case *c, const float *box, guint label)
{
    double nearest = INFINITY;
    guint best = 0;

    for (guint k = 0; k < c->found->n; k++) {
        const CnxDetection *o = &c->found->items[k];
        const double distance = box_distance(box, (CnxBox){o->x0, o->y0, o->x1, o->y1});

        if (o->index == label && distance < nearest) {
            nearest = distance;
            best = k;
        }
    }
    g_assert_cmpfloat(nearest, <=, BOX_LIMIT);
    return best;
}

/* The largest difference from the library's numbers, of which the fixture may hold a part. */
static double compare_numbers(const Case *c, const char *output, const float *mine, gsize n)
{
    const CnxTensor *tensor = dense_expected(c->fixture, c->input, output);
    const gsize step = tensor->elements == n ? 1 : DENSE_SAMPLED;
    g_autofree float *theirs = dense_numbers(tensor);
    double worst = 0;

    g_assert_cmpuint(tensor->elements, ==, (n + step - 1) / step);
    for (gsize i = 0; i < tensor->elements; i++)
        enlarge(&worst, fabs(theirs[i] - mine[i * step]));
    return worst;
}

/* Writes the mask of our object k in the frame to dst, [height, width]. */
static void paste(const Case *c, guint k, float *dst)
{
    const CnxDetection *o = &c->found->items[k];
    const guint side = c->found->mask_side;
    const CnxPasting pasting = cnx_detector_pasting(c->run->detector);
    const float x = (float)c->frame_width / (float)c->view.content_w;
    const float y = (float)c->frame_height / (float)c->view.content_h;
    const float box[] = {o->x0 * x, o->y0 * y, o->x1 * x, o->y1 * y};
    const CnxPaste a = cnx_detector_paste_area(pasting, side, box, c->frame_width, c->frame_height);

    cnx_detector_paste(pasting, c->found->masks + (gsize)k * side * side, side, box, c->frame_width,
                       c->frame_height, dst + (gsize)a.y0 * c->frame_width + a.x0, c->frame_width);
}

/* matches: [n] our objects for the library's. */
static void check_masks(const Case *c, const guint *matches, guint n, Worst *worst)
{
    const CnxTensor *chosen = dense_expected(c->fixture, c->input, "pasted_objects");
    const gsize pixels = (gsize)c->frame_width * c->frame_height, mask = 28 * 28;
    g_autofree float *masks = g_new(float, n *mask);
    g_autofree float *pasted = g_new0(float, chosen->elements *pixels);

    g_assert_cmpuint(c->found->mask_side, ==, 28);
    for (guint i = 0; i < n; i++)
        memcpy(masks + i * mask, c->found->masks + matches[i] * mask, mask * sizeof *masks);
    for (guint i = 0; i < chosen->elements; i++)
        paste(c, matches[chosen->data[i]], pasted + i * pixels);
    enlarge(&worst->mask, compare_numbers(c, "masks", masks, n * mask));
    enlarge(&worst->pasted, compare_numbers(c, "pasted", pasted, chosen->elements * pixels));
    g_assert_cmpfloat(worst->mask, <=, MASK_LIMIT);
    g_assert_cmpfloat(worst->pasted, <=, PASTED_LIMIT);
}

static void check_objects(const Case *c, Worst *worst)
{
    const CnxTensor *tensor = dense_expected(c->fixture, c->input, "boxes");
    const CnxTensor *labels = dense_expected(c->fixture, c->input, "labels");
    const guint n = (guint)tensor->shape[0];
    g_autofree float *boxes = dense_numbers(tensor);
    g_autofree float *scores = dense_numbers(dense_expected(c->fixture, c->input, "scores"));
    g_autofree guint *matches = g_new(guint, n);

    g_assert_cmpuint(c->found->n, ==, n);
    g_assert_cmpuint(c->found->dropped, ==, 0);
    for (guint i = 0; i < n; i++) {
        const guint k = matches[i] = find_match(c, boxes + 4 * i, labels->data[i]);
        const CnxDetection *o = &c->found->items[k];

        enlarge(&worst->box, box_distance(boxes + 4 * i, (CnxBox){o->x0, o->y0, o->x1, o->y1}));
        enlarge(&worst->score, fabs(o->score - scores[i]));
    }
    worst->objects += n;
    g_assert_cmpfloat(worst->score, <=, SCORE_LIMIT);
    if (cnx_detector_has_masks(c->run->detector))
        check_masks(c, matches, n, worst);
}

/* The same image on other numbers of threads gives the same bits. */
static void check_threads(const Case *c, CnxDetector *detector)
{
    static const guint numbers[] = {1, 3};

    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        Case other = {.fixture = c->fixture, .input = c->input};

        case_run(&other, detector, numbers[i]);
        g_assert_cmpmem(other.found->items, other.found->n * sizeof *other.found->items,
                        c->found->items, c->found->n * sizeof *c->found->items);
        if (c->found->masks)
            g_assert_cmpmem(other.found->masks, other.found->n * 28 * 28 * sizeof(float),
                            c->found->masks, c->found->n * 28 * 28 * sizeof(float));
        cnx_detector_run_free(other.run);
    }
}

static void check_fixture(gconstpointer data)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    g_auto(DenseFixture) fixture = dense_open(data);
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxDetector) detector =
        cnx_detector_open(fixture.model, &options, NULL, NULL, &error);
    Worst worst = {0};

    g_assert_no_error(error);
    for (guint i = 0; fixture.inputs[i] && (i == 0 || compare_level_is_highest()); i++) {
        Case c = {.fixture = &fixture, .input = fixture.inputs[i]};

        case_run(&c, detector, 2);
        check_levels(&c, &worst);
        check_boxes(&c, "proposals", c.run->proposals, &worst);
        if (detector->weights.stages > 1)
            check_boxes(&c, "refined", c.run->rois, &worst);
        check_objects(&c, &worst);
        if (i == 0)
            check_threads(&c, detector);
        cnx_detector_run_free(c.run);
    }
    g_test_message("%s: %u objects, maps %.2g deviations, boxes %.2g pixels, scores %.2g, masks "
                   "%.2g, pasted %.2g",
                   fixture.name, worst.objects, worst.map, worst.box, worst.score, worst.mask,
                   worst.pasted);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (guint i = 0; i < G_N_ELEMENTS(fixtures); i++) {
        g_autofree char *path = g_strconcat("/", fixtures[i].name, NULL);

        if (fixtures[i].everywhere || compare_level_is_highest())
            g_test_add_data_func(path, fixtures[i].name, check_fixture);
    }
    return g_test_run();
}
