/* The engine of an element: opening it, and replacing it while the element plays.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/element/fields.h"

/* Opens an engine with the current settings and replaces the previous one. FALSE after an error,
 * which has been posted. */
gboolean gst_convnext_open_engine(GstConvnextElement *self);

/* FALSE, after a message of this type, if object-class is a label that the engine does not have.
 * GST_MESSAGE_WARNING for a change while playing, which cannot be refused; while another engine is
 * being opened, that one will be checked. */
gboolean gst_convnext_check_class(GstConvnextElement *self, GstMessageType type);

/* Takes engine, which may be NULL. version: of the settings that it was opened with. */
void gst_convnext_replace_engine(GstConvnextElement *self, GstConvnextEngine *engine,
                                 guint version);

/* Opens another engine in the background if the settings have changed while streaming. */
void gst_convnext_request_reload(GstConvnextElement *self);

/* The GstConvnextReloadDone of the element, with the element as data. */
void gst_convnext_on_reload_done(const GError *error, gpointer data);

/* See gst_convnext_reload_take(). */
GstConvnextEngine *gst_convnext_take_reloaded(GstConvnextElement *self, GstConvnextInput **input,
                                              guint *version);

/* In the streaming thread, between two frames. Takes engine and input. */
void gst_convnext_switch_engine(GstConvnextElement *self, GstConvnextEngine *engine,
                                GstConvnextInput *input, guint version);

/* Switches to the reloaded engine if it is ready. */
void gst_convnext_follow_reload(GstConvnextElement *self);

/* Takes engine, for the next stream; for use after the end of one. */
void gst_convnext_adopt_engine(GstConvnextElement *self, GstConvnextEngine *engine, guint version);

/* Posts why caps are refused. GStreamer sends refused caps again, several times and with every
 * further frame: the same error is posted once, until caps are accepted. */
void gst_convnext_refuse_caps(GstConvnextElement *self, GstMessageType type, const GError *error);

/* Makes the input of an engine for these caps. type: of the message that is posted on failure. */
GstConvnextInput *gst_convnext_make_input(GstConvnextElement *self, GstConvnextEngine *engine,
                                          const GstVideoInfo *info, GstMessageType type);
