/* Links one video track of uridecodebin or decodebin, and explains their errors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#define DECODER_NO_VIDEO "It has no video, only sound."

typedef enum DecoderMedia {
    DECODER_OTHER, /* a container, subtitles, ... */
    DECODER_SOUND,
    DECODER_VIDEO,
    DECODER_IMAGE /* JPEG, PNG, ... */
} DecoderMedia;

DecoderMedia decoder_media(const GstCaps *caps);

/* Connects the decoder's video to output: a sink pad, or a ghost pad without a target. Without a
 * track chosen by decoder_choose(), it is the first one, or, if is_live is FALSE, the first that is
 * not encoded as images. A decoder without video posts an error, and one with
 * several tracks, none of them chosen, a message of the type INFO. */
void decoder_connect(GstElement *decoder, GstPad *output, gboolean is_live);

/* Chooses a track by its stream id. Call it before the decoder starts. */
void decoder_choose(GstElement *decoder, const char *stream_id);

/* Remembers what GStreamer lacks to play the source. Call it for the element messages of the
 * decoder, before decoder_explain() gets the error that follows them. */
void decoder_note(GstElement *decoder, GstMessage *message);

/* Takes a message of the decoder, or of an element in it. Returns it, or, if it is an error whose
 * cause is known, an error of the same domain and code whose text is the cause, without debug text.
 * May block for two seconds, see cause_explain(). */
GstMessage *decoder_explain(GstElement *decoder, GstMessage *message);
