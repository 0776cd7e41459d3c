/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/json_members.h"

void cnx_json_add_uints(JsonBuilder *json, const char *key, guint count, const guint *values)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++)
        json_builder_add_int_value(json, values[i]);
    json_builder_end_array(json);
}

/* The shortest decimal that rounds to this float; its exact value as a double has more digits. */
static double shortest_decimal(float value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    for (int digits = 1; digits < 9; digits++) {
        char format[] = {'%', '.', (char)('0' + digits), 'g', '\0'};
        const double decimal =
            g_ascii_strtod(g_ascii_formatd(text, sizeof text, format, value), NULL);

        if ((float)decimal == value)
            return decimal;
    }
    return value;
}

void cnx_json_add_float(JsonBuilder *json, const char *key, float value)
{
    cnx_json_add_number(json, key, shortest_decimal(value));
}

void cnx_json_add_floats(JsonBuilder *json, const char *key, guint count, const float *values)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++)
        json_builder_add_double_value(json, shortest_decimal(values[i]));
    json_builder_end_array(json);
}

void cnx_json_add_string(JsonBuilder *json, const char *key, const char *value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_string_value(json, value);
}

void cnx_json_add_number(JsonBuilder *json, const char *key, double value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_double_value(json, value);
}

void cnx_json_add_int(JsonBuilder *json, const char *key, gint64 value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_int_value(json, value);
}

void cnx_json_add_truth(JsonBuilder *json, const char *key, gboolean value)
{
    json_builder_set_member_name(json, key);
    json_builder_add_boolean_value(json, value);
}
