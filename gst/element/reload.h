/* Opens engines in a thread of its own and inputs them for the caps at hand, so that video goes on
 * meanwhile and the streaming thread has nothing to do but to change over.
 *
 * Only the newest request counts: one that waits gives way to it, and so does what is ready but was
 * not taken.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/input/input.h"

typedef struct GstConvnextReload GstConvnextReload;

/* Called in the thread, with no lock held, when a request has failed. error: borrowed. */
typedef void GstConvnextReloadRefused(const GError *error, gpointer data);

/* Has no thread while there is nothing to open or to free. */
GstConvnextReload *gst_convnext_reload_new(GstConvnextReloadRefused *refused, gpointer data);
void gst_convnext_reload_free(GstConvnextReload *reload); /* halts; NULL allowed */

/* Opens an engine with a copy of the settings. serial: told again when it is taken. FALSE with
 * error (CNX_ERROR) when the system has no thread for it: it is refused then. Any thread. */
gboolean gst_convnext_reload_request(GstConvnextReload *reload, const GstConvnextSettings *settings,
                                     guint serial, GError **error);

/* The frames that follow have these caps; NULL: there are none. */
void gst_convnext_reload_set_caps(GstConvnextReload *reload, const GstVideoInfo *caps);

/* The newest engine that is ready, once: the caller owns it. input: receives the input for the
 * caps, owned by the caller; or NULL, when they were set since. NULL: there is none. */
GstConvnextEngine *gst_convnext_reload_take(GstConvnextReload *reload, GstConvnextInput **input,
                                            guint *serial);

/* Drops a reference to an engine that has been replaced, in the thread: to give back the memory of
 * a large model takes longer than a frame may wait. When the system has no thread, at once. */
void gst_convnext_reload_retire(GstConvnextReload *reload, GstConvnextEngine *engine);

/* Forgets the request that waits, and waits for the one that is being opened: it is ready then, or
 * was refused; what has retired is freed. */
void gst_convnext_reload_halt(GstConvnextReload *reload);
