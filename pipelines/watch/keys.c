/* Every key that is none of ours is a property of the element convnext and is set as text, so that
 * this file need not know them: GStreamer knows the types, and the ranges.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/keys.h"

#include <string.h>

static const char *const own_keys[] = {
    "source",        "credentials-file", "credentials-env", "protocols",     "latency",
    "stall-timeout", "connect-timeout",  "reconnect-min",   "reconnect-max", NULL};
static const char *const watch_keys[] = {"metrics", "events", NULL};

static gboolean fail(GError **error, const char *group, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean fail(GError **error, const char *group, const char *format, ...)
{
    va_list arguments;
    char *what;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "[%s]: %s", group, what);
    g_free(what);
    return FALSE;
}

/* The value for a camera, NULL where it has none; the caller frees it. */
static char *value_of(GKeyFile *file, const char *group, const char *key)
{
    char *value = g_key_file_get_string(file, group, key, NULL);

    return value ? value : g_key_file_get_string(file, WATCH_DEFAULTS, key, NULL);
}

/* A number of the unit that scale makes the result's: seconds into microseconds, for example. */
static gboolean number_of(GKeyFile *file, const char *group, const char *key, double fallback,
                          double least, double most, double scale, gint64 *result, GError **error)
{
    char *value = value_of(file, group, key), *end = NULL;
    double number = value ? g_ascii_strtod(value, &end) : fallback;
    gboolean ok = !value || (end != value && !*end && number >= least && number <= most);

    if (ok)
        *result = (gint64)(number * scale);
    else
        fail(error, group, "%s is '%s', and must be a number from %g to %g", key, value, least,
             most);
    g_free(value);
    return ok;
}

/* A property of an element as text: whether it can be set, has that type, and is in range. */
static gboolean check_property(const char *group, const char *element, const char *key,
                               const char *text, GError **error)
{
    GstElement *instance = gst_element_factory_make(element, NULL);
    GParamSpec *pspec;
    GValue value = G_VALUE_INIT;
    gboolean ok;

    if (!instance)
        return fail(error, group, "there is no element %s on this machine, which it needs",
                    element);
    pspec = g_object_class_find_property(G_OBJECT_GET_CLASS(instance), key);
    if (!pspec || !(pspec->flags & G_PARAM_WRITABLE) || pspec->owner_type == GST_TYPE_OBJECT) {
        gst_object_unref(instance);
        return fail(error, group, "there is no key '%s'; see convnext-watch --help", key);
    }
    g_value_init(&value, pspec->value_type);
    ok = gst_value_deserialize_with_pspec(&value, text, pspec) &&
         !g_param_value_validate(pspec, &value);
    g_value_unset(&value);
    gst_object_unref(instance);
    return ok || fail(error, group, "'%s' is not a value of %s; see gst-inspect-1.0 %s", text, key,
                      element);
}

static gboolean add_properties(WatchSettings *settings, GKeyFile *file, const char *group,
                               const char *from, GError **error)
{
    char **keys = g_key_file_get_keys(file, from, NULL, NULL);
    gboolean ok = TRUE;

    for (guint i = 0; ok && keys && keys[i]; i++) {
        char *value;

        if (g_strv_contains(own_keys, keys[i]) ||
            (from != group && (g_strv_contains(watch_keys, keys[i]) ||
                               g_key_file_has_key(file, group, keys[i], NULL))))
            continue;
        value = g_key_file_get_string(file, from, keys[i], NULL);
        ok = value ? check_property(from, "convnext", keys[i], value, error)
                   : fail(error, from, "%s is not text in UTF-8", keys[i]);
        g_ptr_array_add(settings->properties, g_strdup(keys[i]));
        g_ptr_array_add(settings->properties, value);
    }
    g_strfreev(keys);
    return ok;
}

static gboolean check_region(const WatchSettings *settings, const char *group, GError **error)
{
    for (guint i = 0; i < settings->properties->len; i += 2) {
        const char *value = g_ptr_array_index(settings->properties, i + 1);

        if (strcmp(g_ptr_array_index(settings->properties, i), "region") == 0 &&
            (strcmp(value, "objects") == 0 || strcmp(value, "1") == 0))
            return fail(error, group,
                        "region is '%s', but nothing here detects objects: that takes a pipeline "
                        "with a detector before convnext",
                        value);
    }
    return TRUE;
}

