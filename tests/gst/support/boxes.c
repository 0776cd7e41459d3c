/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/boxes.h"

#include <gst/check/gstcheck.h>

#include "tests/gst/support/frames.h"

GstHarness *boxes_harness(const char *model, const char *caps)
{
    GstHarness *h = frames_harness(model, NULL);

    gst_element_set_state(h->element, GST_STATE_NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "region", "objects");
    gst_element_set_state(h->element, GST_STATE_PLAYING);
    if (caps)
        gst_harness_set_src_caps_str(h, caps);
    return h;
}

GstBuffer *boxes_process(GstHarness *h, GstBuffer *frame, const Box *boxes, guint n)
{
    for (guint i = 0; i < n; i++) {
        const Box *b = &boxes[i];
        GstVideoRegionOfInterestMeta *roi = gst_buffer_add_video_region_of_interest_meta_id(
            frame, g_quark_from_string(b->type), b->x, b->y, b->w, b->h);

        roi->id = b->id;
    }
    return frames_process(h, frame);
}

guint boxes_metas(GstBuffer *buffer, GstConvnextMeta **metas, guint max)
{
    gpointer state = NULL;
    GstConvnextMeta *meta;
    guint n = 0;

    for (; (meta = gst_buffer_iterate_convnext_meta(buffer, &state)); n++)
        if (n < max)
            metas[n] = meta;
    return n;
}

void boxes_check(const GstConvnextMeta *meta, guint x, guint y, guint w, guint h, guint age)
{
    fail_unless(meta->x == x && meta->y == y && meta->width == w && meta->height == h,
                "region %u,%u %ux%u instead of %u,%u %ux%u", meta->x, meta->y, meta->width,
                meta->height, x, y, w, h);
    fail_unless_equals_uint64(meta->age, age * GST_MSECOND);
}
