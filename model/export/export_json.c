/* What the layouts share: refusals, notes, and JSON members.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/writers.h"

#include <math.h>

gboolean cnx_export_refuse(const CnxExport *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(e->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED, "%s: cannot be written for %s: %s",
                e->source, e->library, what);
    return FALSE;
}

void cnx_export_note(const CnxExport *e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_ptr_array_add(e->notes, g_strdup_vprintf(format, args));
    va_end(args);
}

double cnx_export_crop_pct(const CnxRecipe *recipe)
{
    double pct = recipe->crop_pct;

    if (pct > 0 && floor(recipe->size / pct) == recipe->resize)
        return pct;
    pct = (double)recipe->size / recipe->resize;
    while (floor(recipe->size / pct) < recipe->resize) /* a quotient that rounded down */
        pct = nextafter(pct, 0);
    return pct;
}

void cnx_json_add_uints(JsonBuilder *json, const char *key, guint count, const guint *values)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++)
        json_builder_add_int_value(json, values[i]);
    json_builder_end_array(json);
}

/* The decimal that people write for this float, and not the double that is nearest to it. */
static double shortest(float value)
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

void cnx_json_add_floats(JsonBuilder *json, const char *key, guint count, const float *values)
{
    json_builder_set_member_name(json, key);
    json_builder_begin_array(json);
    for (guint i = 0; i < count; i++)
        json_builder_add_double_value(json, shortest(values[i]));
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
