/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/classes.h"

#include <string.h>

#include "pipelines/common/print.h"

#define MAX_LABEL 200 /* bytes */
#define MAX_DEPTH 16  /* folders inside a folder of a class */

/* As torchvision.datasets.folder.IMG_EXTENSIONS */
static const char *const endings[] = {".jpg", ".jpeg", ".png",  ".ppm", ".bmp",
                                      ".pgm", ".tif",  ".tiff", ".webp"};

gboolean classes_check_label(const char *label, GError **error)
{
    g_autofree char *clean = print_clean(label, PRINT_MAX_PART);
    g_autofree char *stripped = g_strstrip(g_strdup(label));

    if (*label && !strcmp(clean, label) && !strcmp(stripped, label) && strlen(label) <= MAX_LABEL)
        return TRUE;
    if (!*label)
        g_set_error_literal(error, CLASSES_ERROR, 0, "a class has an empty name");
    else
        g_set_error(error, CLASSES_ERROR, 0,
                    "the class \"%s\" has an invalid name, expected printable UTF-8 of up to %d "
                    "bytes without blanks at its ends",
                    clean, MAX_LABEL);
    return FALSE;
}

static gboolean is_picture(const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);

    for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(lower, endings[i]))
            return TRUE;
    return FALSE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names in a folder, sorted, without hidden ones. NULL with error. */
static GPtrArray *list_folder(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    const char *name;

    if (!dir)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    while ((name = g_dir_read_name(dir)))
        if (name[0] != '.')
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* The files of a class with other endings, which no line names one by one */
typedef struct Others {
    guint count;
    char *first;
} Others;

static gboolean visit_class(const ClassVisitor *visitor, const char *folder, const char *label,
                            guint depth, Others *others, GError **error)
{
    g_autoptr(GPtrArray) names = list_folder(folder, error);

    if (!names)
        return FALSE;
    for (guint i = 0; i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
            if (depth == MAX_DEPTH) {
                g_set_error(error, CLASSES_ERROR, 0, "%s: folders are nested more than %d deep",
                            path, MAX_DEPTH);
                return FALSE;
            }
            if (!visit_class(visitor, path, label, depth + 1, others, error))
                return FALSE;
        } else if (!is_picture(name)) {
            if (others->count++ == 0)
                others->first = g_strdup(path);
        } else if (!visitor->add_picture(path, label, visitor->user_data, error)) {
            return FALSE;
        }
    }
    return TRUE;
}

gboolean classes_visit(const char *folder, const ClassVisitor *visitor, GError **error)
{
    g_autoptr(GPtrArray) names = list_folder(folder, error);
    Others others = {0};
    guint classes = 0;
    gboolean ok = names != NULL;

    for (guint i = 0; ok && i < names->len; i++) {
        const char *name = names->pdata[i];
        g_autofree char *path = g_build_filename(folder, name, NULL);

        if (!g_file_test(path, G_FILE_TEST_IS_DIR))
            continue;
        classes++;
        ok = visitor->add_class(name, visitor->user_data, error) &&
             visit_class(visitor, path, name, 0, &others, error);
    }
    if (others.count)
        print_error(visitor->program,
                    "%u file%s left out whose names do not end like those of pictures: %s%s",
                    others.count, others.count > 1 ? "s" : "", others.first,
                    others.count > 1 ? ", ..." : "");
    g_free(others.first);
    if (ok && classes == 0) {
        g_set_error(error, CLASSES_ERROR, 0, "%s: has no folders, expected one for each class",
                    folder);
        return FALSE;
    }
    return ok;
}
