/* GstConvnextLegend: labels and colours of a model's classes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>

G_BEGIN_DECLS

/**
 * GstConvnextLegend:
 *
 * The labels and colours of the classes of a model, as the legend of a map explains its colours.
 *
 * A legend is created once for a model, and all its results refer to it. It is immutable, so any
 * number of threads may read it, and it is reference counted (a #GstMiniObject).
 *
 * Since: 0.1
 */
typedef struct _GstConvnextLegend GstConvnextLegend;

#define GST_TYPE_CONVNEXT_LEGEND (gst_convnext_legend_get_type())
#define GST_CONVNEXT_LEGEND(obj) ((GstConvnextLegend *)(obj))
#define GST_IS_CONVNEXT_LEGEND(obj) (GST_IS_MINI_OBJECT_TYPE(obj, GST_TYPE_CONVNEXT_LEGEND))

GST_CONVNEXT_API
GType gst_convnext_legend_get_type(void);

/**
 * GST_CONVNEXT_MAX_CLASSES:
 *
 * The largest number of classes in a legend: the values of a 16-bit mask without 0, which is none.
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_MAX_CLASSES 65535

/**
 * gst_convnext_legend_new:
 * @n_classes: the number of classes, 1 to %GST_CONVNEXT_MAX_CLASSES
 * @labels: (array) (nullable): one label for each class, UTF-8, or %NULL if the model has none;
 *   they are copied
 * @colours: (array) (nullable): red, green and blue of each class, that is, three times @n_classes
 *   bytes, or %NULL for those of ADE20K if there are 150 classes, and of the PASCAL VOC formula
 *   otherwise; they are copied
 *
 * Creates a legend.
 *
 * With the PASCAL VOC formula, class i has the colour of the number i + 1, which is its value in a
 * mask: the bits of that number, lowest first, are dealt to the highest bits of red, green and
 * blue.
 *
 * Returns: (transfer full): a new legend
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextLegend *gst_convnext_legend_new(guint n_classes, const char *const *labels,
                                           const guint8 *colours) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_legend_get_n_classes:
 * @legend: a legend
 *
 * Gets the number of classes.
 *
 * Returns: the number of classes
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
guint gst_convnext_legend_get_n_classes(GstConvnextLegend *legend);

/**
 * gst_convnext_legend_get_label:
 * @legend: a legend
 * @index: index of a class, from 0
 *
 * Gets the label of a class.
 *
 * Returns: (transfer none) (nullable): the label, owned by @legend, or %NULL if the model has no
 *   labels or fewer classes
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const char *gst_convnext_legend_get_label(GstConvnextLegend *legend, guint index);

/**
 * gst_convnext_legend_get_quarks: (skip)
 * @legend: a legend
 *
 * Gets the names of the values of a mask, for GStreamer's own metadata.
 *
 * Entry 0 is `background`, entry i + 1 is the label of class i, or its index if the model has no
 * labels.
 *
 * Returns: the number of classes + 1 quarks, owned by @legend
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const GQuark *gst_convnext_legend_get_quarks(GstConvnextLegend *legend);

/**
 * gst_convnext_legend_get_colour:
 * @legend: a legend
 * @index: index of a class, from 0
 *
 * Gets the colour of a class.
 *
 * Returns: the colour as 0xRRGGBB, or 0 if the model has fewer classes
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
guint gst_convnext_legend_get_colour(GstConvnextLegend *legend, guint index);

/**
 * gst_convnext_legend_ref: (skip)
 * @legend: a legend
 *
 * Adds a reference.
 *
 * Returns: (transfer full): @legend
 *
 * Since: 0.1
 */
static inline GstConvnextLegend *gst_convnext_legend_ref(GstConvnextLegend *legend)
{
    return GST_CONVNEXT_LEGEND(gst_mini_object_ref(GST_MINI_OBJECT_CAST(legend)));
}

/**
 * gst_convnext_legend_unref: (skip)
 * @legend: (transfer full): a legend
 *
 * Releases a reference; releasing the last one frees the legend.
 *
 * Since: 0.1
 */
static inline void gst_convnext_legend_unref(GstConvnextLegend *legend)
{
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(legend));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstConvnextLegend, gst_convnext_legend_unref)

G_END_DECLS
