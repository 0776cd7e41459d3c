/* Settings on the command line are written into the key file's groups before the groups are read,
 * so the same code checks both.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/list.h"

#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/baseline/identity.h"
#include "pipelines/watch/keys.h"
#include "pipelines/watch/listfile.h"
#include "pipelines/watch/model.h"
#include "pipelines/watch/parts.h"

#define MAX_FOLDER 1500 /* characters of the path of snapshots, as events show it */

/* Begins the error's sentence with the name of the file. */
static gboolean prefix_error(const char *path, GError **error)
{
    g_prefix_error(error, "%s: ", path ? path : "command line");
    return FALSE;
}

/* The command line */

/* A SOURCE without a name is also the camera's name, without the URI's query, which may contain
 * credentials. */
static char *default_name(const char *source)
{
    return strstr(source, "://") ? g_strndup(source, strcspn(source, "?")) : g_strdup(source);
}

/* As GLib wants the name of a group. */
static gboolean is_group_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (*c == '[' || *c == ']' || g_ascii_iscntrl(*c))
            return FALSE;
    return *name && g_utf8_validate(name, -1, NULL);
}

/* NAME=SOURCE if the text before the first = can be a name, else SOURCE. */
static gboolean add_source(GKeyFile *file, const char *argument, GError **error)
{
    const gsize length = strspn(argument, "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    const gboolean is_named = length > 0 && argument[length] == '=';
    const char *source = is_named ? argument + length + 1 : argument;
    g_autofree char *name = NULL;

    if (!*argument) {
        g_set_error_literal(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                            "a source is empty");
        return FALSE;
    }
    if (watch_credentials_in_uri(source) || (!is_named && watch_credentials_maybe_in_uri(source))) {
        g_set_error_literal(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                            "a source contains credentials, which every user of this machine can "
                            "read: use --credentials-file or --credentials-env");
        return FALSE;
    }
    name = is_named ? g_strndup(argument, length) : default_name(source);
    if (!is_group_name(name) || !g_utf8_validate(source, -1, NULL)) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "'%s' is not a valid camera name: write NAME=SOURCE", name);
        return FALSE;
    }
    if (g_key_file_has_group(file, name)) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "two cameras are named '%s': write NAME=SOURCE", name);
        return FALSE;
    }
    g_key_file_set_string(file, name, "source", source);
    return TRUE;
}

/* Models */

/* identities: of the elements whose model has been read, since that may take a second. */
static gboolean read_identity(WatchSettings *settings, GstElement *convnext, GHashTable *identities,
                              GError **error)
{
    const guint8 *known = g_hash_table_lookup(identities, convnext);

    if (!settings->rules.normal[0])
        return watch_keys_fail(error, settings->name,
                               "baseline needs normal, since the model has no rest class");
    if (known) {
        memcpy(settings->identity, known, WATCH_IDENTITY);
        return TRUE;
    }
    if (!watch_identity_read(settings->identity, convnext, error)) {
        g_prefix_error(error, "[%s]: baseline: ", settings->name);
        return FALSE;
    }
    g_hash_table_insert(identities, convnext, g_memdup2(settings->identity, WATCH_IDENTITY));
    return TRUE;
}

/* Opens one element for all cameras with the same properties. */
static gboolean open_models(WatchList *list, GError **error)
{
    g_autoptr(GHashTable) opened = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) identities = g_hash_table_new_full(NULL, NULL, NULL, g_free);

    for (guint i = 0; i < list->cameras->len; i++) {
        WatchSettings *settings = g_ptr_array_index(list->cameras, i);
        g_autoptr(GString) properties = g_string_new(NULL);
        GstElement *convnext;

        for (guint j = 0; j < settings->properties->len; j++)
            g_string_append_printf(properties, "%s\n", (char *)settings->properties->pdata[j]);
        convnext = g_hash_table_lookup(opened, properties->str);
        if (!convnext) {
            convnext = watch_model_open(settings, error);
            if (!convnext)
                return FALSE;
            g_ptr_array_add(list->models, convnext);
            g_hash_table_insert(opened, g_strdup(properties->str), convnext);
        }
        if (!watch_model_apply(convnext, settings, error) ||
            (settings->baseline > 0 && !read_identity(settings, convnext, identities, error)))
            return FALSE;
    }
    return TRUE;
}

/* The list */

static gboolean read_web_login(WatchList *list, GKeyFile *file, GError **error)
{
    g_autofree char *path =
        g_key_file_get_string(file, WATCH_DEFAULTS, "web-credentials-file", NULL);
    WatchCredentials credentials;

    if (!path)
        return TRUE;
    if (!watch_credentials_read(&credentials, path, NULL, error)) {
        g_prefix_error(error, "[%s]: web-credentials-file: ", WATCH_DEFAULTS);
        return FALSE;
    }
    list->web_login = g_strconcat(credentials.user, ":", credentials.password, NULL);
    watch_credentials_clear(&credentials);
    return TRUE;
}

