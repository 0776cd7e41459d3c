/* Members of JSON objects.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

void member_string(JsonBuilder *json, const char *key, const char *value);
void member_int(JsonBuilder *json, const char *key, guint64 value);
void member_number(JsonBuilder *json, const char *key, double value);
void member_boolean(JsonBuilder *json, const char *key, gboolean value);
void member_uints(JsonBuilder *json, const char *key, const guint *values, guint count);
void member_strings(JsonBuilder *json, const char *key,
                    const char *const *values); /* ends with NULL */
void member_floats(JsonBuilder *json, const char *key, const float *values, guint count);

/* Prints the object that json has built to standard output. */
void member_print(JsonBuilder *json);
