/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/teach/pictures.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "pipelines/common/classes.h"
#include "pipelines/common/print.h"

#define PROGRAM "convnext-teach"
#define MIN_PICTURES 2 /* of a class: one to learn from, one to hold out */

gboolean teach_fail(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, TEACH_ERROR, 0, text);
    return FALSE;
}

static void picture_free(gpointer data)
{
    TeachPicture *picture = data;

    g_free(picture->path);
    g_free(picture->label);
    g_free(picture->hash);
    g_free(picture->embedding);
    g_free(picture);
}

TeachSet *teach_set_new(void)
{
    TeachSet *set = g_new0(TeachSet, 1);

    set->pictures = g_ptr_array_new_with_free_func(picture_free);
    set->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    set->hashes = g_hash_table_new(g_str_hash, g_str_equal);
    return set;
}

void teach_set_free(TeachSet *set)
{
    if (!set)
        return;
    g_hash_table_unref(set->hashes);
    g_hash_table_unref(set->labels);
    g_ptr_array_unref(set->pictures);
    g_free(set);
}

gboolean teach_set_add(TeachSet *set, char *path, const char *label, char *hash, float *embedding,
                       GError **error)
{
    const TeachPicture *same = g_hash_table_lookup(set->hashes, hash);
    TeachPicture *picture = g_new(TeachPicture, 1);

    *picture = (TeachPicture){path, g_strdup(label), hash, embedding};
    if (!same) {
        g_ptr_array_add(set->pictures, picture);
        g_hash_table_insert(set->hashes, picture->hash, picture);
        return TRUE;
    }
    const gboolean ok =
        !strcmp(same->label, label) ||
        teach_fail(error,
                   "%s of class \"%s\" and %s of class \"%s\" are the same picture, "
                   "expected it in one class",
                   same->path, same->label, path, label);
    if (ok && same->embedding)
        set->kept++;
    else if (ok)
        print_error(PROGRAM, "%s: left out, the same picture as %s", path, same->path);
    picture_free(picture);
    return ok;
}

static gboolean add_label(const char *label, gpointer user_data, GError **error)
{
    TeachSet *set = user_data;

    if (!classes_check_label(label, error))
        return FALSE;
    g_hash_table_add(set->labels, g_strdup(label));
    return TRUE;
}

/* Adds a file, or prints why it is left out. */
static gboolean add_file(const char *path, const char *label, gpointer user_data, GError **error)
{
    TeachSet *set = user_data;
    g_autoptr(GError) cause = NULL;
    g_autoptr(GMappedFile) file = NULL;

    if (strpbrk(path, "\t\r\n")) {
        print_error(PROGRAM, "%s: left out, its name has control characters", path);
        return TRUE;
    }
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        print_error(PROGRAM, "%s: left out, it is not a file that can be read", path);
        return TRUE;
    }
    file = g_mapped_file_new(path, FALSE, &cause);
    if (!file) {
        print_error(PROGRAM, "%s: left out, %s", path, cause->message);
        return TRUE;
    }
    char *hash = g_compute_checksum_for_data(
        G_CHECKSUM_SHA256, (const unsigned char *)g_mapped_file_get_contents(file),
        g_mapped_file_get_length(file));
    return teach_set_add(set, g_strdup(path), label, hash, NULL, error);
}

static gboolean add_glob(TeachSet *set, const char *source, GHashTable *seen, GError **error)
{
    const char *equals = strchr(source, '=');
    g_autofree char *label = g_strndup(source, (gsize)(equals - source));
    glob_t found = {0};
    gboolean ok = add_label(label, set, error);

    if (!ok)
        return FALSE;
    if (!g_hash_table_add(seen, g_strdup(label)))
        return teach_fail(error, "two classes are called \"%s\"", label);
    if (glob(equals + 1, 0, NULL, &found) != 0 || found.gl_pathc == 0)
        ok = teach_fail(error, "%s: no file matches", source);
    for (gsize i = 0; ok && i < found.gl_pathc; i++)
        ok = add_file(found.gl_pathv[i], label, set, error);
    globfree(&found);
    return ok;
}

gboolean teach_set_collect(TeachSet *set, char **sources, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    if (!sources[1] && g_file_test(sources[0], G_FILE_TEST_IS_DIR)) {
        const ClassVisitor visitor = {add_label, add_file, set, PROGRAM};

        return classes_visit(sources[0], &visitor, error);
    }
    for (guint i = 0; sources[i]; i++) {
        if (!strchr(sources[i], '='))
            return teach_fail(error,
                              "%s: %s, expected one folder of folders or NAME=GLOB for each class",
                              sources[i],
                              g_file_test(sources[i], G_FILE_TEST_IS_DIR) ? "is not the only source"
                                                                          : "is not a folder");
        if (!add_glob(set, sources[i], seen, error))
            return FALSE;
    }
    return TRUE;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void teach_set_drop_unknown(TeachSet *set)
{
    for (guint i = set->pictures->len; i-- > 0;) {
        const TeachPicture *picture = set->pictures->pdata[i];

        if (picture->embedding)
            continue;
        g_hash_table_remove(set->hashes, picture->hash);
        g_ptr_array_remove_index(set->pictures, i);
    }
}

static int compare_pictures(gconstpointer a, gconstpointer b)
{
    const TeachPicture *x = *(const TeachPicture *const *)a, *y = *(const TeachPicture *const *)b;
    const int labels = strcmp(x->label, y->label);

    return labels ? labels : strcmp(x->hash, y->hash);
}

char **teach_set_classes(TeachSet *set, guint **y, GError **error)
{
    guint count = g_hash_table_size(set->labels), next = 0;
    g_autofree char **keys = (char **)g_hash_table_get_keys_as_array(set->labels, NULL);

    if (count < 2) {
        teach_fail(error, "found %u class%s, expected 2 or more", count, count == 1 ? "" : "es");
        return NULL;
    }
    qsort(keys, count, sizeof *keys, compare_names);
    g_ptr_array_sort(set->pictures, compare_pictures);
    g_autofree guint *classes = g_new(guint, set->pictures->len + 1);
    for (guint c = 0; c < count; c++) {
        const guint first = next;

        for (; next < set->pictures->len; next++) {
            const TeachPicture *picture = set->pictures->pdata[next];

            if (strcmp(picture->label, keys[c]))
                break;
            classes[next] = c;
        }
        if (next - first >= MIN_PICTURES)
            continue;
        teach_fail(error, "the class \"%s\" has %u picture%s that can be read, expected %d or more",
                   keys[c], next - first, next - first == 1 ? "" : "s", MIN_PICTURES);
        return NULL;
    }
    *y = g_steal_pointer(&classes);
    return g_strdupv(keys);
}
