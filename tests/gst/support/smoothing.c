/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/smoothing.h"

static const char *const labels[SMOOTHING_CLASSES] = {"a", "b", "c"};

GstStructure *smoothing_add_result(const SmoothingInput *input, const float *scores, int best)
{
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("m", 0);
    const GstConvnextSample sample = {
        .times = &input->times,
        .smoothing = &input->smoothing,
        .threshold = input->threshold,
        .result = result,
        .scores = scores,
        .labels = labels,
        .classes = SMOOTHING_CLASSES,
        .decision = input->decision,
    };

    gst_convnext_result_set_activation(result, input->activation);
    if (best >= 0)
        gst_convnext_result_add_class(result, (guint)best, labels[best], scores[best]);
    return gst_convnext_smoother_add(input->smoother, &sample);
}

char smoothing_label(const GstStructure *change, const char *field)
{
    const char *label = gst_structure_get_string(change, field);

    return label ? label[0] : '-';
}
