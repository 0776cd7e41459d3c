/* The classes' names in config files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/json.h"

/* Reads labels [count] from the member under key: a list of names, or an object whose keys are the
 * class numbers, which may have gaps as long as there are count of them: then they stand for the
 * outputs in ascending order. Names may be numbers. descriptions: names -> text to be used instead,
 * or NULL. A key that is absent or null leaves *labels as it is. */
gboolean cnx_config_read_labels(const CnxJson *json, const char *key, JsonObject *descriptions,
                                guint count, char ***labels);
