/* A key that convnext-watch does not read itself is a property of the element convnext. It is set
 * as text, because GStreamer knows the types and the ranges.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/settings.h"

#include <string.h>

#include "pipelines/watch/alarms/commands.h"
#include "pipelines/watch/alarms/quiet.h"
#include "pipelines/watch/alarms/webhook.h"
#include "pipelines/watch/keys.h"
#include "pipelines/watch/property.h"

/* Properties of convnext */

/* Adds a group's properties: the camera's own, or those of [watch] that it does not override. */
static gboolean add_properties(WatchSettings *settings, GKeyFile *file, const char *from,
                               GError **error)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, from, NULL, NULL);
    const gboolean is_own = strcmp(from, settings->name) == 0;

    for (guint i = 0; keys && keys[i]; i++) {
        g_autofree char *value = NULL;

        if (watch_keys_include(keys[i], from) ||
            (!is_own && g_key_file_has_key(file, settings->name, keys[i], NULL)))
            continue;
        value = g_key_file_get_string(file, from, keys[i], NULL);
        if (!value)
            return watch_keys_fail(error, from, "%s is not valid UTF-8", keys[i]);
        if (!watch_property_check(from, "convnext", keys[i], value, error))
            return FALSE;
        g_ptr_array_add(settings->properties, g_strdup(keys[i]));
        g_ptr_array_add(settings->properties, g_steal_pointer(&value));
    }
    return TRUE;
}

/* The value of a property in the settings, or NULL. */
static const char *find_property(const WatchSettings *settings, const char *name)
{
    for (guint i = 0; i < settings->properties->len; i += 2) {
        if (strcmp(g_ptr_array_index(settings->properties, i), name) == 0)
            return g_ptr_array_index(settings->properties, i + 1);
    }
    return NULL;
}

/* Takes the value. */
static void set_property(WatchSettings *settings, const char *name, char *value)
{
    for (guint i = 0; i < settings->properties->len; i += 2) {
        if (strcmp(g_ptr_array_index(settings->properties, i), name) == 0) {
            g_free(g_ptr_array_index(settings->properties, i + 1));
            g_ptr_array_index(settings->properties, i + 1) = value;
            return;
        }
    }
    g_ptr_array_add(settings->properties, g_strdup(name));
    g_ptr_array_add(settings->properties, value);
}

static gboolean check_region(const WatchSettings *settings, GError **error)
{
    const char *region = find_property(settings, "region");

    if (region && (strcmp(region, "objects") == 0 || strcmp(region, "1") == 0))
        return watch_keys_fail(error, settings->name,
                               "region is '%s', but convnext-watch has no object detector: build "
                               "a pipeline with a detector before convnext",
                               region);
    return TRUE;
}

/* Sets a property that the list does not set, if the element has it. */
static void set_default(WatchSettings *settings, GstElement *convnext, const char *name,
                        const char *value)
{
    if (find_property(settings, name) ||
        !g_object_class_find_property(G_OBJECT_GET_CLASS(convnext), name))
        return;
    g_ptr_array_add(settings->properties, g_strdup(name));
    g_ptr_array_add(settings->properties, g_strdup(value));
}

static gboolean has_classes(GstElement *convnext)
{
    g_autofree char *outputs = NULL;
    g_auto(GValue) value = G_VALUE_INIT;

    g_object_get_property(G_OBJECT(convnext), "outputs", &value);
    outputs = gst_value_serialize(&value);
    return outputs && strstr(outputs, "classes");
}

/* A label becomes the state when it holds for 1.8 of the last 3 seconds. Most changes that are no
 * fault of the camera are shorter: an exposure that adapts, a vehicle that passes close by, a
 * damaged stream until its next key frame. A list that configures smoothing by number keeps its
 * values. */
static void set_default_smoothing(WatchSettings *settings, GstElement *convnext)
{
    static const char *const other_ways[] = {"smoothing", "smoothing-window", "smoothing-count",
                                             "smoothing-alpha"};
    gboolean is_by_time = TRUE;

    if (!has_classes(convnext)) /* a state is a class */
        return;
    for (guint i = 0; i < G_N_ELEMENTS(other_ways); i++)
        is_by_time = is_by_time && !find_property(settings, other_ways[i]);
    set_default(settings, convnext, "smoothing", "majority");
    if (is_by_time)
        set_default(settings, convnext, "smoothing-time", "3000000000");
}

