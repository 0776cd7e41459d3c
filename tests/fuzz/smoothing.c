/* Fuzz target: the states of a stream and of its objects, from results with any scores.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "gst/results/classify.h"
#include "gst/results/states.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_gst.h"
#include "tests/fuzz/reader.h"

#define CLASSES 4
#define MAX_FRAMES 48
#define MAX_OBJECTS 4

static const char *const labels[CLASSES] = {"zero", "one", "two", "three"};

/* The score of a state is a number, and a state without a label has none. */
static void check_changes(GSList *changes)
{
    for (; changes; changes = g_slist_delete_link(changes, changes)) {
        g_autoptr(GstStructure) s = changes->data;
        const char *label = gst_structure_get_string(s, "new");
        double score;

        g_assert_cmpint(gst_structure_get_double(s, "score", &score), ==, label != NULL);
        if (label)
            g_assert_true(isfinite(score));
        g_assert_true(label || gst_structure_get_string(s, "old"));
    }
}

/* A result as the element makes it; scores receives the activated ones. */
static GstConvnextResult *make_result(FuzzReader *reader, float *scores,
                                      const GstConvnextScoring *scoring)
{
    GstConvnextResult *result = gst_convnext_result_new("fuzz", 0);
    float logits[CLASSES];
    const gboolean is_plain = fuzz_choice(reader, 2);

    for (guint i = 0; i < CLASSES; i++)
        logits[i] = is_plain ? (float)fuzz_byte(reader) / 16 : fuzz_float(reader);
    gst_convnext_classify(result, logits, scores, labels, CLASSES, scoring);
    return result;
}

static void add_frame(FuzzReader *reader, GstConvnextStates *states,
                      GstConvnextSmoothing *smoothing, const GstConvnextTimes *times)
{
    g_autoptr(GPtrArray) results =
        g_ptr_array_new_with_free_func((GDestroyNotify)gst_convnext_result_unref);
    g_autoptr(GArray) objects = g_array_new(FALSE, TRUE, sizeof(GstConvnextObject));
    float scores[MAX_OBJECTS * CLASSES];
    GstConvnextScoring scoring = {0};

    scoring.activation = 1 + fuzz_choice(reader, 3);
    scoring.top_k = fuzz_choice(reader, CLASSES + 2);
    scoring.threshold = (double)fuzz_choice(reader, 5) / 4;
    const guint n = fuzz_choice(reader, MAX_OBJECTS + 1);
    const GstConvnextSample sample = {
        .times = times,
        .smoothing = smoothing,
        .threshold = scoring.threshold,
        .scores = fuzz_choice(reader, 8) ? scores : NULL,
        .labels = labels,
        .classes = CLASSES,
    };

    for (guint i = 0; i < MAX(n, 1); i++)
        g_ptr_array_add(results, make_result(reader, scores + i * CLASSES, &scoring));
    for (guint i = 0; i < n; i++) {
        GstConvnextObject object = {0};

        object.track = 1 + fuzz_choice(reader, 8);
        object.is_tracked = fuzz_choice(reader, 4) > 0;
        object.id = (int)fuzz_hostile(reader, 0);
        g_array_append_val(objects, object);
    }
    check_changes(gst_convnext_states_add_all(states, &sample, results, objects));
    gst_convnext_states_are_settled(states, fuzz_choice(reader, 9));
}

static void choose_smoothing(FuzzReader *reader, GstConvnextSmoothing *smoothing)
{
    *smoothing = (GstConvnextSmoothing){0};
    smoothing->kind = 1 + fuzz_choice(reader, 2);
    smoothing->window = 1 + fuzz_choice(reader, 8);
    smoothing->count = 1 + fuzz_choice(reader, 8);
    smoothing->alpha = (1 + fuzz_choice(reader, 16)) / 16.0;
    smoothing->count = MIN(smoothing->count, smoothing->window);
}

static void choose_time(FuzzReader *reader, GstConvnextSmoothing *smoothing)
{
    smoothing->time = MIN(fuzz_hostile64(reader), GST_CONVNEXT_MAX_SMOOTHING_TIME);
    smoothing->enter = fuzz_choice(reader, 9) / 8.0;
    smoothing->leave = smoothing->enter * fuzz_choice(reader, 9) / 8.0;
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    FuzzReader reader = {data, size};
    GstConvnextTimes times = {0};
    GstConvnextSmoothing smoothing;

    fuzz_gst_init(FALSE);
    GstConvnextStates *states = gst_convnext_states_new();
    choose_smoothing(&reader, &smoothing);
    for (; times.frame < MAX_FRAMES && reader.left; times.frame++) {
        times.running_time += smoothing.time / 8;
        switch (fuzz_choice(&reader, 32)) {
        case 0:
            gst_convnext_states_reset(states);
            break;
        case 1:
            choose_smoothing(&reader, &smoothing);
            break;
        case 2:
            times.running_time = fuzz_hostile64(&reader);
            break;
        case 3:
            choose_time(&reader, &smoothing);
            break;
        }
        add_frame(&reader, states, &smoothing, &times);
    }
    gst_convnext_states_free(states);
    return 0;
}
