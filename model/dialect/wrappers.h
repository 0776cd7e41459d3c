/* Removes the words that training tools put into the names of tensors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* name without the modules that wrap another one, wherever they occur: "stages.1._orig_mod.blocks"
 * becomes "stages.1.blocks". Free with g_free. */
char *cnx_wrappers_strip(const char *name);
