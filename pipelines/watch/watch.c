/* convnext-watch: monitors any number of cameras in one process, in which the elements share one
 * model and its threads. It is also an example of an application built on the elements: it uses
 * only GStreamer's API, the elements' properties and the public library. This file is its command
 * line.
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

#include "pipelines/common/print.h"
#include "pipelines/watch/check.h"
#include "pipelines/watch/collect.h"
#include "pipelines/watch/keys.h"
#include "pipelines/watch/pipeline.h"
#include "pipelines/watch/run.h"

static const char help_summary[] =
    "Monitors cameras. Prints a JSON line per result to standard output; camera status and a\n"
    "final summary go to standard error. A SOURCE is a URI such as rtsp://camera/live or\n"
    "http://camera/video.mjpg, a file, /dev/videoN or test:PATTERN; NAME identifies it in the\n"
    "output.";

static const char help_list[] =
    "The camera list is a key file with a group for each camera:\n"
    "\n"
    "  [watch]                  defaults for all cameras, including those on the command line\n"
    "  protocols = tcp+udp\n"
    "\n"
    "  [door]\n"
    "  source = rtsp://10.0.0.11/live\n"
    "  credentials-file = /etc/convnext-watch/door\n"
    "\n";

static const char help_signals[] =
    "SIGHUP reloads the camera list: cameras whose settings are unchanged keep playing, and a\n"
    "list with an error changes nothing. The events file is reopened in either case. SIGINT and\n"
    "SIGTERM quit.";

static gboolean on_key(const char *option, const char *value, gpointer data, GError **error);

/* Options that set the key of [watch] of their long name; --set KEY=VALUE sets any. */
static const GOptionEntry key_options[] = {
    {"model", 'm', 0, G_OPTION_ARG_CALLBACK, on_key,
     "A checkpoint or its folder (default: the bundled model)", "PATH"},
    {"protocols", 0, 0, G_OPTION_ARG_CALLBACK, on_key, "RTSP transports: tcp, udp, ...", "LIST"},
    {"credentials-file", 0, 0, G_OPTION_ARG_CALLBACK, on_key,
     "A file whose first line is user:password", "FILE"},
    {"credentials-env", 0, 0, G_OPTION_ARG_CALLBACK, on_key,
     "An environment variable that holds user:password", "NAME"},
    {"metrics", 0, 0, G_OPTION_ARG_CALLBACK, on_key,
     "Serve the page and metrics, on localhost unless an address is given", "[ADDRESS:]PORT"},
    {"share", 0, 0, G_OPTION_ARG_CALLBACK, on_key, "Watch only this share of the cameras",
     "INDEX/COUNT"},
    {"events", 0, 0, G_OPTION_ARG_CALLBACK, on_key, "Append a JSON line for each event", "FILE"},
    {"set", 's', 0, G_OPTION_ARG_CALLBACK, on_key, "Set any key of [watch], see below",
     "KEY=VALUE"},
    {NULL},
};

/* The long name of an option as GLib passes it: --model, or -m. */
static const char *option_name(const char *option)
{
    const char *name = option + strspn(option, "-");

    for (guint i = 0; name == option + 1 && key_options[i].long_name; i++) {
        if (key_options[i].short_name == *name)
            return key_options[i].long_name;
    }
    return name;
}

static gboolean on_key(const char *option, const char *value, gpointer data, GError **error)
{
    GPtrArray *keys = data;
    const char *name = option_name(option), *equals;

    if (strcmp(name, "set") != 0) {
        if (!*value && strcmp(name, "protocols") != 0) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s is empty", name);
            return FALSE;
        }
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

/* Memory */

#ifdef __GLIBC__
/* glibc returns free memory to the system only at the end of an arena, not between the blocks of
 * connections that are still open. */
static gboolean on_trim(gpointer data)
{
    malloc_trim(0);
    return G_SOURCE_CONTINUE;
}
#endif

/* GLib's slice allocator, which 2.76 removed, mixes long-lived blocks with those of a connection in
 * one slab. Only an environment variable that is set before GLib starts can disable it. */
static void disable_slices(char **argv)
{
    g_autofree char *program = NULL;

    if (!glib_check_version(2, 76, 0) || g_getenv("G_SLICE"))
        return;
    program = g_file_read_link("/proc/self/exe", NULL);
    g_setenv("G_SLICE", "always-malloc", TRUE);
    if (program)
        execv(program, argv); /* returns only on failure */
}

/* Every connection has its own threads and frames. By default glibc spreads their memory over many
 * arenas and, once large blocks have been freed, stops returning such blocks to the system: memory
 * would grow with each reconnect until every arena has reached its maximum. */
static void keep_memory_flat(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 128 * 1024);
    mallopt(M_TRIM_THRESHOLD, 128 * 1024);
    g_timeout_add_seconds(60, on_trim, NULL);
#endif
}