/* A live camera runs in mode=latest, so that results stay current. Every frame of a file gets a
 * result. */
static void set_defaults(WatchSettings *settings)
{
    g_autoptr(GstElement) convnext = gst_element_factory_make("convnext", NULL);
    const char *outputs = find_property(settings, "outputs");

    if (!convnext)
        return;
    gst_object_ref_sink(convnext);
    if (outputs)
        gst_util_set_object_arg(G_OBJECT(convnext), "outputs", outputs);
    if (settings->kind != WATCH_FILE)
        set_default(settings, convnext, "mode", "latest");
    set_default_smoothing(settings, convnext);
}

/* The source */

static gboolean set_test(WatchSettings *settings, GError **error)
{
    const char *pattern = settings->source + strlen("test:");

    settings->kind = WATCH_TEST;
    settings->argument = g_strdup(pattern);
    return (*pattern &&
            watch_property_check(settings->name, "videotestsrc", "pattern", pattern, NULL)) ||
           watch_keys_fail(error, settings->name,
                           "'%s' is not a pattern of videotestsrc, such as smpte or ball", pattern);
}

static gboolean set_file(WatchSettings *settings, const char *path, GError **error)
{
    settings->kind = WATCH_FILE;
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return watch_keys_fail(error, settings->name, "the file %s does not exist", path);
    settings->uri = gst_filename_to_uri(path, NULL);
    return settings->uri ||
           watch_keys_fail(error, settings->name, "%s is not a valid file name", path);
}

/* GLib removes tabs and ends of lines from a URI before it looks for a login. */
static gboolean has_controls(const char *uri)
{
    for (; *uri; uri++)
        if (g_ascii_iscntrl(*uri))
            return TRUE;
    return FALSE;
}

/* Refuses a URI that can never be played, because retrying it would be pointless. The first message
 * does not quote the source, which may contain a password. */
static gboolean set_stream(WatchSettings *settings, GError **error)
{
    const char *group = settings->name;
    g_autoptr(GUri) uri =
        g_uri_parse(settings->source, G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_ENCODED, NULL);

    settings->kind = WATCH_STREAM;
    settings->uri = g_strdup(settings->source);
    if (!uri || has_controls(settings->source))
        return watch_keys_fail(error, group,
                               "source is not a valid URI, such as rtsp://host:port/path");
    if (!gst_uri_protocol_is_supported(GST_URI_SRC, g_uri_get_scheme(uri)))
        return watch_keys_fail(error, group, "no installed GStreamer element reads %s:// URIs",
                               g_uri_get_scheme(uri));
    if (!g_uri_get_host(uri) || !*g_uri_get_host(uri))
        return watch_keys_fail(error, group, "%s has no host name", settings->source);
    return TRUE;
}

static gboolean set_file_uri(WatchSettings *settings, GError **error)
{
    g_autofree char *path = g_filename_from_uri(settings->source, NULL, NULL);

    return path ? set_file(settings, path, error)
                : watch_keys_fail(error, settings->name, "%s is not a valid file URI",
                                  settings->source);
}

/* A part has the frames of its camera, which alone can be lost, asleep or frozen. */
static gboolean set_camera(WatchSettings *settings, const WatchSettings *camera)
{
    settings->camera = g_strdup(camera->name);
    settings->source = g_strdup(camera->source);
    settings->kind = camera->kind;
    return TRUE;
}

static gboolean set_source(WatchSettings *settings, GKeyFile *file, GError **error)
{
    const char *source = settings->source =
        g_key_file_get_string(file, settings->name, "source", NULL);

    if (!source && g_key_file_has_key(file, settings->name, "source", NULL))
        return watch_keys_fail(error, settings->name, "source is not valid UTF-8");
    if (!source || !*source)
        return watch_keys_fail(error, settings->name, "source is missing");
    if (watch_credentials_in_uri(source) || watch_credentials_maybe_in_uri(settings->name))
        return watch_keys_fail(error, settings->name,
                               "the source or the camera's name contains credentials, which other "
                               "users can read: use credentials-file or credentials-env");
    if (g_str_has_prefix(source, "test:"))
        return set_test(settings, error);
    if (g_str_has_prefix(source, "/dev/")) {
        settings->kind = WATCH_DEVICE;
        settings->argument = g_strdup(source);
        return TRUE;
    }
    if (g_ascii_strncasecmp(source, "file:", 5) == 0)
        return set_file_uri(settings, error);
    if (!strstr(source, "://"))
        return set_file(settings, source, error);
    return set_stream(settings, error);
}

