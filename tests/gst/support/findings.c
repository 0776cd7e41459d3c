/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/findings.h"

#include <string.h>

#include <gst/check/gstcheck.h>

const guint8 findings_mask[FINDINGS_HEIGHT][FINDINGS_WIDTH] = {
    {0, 0, 2, 2, 2, 2},
    {0, 0, 2, 2, 2, 2},
    {0, 1, 1, 0, 0, 2},
    {0, 0, 0, 0, 0, 0},
};

const char *const findings_labels[] = {"road", "sky", "car"};

const GstConvnextDetectedObject findings_objects[] = {
    {2, NULL, 0.75f, 10.25f, 20.5f, 30.5f, 40},
    {7, NULL, 0.5f, -3, 290, 20, 30},
};

GstMemory *findings_memory(gconstpointer data, gsize size)
{
    GstMemory *memory = gst_allocator_alloc(NULL, size, NULL);
    GstMapInfo map;

    fail_unless(gst_memory_map(memory, &map, GST_MAP_WRITE));
    if (size)
        memcpy(map.data, data, size);
    gst_memory_unmap(memory, &map);
    return memory;
}

GstConvnextResult *findings_new(void)
{
    GstConvnextResult *result = gst_convnext_result_new("street", 0);

    gst_convnext_result_set_frame_size(result, 400, 300);
    gst_convnext_result_set_region(result, 0, 0, 400, 300);
    return result;
}

void findings_segment(GstConvnextResult *result)
{
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, findings_labels, NULL);
    const GstConvnextRect rect = {20, 30, 300, 200};

    fail_unless(gst_convnext_result_set_segmentation(
        result, findings_memory(findings_mask, sizeof(findings_mask)), FINDINGS_WIDTH,
        FINDINGS_HEIGHT, 8, &rect, legend));
}

void findings_detect(GstConvnextResult *result)
{
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, findings_labels, NULL);
    const guint8 mask[] = {0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 1, 0};
    const GstConvnextRect rect = {12, 24, 4, 3};

    gst_convnext_result_set_objects(result, legend, 2, findings_objects);
    fail_unless(
        gst_convnext_result_set_object_mask(result, 0, findings_memory(mask, sizeof(mask)), &rect));
}