/* The path is part of events, which are cleaned for terminals and logs. */
static gboolean read_snapshots(WatchList *list, GKeyFile *file, GError **error)
{
    g_autofree char *path = g_key_file_get_string(file, WATCH_DEFAULTS, "snapshots", NULL);
    g_autofree char *clean = NULL;

    if (!path || !*path)
        return !g_key_file_has_key(file, WATCH_DEFAULTS, "snapshots", NULL) ||
               watch_keys_fail(error, WATCH_DEFAULTS, "snapshots is no folder");
    list->snapshots = g_canonicalize_filename(path, NULL);
    clean = print_clean(list->snapshots, MAX_FOLDER);
    return strcmp(clean, list->snapshots) == 0 ||
           watch_keys_fail(error, WATCH_DEFAULTS,
                           "snapshots is '%s', expected at most %d printable characters", clean,
                           MAX_FOLDER);
}

/* Reads a group, and those of its parts behind it. */
static gboolean read_camera(WatchList *list, GKeyFile *file, const char *group,
                            const char *const *groups, GError **error)
{
    WatchSettings *camera = watch_settings_new(file, group, NULL, error);

    if (!camera)
        return FALSE;
    g_ptr_array_add(list->cameras, camera);
    for (guint i = 0; groups[i]; i++) {
        g_autofree char *owner = NULL;
        WatchSettings *part;

        if (!watch_parts_find(file, groups[i], &owner, NULL) || g_strcmp0(owner, group) != 0)
            continue;
        if (!watch_parts_inherit(file, groups[i], group, error) ||
            !(part = watch_settings_new(file, groups[i], camera, error)))
            return FALSE;
        g_ptr_array_add(list->cameras, part);
    }
    return TRUE;
}

static gboolean read_cameras(WatchList *list, GKeyFile *file, const char *const *groups,
                             GError **error)
{
    for (guint i = 0; groups[i]; i++) {
        g_autofree char *owner = NULL;

        if (strcmp(groups[i], WATCH_DEFAULTS) == 0)
            continue;
        if (!watch_parts_find(file, groups[i], &owner, error))
            return FALSE;
        if (owner || !watch_share_has(&list->share, groups[i]))
            continue;
        if (!read_camera(list, file, groups[i], groups, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_share(WatchList *list, GKeyFile *file, GError **error)
{
    g_autofree char *text = g_key_file_get_string(file, WATCH_DEFAULTS, "share", NULL);

    list->share = WATCH_SHARE_ALL;
    return !text || watch_share_parse(text, &list->share) ||
           watch_keys_fail(error, WATCH_DEFAULTS,
                           "share is '%s', expected INDEX/COUNT from 0/COUNT on, such as 0/3, or "
                           "NAME-INDEX/COUNT",
                           text);
}

static gboolean read_groups(WatchList *list, GKeyFile *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    list->metrics = g_key_file_get_string(file, WATCH_DEFAULTS, "metrics", NULL);
    list->events = g_key_file_get_string(file, WATCH_DEFAULTS, "events", NULL);
    if (!read_snapshots(list, file, error))
        return FALSE;
    if (g_key_file_has_key(file, WATCH_DEFAULTS, "source", NULL)) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "[%s]: a source belongs in a camera's own group, not in the defaults",
                    WATCH_DEFAULTS);
        return FALSE;
    }
    if (!read_web_login(list, file, error) ||
        !watch_broker_read(&list->mqtt, file, WATCH_DEFAULTS, error))
        return FALSE;
    if (!read_share(list, file, error) ||
        !read_cameras(list, file, (const char *const *)groups, error))
        return FALSE;
    if (list->cameras->len == 0 && list->share.count == 1) {
        g_set_error_literal(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
                            "no camera to watch");
        return FALSE;
    }
    return open_models(list, error);
}

WatchList *watch_list_new(const char *path, const char *const *keys, char **sources, GError **error)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(WatchList) list = g_new0(WatchList, 1);

    list->cameras = g_ptr_array_new_with_free_func((GDestroyNotify)watch_settings_unref);
    list->models = g_ptr_array_new_with_free_func(watch_model_close);
    if (path && !watch_listfile_load(file, path, error))
        return NULL;
    for (guint i = 0; keys[i]; i += 2)
        g_key_file_set_string(file, WATCH_DEFAULTS, keys[i], keys[i + 1]);
    for (guint i = 0; sources && sources[i]; i++) {
        if (!add_source(file, sources[i], error)) {
            prefix_error(NULL, error);
            return NULL;
        }
    }
    if (!read_groups(list, file, error)) {
        prefix_error(path, error);
        return NULL;
    }
    return g_steal_pointer(&list);
}

void watch_list_free(WatchList *list)
{
    g_ptr_array_unref(list->cameras);
    g_ptr_array_unref(list->models);
    g_free(list->metrics);
    g_free(list->web_login);
    g_free(list->events);
    watch_broker_free(list->mqtt);
    g_free(list->snapshots);
    g_free(list);
}