/* Frames that wait for their turn would be of the past; those of a file would be lost. */
static void default_mode(WatchSettings *settings)
{
    GstElement *convnext;

    for (guint i = 0; i < settings->properties->len; i += 2) {
        if (strcmp(g_ptr_array_index(settings->properties, i), "mode") == 0)
            return;
    }
    convnext = gst_element_factory_make("convnext", NULL);
    if (convnext && settings->kind != WATCH_FILE &&
        g_object_class_find_property(G_OBJECT_GET_CLASS(convnext), "mode")) {
        g_ptr_array_add(settings->properties, g_strdup("mode"));
        g_ptr_array_add(settings->properties, g_strdup("latest"));
    }
    g_clear_pointer(&convnext, gst_object_unref);
}

static gboolean set_test(WatchSettings *settings, const char *group, GError **error)
{
    const char *pattern = settings->source + strlen("test:");
    GError *cause = NULL;

    settings->kind = WATCH_TEST;
    if (!check_property(group, "videotestsrc", "pattern", pattern, &cause)) {
        g_error_free(cause);
        return fail(error, group, "'%s' is not a pattern of videotestsrc, such as smpte or ball",
                    pattern);
    }
    settings->argument = g_strdup(pattern);
    return TRUE;
}

static gboolean set_file(WatchSettings *settings, const char *group, const char *path,
                         GError **error)
{
    settings->kind = WATCH_FILE;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return fail(error, group, "there is no file %s", path);
    settings->uri = gst_filename_to_uri(path, NULL);
    return settings->uri || fail(error, group, "%s is no name of a file", path);
}

/* What nobody could play, now or later: to try that again and again would tell nobody. */
static gboolean set_stream(WatchSettings *settings, const char *group, const char *address,
                           GError **error)
{
    GUri *uri = g_uri_parse(address, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);
    gboolean ok = FALSE;

    if (!uri)
        fail(error, group, "its source is no address, such as rtsp://host:port/path");
    else if (!gst_uri_protocol_is_supported(GST_URI_SRC, g_uri_get_scheme(uri)))
        fail(error, group, "nothing on this machine plays addresses of %s://",
             g_uri_get_scheme(uri));
    else if (!g_uri_get_host(uri) || !*g_uri_get_host(uri))
        fail(error, group, "%s names no host", address);
    else
        ok = TRUE;
    settings->kind = WATCH_STREAM;
    settings->uri = g_strdup(address);
    g_clear_pointer(&uri, g_uri_unref);
    return ok;
}

static gboolean set_source(WatchSettings *settings, GKeyFile *file, const char *group,
                           GError **error)
{
    char *source = g_key_file_get_string(file, group, "source", NULL), *path;
    gboolean ok;

    if (!source || !*source) {
        g_free(source);
        return fail(error, group, "it has no source");
    }
    settings->source = source;
    if (watch_login_in_address(source) || watch_login_maybe_in_address(group))
        return fail(error, group,
                    "its source or its name holds a login, which others can read there; use "
                    "credentials-file or credentials-env");
    if (g_str_has_prefix(source, "test:"))
        return set_test(settings, group, error);
    if (g_str_has_prefix(source, "/dev/")) {
        settings->kind = WATCH_DEVICE;
        settings->argument = g_strdup(source);
        return TRUE;
    }
    if (g_ascii_strncasecmp(source, "file:", 5) == 0) {
        path = g_filename_from_uri(source, NULL, NULL);
        ok = path ? set_file(settings, group, path, error)
                  : fail(error, group, "%s is no address of a file", source);
        g_free(path);
        return ok;
    }
    if (!strstr(source, "://"))
        return set_file(settings, group, source, error);
    return set_stream(settings, group, source, error);
}

static gboolean set_login(WatchSettings *settings, GKeyFile *file, const char *group,
                          GError **error)
{
    const gboolean own = g_key_file_has_key(file, group, "credentials-file", NULL) ||
                         g_key_file_has_key(file, group, "credentials-env", NULL);
    const char *from = own ? group : WATCH_DEFAULTS;
    char *path = g_key_file_get_string(file, from, "credentials-file", NULL);
    char *env = g_key_file_get_string(file, from, "credentials-env", NULL);
    GError *cause = NULL;
    gboolean ok;

    if (path && env) {
        ok = fail(error, from, "credentials-file and credentials-env exclude each other");
    } else {
        ok = watch_login_read(&settings->login, path, env, &cause);
        if (!ok)
            fail(error, group, "%s", cause->message);
        g_clear_error(&cause);
    }
    g_free(path);
    g_free(env);
    return ok;
}

