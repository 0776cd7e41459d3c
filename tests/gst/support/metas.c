/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/metas.h"

GstConvnextResult *make_result(const char *model)
{
    GstConvnextResult *result = gst_convnext_result_new(model, 40 * GST_MSECOND);

    gst_convnext_result_set_frame_size(result, 640, 480);
    gst_convnext_result_set_region(result, 64, 48, 256, 240);
    gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
    gst_convnext_result_set_times(result, 1500000, 25000000);
    gst_convnext_result_add_class(result, 281, "tabby", 0.75f);
    gst_convnext_result_add_class(result, 282, NULL, 0.125f);
    return result;
}

GstBuffer *make_frame(GstConvnextResult *result, GstClockTime age)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 640 * 480 * 3 / 2, NULL);

    gst_buffer_memset(buffer, 0, 128, -1);
    GST_BUFFER_PTS(buffer) = 0;
    fail_unless(gst_buffer_add_convnext_meta(buffer, result, age) != NULL);
    return buffer;
}
