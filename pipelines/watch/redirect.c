/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/redirect.h"

#include <string.h>

/* Longer chains are loops. A source that falls back from UDP to TCP connects twice without any. */
#define MAX_CONNECTS 12

typedef struct Origin {
    char *host;
    int port;
    gboolean is_secure;
} Origin;

static void clear_origin(Origin *origin)
{
    g_free(origin->host);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Origin, clear_origin)

static const struct Scheme {
    const char *name;
    int port;
    gboolean is_secure;
} schemes[] = {
    {"rtsp", 554, FALSE}, {"rtspu", 554, FALSE}, {"rtspt", 554, FALSE}, {"rtsph", 554, FALSE},
    {"rtsps", 322, TRUE}, {"rtspsu", 322, TRUE}, {"rtspst", 322, TRUE}, {"rtspsh", 322, TRUE},
    {"http", 80, FALSE},  {"https", 443, TRUE},
};

static const struct Scheme *find_scheme(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (g_ascii_strcasecmp(schemes[i].name, name) == 0)
            return &schemes[i];
    }
    return NULL;
}

static const char *skip_host(const char *from)
{
    if (*from == '[')
        return from + 1 + strspn(from + 1, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS ":.%_-");
    while (g_ascii_isalnum(*from) || (*from & 0x80) || (*from && strchr("._-", *from)))
        from++;
    return from;
}

/* Whether every reader of a URI finds the same host and port in it. For GStreamer's RTSP source, a
 * login ends at the first @ and a # ends no host; for GLib, a ; ends a host, and escapes and spaces
 * in it do not count. */
static gboolean has_plain_authority(const char *text)
{
    const char *scheme_end = strstr(text, "://"), *host, *rest;

    if (!scheme_end)
        return FALSE;
    host = scheme_end + strlen("://");
    rest = skip_host(host);
    if (*host == '[' && *rest++ != ']')
        return FALSE;
    if (*rest == ':')
        rest += 1 + strspn(rest + 1, G_CSET_DIGITS);
    return rest == host + strcspn(host, "/?");
}

static gboolean parse_origin(Origin *origin, const char *text)
{
    g_autoptr(GUri) uri =
        has_plain_authority(text)
            ? g_uri_parse(text, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL)
            : NULL;
    const struct Scheme *scheme = uri ? find_scheme(g_uri_get_scheme(uri)) : NULL;

    if (!scheme || !g_uri_get_host(uri) || !*g_uri_get_host(uri))
        return FALSE;
    origin->host = g_ascii_strdown(g_uri_get_host(uri), -1);
    origin->port = g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : scheme->port;
    origin->is_secure = scheme->is_secure;
    return TRUE;
}

gboolean watch_redirect_is_same_origin(const char *a, const char *b)
{
    g_auto(Origin) first = {0}, second = {0};

    return parse_origin(&first, a) && parse_origin(&second, b) &&
           strcmp(first.host, second.host) == 0 && first.port == second.port &&
           first.is_secure == second.is_secure;
}

/* The error that is posted first is the reason of the loss. */
static void refuse_redirect(GstElement *element, const char *target)
{
    g_object_set(element, "user-id", NULL, "user-pw", NULL, NULL);
    GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ,
                      ("It redirects to %s, but its credentials are not sent there: set that "
                       "address as the source.",
                       target),
                      (NULL));
}

static void refuse_another(GstElement *element)
{
    GST_ELEMENT_ERROR(element, RESOURCE, OPEN_READ,
                      ("It redirects more than %d times.", MAX_CONNECTS), (NULL));
}

/* rtspsrc posts it before it connects, also after a redirect. */
static void check_connect(const WatchSettings *settings, GstElement *element)
{
    g_autofree char *location = NULL;
    const int count = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(element), "connects")) + 1;

    g_object_set_data(G_OBJECT(element), "connects", GINT_TO_POINTER(count));
    g_object_get(element, "location", &location, NULL);
    if (settings->credentials.user &&
        !(location && watch_redirect_is_same_origin(settings->uri, location)))
        refuse_redirect(element, location ? location : "another address");
    else if (count == MAX_CONNECTS + 1)
        refuse_another(element);
}

char *watch_redirect_target(const char *requested, const char *location)
{
    const GUriFlags flags = G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED;
    g_autofree char *target = g_uri_resolve_relative(requested, location, flags, NULL);
    g_autoptr(GUri) uri = target ? g_uri_parse(target, flags, NULL) : NULL;
    g_auto(Origin) origin = {0};

    if (!uri || g_uri_get_userinfo(uri) || !parse_origin(&origin, target) ||
        !g_str_has_prefix(g_uri_get_scheme(uri), "http"))
        return NULL;
    return g_steal_pointer(&target);
}

static gboolean find_location(GQuark field, const GValue *value, gpointer location)
{
    const gboolean is_found = G_VALUE_HOLDS_STRING(value) &&
                              g_ascii_strcasecmp(g_quark_to_string(field), "Location") == 0;

    if (is_found)
        *(const char **)location = g_value_get_string(value);
    return !is_found;
}

/* souphttpsrc does not follow redirects if it has a login, but posts the headers of each reply. */
static void check_headers(const WatchSettings *settings, GstElement *element,
                          const GstStructure *headers)
{
    g_autoptr(GstStructure) reply = NULL;
    g_autofree char *target = NULL;
    const char *location = NULL;
    guint status = 0;

    if (!settings->credentials.user ||
        !gst_structure_get_uint(headers, "http-status-code", &status) || status < 300 ||
        status > 399)
        return;
    if (gst_structure_get(headers, "response-headers", GST_TYPE_STRUCTURE, &reply, NULL))
        gst_structure_foreach(reply, find_location, &location);
    target = location ? watch_redirect_target(settings->uri, location) : NULL;
    if (!target)
        refuse_redirect(element, location ? location : "another address");
    else if (settings->redirects == MAX_CONNECTS)
        refuse_another(element);
    else
        gst_element_post_message(
            element, gst_message_new_element(GST_OBJECT_CAST(element),
                                             gst_structure_new(WATCH_REDIRECT, "location",
                                                               G_TYPE_STRING, target, NULL)));
}

void watch_redirect_check(const WatchSettings *settings, GstMessage *message)
{
    GstElement *element = GST_ELEMENT_CAST(GST_MESSAGE_SRC(message));
    g_autofree char *code = NULL;

    if (!GST_IS_ELEMENT(GST_MESSAGE_SRC(message)) ||
        !g_object_class_find_property(G_OBJECT_GET_CLASS(element), "user-pw"))
        return;
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_PROGRESS) {
        gst_message_parse_progress(message, NULL, &code, NULL);
        if (strcmp(code, "connect") == 0)
            check_connect(settings, element);
    } else if (gst_message_has_name(message, "http-headers")) {
        check_headers(settings, element, gst_message_get_structure(message));
    }
}
