/* Waits for the reader in poll, never in write, so that a state change can interrupt it: the kernel
 * takes at least PIPE_BUF bytes from a blocking writer once poll says that it is writable.
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

struct GstConvnextLineWriter {
    char *name; /* for people */
    GstPoll *poll;
    int fd;
    gboolean is_stdout;
    gsize chunk;       /* bytes per write that cannot block */
    gboolean flushing; /* under stdout_lock */
};

/* Who may write to standard output. A flag with a condition and not a plain mutex, so that those
 * who wait for their turn can be interrupted. */
static GMutex stdout_lock;
static GCond stdout_changed;
static gboolean stdout_busy;
static gboolean stdout_torn; /* it ends within a line that was cut short; of who may write */

static gboolean fail(const GstConvnextLineWriter *writer, const char *action, int code,
                     GError **error)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "Could not %s %s: %s", action,
                writer->name, g_strerror(code));
    return FALSE;
}

static gboolean interrupted(GError **error)
{
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INTR, "The element is stopping");
    return FALSE;
}

GstConvnextLineWriter *gst_convnext_line_writer_open(const char *location, GError **error)
{
    GstConvnextLineWriter *writer = g_new0(GstConvnextLineWriter, 1);
    GstPollFD pollfd = GST_POLL_FD_INIT;
    struct stat info;

    writer->is_stdout = g_str_equal(location, "-");
    if (writer->is_stdout) {
        writer->name = g_strdup("standard output");
        writer->fd = STDOUT_FILENO;
    } else {
        writer->name = g_strdup_printf("\"%s\"", location);
        writer->fd = g_open(location, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
    if (writer->fd < 0 || fstat(writer->fd, &info) < 0)
        goto failed;

    writer->chunk = S_ISREG(info.st_mode) ? G_MAXSSIZE : PIPE_BUF;
    writer->poll = gst_poll_new(TRUE);
    pollfd.fd = writer->fd;
    gst_poll_add_fd(writer->poll, &pollfd);
    gst_poll_fd_ctl_write(writer->poll, &pollfd, TRUE);
    return writer;

failed:
    fail(writer, "open", errno, error);
    gst_convnext_line_writer_close(writer, NULL);
    return NULL;
}

static gboolean claim(GstConvnextLineWriter *writer)
{
    gboolean claimed;

    g_mutex_lock(&stdout_lock);
    while (writer->is_stdout && stdout_busy && !writer->flushing)
        g_cond_wait(&stdout_changed, &stdout_lock);
    claimed = !writer->flushing;
    if (claimed && writer->is_stdout)
        stdout_busy = TRUE;
    g_mutex_unlock(&stdout_lock);
    return claimed;
}

static void release(GstConvnextLineWriter *writer)
{
    if (!writer->is_stdout)
        return;
    g_mutex_lock(&stdout_lock);
    stdout_busy = FALSE;
    g_cond_broadcast(&stdout_changed);
    g_mutex_unlock(&stdout_lock);
}

/* write, with EPIPE but without SIGPIPE, whose default would end the process. The signal is sent to
 * this thread, so it is enough to block it here and to take it from the queue. */
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
                return interrupted(error);
            if (errno != EINTR && errno != EAGAIN)
                return fail(writer, "write to", errno, error);
            continue;
        }
        written = write_unsignalled(writer->fd, line, MIN(size, writer->chunk));
        if (written < 0) {
            if (errno != EINTR && errno != EAGAIN)
                return fail(writer, "write to", errno, error);
            continue;
        }
        line += written;
        size -= written;
        if (writer->is_stdout)
            stdout_torn = size > 0;
    }
    return TRUE;
}

gboolean gst_convnext_line_writer_write(GstConvnextLineWriter *writer, const char *line, gsize size,
                                        GError **error)
{
    gboolean ok;

    if (!claim(writer))
        return interrupted(error);
    /* Another element's line may have been cut short. */
    ok = !(writer->is_stdout && stdout_torn) || write_all(writer, "\n", 1, error);
    ok = ok && write_all(writer, line, size, error);
    release(writer);
    return ok;
}

void gst_convnext_line_writer_flush(GstConvnextLineWriter *writer)
{
    g_mutex_lock(&stdout_lock);
    writer->flushing = TRUE;
    g_cond_broadcast(&stdout_changed);
    g_mutex_unlock(&stdout_lock);
    gst_poll_set_flushing(writer->poll, TRUE);
}

gboolean gst_convnext_line_writer_close(GstConvnextLineWriter *writer, GError **error)
{
    gboolean ok = TRUE;

    if (!writer->is_stdout && writer->fd >= 0 && close(writer->fd) < 0)
        ok = fail(writer, "close", errno, error);
    g_clear_pointer(&writer->poll, gst_poll_free);
    g_free(writer->name);
    g_free(writer);
    return ok;
}
