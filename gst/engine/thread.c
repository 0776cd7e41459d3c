/* Threads where the system may have none left.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/thread.h"

#include "model/base/error.h"

GThread *gst_convnext_thread_new(const char *name, GThreadFunc run, gpointer data, GError **error)
{
    GError *reason = NULL;
    GThread *thread = g_thread_try_new(name, run, data, &reason);

    if (!thread)
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "the system has no thread left for %s: %s", name, reason->message);
    g_clear_error(&reason);
    return thread;
}
