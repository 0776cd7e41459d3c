/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/writers.h"

#include <math.h>
#include <string.h>

#include "model/export/json_members.h"

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

gboolean cnx_export_check_plain(const CnxExport *e, guint *hidden)
{
    const CnxHead *head = &e->config->head;

    if (!cnx_head_is_plain(head, hidden)) {
        g_autofree char *text = cnx_head_text(head);

        return cnx_export_refuse(e, "the head is not a single linear layer: %s", text);
    }
    return head->output == head->count || head->steps[head->output].bias ||
           cnx_export_refuse(e, "the classifier has no bias");
}

/* The label of the rest class; NULL if there are no labels or another class has the same one. */
static const char *rest_label(const CnxConfig *config)
{
    const guint rest = (guint)config->decision.rest_class;

    for (guint i = 0; config->labels && i < config->classes; i++)
        if (i != rest && !strcmp(config->labels[i], config->labels[rest]))
            return NULL;
    return config->labels ? config->labels[rest] : NULL;
}

void cnx_export_add_decision(JsonBuilder *json, const CnxConfig *config)
{
    const CnxDecision *decision = &config->decision;

    if (decision->temperature && cnx_config_is_sigmoid(config))
        cnx_json_add_floats(json, "temperature", config->classes, decision->temperature);
    else if (decision->temperature)
        cnx_json_add_float(json, "temperature", decision->temperature[0]);
    if (decision->threshold)
        cnx_json_add_floats(json, "threshold", config->classes, decision->threshold);
    if (decision->rest_class == CNX_NO_CLASS)
        return;
    const char *label = rest_label(config);
    if (label)
        cnx_json_add_string(json, "rest_class", label);
    else
        cnx_json_add_int(json, "rest_class", decision->rest_class);
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
    while (floor(recipe->size / pct) < recipe->resize) /* rounded in the wrong direction */
        pct = nextafter(pct, 0);
    return pct;
}