/* Credentials and transports */

static gboolean set_credentials(WatchSettings *settings, GKeyFile *file, GError **error)
{
    const char *group = settings->name;
    const gboolean is_own = g_key_file_has_key(file, group, "credentials-file", NULL) ||
                            g_key_file_has_key(file, group, "credentials-env", NULL);
    const char *from = is_own ? group : WATCH_DEFAULTS;
    g_autofree char *path = g_key_file_get_string(file, from, "credentials-file", NULL);
    g_autofree char *env = g_key_file_get_string(file, from, "credentials-env", NULL);
    g_autoptr(GError) cause = NULL;

    if (path && env)
        return watch_keys_fail(error, from,
                               "credentials-file and credentials-env are mutually exclusive");
    return watch_credentials_read(&settings->credentials, path, env, &cause) ||
           watch_keys_fail(error, group, "%s", cause->message);
}

/* rtspsrc's other transports, HTTP and TLS, are chosen by the URI's scheme. */
static gboolean are_protocols(const char *text)
{
    static const char *const known[] = {"tcp", "udp", "udp-mcast", NULL};
    g_auto(GStrv) words = g_strsplit(text, "+", -1);

    for (guint i = 0; words[i]; i++) {
        if (!g_strv_contains(known, words[i]))
            return FALSE;
    }
    return *text != '\0';
}

/* rtspu:// and rtspsu:// never use TCP. */
static const char *default_protocols(const WatchSettings *settings)
{
    return settings->uri && (g_ascii_strncasecmp(settings->uri, "rtspu:", 6) == 0 ||
                             g_ascii_strncasecmp(settings->uri, "rtspsu:", 7) == 0)
               ? "udp"
               : "tcp";
}

static gboolean set_protocols(WatchSettings *settings, GKeyFile *file, GError **error)
{
    settings->protocols = watch_keys_get(file, settings->name, "protocols");
    if (!settings->protocols)
        settings->protocols = g_strdup(default_protocols(settings));
    return are_protocols(settings->protocols) ||
           watch_keys_fail(error, settings->name,
                           "protocols is '%s', expected tcp, udp or udp-mcast, joined by +; for "
                           "HTTP or TLS use an rtsph:// or rtsps:// URI",
                           settings->protocols);
}

/* Alarms */

/* Labels joined by commas; ends with NULL. */
static char **split_labels(const char *text)
{
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);
    g_autoptr(GStrvBuilder) labels = g_strv_builder_new();

    for (guint i = 0; parts[i]; i++) {
        if (*g_strstrip(parts[i]))
            g_strv_builder_add(labels, parts[i]);
    }
    return g_strv_builder_end(labels);
}

static gboolean set_labels(WatchSettings *settings, GKeyFile *file, GError **error)
{
    g_autofree char *normal = watch_keys_get(file, settings->name, "normal");
    g_autofree char *ignored = watch_keys_get(file, settings->name, "ignore");

    settings->rules.normal = (const char *const *)split_labels(normal);
    settings->rules.ignored = (const char *const *)split_labels(ignored);
    return !normal || settings->rules.normal[0] ||
           watch_keys_fail(error, settings->name, "normal names no label");
}

static gboolean set_rules(WatchSettings *settings, GKeyFile *file, GError **error)
{
    WatchAlarmRules *rules = &settings->rules;
    g_autofree char *quiet = watch_keys_get(file, settings->name, "quiet");
    g_autofree char *expect = watch_keys_get(file, settings->name, "expect");

    rules->camera = settings->name;
    rules->quiet = watch_quiet_parse(quiet ? quiet : "");
    rules->may_sleep = g_strcmp0(expect, "sleeps") == 0;
    if (!rules->quiet)
        return watch_keys_fail(error, settings->name,
                               "quiet is '%s', expected HH:MM-HH:MM, or several joined by commas",
                               quiet);
    if (expect && !rules->may_sleep && strcmp(expect, "always") != 0)
        return watch_keys_fail(error, settings->name, "expect is '%s', expected always or sleeps",
                               expect);
    return set_labels(settings, file, error);
}

