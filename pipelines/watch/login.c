/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/login.h"

#include <string.h>

static gboolean split(WatchLogin *login, const char *text, gsize length)
{
    const char *colon = memchr(text, ':', length);

    if (!colon || colon == text)
        return FALSE;
    login->user = g_strndup(text, (gsize)(colon - text));
    login->password = g_strndup(colon + 1, length - (gsize)(colon + 1 - text));
    return TRUE;
}

static gboolean read_file(WatchLogin *login, const char *file, GError **error)
{
    GError *cause = NULL;
    char *text;
    gboolean ok;

    if (!g_file_get_contents(file, &text, NULL, &cause)) {
        g_set_error(error, cause->domain, cause->code, "cannot read the login: %s", cause->message);
        g_error_free(cause);
        return FALSE;
    }
    ok = split(login, text, strcspn(text, "\r\n"));
    if (!ok)
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the first line of %s is not of the form user:password", file);
    g_free(text);
    return ok;
}

static gboolean read_env(WatchLogin *login, const char *env, GError **error)
{
    const char *text = g_getenv(env);

    if (!text) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT,
                    "there is no environment variable %s to read the login from", env);
        return FALSE;
    }
    if (!split(login, text, strlen(text))) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the environment variable %s is not of the form user:password", env);
        return FALSE;
    }
    return TRUE;
}

gboolean watch_login_read(WatchLogin *login, const char *file, const char *env, GError **error)
{
    const char *where = file ? file : env;

    login->user = login->password = NULL;
    if (where && strchr(where, ':') && !g_file_test(where, G_FILE_TEST_EXISTS)) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "%s names where the login is, and seems to be the login itself",
                    file ? "credentials-file" : "credentials-env");
        return FALSE;
    }
    if (file)
        return read_file(login, file, error);
    return !env || read_env(login, env, error);
}

void watch_login_clear(WatchLogin *login)
{
    g_clear_pointer(&login->user, g_free);
    g_clear_pointer(&login->password, g_free);
}

/* The port of an authority, of length characters: what is after the colon that is not an IPv6
 * address's. */
static gboolean has_odd_port(const char *authority, gsize length)
{
    const char *bracket = memchr(authority, ']', length);
    const char *from = bracket ? bracket : authority;
    const char *colon = memchr(from, ':', length - (gsize)(from - authority));

    return colon && colon + 1 + strspn(colon + 1, "0123456789") != authority + length;
}

gboolean watch_login_in_address(const char *address)
{
    const char *host = strstr(address, "://"), *at;
    gsize length;

    if (!host || !(at = strchr(host += 3, '@')))
        return FALSE;
    length = strcspn(host, "/?#");
    return at < host + length || memchr(host, '#', (gsize)(at - host)) ||
           has_odd_port(host, length);
}

gboolean watch_login_maybe_in_address(const char *address)
{
    const char *host = strstr(address, "://");

    return watch_login_in_address(address) ||
           (host && strchr(host + 3, '@') && memchr(host + 3, ':', strcspn(host + 3, "/?#")));
}

char *watch_login_mask(const WatchLogin *login, const char *text)
{
    static GRegex *in_address, *query;
    GString *masked;
    char *result, *shorter;

    /* Greedy: a password may hold an @ that nobody escaped. Raw: it may not be UTF-8. */
    if (!in_address) {
        in_address = g_regex_new("://\\S*@", G_REGEX_RAW, 0, NULL);
        query = g_regex_new("(://[^\\s?]*\\?)\\S*", G_REGEX_RAW, 0, NULL);
    }
    shorter = g_regex_replace_literal(in_address, text, -1, 0, "://***@", 0, NULL);
    result = g_regex_replace(query, shorter ? shorter : "", -1, 0, "\\1***", 0, NULL);
    masked = g_string_new(result ? result : "");
    g_free(shorter);
    g_free(result);
    if (login && login->password && *login->password)
        g_string_replace(masked, login->password, "***", 0);
    return g_string_free(masked, FALSE);
}
