/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/credentials.h"

#include <string.h>

#include "gst/network/place.h"

static gboolean read_env(WatchCredentials *credentials, const char *env, GError **error)
{
    const char *text = g_getenv(env), *colon;

    if (!text) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "cannot read the credentials: the environment variable %s is not set", env);
        return FALSE;
    }
    colon = strchr(text, ':');
    if (!colon || colon == text) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the environment variable %s is not user:password", env);
        return FALSE;
    }
    credentials->user = g_strndup(text, (gsize)(colon - text));
    credentials->password = g_strdup(colon + 1);
    return TRUE;
}

gboolean watch_credentials_read(WatchCredentials *credentials, const char *file, const char *env,
                                GError **error)
{
    const char *name = file ? file : env;

    credentials->user = credentials->password = NULL;
    if (name && strchr(name, ':') && !g_file_test(name, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s takes the name of %s, not the credentials themselves",
                    file ? "credentials-file" : "credentials-env",
                    file ? "a file" : "an environment variable");
        return FALSE;
    }
    if (file)
        return gst_convnext_login_read(file, &credentials->user, &credentials->password, error);
    return !env || read_env(credentials, env, error);
}

void watch_credentials_clear(WatchCredentials *credentials)
{
    g_clear_pointer(&credentials->user, g_free);
    g_clear_pointer(&credentials->password, g_free);
}

/* Whether an authority of length characters has a port that is not a number. The colons of an IPv6
 * address in brackets do not start a port. */
static gboolean has_odd_port(const char *authority, gsize length)
{
    const char *bracket = memchr(authority, ']', length);
    const char *from = bracket ? bracket : authority;
    const char *colon = memchr(from, ':', length - (gsize)(from - authority));

    return colon && colon + 1 + strspn(colon + 1, "0123456789") != authority + length;
}

gboolean watch_credentials_in_uri(const char *uri)
{
    const char *host = strstr(uri, "://"), *at;
    gsize length;

    if (!host || !(at = strchr(host += 3, '@')))
        return FALSE;
    length = strcspn(host, "/?#");
    return at < host + length || memchr(host, '#', (gsize)(at - host)) ||
           has_odd_port(host, length);
}

gboolean watch_credentials_maybe_in_uri(const char *uri)
{
    const char *host = strstr(uri, "://");

    return watch_credentials_in_uri(uri) ||
           (host && strchr(host + 3, '@') && memchr(host + 3, ':', strcspn(host + 3, "/?#")));
}

/* Appends a word of length characters. In a URI, "***" replaces what is before the last @, because
 * a password may contain an unescaped one, and what is after the first ?. */
static void append_masked(GString *masked, const char *word, gsize length)
{
    const char *end = word + length;
    const char *host = g_strstr_len(word, (gssize)length, "://"), *at, *query;

    if (!host) {
        g_string_append_len(masked, word, (gssize)length);
        return;
    }
    host += strlen("://");
    g_string_append_len(masked, word, host - word);
    at = g_strrstr_len(host, end - host, "@");
    if (at) {
        g_string_append(masked, "***");
        host = at;
    }
    query = memchr(host, '?', (gsize)(end - host));
    g_string_append_len(masked, host, (query ? query + 1 : end) - host);
    if (query)
        g_string_append(masked, "***");
}

static char *replace_all(const char *text, const char *word, const char *with)
{
    GString *replaced = g_string_new(NULL);

    for (const char *found; (found = strstr(text, word)); text = found + strlen(word)) {
        g_string_append_len(replaced, text, found - text);
        g_string_append(replaced, with);
    }
    g_string_append(replaced, text);
    return g_string_free(replaced, FALSE);
}

/* A server may have written the text: linear in its length. */
char *watch_credentials_mask(const WatchCredentials *credentials, const char *text)
{
    static const char spaces[] = " \t\n\v\f\r";
    g_autoptr(GString) masked = g_string_new(NULL);

    while (*text) {
        const gsize space = strspn(text, spaces), word = strcspn(text + space, spaces);

        g_string_append_len(masked, text, (gssize)space);
        append_masked(masked, text + space, word);
        text += space + word;
    }
    if (credentials && credentials->password && *credentials->password)
        return replace_all(masked->str, credentials->password, "***");
    return g_string_free(g_steal_pointer(&masked), FALSE);
}
