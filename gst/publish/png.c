/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/png.h"

#include <string.h>

#include <png.h>

#include "gst/publish/output.h"

#define MOST_COLOURS 256

/* colours: [MOST_COLOURS][3]. Returns the number of values. */
static guint fill_colours(png_byte *colours, GstConvnextLegend *legend)
{
    const guint n = gst_convnext_legend_get_n_classes(legend) + 1;

    memset(colours, 0, 3);
    for (guint i = 1; i < n; i++) {
        const guint rgb = gst_convnext_legend_get_colour(legend, i - 1);

        colours[3 * i] = (png_byte)(rgb >> 16);
        colours[3 * i + 1] = (png_byte)(rgb >> 8);
        colours[3 * i + 2] = (png_byte)rgb;
    }
    return n;
}

/* In native byte order, as libpng reads 16 bits. */
static guint16 *swap_values(GstConvnextSegmentation *segmentation, gsize n)
{
    guint16 *values =
        g_memdup2(gst_convnext_segmentation_get_data(segmentation), n * sizeof(guint16));

    for (gsize i = 0; i < n; i++)
        values[i] = GUINT16_FROM_LE(values[i]);
    return values;
}

/* The file's bytes, whose number goes to size. NULL with error. */
static guint8 *encode(GstConvnextSegmentation *segmentation, png_alloc_size_t *size, GError **error)
{
    png_byte colours[MOST_COLOURS * 3];
    png_image image = {.version = PNG_IMAGE_VERSION};
    g_autofree guint16 *wide = NULL;
    g_autofree guint8 *file = NULL;
    gconstpointer pixels = gst_convnext_segmentation_get_data(segmentation);
    guint bits;

    gst_convnext_segmentation_get_size(segmentation, &image.width, &image.height, &bits);
    if (bits == 8) {
        image.format = PNG_FORMAT_RGB_COLORMAP;
        image.colormap_entries =
            fill_colours(colours, gst_convnext_segmentation_get_legend(segmentation));
    } else {
        image.format = PNG_FORMAT_LINEAR_Y;
        pixels = wide = swap_values(segmentation, (gsize)image.width * image.height);
    }
    *size = PNG_IMAGE_PNG_SIZE_MAX(image);
    file = g_malloc(*size);
    if (png_image_write_to_memory(&image, file, size, 0, pixels, 0, colours))
        return g_steal_pointer(&file);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "Could not encode a mask as PNG: %s",
                image.message);
    return NULL;
}

gboolean gst_convnext_png_write_mask(const char *path, GstConvnextSegmentation *segmentation,
                                     GError **error)
{
    png_alloc_size_t size;
    g_autofree guint8 *file = encode(segmentation, &size, error);
    GstConvnextOutput *output = file ? gst_convnext_output_open(path, error) : NULL;

    if (!output)
        return FALSE;
    gst_convnext_output_append(output, file, size);
    return gst_convnext_output_close(output, error);
}
