/* Adds members to the JSON object that a builder has open.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

void cnx_json_add_uints(JsonBuilder *json, const char *key, guint count, const guint *values);

/* Write the shortest decimals that round to the floats. */
void cnx_json_add_float(JsonBuilder *json, const char *key, float value);
void cnx_json_add_floats(JsonBuilder *json, const char *key, guint count, const float *values);
void cnx_json_add_string(JsonBuilder *json, const char *key, const char *value);
void cnx_json_add_number(JsonBuilder *json, const char *key, double value);
void cnx_json_add_int(JsonBuilder *json, const char *key, gint64 value);
void cnx_json_add_truth(JsonBuilder *json, const char *key, gboolean value);