/* The command line */

/* What --collect needs, and what needs it. */
static gboolean check_collection(const WatchCollection *collection, gboolean is_check)
{
    const gboolean has_rest =
        collection->label || collection->folder || collection->every || collection->count != 0;

    if (!collection->camera && has_rest)
        print_error("convnext-watch", "--label, --out, --every and --count need --collect CAMERA");
    else if (collection->camera && is_check)
        print_error("convnext-watch", "--check and --collect exclude each other");
    else if (collection->camera && (!collection->label || !collection->folder))
        print_error("convnext-watch", "--collect needs --label LABEL and --out FOLDER");
    else
        return TRUE;
    return FALSE;
}

static void clear_collection(WatchCollection *collection)
{
    g_free(collection->camera);
    g_free(collection->label);
    g_free(collection->folder);
    g_free(collection->every);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WatchCollection, clear_collection)

static GOptionContext *make_context(const GOptionEntry *entries, GPtrArray *keys)
{
    GOptionContext *context = g_option_context_new(NULL);
    GOptionGroup *group = g_option_group_new("watch", NULL, NULL, keys, NULL);
    g_autofree char *help_keys = watch_keys_help();
    g_autofree char *description = g_strconcat(help_list, help_keys, "\n", help_signals, NULL);

    g_option_context_set_summary(context, help_summary);
    g_option_context_set_description(context, description);
    g_option_group_add_entries(group, entries);
    g_option_group_add_entries(group, key_options);
    g_option_context_set_main_group(context, group);
    g_option_context_add_group(context, gst_init_get_option_group());
    return context;
}

static gboolean run_command_line(int argc, char **argv)
{
    g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *config = NULL;
    g_auto(GStrv) sources = NULL;
    g_auto(WatchCollection) collection = {0};
    gboolean is_version = FALSE, is_check = FALSE, follows = FALSE;
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &config, "The camera list, a key file", "FILE"},
        {"follow", 0, 0, G_OPTION_ARG_NONE, &follows,
         "Load the camera list again when its file has changed", NULL},
        {"check", 0, 0, G_OPTION_ARG_NONE, &is_check,
         "Open each camera once, print what was found, and quit", NULL},
        {"collect", 0, 0, G_OPTION_ARG_STRING, &collection.camera,
         "Take pictures of this camera, for convnext-teach", "CAMERA"},
        {"label", 0, 0, G_OPTION_ARG_STRING, &collection.label,
         "With --collect: the state that they show", "LABEL"},
        {"out", 0, 0, G_OPTION_ARG_FILENAME, &collection.folder,
         "With --collect: the folder whose folder LABEL receives them", "FOLDER"},
        {"every", 0, 0, G_OPTION_ARG_STRING, &collection.every,
         "With --collect: the time between two pictures (default: 1s)", "TIME"},
        {"count", 0, 0, G_OPTION_ARG_INT, &collection.count,
         "With --collect: how many pictures (default: until Ctrl-C)", "N"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &is_version, "Print the version and quit", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &sources, NULL, "[[NAME=]SOURCE...]"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = make_context(entries, keys);
    g_autoptr(GError) error = NULL;

    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        print_error("convnext-watch", "%s", error->message);
        return FALSE;
    }
    if (is_version) {
        g_print("convnext-watch " CONVNEXT_VERSION "\n");
        return TRUE;
    }
    if (config && !*config) {
        print_error("convnext-watch", "--config is empty, expected a file");
        return FALSE;
    }
    if (follows && !config) {
        print_error("convnext-watch", "--follow needs --config FILE");
        return FALSE;
    }
    if (!check_collection(&collection, is_check))
        return FALSE;
    g_ptr_array_add(keys, NULL);
    if (collection.camera)
        return watch_collect(&collection, config, (const char *const *)keys->pdata, sources);
    if (is_check)
        return watch_check(config, (const char *const *)keys->pdata, sources);
    return watch_run(config, (const char *const *)keys->pdata, sources, follows);
}

int main(int argc, char **argv)
{
    gboolean ok;

    disable_slices(argv);
    keep_memory_flat();
    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN); /* the reader of standard error may close it */
    ok = run_command_line(argc, argv);
    if (watch_pipeline_closing() == 0 && watch_pipeline_left_behind() == 0)
        gst_deinit(); /* waits for every thread */
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
