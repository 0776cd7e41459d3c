/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/teach/embed.h"

#include <gst/gst.h>
#include <math.h>

#include "pipelines/common/picture.h"
#include "pipelines/common/print.h"

char *teach_bundled_model(GError **error)
{
    g_autoptr(GstElement) element = gst_element_factory_make("convnext", NULL);
    char *path = NULL;

    if (element)
        g_object_get(gst_object_ref_sink(element), "model", &path, NULL);
    else
        teach_fail(error, "the element convnext is not installed");
    return path;
}

/* Copies the embedding of result. */
static gboolean keep(TeachPicture *picture, GstConvnextResult *result, guint width, GError **error)
{
    g_autoptr(GstConvnextTensor) tensor =
        gst_convnext_result_get_tensor(result, GST_CONVNEXT_TENSOR_EMBEDDING);
    gsize count = 0;
    const float *values = tensor ? gst_convnext_tensor_get_values(tensor, &count) : NULL;

    if (count != width)
        return teach_fail(error, "%s: its embedding has %" G_GSIZE_FORMAT " numbers, expected %u",
                          picture->path, count, width);
    for (guint j = 0; j < width; j++)
        if (!isfinite(values[j]))
            return teach_fail(error,
                              "%s: number %u of its embedding is %g, expected finite numbers: the "
                              "model cannot be taught",
                              picture->path, j, (double)values[j]);
    picture->embedding = g_memdup2(values, count * sizeof *values);
    return TRUE;
}

gboolean teach_embed(const char *folder, TeachSet *set, guint width, guint *count,
                     const volatile sig_atomic_t *stop, GError **error)
{
    const char *const properties[] = {"model", folder, "outputs", "embedding", NULL};
    g_autoptr(PictureReader) reader = picture_reader_new(properties, error);

    for (guint i = 0; reader && i < set->pictures->len; i++) {
        TeachPicture *picture = set->pictures->pdata[i];
        g_autoptr(GstConvnextResult) result = NULL;
        g_autofree char *cause = NULL;

        if (picture->embedding)
            continue;
        if (!picture_reader_run(reader, picture->path, &result, &cause, stop, error))
            return FALSE;
        if (cause)
            print_error("convnext-teach", "%s: left out, %s", picture->path, cause);
        else if (!keep(picture, result, width, error))
            return FALSE;
        else
            (*count)++;
    }
    return reader != NULL;
}
