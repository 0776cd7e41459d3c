/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/cgroup.h"

#include <string.h>

gboolean cnx_cgroup_read(const char *folder, const char *name, gint64 *first, gint64 *second)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *text = NULL;
    char *end;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    *first = g_ascii_strtoll(text, &end, 10);
    if (end == text) {
        *first = -1;
        end += strcspn(end, " \n");
    }
    *second = g_ascii_strtoll(end, NULL, 10);
    return TRUE;
}

/* Visits the group and its parents, up to the mount. In a container the path may name a folder that
 * only the host sees; the mount's own files then apply. */
static void visit_group(const char *mount, const char *group, CnxCgroupFn *fn, gpointer user_data)
{
    g_autofree char *path = g_strdup(group);

    for (;;) {
        g_autofree char *folder = g_build_filename(mount, path, NULL);
        char *slash = strrchr(path, '/');

        fn(folder, user_data);
        if (!slash)
            return;
        *slash = '\0';
    }
}

/* Reads one line of the membership file, "id:controllers:path"; version 2 lists no controllers. */
static void visit_line(const char *line, const char *root, const char *controller, CnxCgroupFn *fn,
                       gpointer user_data)
{
    g_auto(GStrv) field = g_strsplit(line, ":", 3);

    if (g_strv_length(field) != 3)
        return;
    if (field[1][0] == '\0') {
        visit_group(root, field[2], fn, user_data);
        return;
    }
    g_auto(GStrv) controllers = g_strsplit(field[1], ",", -1);
    if (!g_strv_contains((const char *const *)controllers, controller))
        return;
    g_autofree char *joint = g_build_filename(root, field[1], NULL);
    g_autofree char *own = g_build_filename(root, controller, NULL);
    visit_group(g_file_test(joint, G_FILE_TEST_IS_DIR) ? joint : own, field[2], fn, user_data);
}

void cnx_cgroup_foreach(const char *membership, const char *root, const char *controller,
                        CnxCgroupFn *fn, gpointer user_data)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(membership, &text, NULL, NULL))
        return;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        visit_line(*line, root, controller, fn, user_data);
}
