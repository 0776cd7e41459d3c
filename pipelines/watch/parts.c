/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/parts.h"

#include "pipelines/watch/keys.h"

gboolean watch_parts_find(GKeyFile *file, const char *group, char **camera, GError **error)
{
    const char *colon = strrchr(group, ':');
    g_autofree char *name = colon ? g_strndup(group, (gsize)(colon - group)) : NULL;
    const gboolean has_source = g_key_file_has_key(file, group, "source", NULL);
    const gboolean is_known =
        name && *name && strcmp(name, WATCH_DEFAULTS) != 0 && g_key_file_has_group(file, name);

    *camera = NULL;
    if (!colon || (has_source && !is_known))
        return TRUE;
    if (!is_known)
        return watch_keys_fail(error, group,
                               "it has no source, and is no part of a camera, since the list has "
                               "no group [%s]",
                               name);
    if (!g_key_file_has_key(file, name, "source", NULL))
        return watch_keys_fail(error, group, "[%s] is a part itself, expected a camera", name);
    if (!colon[1])
        return watch_keys_fail(error, group, "the part has no name: write [%s:NAME]", name);
    *camera = g_steal_pointer(&name);
    return TRUE;
}

gboolean watch_parts_inherit(GKeyFile *file, const char *group, const char *camera, GError **error)
{
    g_auto(GStrv) own = g_key_file_get_keys(file, group, NULL, NULL);
    g_auto(GStrv) keys = g_key_file_get_keys(file, camera, NULL, NULL);

    for (guint i = 0; own && own[i]; i++) {
        if (watch_keys_scope(own[i]) == WATCH_SCOPE_CONNECTION)
            return watch_keys_fail(error, group, "%s is a key of the connection: set it in [%s]",
                                   own[i], camera);
    }
    for (guint i = 0; keys && keys[i]; i++) {
        g_autofree char *value = NULL;

        if (watch_keys_scope(keys[i]) != WATCH_SCOPE_INHERITED ||
            g_key_file_has_key(file, group, keys[i], NULL))
            continue;
        value = g_key_file_get_value(file, camera, keys[i], NULL);
        g_key_file_set_value(file, group, keys[i], value);
    }
    return TRUE;
}
