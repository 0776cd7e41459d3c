/* The labels of an engine's classes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/kind.h"
#include "model/config/labels.h"

#define LISTED 5 /* labels in a message; more are abbreviated */

static char **number_labels(guint classes)
{
    char **labels = g_new0(char *, classes + 1);

    for (guint i = 0; i < classes; i++)
        labels[i] = g_strdup_printf("class %u", i);
    return labels;
}

gboolean gst_convnext_engine_find_labels(GstConvnextEngine *self,
                                         const GstConvnextEngineSettings *settings, guint classes,
                                         char *const *names, GError **error)
{
    GstConvnextLabelsRead *read =
        self->kind->read_labels ? self->kind->read_labels : cnx_labels_read;

    self->classes = classes;
    if (settings->labels) {
        self->labels_from = "file";
        self->labels = read(settings->labels, classes, error);
    } else if (names) {
        self->labels_from = "model";
        self->labels = g_strdupv((char **)names);
    } else {
        self->labels_from = "numbers";
        self->labels = number_labels(classes);
    }
    return self->labels != NULL;
}

gboolean gst_convnext_engine_check_class(const GstConvnextEngine *self, const char *label,
                                         GError **error)
{
    if (!label || g_strv_contains((const char *const *)self->labels, label))
        return TRUE;
    g_autofree char *quoted = cnx_quote(label),
                    *list = cnx_quote_list((const char *const *)self->labels, LISTED);
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "%s: object-class is %s, but the model has no such class, expected one of %s",
                self->path, quoted, list);
    return FALSE;
}
