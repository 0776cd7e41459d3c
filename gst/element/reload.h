/* Opens engines in the background and prepares their inputs for the current caps, so that video
 * goes on meanwhile and the streaming thread only has to switch over.
 *
 * Only the newest request counts: it replaces one that waits, and one that is ready but not taken.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/input/input.h"

typedef struct GstConvnextReload GstConvnextReload;

/* Called in the thread that opens engines, with no lock held: an engine is ready to be taken if
 * error is NULL; otherwise the request has failed. error: borrowed. */
typedef void GstConvnextReloadDone(const GError *error, gpointer data);

GstConvnextReload *gst_convnext_reload_new(GstConvnextReloadDone *done, gpointer data);
void gst_convnext_reload_free(GstConvnextReload *reload); /* halts; NULL allowed */

/* Opens an engine with a copy of the settings. version: returned when the engine is taken. FALSE
 * with error (CNX_ERROR) if the system has no thread for it. Any thread. */
gboolean gst_convnext_reload_request(GstConvnextReload *reload,
                                     const GstConvnextEngineSettings *settings, guint version,
                                     GError **error);

/* Sets the caps of the frames that follow; NULL if none follow. */
void gst_convnext_reload_set_caps(GstConvnextReload *reload, const GstVideoInfo *caps);

/* Takes the newest engine that is ready: the caller owns it. NULL if there is none. input: receives
 * the input for the current caps, owned by the caller, or NULL if the caps were set since. */
GstConvnextEngine *gst_convnext_reload_take(GstConvnextReload *reload, GstConvnextInput **input,
                                            guint *version);

/* Drops a reference to an engine that has been replaced, in the background: to free a large model
 * takes longer than a frame may wait. At once if the system has no thread. */
void gst_convnext_reload_retire(GstConvnextReload *reload, GstConvnextEngine *engine);

/* Drops the request that waits, and waits for the engine that is being opened, which is then ready
 * or refused, and for retired engines to be freed. */
void gst_convnext_reload_halt(GstConvnextReload *reload);
