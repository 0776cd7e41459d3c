/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/keys.h"

#include <errno.h>
#include <string.h>

typedef enum KeyType {
    KEY_OF_CAMERA,      /* read in settings.c */
    KEY_OF_PROGRAM,     /* in [watch] only; read in list.c */
    KEY_SECONDS,        /* a number, into a gint64 of microseconds */
    KEY_SECONDS_OR_OFF, /* likewise, or 0, which may be below min */
    KEY_UINT            /* a number, into a guint */
} KeyType;

typedef struct Key {
    const char *name;
    KeyType type;
    const char *help; /* lines separated by \n */
    /* For numbers: */
    gsize offset; /* in WatchSettings */
    double default_value, min, max;
    WatchScope scope;
} Key;

#define MEMBER(name) G_STRUCT_OFFSET(WatchSettings, name)

/* clang-format off */
static const Key keys[] = {
    {.name = "source", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_CONNECTION,
     .help = "what to watch; in a camera's group only"},
    {.name = "credentials-file", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_CONNECTION,
     .help = "a file whose first line is user:password"},
    {.name = "credentials-env", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_CONNECTION,
     .help = "an environment variable that holds user:password"},
    {.name = "protocols", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_CONNECTION,
     .help = "RTSP transports: tcp, udp or udp-mcast, joined by +; tcp by default, or\n"
             "udp for rtspu:// URIs. For HTTP or TLS use an rtsph:// or rtsps:// URI"},
    {"latency", KEY_UINT, "milliseconds that RTSP waits for late packets",
     MEMBER(latency), 200, 0, 60000, WATCH_SCOPE_CONNECTION},
    {"stall-timeout", KEY_SECONDS, "seconds without a frame until a camera counts as lost",
     MEMBER(stall_timeout), 5, 0.1, 3600, WATCH_SCOPE_CONNECTION},
    {"connect-timeout", KEY_SECONDS, "seconds until the first frame of a connection",
     MEMBER(connect_timeout), 15, 0.1, 3600, WATCH_SCOPE_CONNECTION},
    {"reconnect-min", KEY_SECONDS, "seconds before the first attempt to reconnect",
     MEMBER(min_delay), 0.25, 0.01, 3600, WATCH_SCOPE_CONNECTION},
    {"reconnect-max", KEY_SECONDS,
     "longest delay between attempts, in seconds\n"
     "at least 60 after a refused login, because cameras lock out clients that\n"
     "retry too often",
     MEMBER(max_delay), 3, 0.01, 3600, WATCH_SCOPE_CONNECTION},
    {"frozen-time", KEY_SECONDS_OR_OFF,
     "a picture counts as frozen after this many seconds without a new one\n"
     "0 disables the check; must exceed the camera's interval of key frames",
     MEMBER(frozen_time), 60, 1, 86400, WATCH_SCOPE_CONNECTION},
    {"offline-after", KEY_SECONDS, "seconds without a frame until the event camera-lost",
     MEMBER(rules.offline_after), 30, 0, 86400, WATCH_SCOPE_CONNECTION},
    {"alarm-after", KEY_SECONDS,
     "seconds of labels outside normal and ignore until the event problem-begin",
     MEMBER(rules.alarm_after), 10, 0, 86400, WATCH_SCOPE_INHERITED},
    {"clear-after", KEY_SECONDS, "seconds of other labels until the event problem-end",
     MEMBER(rules.clear_after), 10, 0, 86400, WATCH_SCOPE_INHERITED},
    {"moved-after", KEY_SECONDS,
     "seconds of normal labels outside the baseline until the event moved",
     MEMBER(moved_after), 60, 1, 86400, WATCH_SCOPE_INHERITED},
    {.name = "baseline", .type = KEY_OF_CAMERA,
     .help = "how long to learn what the camera looks like when all is well, such as\n"
             "10min; none by default"},
    {.name = "state-dir", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_INHERITED,
     .help = "a folder that keeps what is learnt"},
    {.name = "normal", .type = KEY_OF_CAMERA,
     .help = "labels, joined by commas, of a picture without a problem\n"
             "by default the model's rest class; a model without one has no problems"},
    {.name = "ignore", .type = KEY_OF_CAMERA,
     .help = "labels, joined by commas, that are no problem"},
    {.name = "quiet", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_INHERITED,
     .help = "hours in which no alarm begins, such as 22:00-06:00, joined by commas"},
    {.name = "expect", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_CONNECTION,
     .help = "always, or sleeps: a camera that may be offline without camera-lost"},
    {.name = "on-event", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_INHERITED,
     .help = "a command to run for each event, without a shell"},
    {.name = "webhook", .type = KEY_OF_CAMERA, .scope = WATCH_SCOPE_INHERITED,
     .help = "an HTTP or HTTPS URL to which each event is sent as JSON"},
    {"snapshots-keep", KEY_UINT, "snapshots of a camera that are kept; older ones are deleted",
     MEMBER(snapshots_keep), 1000, 1, 100000, WATCH_SCOPE_INHERITED},
    {"snapshot-width", KEY_UINT, "largest width of pictures, in pixels",
     MEMBER(snapshot_width), 640, 16, 4096, WATCH_SCOPE_INHERITED},
    {.name = "metrics", .type = KEY_OF_PROGRAM,
     .help = "[ADDRESS:]PORT of the page with all cameras, and of /metrics"},
    {.name = "web-credentials-file", .type = KEY_OF_PROGRAM,
     .help = "a file whose first line is user:password, which all of HTTP asks for"},
    {.name = "events", .type = KEY_OF_PROGRAM,
     .help = "a file that receives events; reopened on SIGHUP"},
    {.name = "mqtt", .type = KEY_OF_PROGRAM,
     .help = "mqtt://HOST[:PORT] or mqtts://HOST[:PORT], where states are published"},
    {.name = "mqtt-credentials-file", .type = KEY_OF_PROGRAM,
     .help = "a file whose first line is user:password"},
    {.name = "mqtt-ca-file", .type = KEY_OF_PROGRAM,
     .help = "a PEM file of certificates to trust, instead of those of the system"},
    {.name = "mqtt-prefix", .type = KEY_OF_PROGRAM,
     .help = "what topics begin with (default convnext)"},
    {.name = "mqtt-discovery", .type = KEY_OF_PROGRAM,
     .help = "what topics of Home Assistant's discovery begin with (default\n"
             "homeassistant); empty for no discovery"},
    {.name = "share", .type = KEY_OF_PROGRAM,
     .help = "INDEX/COUNT: only this instance's share of the cameras, of COUNT instances\n"
             "with the same list; INDEX from 0, or a name that ends in it, watch-0/3"},
    {.name = "snapshots", .type = KEY_OF_PROGRAM,
     .help = "a folder that receives the pictures of events"},
};
/* clang-format on */

