/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/listfile.h"

#include <string.h>

#include "pipelines/watch/keys.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* Begins the error's sentence with the name of the file. */
static gboolean fail(const char *path, GError **error)
{
    g_prefix_error(error, "%s: ", path);
    return FALSE;
}

/* Refuses two groups of the same name, which GLib would merge, and two keys of the same name in a
 * group, of which it would take the last. */
static gboolean check_names(const char *text, GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    const char *group = "";

    for (guint i = 0; lines[i]; i++) {
        const char *line = g_strstrip(lines[i]);
        g_autofree char *key = g_strchomp(g_strndup(line, strcspn(line, "=")));

        if (*line == '[')
            group = line;
        if (*line == '\0' || *line == '#' ||
            g_hash_table_add(seen, *line == '[' ? g_strdup(line) : g_strconcat(group, key, NULL)))
            continue;
        if (*line == '[')
            g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                        "the group %s appears twice", line);
        else
            g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE,
                        "%s: the key '%s' appears twice", group, key);
        return FALSE;
    }
    return TRUE;
}

/* Whether GLib can parse the first `lines` lines. */
static gboolean is_key_file(const char *text, guint lines)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    const char *end = text;

    for (; lines > 0; lines--) {
        end += strcspn(end, "\n");
        end += *end == '\n';
    }
    return g_key_file_load_from_data(file, text, (gsize)(end - text), G_KEY_FILE_NONE, NULL);
}

/* The number of the first line that GLib cannot parse, by bisection. GLib's own message is not
 * used, because it quotes the line, which may contain a password. */
static guint find_bad_line(const char *text)
{
    guint good = 0, bad = 1;

    for (const char *c = text; *c; c++)
        bad += *c == '\n';
    while (bad - good > 1) {
        const guint middle = good + (bad - good) / 2;

        if (is_key_file(text, middle))
            good = middle;
        else
            bad = middle;
    }
    return bad;
}

/* Refuses values that end within an escape, of which GLib warns on standard error. */
static gboolean check_ends(GKeyFile *file, GError **error)
{
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    for (guint i = 0; groups[i]; i++) {
        g_auto(GStrv) keys = g_key_file_get_keys(file, groups[i], NULL, NULL);

        for (guint j = 0; keys && keys[j]; j++) {
            g_autofree char *value = g_key_file_get_value(file, groups[i], keys[j], NULL);
            const char *end = value + strlen(value);

            while (end > value && end[-1] == '\\')
                end--;
            if (strlen(end) % 2)
                return watch_keys_fail(error, groups[i],
                                       "%s ends with a single backslash, expected \\\\ for one",
                                       keys[j]);
        }
    }
    return TRUE;
}

static gboolean is_relative(const char *key, const char *value)
{
    if (strcmp(key, "source") == 0 && (strstr(value, "://") || g_str_has_prefix(value, "test:") ||
                                       g_ascii_strncasecmp(value, "file:", 5) == 0))
        return FALSE;
    return *value && !g_path_is_absolute(value);
}

/* Whether a value of labels is "a,b,c" and no file. */
static gboolean is_label_list(const char *key, const char *value, const char *resolved)
{
    return strcmp(key, "labels") == 0 && strchr(value, ',') &&
           !g_file_test(resolved, G_FILE_TEST_EXISTS);
}

/* Makes the relative paths of a list absolute, or relative to the working folder: in the list they
 * start at the list's own folder. */
static void resolve_paths(GKeyFile *file, const char *path)
{
    static const char *const keys[] = {"source",
                                       "credentials-file",
                                       "events",
                                       "snapshots",
                                       "state-dir",
                                       "model",
                                       "labels",
                                       "mqtt-ca-file",
                                       "mqtt-credentials-file",
                                       "web-credentials-file"};
    g_autofree char *folder = g_path_get_dirname(path);
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

    if (strcmp(folder, ".") == 0)
        return;
    for (guint i = 0; groups[i]; i++) {
        for (guint j = 0; j < G_N_ELEMENTS(keys); j++) {
            g_autofree char *value = g_key_file_get_string(file, groups[i], keys[j], NULL);
            g_autofree char *resolved = NULL;

            if (!value || !is_relative(keys[j], value))
                continue;
            resolved = g_build_filename(folder, value, NULL);
            if (is_label_list(keys[j], value, resolved))
                continue;
            g_key_file_set_string(file, groups[i], keys[j], resolved);
        }
    }
}

/* GLib's messages name the file, and end with the system's reason. */
static gboolean read_file(const char *path, char **text, gsize *length, GError **error)
{
    g_autoptr(GError) cause = NULL;
    const char *reason;

    if (g_file_get_contents(path, text, length, &cause))
        return TRUE;
    reason = strrchr(cause->message, ':');
    g_set_error(error, cause->domain, cause->code, "cannot be read:%s",
                reason ? reason + 1 : cause->message);
    return fail(path, error);
}

gboolean watch_listfile_load(GKeyFile *file, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    gsize length;

    if (!read_file(path, &text, &length, error))
        return FALSE;
    if (g_str_has_prefix(text, BYTE_ORDER_MARK)) /* as Windows' editors write it */
        memset(text, ' ', strlen(BYTE_ORDER_MARK));
    if (!g_key_file_load_from_data(file, text, length, G_KEY_FILE_NONE, NULL)) {
        g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_PARSE,
                    "line %u is neither a [NAME] header, nor KEY = VALUE below one, nor a # "
                    "comment",
                    find_bad_line(text));
        return fail(path, error);
    }
    if (!check_names(text, error) || !check_ends(file, error))
        return fail(path, error);
    resolve_paths(file, path);
    return TRUE;
}
