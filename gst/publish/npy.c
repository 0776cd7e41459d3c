/* The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/npy.h"

#include "gst/publish/output.h"

#define ALIGNMENT 64
#define PREFIX 10 /* bytes: magic (6), version (2), length of the dictionary (2) */

/* Returns the prefix and the dictionary, padded with spaces and ended by a newline. */
static GString *make_header(const char *type, guint n_dims, const gsize *shape)
{
    GString *header = g_string_new("\x93NUMPY\x01");
    guint length;

    g_string_append_len(header, "\0\0\0", 3);
    g_string_append_printf(header, "{'descr': '%s', 'fortran_order': False, 'shape': (", type);
    for (guint i = 0; i < n_dims; i++)
        g_string_append_printf(header, "%s%" G_GSIZE_FORMAT, i ? ", " : "", shape[i]);
    g_string_append(header, n_dims == 1 ? ",), }" : "), }");
    while (header->len % ALIGNMENT != ALIGNMENT - 1)
        g_string_append_c(header, ' ');
    g_string_append_c(header, '\n');

    length = header->len - PREFIX;
    header->str[PREFIX - 2] = (char)(length & 0xff);
    header->str[PREFIX - 1] = (char)(length >> 8);
    return header;
}

/* NULL with error. */
static GstConvnextOutput *begin(const char *path, const char *type, guint n_dims,
                                const gsize *shape, GError **error)
{
    g_autoptr(GString) header = make_header(type, n_dims, shape);
    GstConvnextOutput *output = gst_convnext_output_open(path, error);

    if (output)
        gst_convnext_output_append(output, header->str, header->len);
    return output;
}

static void append_values(GstConvnextOutput *output, GstConvnextTensor *tensor)
{
    gsize n;
    const float *values = gst_convnext_tensor_get_values(tensor, &n);

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
    gst_convnext_output_append(output, values, n * sizeof(*values));
#else
    for (gsize i = 0; i < n; i++) {
        guint32 bits = GUINT32_TO_LE(((const guint32 *)values)[i]);

        gst_convnext_output_append(output, &bits, sizeof(bits));
    }
#endif
}

gboolean gst_convnext_npy_write_tensor(const char *path, GstConvnextTensor *tensor, GError **error)
{
    guint n_dims;
    const gsize *shape = gst_convnext_tensor_get_shape(tensor, &n_dims);
    GstConvnextOutput *output = begin(path, "<f4", n_dims, shape, error);

    if (!output)
        return FALSE;
    append_values(output, tensor);
    return gst_convnext_output_close(output, error);
}

gboolean gst_convnext_npy_write_mask(const char *path, GstConvnextSegmentation *segmentation,
                                     GError **error)
{
    guint width, height, bits;

    gst_convnext_segmentation_get_size(segmentation, &width, &height, &bits);
    const gsize shape[] = {height, width};
    GstConvnextOutput *output = begin(path, bits == 8 ? "|u1" : "<u2", 2, shape, error);

    if (!output)
        return FALSE;
    gst_convnext_output_append(output, gst_convnext_segmentation_get_data(segmentation),
                               (gsize)width * height * bits / 8);
    return gst_convnext_output_close(output, error);
}

/* frame: [height, width], all 0. The mask is clipped to it. */
static void paste_mask(guint8 *frame, int width, int height, const guint8 *mask,
                       const GstConvnextRect *rect)
{
    for (int y = MAX(0, -rect->y); y < rect->h && rect->y + y < height; y++) {
        const guint8 *from = mask + (gsize)y * rect->w;
        guint8 *to = frame + (gsize)(rect->y + y) * width;

        for (int x = MAX(0, -rect->x); x < rect->w && rect->x + x < width; x++)
            to[rect->x + x] = from[x] != 0;
    }
}

gboolean gst_convnext_npy_write_object_masks(const char *path, GstConvnextResult *result,
                                             GError **error)
{
    guint n, width, height;

    gst_convnext_result_get_objects(result, &n);
    gst_convnext_result_get_frame_size(result, &width, &height);
    const gsize shape[] = {n, height, width}, size = (gsize)width * height;
    GstConvnextOutput *output = begin(path, "|u1", 3, shape, error);

    if (!output)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        g_autofree guint8 *frame = g_malloc0(size);
        GstConvnextRect rect;
        GstMemory *mask = gst_convnext_result_get_object_mask(result, i, &rect);
        GstMapInfo map;

        if (mask && gst_memory_map(mask, &map, GST_MAP_READ)) {
            paste_mask(frame, (int)width, (int)height, map.data, &rect);
            gst_memory_unmap(mask, &map);
        }
        gst_convnext_output_append(output, frame, size);
    }
    return gst_convnext_output_close(output, error);
}
