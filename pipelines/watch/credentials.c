/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/credentials.h"

#include <string.h>

static gboolean split_credentials(WatchCredentials *credentials, const char *text, gsize length)
{
    const char *colon = memchr(text, ':', length);

    if (!colon || colon == text)
        return FALSE;
    credentials->user = g_strndup(text, (gsize)(colon - text));
    credentials->password = g_strndup(colon + 1, length - (gsize)(colon + 1 - text));
    return TRUE;
}

static gboolean read_file(WatchCredentials *credentials, const char *file, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents(file, &text, NULL, &cause)) {
        const char *reason = strrchr(cause->message, ':');

        g_set_error(error, cause->domain, cause->code, "cannot read the credentials in %s:%s", file,
                    reason ? reason + 1 : cause->message);
        return FALSE;
    }
    line = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text; /* a byte order mark */
    if (!split_credentials(credentials, line, strcspn(line, "\r\n"))) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the first line of %s is not user:password", file);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_env(WatchCredentials *credentials, const char *env, GError **error)
{
    const char *text = g_getenv(env);

    if (!text) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "cannot read the credentials: the environment variable %s is not set", env);
        return FALSE;
    }
    if (!split_credentials(credentials, text, strlen(text))) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the environment variable %s is not user:password", env);
        return FALSE;
    }
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
        return read_file(credentials, file, error);
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

char *watch_credentials_mask(const WatchCredentials *credentials, const char *text)
{
    static GRegex *before_at, *query;
    g_autofree char *without_login = NULL, *without_query = NULL;
    GString *masked;

    /* Greedy, because a password may contain an unescaped @; raw, because text may not be valid
     * UTF-8. */
    if (!before_at) {
        before_at = g_regex_new("://\\S*@", G_REGEX_RAW, 0, NULL);
        query = g_regex_new("(://[^\\s?]*\\?)\\S*", G_REGEX_RAW, 0, NULL);
    }
    without_login = g_regex_replace_literal(before_at, text, -1, 0, "://***@", 0, NULL);
    without_query =
        g_regex_replace(query, without_login ? without_login : "", -1, 0, "\\1***", 0, NULL);
    masked = g_string_new(without_query ? without_query : "");
    if (credentials && credentials->password && *credentials->password)
        g_string_replace(masked, credentials->password, "***", 0);
    return g_string_free(masked, FALSE);
}
