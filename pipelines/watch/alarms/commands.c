/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/alarms/commands.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "pipelines/common/print.h"

#define MAX_ERROR 500 /* bytes of standard error that are kept */

struct WatchCommands {
    gint64 limit;
    guint max_events;
    GHashTable *queues; /* name of a camera -> Queue */
};

/* An event that waits. */
typedef struct Call {
    char **argv;
    WatchEvent *event;
} Call;

/* Of one camera. Each asynchronous operation holds a reference. */
typedef struct Queue {
    WatchCommands *commands; /* NULL once it has been freed */
    char *camera;
    GQueue calls;
    guint dropped; /* events, since the last command began */

    /* While a command runs: */
    GSubprocess *process;
    GCancellable *cancel; /* ends the reading of standard error */
    GString *error;       /* the beginning of standard error */
    guint8 buffer[4096];
    guint timeout; /* event source, or 0 */
    gboolean is_late;
} Queue;

static void call_free(gpointer data)
{
    Call *call = data;

    g_strfreev(call->argv);
    watch_event_unref(call->event);
    g_free(call);
}

static void clear_queue(gpointer data)
{
    Queue *queue = data;

    g_queue_clear_full(&queue->calls, call_free);
    g_free(queue->camera);
}

static void queue_unref(gpointer queue)
{
    g_atomic_rc_box_release_full(queue, clear_queue);
}

static void run_next(Queue *queue);

static void report(Queue *queue, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void report(Queue *queue, const char *format, ...)
{
    g_autofree char *problem = NULL;
    va_list arguments;

    va_start(arguments, format);
    problem = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    print_error("convnext-watch", "%s: on-event: %s", queue->camera, problem);
}

/* Running */

/* The command is the leader of its own process group. */
static void set_group(gpointer data)
{
    setsid();
}

static void kill_group(Queue *queue)
{
    const char *pid = queue->process ? g_subprocess_get_identifier(queue->process) : NULL;

    if (pid)
        kill(-(pid_t)g_ascii_strtoll(pid, NULL, 10), SIGKILL);
}

static gboolean on_timeout(gpointer data)
{
    Queue *queue = data;

    queue->timeout = 0;
    queue->is_late = TRUE;
    kill_group(queue);
    return G_SOURCE_REMOVE;
}

static void read_error(Queue *queue, GInputStream *stream);

static void on_error_read(GObject *source, GAsyncResult *result, gpointer data)
{
    Queue *queue = data;
    const gssize length = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);

    if (length > 0) {
        const gsize room = MAX_ERROR - queue->error->len;

        g_string_append_len(queue->error, (const char *)queue->buffer,
                            (gssize)MIN((gsize)length, room));
        read_error(queue, G_INPUT_STREAM(source));
    }
    queue_unref(queue);
}

static void read_error(Queue *queue, GInputStream *stream)
{
    g_input_stream_read_async(stream, queue->buffer, sizeof queue->buffer, G_PRIORITY_DEFAULT,
                              queue->cancel, on_error_read, g_atomic_rc_box_acquire(queue));
}

static void on_input_written(GObject *source, GAsyncResult *result, gpointer line)
{
    /* A command that does not read its input is no error. */
    g_output_stream_write_all_finish(G_OUTPUT_STREAM(source), result, NULL, NULL);
    g_output_stream_close(G_OUTPUT_STREAM(source), NULL, NULL);
    g_free(line);
}

static void report_end(Queue *queue)
{
    g_autofree char *error = g_strndup(queue->error->str, strcspn(queue->error->str, "\n"));
    const char *colon = *error ? ": " : "";

    if (queue->is_late)
        report(queue, "killed after %g s%s%s", (double)queue->commands->limit / G_USEC_PER_SEC,
               colon, error);
    else if (g_subprocess_get_if_signaled(queue->process))
        report(queue, "killed by signal %d%s%s", g_subprocess_get_term_sig(queue->process), colon,
               error);
    else if (g_subprocess_get_exit_status(queue->process) != 0)
        report(queue, "status %d%s%s", g_subprocess_get_exit_status(queue->process), colon, error);
}

static void on_ended(GObject *source, GAsyncResult *result, gpointer data)
{
    Queue *queue = data;

    g_subprocess_wait_finish(queue->process, result, NULL);
    if (queue->timeout)
        g_source_remove(queue->timeout);
    queue->timeout = 0;
    g_cancellable_cancel(queue->cancel); /* a child of the command may keep its output open */
    if (queue->commands)
        report_end(queue);
    g_clear_object(&queue->process);
    g_clear_object(&queue->cancel);
    g_string_free(queue->error, TRUE);
    queue->error = NULL;
    if (queue->commands)
        run_next(queue);
    queue_unref(queue);
}

