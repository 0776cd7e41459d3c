/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/legend.h"

#include "gst/convnext/legendprivate.h"
#include "gst/convnext/palette.h"

#define SPARES 4 /* arrays of a kind; more are freed */

struct _GstConvnextLegend {
    GstMiniObject mini_object;
    guint n;
    char **labels;   /* [n + 1], ends with NULL; NULL if the model has none */
    guint8 *colours; /* [n][3]: red, green, blue */
    GQuark *quarks;  /* [n + 1] */

    GMutex lock;                                      /* of the spares */
    GArray *spares[GST_CONVNEXT_SPARE_KINDS][SPARES]; /* those that are left come first */
};

GST_DEFINE_MINI_OBJECT_TYPE(GstConvnextLegend, gst_convnext_legend);

static void legend_free(GstConvnextLegend *legend)
{
    g_strfreev(legend->labels);
    g_free(legend->colours);
    g_free(legend->quarks);
    for (guint i = 0; i < GST_CONVNEXT_SPARE_KINDS * SPARES; i++)
        g_clear_pointer(&legend->spares[i / SPARES][i % SPARES], g_array_unref);
    g_mutex_clear(&legend->lock);
    g_free(legend);
}

/* Quarks are never freed, but there are no more of them than classes in this process's models. */
static void make_quarks(GstConvnextLegend *legend)
{
    char name[16];

    legend->quarks = g_new(GQuark, legend->n + 1);
    legend->quarks[0] = g_quark_from_static_string("background");
    for (guint i = 0; i < legend->n; i++) {
        g_snprintf(name, sizeof(name), "%u", i);
        legend->quarks[i + 1] = g_quark_from_string(legend->labels ? legend->labels[i] : name);
    }
}

GstConvnextLegend *gst_convnext_legend_new(guint n_classes, const char *const *labels,
                                           const guint8 *colours)
{
    GstConvnextLegend *legend;

    g_return_val_if_fail(n_classes > 0 && n_classes <= GST_CONVNEXT_MAX_CLASSES, NULL);

    legend = g_new0(GstConvnextLegend, 1);
    gst_mini_object_init(GST_MINI_OBJECT_CAST(legend), 0, gst_convnext_legend_get_type(), NULL,
                         NULL, (GstMiniObjectFreeFunction)legend_free);
    legend->n = n_classes;
    legend->labels = labels ? g_new0(char *, n_classes + 1) : NULL;
    for (guint i = 0; labels && i < n_classes; i++)
        legend->labels[i] = g_strdup(labels[i] ? labels[i] : "");
    legend->colours =
        colours ? g_memdup2(colours, (gsize)n_classes * 3) : gst_convnext_palette_new(n_classes);
    make_quarks(legend);
    g_mutex_init(&legend->lock);
    return legend;
}

guint gst_convnext_legend_get_n_classes(GstConvnextLegend *legend)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_LEGEND(legend), 0);
    return legend->n;
}

const char *gst_convnext_legend_get_label(GstConvnextLegend *legend, guint index)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_LEGEND(legend), NULL);
    return legend->labels && index < legend->n ? legend->labels[index] : NULL;
}

const GQuark *gst_convnext_legend_get_quarks(GstConvnextLegend *legend)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_LEGEND(legend), NULL);
    return legend->quarks;
}

guint gst_convnext_legend_get_colour(GstConvnextLegend *legend, guint index)
{
    const guint8 *rgb;

    g_return_val_if_fail(GST_IS_CONVNEXT_LEGEND(legend), 0);
    if (index >= legend->n)
        return 0;
    rgb = legend->colours + (gsize)index * 3;
    return (guint)rgb[0] << 16 | (guint)rgb[1] << 8 | rgb[2];
}

GArray *gst_convnext_legend_take_spare(GstConvnextLegend *legend, GstConvnextSpare kind)
{
    GArray *array = NULL;

    g_mutex_lock(&legend->lock);
    for (guint i = SPARES; i > 0 && !array; i--)
        array = g_steal_pointer(&legend->spares[kind][i - 1]);
    g_mutex_unlock(&legend->lock);
    return array;
}

void gst_convnext_legend_leave_spare(GstConvnextLegend *legend, GstConvnextSpare kind,
                                     GArray *array)
{
    guint i = 0;

    g_array_set_size(array, 0);
    g_mutex_lock(&legend->lock);
    while (i < SPARES && legend->spares[kind][i])
        i++;
    if (i < SPARES)
        legend->spares[kind][i] = g_steal_pointer(&array);
    g_mutex_unlock(&legend->lock);
    g_clear_pointer(&array, g_array_unref);
}