/* What rtspsrc knows beside these, HTTP and TLS, the scheme of an address chooses. */
static gboolean are_protocols(const char *text)
{
    static const char *const known[] = {"tcp", "udp", "udp-mcast", NULL};
    char **words = g_strsplit(text, "+", -1);
    gboolean ok = *text != '\0';

    for (guint i = 0; ok && words[i]; i++)
        ok = g_strv_contains(known, words[i]);
    g_strfreev(words);
    return ok;
}

/* rtspu:// and rtspsu:// are never by TCP. */
static const char *default_protocols(const WatchSettings *settings)
{
    return settings->uri && (g_ascii_strncasecmp(settings->uri, "rtspu:", 6) == 0 ||
                             g_ascii_strncasecmp(settings->uri, "rtspsu:", 7) == 0)
               ? "udp"
               : "tcp";
}

static gboolean set_rtsp(WatchSettings *settings, GKeyFile *file, const char *group, GError **error)
{
    gint64 latency = 0;

    settings->protocols = value_of(file, group, "protocols");
    if (!settings->protocols)
        settings->protocols = g_strdup(default_protocols(settings));
    if (!number_of(file, group, "latency", 200, 0, 60000, 1, &latency, error))
        return FALSE;
    settings->latency = (guint)latency;
    return are_protocols(settings->protocols) ||
           fail(error, group,
                "protocols is '%s', and must be of tcp, udp and udp-mcast, joined by +; HTTP and "
                "TLS are chosen by an address with rtsph:// or rtsps://",
                settings->protocols);
}

static gboolean set_times(WatchSettings *settings, GKeyFile *file, const char *group,
                          GError **error)
{
    const double second = G_USEC_PER_SEC;

    if (!number_of(file, group, "stall-timeout", 5, 0.1, 3600, second, &settings->stall, error) ||
        !number_of(file, group, "connect-timeout", 15, 0.1, 3600, second, &settings->connect,
                   error) ||
        !number_of(file, group, "reconnect-min", 0.25, 0.01, 3600, second, &settings->reconnect_min,
                   error) ||
        !number_of(file, group, "reconnect-max", 3, 0.01, 3600, second, &settings->reconnect_max,
                   error))
        return FALSE;
    return settings->reconnect_min <= settings->reconnect_max ||
           fail(error, group, "reconnect-min is larger than reconnect-max");
}

static char *fingerprint(const WatchSettings *s)
{
    GString *all = g_string_new(NULL);

    g_string_printf(all, "%s\n%s\n%s\n%s\n%u", s->source, s->login.user ? s->login.user : "",
                    s->login.password ? s->login.password : "", s->protocols, s->latency);
    g_string_append_printf(
        all, "\n%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
        s->stall, s->connect, s->reconnect_min, s->reconnect_max);
    for (guint i = 0; i < s->properties->len; i++)
        g_string_append_printf(all, "\n%s", (char *)g_ptr_array_index(s->properties, i));
    return g_string_free(all, FALSE);
}

WatchSettings *watch_keys_settings(GKeyFile *file, const char *group, GError **error)
{
    WatchSettings *settings = g_atomic_rc_box_new0(WatchSettings);

    settings->name = g_strdup(group);
    settings->properties = g_ptr_array_new_with_free_func(g_free);
    if (!add_properties(settings, file, group, WATCH_DEFAULTS, error) ||
        !add_properties(settings, file, group, group, error) ||
        !check_region(settings, group, error) || !set_source(settings, file, group, error) ||
        !set_login(settings, file, group, error) || !set_rtsp(settings, file, group, error) ||
        !set_times(settings, file, group, error)) {
        watch_settings_unref(settings);
        return NULL;
    }
    default_mode(settings);
    settings->fingerprint = fingerprint(settings);
    return settings;
}

static void clear(gpointer data)
{
    WatchSettings *settings = data;

    g_free(settings->name);
    g_free(settings->source);
    g_free(settings->uri);
    g_free(settings->argument);
    watch_login_clear(&settings->login);
    g_free(settings->protocols);
    g_ptr_array_unref(settings->properties);
    g_free(settings->fingerprint);
}

WatchSettings *watch_settings_ref(WatchSettings *settings)
{
    return g_atomic_rc_box_acquire(settings);
}

void watch_settings_unref(WatchSettings *settings)
{
    g_atomic_rc_box_release_full(settings, clear);
}

gboolean watch_settings_equal(const WatchSettings *a, const WatchSettings *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->fingerprint, b->fingerprint) == 0;
}
