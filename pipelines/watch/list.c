/* The command line is written into the key file's groups before they are read, so that there is one
 * way in.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/list.h"

#include <string.h>

#include "pipelines/watch/keys.h"

/* The error's sentence begins with the file that it is about. */
static gboolean prefixed(const char *path, GError **error)
{
    g_prefix_error(error, "%s: ", path ? path : "command line");
    return FALSE;
}

/* A bare SOURCE is its own name, without the query of an address, which may hold a login. */
static char *name_of(const char *source)
{
    return strstr(source, "://") ? g_strndup(source, strcspn(source, "?")) : g_strdup(source);
}

/* NAME=SOURCE, where what is before the first = can be a name. */
static gboolean add_source(GKeyFile *file, const char *argument, GError **error)
{
    const gsize length = strspn(argument, "abcdefghijklmnopqrstuvwxyz"
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    const gboolean named = length > 0 && argument[length] == '=';
    const char *source = named ? argument + length + 1 : argument;
    char *name;
    gboolean ok = FALSE;

    if (watch_login_in_address(source) || (!named && watch_login_maybe_in_address(source))) {
        g_set_error_literal(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                            "an address on the command line holds a login, which everyone on this "
                            "machine can read there; use --credentials-file or --credentials-env");
        return FALSE;
    }
    name = named ? g_strndup(argument, length) : name_of(source);
    if (strpbrk(name, "[]\n") || !g_utf8_validate(source, -1, NULL))
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "'%s' cannot be the name of a camera; write NAME=SOURCE", name);
    else if (g_key_file_has_group(file, name))
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "there are two cameras with the name '%s'; write NAME=SOURCE", name);
    else
        ok = TRUE;
    if (ok)
        g_key_file_set_string(file, name, "source", source);
    g_free(name);
    return ok;
}

/* GLib would make one of them, with the last of each key. */
static gboolean check_groups(const char *text, GError **error)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char **lines = g_strsplit(text, "\n", -1);
    gboolean ok = TRUE;

    for (guint i = 0; ok && lines[i]; i++) {
        char *line = g_strstrip(lines[i]);

        ok = *line != '[' || g_hash_table_add(seen, g_strdup(line));
        if (!ok)
            g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                        "there are two groups %s", line);
    }
    g_strfreev(lines);
    g_hash_table_unref(seen);
    return ok;
}

/* The number of the line that cannot be read. GLib would quote it, and it may be a password. */
static guint bad_line(const char *text)
{
    guint number = 0;
    gboolean ok = TRUE;

    for (const char *end = text; ok && *end; number++) {
        GKeyFile *file = g_key_file_new();

        end += strcspn(end, "\n");
        end += *end == '\n';
        ok = g_key_file_load_from_data(file, text, (gsize)(end - text), G_KEY_FILE_NONE, NULL);
        g_key_file_free(file);
    }
    return number;
}

static gboolean load(GKeyFile *file, const char *path, GError **error)
{
    char *text = NULL;
    gsize length;
    gboolean ok = g_file_get_contents(path, &text, &length, error);

    if (ok && !g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, NULL)) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
                    "line %u is not [NAME], or KEY = VALUE after that, or a comment with #",
                    bad_line(text));
        ok = FALSE;
    }
    ok = ok && check_groups(text, error);
    g_free(text);
    return ok || prefixed(path, error);
}

static gboolean add_camera(WatchList *list, GKeyFile *file, const char *group, GError **error)
{
    WatchSettings *settings = watch_keys_settings(file, group, error);

    if (!settings)
        return FALSE;
    g_ptr_array_add(list->cameras, settings);
    return TRUE;
}

/* Opens the model, as it will be for this camera, and keeps it open: reconnecting takes it from
 * memory. */
