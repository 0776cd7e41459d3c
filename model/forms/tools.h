/* Tensors that training and compression tools add to a network or put in place of its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a tensor of this name belongs to, if its form cannot be computed, as a predicate that names
 * the tool and the call that helps: "belongs to ...: call ..."; NULL for other names. */
const char *cnx_tools_recognise(const char *name);
