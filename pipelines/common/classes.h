/* A folder with a folder of pictures for each class, as torchvision's ImageFolder reads it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CLASSES_ERROR g_quark_from_static_string("classes")

/* Whether a label survives labels.txt and a terminal: printable UTF-8 without blanks at its ends.
 * FALSE with error. */
gboolean classes_check_label(const char *label, GError **error);

/* What happens with a class before its pictures come, and with each picture. FALSE with error ends
 * the visit. */
typedef struct ClassVisitor {
    gboolean (*add_class)(const char *label, gpointer user_data, GError **error);
    gboolean (*add_picture)(const char *path, const char *label, gpointer user_data,
                            GError **error);
    gpointer user_data;
    const char *program; /* whose name is before the lines on standard error */
} ClassVisitor;

/* Visits the classes in the order of their names, and in each the files whose names end like those
 * of pictures, also in folders inside; hidden files and folders are left out. Prints one line on
 * the files with other endings. FALSE with error if a folder cannot be read, has no folder for a
 * class or is nested too deep, or if the visitor says so. */
gboolean classes_visit(const char *folder, const ClassVisitor *visitor, GError **error);
