/* A writer waits for the reader in poll, never in write, so that a state change can interrupt it.
 * Once poll reports a pipe as writable, a blocking write of up to PIPE_BUF bytes does not block.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/linewriter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#define READER_INTERVAL (50 * GST_MSECOND) /* between attempts to open a pipe without a reader */

struct GstConvnextLineWriter {
    char *location;
    char *name; /* for error messages */
    GstPoll *poll;
    int fd; /* -1 while a named pipe waits for its first reader */
    gboolean is_stdout;
    gsize chunk;          /* most bytes that one write can take without blocking */
    gboolean is_flushing; /* under stdout_lock */
};

/* Ownership of standard output, shared by all writers. It is a flag with a condition variable
 * instead of a plain mutex, so that a waiting writer can be interrupted. */
static GMutex stdout_lock;
static GCond stdout_changed;
static gboolean stdout_is_owned;
static gboolean stdout_is_torn; /* its last line was cut short; belongs to the owner */

static gboolean set_file_error(GError **error, const char *action, const char *name, int code)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "Could not %s %s: %s", action,
                name, g_strerror(code));
    return FALSE;
}

static gboolean set_interrupted(GError **error)
{
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INTR, "The element is stopping");
    return FALSE;
}

static void free_writer(GstConvnextLineWriter *writer)
{
    if (!writer->is_stdout && writer->fd >= 0)
        close(writer->fd);
    gst_poll_free(writer->poll);
    g_free(writer->location);
    g_free(writer->name);
    g_free(writer);
}

static gboolean is_pipe(const char *location)
{
    GStatBuf info;

    return g_stat(location, &info) == 0 && S_ISFIFO(info.st_mode);
}

/* TRUE without a descriptor if the location is a named pipe without a reader: opening it must not
 * wait for one, because nothing could interrupt that. Once it is open, writes may wait again. */
static gboolean open_location(GstConvnextLineWriter *writer, GError **error)
{
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK;
    GstPollFD pollfd = GST_POLL_FD_INIT;
    struct stat info;

    writer->fd = writer->is_stdout ? STDOUT_FILENO : g_open(writer->location, flags, 0666);
    if (writer->fd < 0 && errno == ENXIO && is_pipe(writer->location))
        return TRUE;
    if (writer->fd < 0 || fstat(writer->fd, &info) < 0)
        return set_file_error(error, "open", writer->name, errno);
    if (!writer->is_stdout &&
        fcntl(writer->fd, F_SETFL, fcntl(writer->fd, F_GETFL) & ~O_NONBLOCK) < 0)
        return set_file_error(error, "open", writer->name, errno);
    writer->chunk = S_ISREG(info.st_mode) ? G_MAXSSIZE : PIPE_BUF;
    pollfd.fd = writer->fd;
    gst_poll_add_fd(writer->poll, &pollfd);
    gst_poll_fd_ctl_write(writer->poll, &pollfd, TRUE);
    return TRUE;
}

GstConvnextLineWriter *gst_convnext_line_writer_open(const char *location, GError **error)
{
    GstConvnextLineWriter *writer = g_new0(GstConvnextLineWriter, 1);

    writer->is_stdout = g_str_equal(location, "-");
    writer->location = g_strdup(location);
    writer->name =
        writer->is_stdout ? g_strdup("standard output") : g_strdup_printf("\"%s\"", location);
    writer->fd = -1;
    writer->poll = gst_poll_new(TRUE);
    if (!open_location(writer, error))
        g_clear_pointer(&writer, free_writer);
    return writer;
}

gboolean gst_convnext_line_writer_lacks_reader(const GstConvnextLineWriter *writer)
{
    return writer->fd < 0;
}

/* Waits for the first reader of a named pipe. */
static gboolean wait_for_reader(GstConvnextLineWriter *writer, GError **error)
{
    while (writer->fd < 0) {
        if (gst_poll_wait(writer->poll, READER_INTERVAL) < 0 && errno == EBUSY)
            return set_interrupted(error);
        if (!open_location(writer, error))
            return FALSE;
    }
    return TRUE;
}

/* Waits for standard output, if the writer writes to it. Returns FALSE if the writer is flushing.
 */
static gboolean acquire_output(GstConvnextLineWriter *writer)
{
    gboolean acquired;

    g_mutex_lock(&stdout_lock);
    while (writer->is_stdout && stdout_is_owned && !writer->is_flushing)
        g_cond_wait(&stdout_changed, &stdout_lock);
    acquired = !writer->is_flushing;
    if (acquired && writer->is_stdout)
        stdout_is_owned = TRUE;
    g_mutex_unlock(&stdout_lock);
    return acquired;
}

static void release_output(GstConvnextLineWriter *writer)
{
    if (!writer->is_stdout)
        return;
    g_mutex_lock(&stdout_lock);
    stdout_is_owned = FALSE;
    g_cond_broadcast(&stdout_changed);
    g_mutex_unlock(&stdout_lock);
}

/* Like write, but without SIGPIPE, which by default ends the process; EPIPE is still reported. The
 * kernel sends the signal to this thread, so blocking it here and consuming it is enough. */
static gssize write_unsignalled(int fd, const char *data, gsize size)
{
    const struct timespec now = {0, 0};
    sigset_t pipe_signal, pending, old;
    gssize written;
    int code;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &old);
    written = write(fd, data, size);
    code = errno;
    if (written < 0 && code == EPIPE && !sigismember(&pending, SIGPIPE))
        sigtimedwait(&pipe_signal, NULL, &now);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = code;
    return written;
}

static gboolean write_all(GstConvnextLineWriter *writer, const char *line, gsize size,
                          GError **error)
{
    while (size > 0) {
        gssize written;

        if (gst_poll_wait(writer->poll, GST_CLOCK_TIME_NONE) < 0) {
            if (errno == EBUSY)
                return set_interrupted(error);
            if (errno != EINTR && errno != EAGAIN)
                return set_file_error(error, "write to", writer->name, errno);
            continue;
        }
        written = write_unsignalled(writer->fd, line, MIN(size, writer->chunk));
        if (written < 0) {
            if (errno != EINTR && errno != EAGAIN)
                return set_file_error(error, "write to", writer->name, errno);
            continue;
        }
        line += written;
        size -= written;
        if (writer->is_stdout)
            stdout_is_torn = size > 0;
    }
    return TRUE;
}

gboolean gst_convnext_line_writer_write(GstConvnextLineWriter *writer, const char *line, gsize size,
                                        GError **error)
{
    gboolean ok;

    if (!wait_for_reader(writer, error))
        return FALSE;
    if (!acquire_output(writer))
        return set_interrupted(error);
    /* Ends a line that another element has cut short. */
    ok = !(writer->is_stdout && stdout_is_torn) || write_all(writer, "\n", 1, error);
    ok = ok && write_all(writer, line, size, error);
    release_output(writer);
    return ok;
}

void gst_convnext_line_writer_flush(GstConvnextLineWriter *writer)
{
    g_mutex_lock(&stdout_lock);
    writer->is_flushing = TRUE;
    g_cond_broadcast(&stdout_changed);
    g_mutex_unlock(&stdout_lock);
    gst_poll_set_flushing(writer->poll, TRUE);
}

gboolean gst_convnext_line_writer_close(GstConvnextLineWriter *writer, GError **error)
{
    gboolean ok = TRUE;

    if (!writer->is_stdout && writer->fd >= 0 && close(writer->fd) < 0)
        ok = set_file_error(error, "close", writer->name, errno);
    writer->fd = -1;
    free_writer(writer);
    return ok;
}