static gboolean set_command(WatchSettings *settings, GKeyFile *file, GError **error)
{
    g_autofree char *text = watch_keys_get(file, settings->name, "on-event");
    g_autoptr(GError) cause = NULL;

    if (!text || !*text)
        return TRUE;
    settings->on_event = watch_commands_parse(text, &cause);
    return settings->on_event ||
           watch_keys_fail(error, settings->name, "on-event: %s", cause->message);
}

static gboolean set_webhook(WatchSettings *settings, GKeyFile *file, GError **error)
{
    g_autofree char *url = watch_keys_get(file, settings->name, "webhook");
    g_autoptr(GError) cause = NULL;

    if (!url || !*url)
        return TRUE;
    if (!watch_webhook_check(url, &cause))
        return watch_keys_fail(error, settings->name, "webhook: %s", cause->message);
    settings->webhook = g_steal_pointer(&url);
    return TRUE;
}

void watch_settings_set_rest_class(WatchSettings *settings, const char *rest_class)
{
    char *const labels[] = {(char *)rest_class, NULL};

    if (settings->rules.normal[0])
        return;
    g_strfreev((char **)settings->rules.normal);
    settings->rules.normal = (const char *const *)g_strdupv((char **)labels);
}

void watch_settings_silence(WatchSettings *settings)
{
    settings->is_silent = TRUE;
}

/* The baseline */

/* The results need an embedding for the baseline. */
static gboolean add_embedding(WatchSettings *settings, GError **error)
{
    const char *outputs = find_property(settings, "outputs");
    g_autoptr(GstElement) convnext = gst_element_factory_make("convnext", NULL);
    g_auto(GValue) value = G_VALUE_INIT;
    g_autofree char *text = NULL;

    if (!convnext)
        return TRUE; /* the list is refused for that */
    gst_object_ref_sink(convnext);
    if (outputs)
        gst_util_set_object_arg(G_OBJECT(convnext), "outputs", outputs);
    if (!has_classes(convnext))
        return watch_keys_fail(error, settings->name,
                               "baseline needs classes among the outputs, which are '%s'", outputs);
    g_object_get_property(G_OBJECT(convnext), "outputs", &value);
    text = gst_value_serialize(&value);
    if (strstr(text, "embedding"))
        return TRUE;
    settings->hides_embedding = TRUE;
    set_property(settings, "outputs", g_strconcat(text, "+embedding", NULL));
    return TRUE;
}

static gboolean set_baseline(WatchSettings *settings, GKeyFile *file, GError **error)
{
    g_autofree char *text = watch_keys_get(file, settings->name, "baseline");
    double seconds;

    settings->state_dir = watch_keys_get(file, settings->name, "state-dir");
    if (!text || !*text || strcmp(text, "none") == 0 || strcmp(text, "0") == 0)
        return TRUE;
    seconds = watch_keys_parse_time(text);
    if (!(seconds >= 1 && seconds <= 86400))
        return watch_keys_fail(error, settings->name,
                               "baseline is '%s', expected none, or a time from 1s to 24h, such as "
                               "10min",
                               text);
    if (!settings->state_dir || !*settings->state_dir)
        return watch_keys_fail(error, settings->name,
                               "baseline needs state-dir, a folder that keeps what is learnt");
    if (!g_file_test(settings->state_dir, G_FILE_TEST_IS_DIR))
        return watch_keys_fail(error, settings->name, "state-dir is '%s', which is no folder",
                               settings->state_dir);
    settings->baseline = (gint64)(seconds * G_USEC_PER_SEC);
    settings->rules.has_baseline = TRUE;
    return add_embedding(settings, error);
}

/* Lifetime */

static void append_words(GString *text, const char *const *words)
{
    g_autofree char *joined = words ? g_strjoinv(",", (char **)words) : NULL;

    g_string_append_printf(text, "%s\n", joined ? joined : "");
}

