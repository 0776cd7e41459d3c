/* Opens engines in the background and prepares their inputs for the current caps, so that video
 * continues and the streaming thread only has to switch.
 *
 * Only the newest request counts: it replaces a waiting one and an engine that is ready but not
 * taken.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/input/input.h"

typedef struct GstConvnextReload GstConvnextReload;

/* Called in the thread that opens engines, with no lock held. error: NULL if an engine may be ready
 * to be taken, otherwise why the request failed; borrowed. */
typedef void GstConvnextReloadDone(const GError *error, gpointer data);

GstConvnextReload *gst_convnext_reload_new(GstConvnextReloadDone *done, gpointer data);
void gst_convnext_reload_free(GstConvnextReload *reload); /* halts; NULL allowed */

/* Opens an engine with a copy of the settings. version: returned when the engine is taken. FALSE
 * with error (CNX_ERROR) if the thread cannot be started. Any thread. */
gboolean gst_convnext_reload_request(GstConvnextReload *reload,
                                     const GstConvnextEngineSettings *settings, guint version,
                                     GError **error);

/* Sets the caps of the frames that follow; NULL if none follow. */
void gst_convnext_reload_set_caps(GstConvnextReload *reload, const GstVideoInfo *caps);

/* Takes the newest engine that is ready; the caller owns it. NULL if none is ready. input: receives
 * the input for the current caps, owned by the caller, or NULL if the caps have changed since. */
GstConvnextEngine *gst_convnext_reload_take(GstConvnextReload *reload, GstConvnextInput **input,
                                            guint *version);

/* Drops the reference to an engine that has been replaced. Does so in the background, because
 * freeing a large model takes longer than a frame may wait; at once if the thread cannot be
 * started. */
void gst_convnext_reload_retire(GstConvnextReload *reload, GstConvnextEngine *engine);

/* Drops the waiting request. Waits until the engine that is being opened is ready or refused, and
 * until retired engines are freed. */
void gst_convnext_reload_halt(GstConvnextReload *reload);
