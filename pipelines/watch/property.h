/* The properties of elements as text.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Whether text is a valid value of an element's property. FALSE with an error that names the group,
 * the property and the values that it takes. */
gboolean watch_property_check(const char *group, const char *factory, const char *name,
                              const char *text, GError **error);
