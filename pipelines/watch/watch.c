/* convnext-watch: watches any number of cameras in one process, whose elements share one model and
 * its threads by themselves. It is an example of an application around the elements, and uses
 * nothing but GStreamer's API, the elements' properties and the public library. This file is its
 * command line.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <locale.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pipelines/watch/pipeline.h"
#include "pipelines/watch/run.h"

static const char help_summary[] =
    "Watches cameras: a JSON line per result on standard output, what becomes of the cameras on\n"
    "standard error, and a summary at the end. A SOURCE is an address such as rtsp://camera/live\n"
    "or http://camera/video.mjpg, a file, /dev/videoN or test:PATTERN; NAME is what it is called\n"
    "in the lines.";

static const char help_description[] =
    "The list of cameras is a key file with a group for each, named as the camera:\n"
    "\n"
    "  [watch]                  defaults of all cameras, and of the command line's\n"
    "  protocols = tcp+udp\n"
    "\n"
    "  [door]\n"
    "  source = rtsp://10.0.0.11/live\n"
    "  credentials-file = /etc/convnext-watch/door\n"
    "\n"
    "Keys, of a camera or of [watch]:\n"
    "  source            what is watched; of a camera only\n"
    "  credentials-file  a file whose first line is user:password\n"
    "  credentials-env   an environment variable that holds user:password\n"
    "  protocols         of RTSP: tcp, udp, udp-mcast, joined by +; tcp, or udp for rtspu://;\n"
    "                    HTTP and TLS are chosen by addresses with rtsph:// and rtsps://\n"
    "  latency           milliseconds that RTSP waits for late packets; 200\n"
    "  stall-timeout     seconds without a frame after which a camera is gone; 5\n"
    "  connect-timeout   seconds that the first frame may take; 15\n"
    "  reconnect-min     seconds before the first attempt to get it back; 0.25\n"
    "  reconnect-max     seconds between later attempts, which grow up to that; 3. After a\n"
    "                    refused login at least 60: cameras lock out who tries too often\n"
    "Keys of [watch] only:\n"
    "  metrics           [ADDRESS:]PORT where Prometheus finds http://.../metrics\n"
    "  events            a file; opened again on SIGHUP\n"
    "Every other key is a property of the element convnext, such as model, interval or top-k.\n"
    "\n"
    "SIGHUP rereads the list: cameras that are in it as they were go on undisturbed, and a list\n"
    "with a mistake in it changes nothing. The file of events is opened again either way. SIGINT\n"
    "and SIGTERM end the program.";

static gboolean on_key(const char *option, const char *value, gpointer data, GError **error)
{
    GPtrArray *keys = data;
    const char *name = option + strspn(option, "-"), *equals;

    if (strcmp(name, "set") != 0) {
        g_ptr_array_add(keys, g_strdup(name));
        g_ptr_array_add(keys, g_strdup(value));
        return TRUE;
    }
    equals = strchr(value, '=');
    if (!equals || equals == value) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--set takes KEY=VALUE");
        return FALSE;
    }
    g_ptr_array_add(keys, g_strndup(value, (gsize)(equals - value)));
    g_ptr_array_add(keys, g_strdup(equals + 1));
    return TRUE;
}

#ifdef __GLIBC__
/* glibc returns by itself what is free at the end of an arena only, not what lies between the
 * blocks of connections that are still there. */
static gboolean on_trim(gpointer data)
{
    malloc_trim(0);
    return G_SOURCE_CONTINUE;
}
#endif

/* The slabs of GLib's slice allocator, which 2.76 no longer has, fill up with what lasts beside
 * what goes with a connection. Only the environment can turn it off, before GLib starts. */
static void leave_slices(char **argv)
{
    char *program;

    if (!glib_check_version(2, 76, 0) || g_getenv("G_SLICE"))
        return;
    program = g_file_read_link("/proc/self/exe", NULL);
    g_setenv("G_SLICE", "always-malloc", TRUE);
    if (program)
        execv(program, argv); /* comes back only where that cannot be */
    g_free(program);
}

/* Each connection brings threads and frames of its own. glibc would spread them over many arenas
 * and, having seen large blocks freed, no more return them to the system: memory would grow with
 * each reconnect until every arena has seen the worst. */
static void keep_memory_flat(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
    g_timeout_add_seconds(60, on_trim, NULL);
#endif
}

int main(int argc, char **argv)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    char *config = NULL, **sources = NULL;
    gpointer key = on_key;
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &config, "The list of cameras, a key file",
         "FILE"},
        {"model", 'm', 0, G_OPTION_ARG_CALLBACK, key,
         "A checkpoint or its folder, in place of the bundled model", "PATH"},
        {"protocols", 0, 0, G_OPTION_ARG_CALLBACK, key, "How RTSP streams come: tcp, udp, ...",
         "LIST"},
        {"credentials-file", 0, 0, G_OPTION_ARG_CALLBACK, key,
         "A file whose first line is user:password", "FILE"},
        {"credentials-env", 0, 0, G_OPTION_ARG_CALLBACK, key,
         "An environment variable that holds user:password", "NAME"},
        {"metrics", 0, 0, G_OPTION_ARG_CALLBACK, key,
         "Serve metrics for Prometheus; without an address to this machine only", "[ADDRESS:]PORT"},
        {"events", 0, 0, G_OPTION_ARG_CALLBACK, key,
         "Append a JSON line per change of state, of a camera or of what it shows", "FILE"},
        {"set", 's', 0, G_OPTION_ARG_CALLBACK, key, "Any other key of [watch], see below",
         "KEY=VALUE"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &sources, NULL, "[[NAME=]SOURCE...]"},
        {NULL},
    };
    GOptionContext *context;
    GOptionGroup *group = g_option_group_new("watch", NULL, NULL, keys, NULL);
    GError *error = NULL;
    gboolean ok = FALSE;

    leave_slices(argv);
    keep_memory_flat();
    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN); /* whoever read the log may go */
    context = g_option_context_new(NULL);
    g_option_context_set_summary(context, help_summary);
    g_option_context_set_description(context, help_description);
    g_option_group_add_entries(group, entries);
    g_option_context_set_main_group(context, group);
    g_option_context_add_group(context, gst_init_get_option_group());
    if (g_option_context_parse(context, &argc, &argv, &error)) {
        g_ptr_array_add(keys, NULL);
        ok = watch_run(config, (const char *const *)keys->pdata, sources);
    } else {
        g_printerr("convnext-watch: %s\n", error->message);
        g_error_free(error);
    }

    g_option_context_free(context);
    g_ptr_array_unref(keys);
    g_strfreev(sources);
    g_free(config);
    if (watch_pipeline_closing() == 0 && watch_pipeline_left_behind() == 0)
        gst_deinit(); /* it waits for every thread */
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
