/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <glib/gstdio.h>

struct GstConvnextOutput {
    char *path, *temporary;
    FILE *file;
    int code; /* errno of the first error; 0 so far */
};

static gboolean set_error(GError **error, const char *path, int code)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(code), "Could not write \"%s\": %s",
                path, g_strerror(code));
    return FALSE;
}

static void free_output(GstConvnextOutput *output)
{
    g_free(output->path);
    g_free(output->temporary);
    g_free(output);
}

GstConvnextOutput *gst_convnext_output_open(const char *path, GError **error)
{
    g_autofree char *temporary = g_strconcat(path, ".XXXXXX", NULL);
    const int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0666);
    GstConvnextOutput *output;

    if (fd < 0) {
        set_error(error, path, errno);
        return NULL;
    }
    output = g_new0(GstConvnextOutput, 1);
    output->path = g_strdup(path);
    output->temporary = g_steal_pointer(&temporary);
    output->file = fdopen(fd, "wb");
    if (output->file)
        return output;
    set_error(error, path, errno);
    close(fd);
    g_unlink(output->temporary);
    free_output(output);
    return NULL;
}

void gst_convnext_output_append(GstConvnextOutput *output, gconstpointer data, gsize size)
{
    if (!output->code && fwrite(data, 1, size, output->file) != size)
        output->code = errno;
}

gboolean gst_convnext_output_close(GstConvnextOutput *output, GError **error)
{
    gboolean ok;

    if (fclose(output->file) && !output->code)
        output->code = errno;
    if (!output->code && g_rename(output->temporary, output->path))
        output->code = errno;
    if (output->code)
        g_unlink(output->temporary);
    ok = !output->code || set_error(error, output->path, output->code);
    free_output(output);
    return ok;
}
