/* convnext-watch --collect: takes pictures of a camera, for convnext-teach.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the command line says. */
typedef struct WatchCollection {
    char *camera; /* its name in the list */
    char *label;  /* of the state that the pictures show: the name of their folder */
    char *folder; /* which has a folder for each label */
    char *every;  /* the time between two pictures, such as "10min"; NULL: a second */
    int count;    /* of the pictures; 0: until a signal arrives */
} WatchCollection;

/* Writes whole frames of the camera as FOLDER/LABEL/CAMERA-TIME.jpg, shows the progress if standard
 * error is a terminal, and prints a summary. A camera that is lost after its first picture is
 * connected again; one that fails before ends the run. The other arguments are those of
 * watch_list_new(). FALSE if something failed and has been reported, or no picture was taken. */
gboolean watch_collect(const WatchCollection *collection, const char *config,
                       const char *const *keys, char **sources);
