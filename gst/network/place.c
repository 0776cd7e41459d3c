/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/network/place.h"

#include <string.h>

#define PORT 1883
#define TLS_PORT 8883
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

gboolean gst_convnext_mqtt_place_parse(GstConvnextMqttPlace *place, const char *text)
{
    g_autoptr(GUri) uri = g_uri_parse(text, G_URI_FLAGS_NONE, NULL);
    const char *scheme = uri ? g_uri_get_scheme(uri) : "", *path;

    *place = (GstConvnextMqttPlace){.has_tls = strcmp(scheme, "mqtts") == 0};
    if ((!place->has_tls && strcmp(scheme, "mqtt") != 0) || !g_uri_get_host(uri) ||
        !*g_uri_get_host(uri) || g_uri_get_userinfo(uri) || g_uri_get_query(uri) ||
        g_uri_get_fragment(uri) || g_uri_get_port(uri) == 0)
        return FALSE;
    place->host = g_strdup(g_uri_get_host(uri));
    place->port = g_uri_get_port(uri);
    if (place->port < 0)
        place->port = place->has_tls ? TLS_PORT : PORT;
    place->text =
        g_uri_join(G_URI_FLAGS_NONE, scheme, NULL, place->host, place->port, "", NULL, NULL);
    path = g_uri_get_path(uri);
    place->path = g_strdup(*path ? path + 1 : path);
    return TRUE;
}

void gst_convnext_mqtt_place_clear(GstConvnextMqttPlace *place)
{
    g_clear_pointer(&place->text, g_free);
    g_clear_pointer(&place->host, g_free);
    g_clear_pointer(&place->path, g_free);
}

gboolean gst_convnext_login_read(const char *file, char **user, char **password, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *text = NULL;
    const char *line, *colon, *reason;
    gsize length;

    *user = *password = NULL;
    if (!g_file_get_contents(file, &text, NULL, &cause)) {
        reason = strrchr(cause->message, ':');
        g_set_error(error, cause->domain, cause->code, "cannot read the credentials in %s:%s", file,
                    reason ? reason + 1 : cause->message);
        return FALSE;
    }
    line = g_str_has_prefix(text, BYTE_ORDER_MARK) ? text + strlen(BYTE_ORDER_MARK) : text;
    length = strcspn(line, "\r\n");
    colon = memchr(line, ':', length);
    if (!colon || colon == line) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
                    "the first line of %s is not user:password", file);
        return FALSE;
    }
    *user = g_strndup(line, (gsize)(colon - line));
    *password = g_strndup(colon + 1, length - (gsize)(colon + 1 - line));
    return TRUE;
}

gboolean gst_convnext_ca_check(const char *file, GError **error)
{
    g_autofree char *text = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL))
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s cannot be read", file);
    else if (!strstr(text, "CERTIFICATE-----"))
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is no PEM file with a certificate",
                    file);
    else
        return TRUE;
    return FALSE;
}
