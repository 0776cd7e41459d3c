/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/inspect/members.h"

#include <stdio.h>

void member_string(JsonBuilder *json, const char *key, const char *value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_string_value(json, value);
}

void member_int(JsonBuilder *json, const char *key, guint64 value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_int_value(json, (gint64)value);
}

void member_number(JsonBuilder *json, const char *key, double value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_double_value(json, value);
}

void member_boolean(JsonBuilder *json, const char *key, gboolean value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_boolean_value(json, value);
}

void member_uints(JsonBuilder *json, const char *key, const guint *values, guint count)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++)
        json_builder_add_int_value(json, values[i]);
    json_builder_end_array(json);
}

void member_strings(JsonBuilder *json, const char *key, const char *const *values)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (; *values; values++)
        json_builder_add_string_value(json, *values);
    json_builder_end_array(json);
}

void member_floats(JsonBuilder *json, const char *key, const float *values, guint count)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++)
        json_builder_add_double_value(json, values[i]);
    json_builder_end_array(json);
}

void member_print(JsonBuilder *json)
{
    g_autoptr(JsonNode) root = json_builder_get_root(json);
    g_autofree char *text = json_to_string(root, TRUE);

    puts(text);
}
