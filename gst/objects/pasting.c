/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/pasting.h"

#include "model/heads/detector.h"

#define THRESHOLD 0.5f

/* [rect.h, rect.w] bytes. */
static GstMemory *threshold(const float *probabilities, gsize n, guint value)
{
    guint8 *pixels = g_malloc(n);

    for (gsize i = 0; i < n; i++)
        pixels[i] = probabilities[i] > THRESHOLD ? (guint8)value : 0;
    return gst_memory_new_wrapped(0, pixels, n, 0, n, pixels, g_free);
}

void gst_convnext_paste_object_masks(GstConvnextResult *result, guint n, const float (*boxes)[4],
                                     guint side, const float *masks)
{
    g_autoptr(GArray) probabilities = g_array_new(FALSE, FALSE, sizeof(float));
    guint width, height;

    gst_convnext_result_get_frame_size(result, &width, &height);
    for (guint i = 0; i < n; i++) {
        const CnxPaste area = cnx_detector_paste_area(side, boxes[i], width, height);
        const GstConvnextRect rect = {(int)area.x0, (int)area.y0, (int)(area.x1 - area.x0),
                                      (int)(area.y1 - area.y0)};
        const gsize size = (gsize)rect.w * (gsize)rect.h;

        if (size == 0)
            continue;
        g_array_set_size(probabilities, (guint)size);
        cnx_detector_paste(masks + (gsize)i * side * side, side, boxes[i], width, height,
                           (float *)probabilities->data, (gsize)rect.w);
        gst_convnext_result_set_object_mask(
            result, i,
            threshold((const float *)probabilities->data, size, GST_CONVNEXT_OBJECT_MASK_VALUE(i)),
            &rect);
    }
}
