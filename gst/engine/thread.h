/* Threads where the system may have none left: GLib's g_thread_new() ends the process then.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* As g_thread_try_new(), with an error of domain CNX_ERROR, one sentence, when there is none. */
GThread *gst_convnext_thread_new(const char *name, GThreadFunc run, gpointer data, GError **error);
