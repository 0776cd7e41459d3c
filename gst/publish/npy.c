/* The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/npy.h"

#define ALIGNMENT 64
#define PREFIX 10 /* bytes: magic (6), version (2), length of the dictionary (2) */

/* Returns the prefix and the dictionary, padded with spaces and ended by a newline. */
static GString *make_header(GstConvnextTensor *tensor)
{
    guint n_dims;
    const gsize *shape = gst_convnext_tensor_get_shape(tensor, &n_dims);
    GString *header = g_string_new("\x93NUMPY\x01");
    guint length;

    g_string_append_len(header, "\0\0\0", 3);
    g_string_append(header, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
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

static void append_values(GString *file, GstConvnextTensor *tensor)
{
    gsize n;
    const float *values = gst_convnext_tensor_get_values(tensor, &n);

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
    g_string_append_len(file, (const char *)values, n * sizeof(*values));
#else
    for (gsize i = 0; i < n; i++) {
        guint32 bits = GUINT32_TO_LE(((const guint32 *)values)[i]);

        g_string_append_len(file, (const char *)&bits, sizeof(bits));
    }
#endif
}

gboolean gst_convnext_npy_write(const char *path, GstConvnextTensor *tensor, GError **error)
{
    const GFileSetContentsFlags flags =
        G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_ONLY_EXISTING;
    g_autoptr(GString) file = make_header(tensor);

    append_values(file, tensor);
    if (g_file_set_contents_full(path, file->str, file->len, flags, 0666, error))
        return TRUE;
    g_prefix_error(error, "Could not write \"%s\": ", path);
    return FALSE;
}