gboolean watch_keys_fail(GError **error, const char *group, const char *format, ...)
{
    g_autofree char *problem = NULL;
    va_list arguments;

    va_start(arguments, format);
    problem = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, G_KEY_FILE_ERROR, G_KEY_FILE_ERROR_INVALID_VALUE, "[%s]: %s", group,
                problem);
    return FALSE;
}

WatchScope watch_keys_scope(const char *key)
{
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].name, key) == 0)
            return keys[i].scope;
    }
    return strcmp(key, "orientation") == 0 ? WATCH_SCOPE_INHERITED : WATCH_SCOPE_OWN;
}

gboolean watch_keys_include(const char *key, const char *group)
{
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].name, key) == 0)
            return keys[i].type != KEY_OF_PROGRAM || strcmp(group, WATCH_DEFAULTS) == 0;
    }
    return FALSE;
}

char *watch_keys_get(GKeyFile *file, const char *group, const char *key)
{
    char *value = g_key_file_get_string(file, group, key, NULL);

    return value ? value : g_key_file_get_string(file, WATCH_DEFAULTS, key, NULL);
}

double watch_keys_parse_time(const char *text)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"min", 60}, {"h", 3600}};
    char *end;
    const double number = g_ascii_strtod(text, &end);
    const char *unit = end + strspn(end, " ");

    for (guint i = 0; end > text && i < G_N_ELEMENTS(units); i++) {
        if (strcmp(unit, units[i].unit) == 0)
            return number * units[i].seconds;
    }
    return -1;
}

