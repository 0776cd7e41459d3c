/* The video track of a file that is classified. A film may begin with a cover: a track with one
 * picture, beside the film's own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct TrackChoice {
    char *stream_id;   /* or NULL: the file has at most one video track, or cannot be read */
    guint index;       /* among the file's video tracks; that of decodebin's pads too */
    gboolean is_sound; /* the file has sound and no video */
    char *note;        /* text for people, or NULL if there is nothing to say */
} TrackChoice;

/* Reads the beginning of a file to find its first video track that moves: one with a second frame,
 * less than two seconds after the first if frames are images such as JPEG, and at most ten seconds
 * later otherwise. If none moves, it is the first that is not an image, or else the first.
 *
 * Chooses nothing if the URI is not that of a regular file. Blocks, usually for a few milliseconds;
 * gives up after a minute, or soon after *stop, which may be NULL, is set to a value other than 0.
 * Access to *stop is atomic. */
void track_find(const char *uri, const int *stop, TrackChoice *choice);

void track_choice_clear(TrackChoice *choice);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TrackChoice, track_choice_clear)