static gboolean open_model(WatchList *list, const WatchSettings *settings, GError **error)
{
    GstElement *convnext = gst_element_factory_make("convnext", NULL);
    GstBus *bus = gst_bus_new();
    GstMessage *message;
    GError *cause = NULL;
    gboolean ok;

    if (!convnext) {
        gst_object_unref(bus);
        g_set_error_literal(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                            "GStreamer does not find the element convnext: install the plugin, or "
                            "set GST_PLUGIN_PATH to where it is");
        return FALSE;
    }
    for (guint i = 0; i < settings->properties->len; i += 2)
        gst_util_set_object_arg(G_OBJECT(convnext), g_ptr_array_index(settings->properties, i),
                                g_ptr_array_index(settings->properties, i + 1));
    g_ptr_array_add(list->models, gst_object_ref_sink(convnext));
    gst_element_set_bus(convnext, bus);
    ok = gst_element_set_state(convnext, GST_STATE_READY) != GST_STATE_CHANGE_FAILURE;
    if (!ok) {
        message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
        if (message)
            gst_message_parse_error(message, &cause, NULL);
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "[%s]: %s",
                    settings->name, cause ? cause->message : "the model cannot be opened");
        g_clear_error(&cause);
        g_clear_pointer(&message, gst_message_unref);
    }
    gst_element_set_bus(convnext, NULL);
    gst_object_unref(bus);
    return ok;
}

/* Once for cameras whose elements are alike. */
static gboolean open_models(WatchList *list, GError **error)
{
    GHashTable *seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean ok = TRUE;

    for (guint i = 0; ok && i < list->cameras->len; i++) {
        const WatchSettings *settings = g_ptr_array_index(list->cameras, i);
        GString *alike = g_string_new(NULL);

        for (guint j = 0; j < settings->properties->len; j++)
            g_string_append_printf(alike, "%s\n", (char *)settings->properties->pdata[j]);
        if (g_hash_table_add(seen, g_string_free(alike, FALSE)))
            ok = open_model(list, settings, error);
    }
    g_hash_table_unref(seen);
    return ok;
}

static void close_model(gpointer element)
{
    gst_element_set_state(element, GST_STATE_NULL);
    gst_object_unref(element);
}

static gboolean read_groups(WatchList *list, GKeyFile *file, GError **error)
{
    char **groups = g_key_file_get_groups(file, NULL);
    gboolean ok = TRUE;

    list->metrics = g_key_file_get_string(file, WATCH_DEFAULTS, "metrics", NULL);
    list->events = g_key_file_get_string(file, WATCH_DEFAULTS, "events", NULL);
    if (g_key_file_has_key(file, WATCH_DEFAULTS, "source", NULL)) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                    "[%s]: it holds the defaults of all cameras; a source takes a group of its own",
                    WATCH_DEFAULTS);
        ok = FALSE;
    }
    for (guint i = 0; ok && groups[i]; i++) {
        if (strcmp(groups[i], WATCH_DEFAULTS) != 0)
            ok = add_camera(list, file, groups[i], error);
    }
    g_strfreev(groups);
    if (ok && list->cameras->len == 0) {
        g_set_error_literal(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_GROUP_NOT_FOUND,
                            "there is no camera to watch");
        return FALSE;
    }
    return ok && open_models(list, error);
}

WatchList *watch_list_new(const char *path, const char *const *keys, char **sources, GError **error)
{
    GKeyFile *file = g_key_file_new();
    WatchList *list = g_new0(WatchList, 1);
    gboolean ok;

    list->cameras = g_ptr_array_new_with_free_func((GDestroyNotify)watch_settings_unref);
    list->models = g_ptr_array_new_with_free_func(close_model);
    ok = !path || load(file, path, error);
    for (guint i = 0; ok && keys[i]; i += 2)
        g_key_file_set_string(file, WATCH_DEFAULTS, keys[i], keys[i + 1]);
    for (guint i = 0; ok && sources && sources[i]; i++)
        ok = add_source(file, sources[i], error) || prefixed(NULL, error);
    if (ok)
        ok = read_groups(list, file, error) || prefixed(path, error);
    g_key_file_free(file);
    if (ok)
        return list;
    watch_list_free(list);
    return NULL;
}

void watch_list_free(WatchList *list)
{
    g_ptr_array_unref(list->cameras);
    g_ptr_array_unref(list->models);
    g_free(list->metrics);
    g_free(list->events);
    g_free(list);
}