static gboolean is_seconds(const Key *key)
{
    return key->type == KEY_SECONDS || key->type == KEY_SECONDS_OR_OFF;
}

static gboolean is_number(const Key *key)
{
    return is_seconds(key) || key->type == KEY_UINT;
}

static gboolean read_number(const Key *key, WatchSettings *settings, GKeyFile *file,
                            const char *group, GError **error)
{
    g_autofree char *text = watch_keys_get(file, group, key->name);
    char *end = NULL;

    errno = 0; /* not 0 for a number that is too small for a double */
    const double number = text ? g_ascii_strtod(text, &end) : key->default_value;
    const gboolean is_zero = number == 0 && errno == 0;
    const gboolean may_be_off = key->type == KEY_SECONDS_OR_OFF;
    const gboolean is_whole = key->type == KEY_UINT;
    const gboolean is_in_range =
        (number >= key->min && number <= key->max) || (may_be_off && is_zero);
    if (text && (end == text || *end || !is_in_range || (is_whole && number != (guint)number)))
        return watch_keys_fail(error, group, "%s is '%s', expected %sa %snumber from %g to %g",
                               key->name, text, may_be_off ? "0 or " : "", is_whole ? "whole " : "",
                               key->min, key->max);
    if (is_seconds(key))
        G_STRUCT_MEMBER(gint64, settings, key->offset) = (gint64)(number * G_USEC_PER_SEC);
    else
        G_STRUCT_MEMBER(guint, settings, key->offset) = (guint)number;
    return TRUE;
}

gboolean watch_keys_read(WatchSettings *settings, GKeyFile *file, const char *group, GError **error)
{
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (is_number(&keys[i]) && !read_number(&keys[i], settings, file, group, error))
            return FALSE;
    }
    return settings->min_delay <= settings->max_delay ||
           watch_keys_fail(error, group, "reconnect-min is larger than reconnect-max");
}

void watch_keys_append(const WatchSettings *settings, GString *text)
{
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (is_seconds(&keys[i]))
            g_string_append_printf(text, "%" G_GINT64_FORMAT "\n",
                                   G_STRUCT_MEMBER(gint64, settings, keys[i].offset));
        else if (keys[i].type == KEY_UINT)
            g_string_append_printf(text, "%u\n", G_STRUCT_MEMBER(guint, settings, keys[i].offset));
    }
}

static void append_help(GString *text, gboolean of_program)
{
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        const Key *key = &keys[i];
        g_auto(GStrv) lines = NULL;

        if ((key->type == KEY_OF_PROGRAM) != of_program)
            continue;
        lines = g_strsplit(key->help, "\n", -1);
        for (guint j = 0; lines[j]; j++) {
            g_string_append_printf(text, "  %-23s%s", j ? "" : key->name, lines[j]);
            if (j == 0 && is_number(key))
                g_string_append_printf(text, " (default %g)", key->default_value);
            g_string_append_c(text, '\n');
        }
    }
}

char *watch_keys_help(void)
{
    GString *text = g_string_new("Keys of a camera, and of [watch]:\n");

    append_help(text, FALSE);
    g_string_append(text, "\nKeys of [watch] only:\n");
    append_help(text, TRUE);
    g_string_append(
        text, "\nEvery other key is a property of the element convnext, such as model,\n"
              "precision or interval. Live cameras run with mode=latest, and all sources\n"
              "with smoothing=majority and smoothing-time=3000000000 (3 s), unless set.\n"
              "\nA group [CAMERA:PART] looks at the frames of [CAMERA] once more, with its own\n"
              "model, roi and labels. It has no keys of the connection, from source to\n"
              "frozen-time, offline-after and expect.\n");
    return g_string_free(text, FALSE);
}
