/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/label_names.h"

#include <string.h>

#include "model/base/text.h"
#include "model/config/label_lines.h"

#define SHOWN 3 /* subfolders in a message */

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Collects the names of the subfolders, but not more than most. Returns how many there are. */
static guint collect_subfolders(GDir *dir, const char *path, guint most, GPtrArray *names)
{
    guint total = 0;

    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir)) {
        g_autofree char *entry = g_build_filename(path, name, NULL);

        if (!g_file_test(entry, G_FILE_TEST_IS_DIR))
            continue;
        if (total++ < most)
            g_ptr_array_add(names, g_strdup(name));
    }
    return total;
}

/* Makes names fit to be labels, and ends them with NULL. */
static char **as_labels(GPtrArray *names)
{
    for (guint i = 0; i < names->len; i++) {
        char *name = names->pdata[i];

        names->pdata[i] = cnx_printable(name, -1);
        g_free(name);
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

char **cnx_label_folders(const char *path, guint count, GError **error)
{
    g_autofree char *folder = g_filename_display_name(path);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &cause);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    if (!dir) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_UNREADABLE, "%s: %s", folder, cause->message);
        return NULL;
    }
    const guint total = collect_subfolders(dir, path, MAX(count, SHOWN + 1), names);
    g_ptr_array_sort(names, by_text); /* of UTF-8: by code point, as Python sorts */
    if (total != count) {
        g_ptr_array_add(names, NULL);
        g_autofree char *list = cnx_quote_list((const char *const *)names->pdata, SHOWN);

        g_set_error(error, CNX_ERROR, CNX_ERROR_MISMATCH,
                    "%s: has %u subfolder%s%s%s%s, but the model has %u class%s; expected one "
                    "subfolder for each class",
                    folder, total, total == 1 ? "" : "s", total ? " (" : "", list, total ? ")" : "",
                    count, count == 1 ? "" : "es");
        return NULL;
    }
    return as_labels(g_steal_pointer(&names));
}

char **cnx_label_list(const char *text, guint count, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);
    const guint total = g_strv_length(parts);

    if (total != count) {
        g_autofree char *quoted = cnx_quote(text);

        g_set_error(
            error, CNX_ERROR, CNX_ERROR_MISMATCH,
            "labels %s: no file has this name, and as a list it has %u labels, but the model "
            "has %u class%s",
            quoted, total, count, count == 1 ? "" : "es");
        return NULL;
    }
    for (guint i = 0; i < total; i++) {
        g_strstrip(parts[i]);
        if (!*parts[i] || strlen(parts[i]) > CNX_LABEL_MAX) {
            g_autofree char *quoted = cnx_quote(text);

            g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                        "labels %s: label %u of the list is %s", quoted, i + 1,
                        *parts[i] ? "too long" : "empty");
            return NULL;
        }
        g_ptr_array_add(names, g_strdup(parts[i]));
    }
    return as_labels(g_steal_pointer(&names));
}
