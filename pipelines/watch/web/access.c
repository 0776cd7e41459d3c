/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/access.h"

#include <gio/gio.h>
#include <string.h>

static gboolean is_equal(const char *found, const char *expected)
{
    const gsize length = strlen(found), expected_length = strlen(expected);
    volatile guint difference = length != expected_length;

    for (gsize i = 0; i < length; i++)
        difference |= (guint)found[i] ^ (guint)expected[i % (expected_length + 1)];
    return difference == 0;
}

gboolean watch_access_has_login(const char *authorization, const char *login)
{
    g_autofree char *expected = g_base64_encode((const unsigned char *)login, strlen(login));
    const char *found = authorization;

    if (!found || g_ascii_strncasecmp(found, "Basic ", strlen("Basic ")) != 0)
        return FALSE;
    found += strlen("Basic ");
    return is_equal(found + strspn(found, " "), expected);
}

gboolean watch_access_is_local(const char *host)
{
    g_autoptr(GInetAddress) address = NULL;
    g_autofree char *name = NULL;
    const char *end;

    if (!host || !*host)
        return TRUE;
    if (*host == '[') {
        end = host + strcspn(host, "]");
        name = g_strndup(host + 1, (gsize)(end - host - 1));
        if (*end++ != ']')
            return FALSE;
    } else {
        end = host + strcspn(host, ":");
        name = g_strndup(host, (gsize)(end - host));
    }
    if (*end && (*end != ':' || end[1 + strspn(end + 1, "0123456789")]))
        return FALSE;
    if (g_ascii_strcasecmp(name, "localhost") == 0)
        return TRUE;
    address = g_inet_address_new_from_string(name);
    return address && g_inet_address_get_is_loopback(address);
}
