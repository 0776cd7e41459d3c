/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/files.h"

#include "gst/publish/npy.h"
#include "gst/publish/png.h"

/* Replaces separators in the name, because a stream may be called "a/b". */
static char *make_path(const GstConvnextFiles *files, const char *name, const char *type)
{
    g_autofree char *base =
        g_strdup_printf("%s-%" G_GUINT64_FORMAT "-%s", files->stream ? files->stream : "convnext",
                        files->frame, name);
    g_autofree char *suffix =
        files->nth ? g_strdup_printf("-%u.%s", files->nth, type) : g_strconcat(".", type, NULL);
    g_autofree char *file = g_strconcat(g_strdelimit(base, G_DIR_SEPARATOR_S, '_'), suffix, NULL);

    return g_build_filename(files->folder, file, NULL);
}

static gboolean write_tensors(const GstConvnextFiles *files, GstConvnextResult *result,
                              GError **error)
{
    for (guint i = 0; i < gst_convnext_result_get_n_tensors(result); i++) {
        GstConvnextTensor *tensor = gst_convnext_result_peek_tensor(result, i);
        g_autofree char *path = make_path(files, gst_convnext_tensor_get_name(tensor), "npy");

        if (!gst_convnext_npy_write_tensor(path, tensor, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_mask(const GstConvnextFiles *files, GstConvnextResult *result, GError **error)
{
    GstConvnextSegmentation *segmentation = gst_convnext_result_get_segmentation(result);
    g_autofree char *npy = make_path(files, "mask", "npy");
    g_autofree char *png = make_path(files, "mask", "png");

    return !segmentation || (gst_convnext_npy_write_mask(npy, segmentation, error) &&
                             gst_convnext_png_write_mask(png, segmentation, error));
}

static gboolean write_object_masks(const GstConvnextFiles *files, GstConvnextResult *result,
                                   GError **error)
{
    g_autofree char *path = make_path(files, "object-mask-frames", "npy");

    return !gst_convnext_result_has_object_masks(result) ||
           gst_convnext_npy_write_object_masks(path, result, error);
}

gboolean gst_convnext_files_write(const GstConvnextFiles *files, GstConvnextResult *result,
                                  GError **error)
{
    return write_tensors(files, result, error) && write_mask(files, result, error) &&
           write_object_masks(files, result, error);
}
