/* Why a source fails, in words for its owner.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Explains an error of uridecodebin, decodebin, or of an element in it, whose own text names no
 * cause: "127.0.0.1 refuses connections to port 554", "the server answers 404 Not Found". missing
 * is what missing_explain() has returned for this source, or NULL. NULL if there is nothing to add
 * to the error's text. May connect to the source's host, see reach_explain(). The caller frees it.
 */
char *cause_explain(GstMessage *error, const char *missing);