static void write_event(Queue *queue, const WatchEvent *event)
{
    g_autofree char *json = watch_event_to_json(event);
    char *line = g_strconcat(json, "\n", NULL);

    g_output_stream_write_all_async(g_subprocess_get_stdin_pipe(queue->process), line, strlen(line),
                                    G_PRIORITY_DEFAULT, NULL, on_input_written, line);
}

static gboolean start(Queue *queue, const Call *call)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
        G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_auto(GStrv) parent = g_get_environ();
    g_auto(GStrv) environment = watch_event_to_environment(call->event, parent);
    g_autoptr(GError) error = NULL;

    g_subprocess_launcher_set_environ(launcher, environment);
    g_subprocess_launcher_set_child_setup(launcher, set_group, NULL, NULL);
    queue->process =
        g_subprocess_launcher_spawnv(launcher, (const char *const *)call->argv, &error);
    if (!queue->process) {
        report(queue, "%s", error->message);
        return FALSE;
    }
    queue->is_late = FALSE;
    queue->cancel = g_cancellable_new();
    queue->error = g_string_new(NULL);
    queue->timeout = g_timeout_add((guint)(queue->commands->limit / 1000), on_timeout, queue);
    read_error(queue, g_subprocess_get_stderr_pipe(queue->process));
    write_event(queue, call->event);
    g_subprocess_wait_async(queue->process, NULL, on_ended, g_atomic_rc_box_acquire(queue));
    return TRUE;
}

static void run_next(Queue *queue)
{
    gboolean has_started = FALSE;

    if (queue->dropped > 0)
        report(queue, "%u events were dropped, because the command is too slow", queue->dropped);
    queue->dropped = 0;
    while (!has_started && !g_queue_is_empty(&queue->calls)) {
        Call *call = g_queue_pop_head(&queue->calls);

        has_started = start(queue, call);
        call_free(call);
    }
}

/* Commands */

static void close_queue(gpointer data)
{
    Queue *queue = data;

    queue->commands = NULL;
    g_queue_clear_full(&queue->calls, call_free);
    g_queue_init(&queue->calls);
    if (queue->timeout)
        g_source_remove(queue->timeout);
    queue->timeout = 0;
    kill_group(queue);
    queue_unref(queue);
}

WatchCommands *watch_commands_new(gint64 limit, guint max_events)
{
    WatchCommands *commands = g_new0(WatchCommands, 1);

    commands->limit = limit;
    commands->max_events = max_events;
    commands->queues = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, close_queue);
    return commands;
}

void watch_commands_free(WatchCommands *commands)
{
    g_hash_table_unref(commands->queues);
    g_free(commands);
}

char **watch_commands_parse(const char *text, GError **error)
{
    g_auto(GStrv) argv = NULL;
    g_autofree char *path = NULL;

    if (!g_shell_parse_argv(text, NULL, &argv, error))
        return NULL;
    path = g_find_program_in_path(argv[0]);
    if (!path) {
        g_set_error(error, G_SPAWN_ERROR, G_SPAWN_ERROR_NOENT,
                    "the program '%s' is not found or not executable", argv[0]);
        return NULL;
    }
    return g_steal_pointer(&argv);
}

static Queue *find_queue(WatchCommands *commands, const char *camera)
{
    Queue *queue = g_hash_table_lookup(commands->queues, camera);

    if (queue)
        return queue;
    queue = g_atomic_rc_box_new0(Queue);
    queue->commands = commands;
    queue->camera = g_strdup(camera);
    g_queue_init(&queue->calls);
    g_hash_table_insert(commands->queues, queue->camera, queue);
    return queue;
}

void watch_commands_add(WatchCommands *commands, const char *const *argv, WatchEvent *event)
{
    Queue *queue = find_queue(commands, watch_event_camera(event));
    Call *call = g_new(Call, 1);

    call->argv = g_strdupv((char **)argv);
    call->event = watch_event_ref(event);
    g_queue_push_tail(&queue->calls, call);
    if (queue->calls.length > commands->max_events) {
        call_free(g_queue_pop_head(&queue->calls));
        queue->dropped++;
    }
    if (!queue->process)
        run_next(queue);
}

gboolean watch_commands_are_busy(const WatchCommands *commands)
{
    GHashTableIter queues;
    gpointer queue;

    g_hash_table_iter_init(&queues, commands->queues);
    while (g_hash_table_iter_next(&queues, NULL, &queue)) {
        if (((Queue *)queue)->process)
            return TRUE;
    }
    return FALSE;
}
