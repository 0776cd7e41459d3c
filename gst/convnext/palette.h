/* Colours for classes whose model has none. Not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Red, green and blue of n classes: those of ADE20K if n is 150, else of the PASCAL VOC formula for
 * the numbers from 1 on. Free it with g_free(). */
guint8 *gst_convnext_palette_new(guint n);
