/* What tells one kind of embeddings from another: the model's bytes, how a frame becomes the
 * network's input, and the precision.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "pipelines/watch/baseline/store.h"

/* convnext: an element with an open model. identity: WATCH_IDENTITY bytes. FALSE with an error if
 * the model cannot be read. */
gboolean watch_identity_read(guint8 *identity, GstElement *convnext, GError **error);
