/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/request.h"

#include <string.h>

#define ALPHANUMERIC G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS

static const char token[] = ALPHANUMERIC "!#$%&'*+-.^_`|~";
static const char path[] = ALPHANUMERIC "-._~!$&'()*+,;=:@/?";
static const char host[] = ALPHANUMERIC "-._:[]";

/* Skips characters of a path and escapes such as %20. */
static const char *skip_path(const char *from)
{
    for (;;) {
        from += strspn(from, path);
        if (*from != '%' || !g_ascii_isxdigit(from[1]) || !g_ascii_isxdigit(from[2]) ||
            (from[1] == '0' && from[2] == '0'))
            return from;
        from += 3;
    }
}

/* METHOD /path HTTP/1.x */
static gboolean is_request_line(const char *line)
{
    const gsize method = strspn(line, G_CSET_A_2_Z);

    if (method == 0 || line[method] != ' ' || line[method + 1] != '/')
        return FALSE;
    line = skip_path(line + method + 1);
    return strcmp(line, " HTTP/1.1") == 0 || strcmp(line, " HTTP/1.0") == 0;
}

/* Whether a header may have this value. The server needs no body of a request, so it takes none
 * whose length is not known. */
static gboolean is_value(const char *name, gsize length, const char *value)
{
    static const char *const refused[] = {"Transfer-Encoding", "Expect", "Upgrade"};

    for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
        if (length == strlen(refused[i]) && g_ascii_strncasecmp(name, refused[i], length) == 0)
            return FALSE;
    if (length == 4 && g_ascii_strncasecmp(name, "Host", 4) == 0)
        return strspn(value, host) == strlen(value);
    if (length == 14 && g_ascii_strncasecmp(name, "Content-Length", 14) == 0)
        return *value && strlen(value) < 18 && strspn(value, G_CSET_DIGITS) == strlen(value);
    return TRUE;
}

static gboolean is_header(const char *line)
{
    const gsize name = strspn(line, token);
    const char *value = line + name + 1;

    if (name == 0 || line[name] != ':')
        return FALSE;
    for (const char *c = value; *c; c++)
        if (g_ascii_iscntrl(*c) && *c != '\t')
            return FALSE;
    return is_value(line, name, value + strspn(value, " \t"));
}

/* Each header once. */
static gboolean are_headers(char **lines)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (; *lines; lines++)
        if (!is_header(*lines) ||
            !g_hash_table_add(names, g_ascii_strdown(*lines, strcspn(*lines, ":"))))
            return FALSE;
    return TRUE;
}

WatchRequest watch_request_check(const char *text, gsize length)
{
    const char *end = g_strstr_len(text, (gssize)length, "\r\n\r\n");
    g_autofree char *head = NULL;
    g_auto(GStrv) lines = NULL;

    if (!end)
        return length < WATCH_REQUEST_MAX && !memchr(text, '\0', length) ? WATCH_REQUEST_INCOMPLETE
                                                                         : WATCH_REQUEST_INVALID;
    head = g_strndup(text, (gsize)(end - text));
    lines = g_strsplit(head, "\r\n", -1);
    return lines[0] && is_request_line(lines[0]) && are_headers(lines + 1) ? WATCH_REQUEST_VALID
                                                                           : WATCH_REQUEST_INVALID;
}

/* A header's value without the spaces around it, or NULL. */
static char *find_header(char **lines, const char *name)
{
    const gsize length = strlen(name);

    for (; *lines; lines++)
        if (g_ascii_strncasecmp(*lines, name, length) == 0 && (*lines)[length] == ':')
            return g_strstrip(g_strdup(*lines + length + 1));
    return NULL;
}

WatchRequestHead *watch_request_parse(const char *text, gsize length)
{
    const char *end = g_strstr_len(text, (gssize)length, "\r\n\r\n");
    g_autofree char *head = g_strndup(text, (gsize)(end - text));
    g_auto(GStrv) lines = g_strsplit(head, "\r\n", -1);
    g_auto(GStrv) words = g_strsplit(lines[0], " ", -1);
    WatchRequestHead *parsed = g_new(WatchRequestHead, 1);

    parsed->method = g_strdup(words[0]);
    parsed->path = g_strndup(words[1], strcspn(words[1], "?"));
    parsed->host = find_header(lines + 1, "Host");
    parsed->authorization = find_header(lines + 1, "Authorization");
    parsed->last_event_id = find_header(lines + 1, "Last-Event-ID");
    return parsed;
}

void watch_request_head_free(WatchRequestHead *head)
{
    g_free(head->method);
    g_free(head->path);
    g_free(head->host);
    g_free(head->authorization);
    g_free(head->last_event_id);
    g_free(head);
}