static char *make_fingerprint(const WatchSettings *settings)
{
    const WatchCredentials *credentials = &settings->credentials;
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%s\n%s\n%s\n%s\n", settings->source,
                    credentials->user ? credentials->user : "",
                    credentials->password ? credentials->password : "", settings->protocols);
    watch_keys_append(settings, text);
    append_words(text, settings->rules.normal);
    append_words(text, settings->rules.ignored);
    append_words(text, (const char *const *)settings->on_event);
    g_string_append_printf(text, "%s\n", settings->webhook ? settings->webhook : "");
    g_string_append_printf(text, "%d\n", settings->rules.may_sleep);
    g_string_append_printf(text, "%" G_GINT64_FORMAT "\n%s\n", settings->baseline,
                           settings->state_dir ? settings->state_dir : "");
    for (guint i = 0; i < settings->rules.quiet->len; i++) {
        const WatchQuietRange *range = &g_array_index(settings->rules.quiet, WatchQuietRange, i);

        g_string_append_printf(text, "%u-%u\n", range->from, range->to);
    }
    for (guint i = 0; i < settings->properties->len; i++)
        g_string_append_printf(text, "%s\n", (char *)g_ptr_array_index(settings->properties, i));
    return g_string_free(text, FALSE);
}

/* What only a camera has. */
static void clear_connection(WatchSettings *settings)
{
    settings->frozen_time = 0;
    settings->rules.may_sleep = TRUE;
}

WatchSettings *watch_settings_new(GKeyFile *file, const char *group, const WatchSettings *camera,
                                  GError **error)
{
    g_autoptr(WatchSettings) settings = g_atomic_rc_box_new0(WatchSettings);

    settings->name = g_strdup(group);
    settings->properties = g_ptr_array_new_with_free_func(g_free);
    if (!add_properties(settings, file, WATCH_DEFAULTS, error) ||
        !add_properties(settings, file, group, error) || !check_region(settings, error) ||
        !(camera ? set_camera(settings, camera) : set_source(settings, file, error)) ||
        !set_credentials(settings, file, error) || !set_protocols(settings, file, error) ||
        !set_rules(settings, file, error) || !set_command(settings, file, error) ||
        !set_webhook(settings, file, error) || !watch_keys_read(settings, file, group, error) ||
        !set_baseline(settings, file, error))
        return NULL;
    if (camera)
        clear_connection(settings);
    set_defaults(settings);
    settings->fingerprint = make_fingerprint(settings);
    return g_steal_pointer(&settings);
}

static void clear_settings(gpointer data)
{
    WatchSettings *settings = data;

    g_free(settings->name);
    g_free(settings->camera);
    g_free(settings->source);
    g_free(settings->uri);
    g_free(settings->argument);
    watch_credentials_clear(&settings->credentials);
    g_free(settings->protocols);
    g_strfreev((char **)settings->rules.normal);
    g_strfreev((char **)settings->rules.ignored);
    g_strfreev(settings->on_event);
    g_free(settings->webhook);
    g_free(settings->state_dir);
    g_clear_pointer((GArray **)&settings->rules.quiet, g_array_unref);
    g_ptr_array_unref(settings->properties);
    g_free(settings->fingerprint);
}

WatchSettings *watch_settings_redirect(const WatchSettings *settings, const char *uri,
                                       gboolean with_login)
{
    WatchSettings *copy = g_atomic_rc_box_new0(WatchSettings);

    *copy = *settings;
    copy->name = g_strdup(settings->name);
    copy->camera = g_strdup(settings->camera);
    copy->source = g_strdup(settings->source);
    copy->uri = g_strdup(uri);
    copy->redirects++;
    copy->argument = g_strdup(settings->argument);
    copy->credentials.user = with_login ? g_strdup(settings->credentials.user) : NULL;
    copy->credentials.password = with_login ? g_strdup(settings->credentials.password) : NULL;
    copy->protocols = g_strdup(settings->protocols);
    copy->rules.camera = copy->name;
    copy->rules.normal = (const char *const *)g_strdupv((char **)settings->rules.normal);
    copy->rules.ignored = (const char *const *)g_strdupv((char **)settings->rules.ignored);
    copy->rules.quiet = g_array_ref((GArray *)settings->rules.quiet);
    copy->on_event = g_strdupv(settings->on_event);
    copy->webhook = g_strdup(settings->webhook);
    copy->state_dir = g_strdup(settings->state_dir);
    copy->properties = g_ptr_array_ref(settings->properties);
    copy->fingerprint = g_strdup(settings->fingerprint);
    return copy;
}

WatchSettings *watch_settings_ref(WatchSettings *settings)
{
    return g_atomic_rc_box_acquire(settings);
}

void watch_settings_unref(WatchSettings *settings)
{
    g_atomic_rc_box_release_full(settings, clear_settings);
}

gboolean watch_settings_equal(const WatchSettings *a, const WatchSettings *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->fingerprint, b->fingerprint) == 0;
}
