/* A camera's model: kept open from the moment its list is read, so that a connection finds it in
 * memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/settings.h"

/* An element convnext with the settings' properties and its model open; close it with
 * watch_model_close(). NULL with an error that names the group if the model cannot be opened. */
GstElement *watch_model_open(const WatchSettings *settings, GError **error);
void watch_model_close(gpointer convnext);

/* Adds what the model says to the settings: its rest class is normal if the list does not say what
 * is. FALSE with an error that lists the model's labels if a rule names none of them. */
gboolean watch_model_apply(GstElement *convnext, WatchSettings *settings, GError **error);
