/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/head.h"

#include <string.h>

static const char *const act_names[] = {
    [CNX_HEAD_ACT_NONE] = "none", [CNX_HEAD_ACT_RELU] = "relu",
    [CNX_HEAD_ACT_GELU] = "gelu", [CNX_HEAD_ACT_GELU_TANH] = "gelu-tanh",
    [CNX_HEAD_ACT_SILU] = "silu", [CNX_HEAD_ACT_TANH] = "tanh",
};

const char *cnx_head_act_name(CnxHeadAct act)
{
    return act_names[act];
}

char *cnx_head_act_words(void)
{
    GString *words = g_string_new(act_names[1]);

    for (guint i = 2; i < G_N_ELEMENTS(act_names); i++)
        g_string_append_printf(words, ", %s", act_names[i]);
    g_string_append_printf(words, " or %s", act_names[CNX_HEAD_ACT_NONE]);
    return g_string_free(words, FALSE);
}

static gboolean find_act(const char *word, CnxHeadAct *act)
{
    for (guint i = 0; i < G_N_ELEMENTS(act_names); i++)
        if (!strcmp(word, act_names[i])) {
            *act = (CnxHeadAct)i;
            return TRUE;
        }
    return FALSE;
}

gboolean cnx_head_parse_acts(const char *text, CnxHeadAct *acts, guint *count, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);

    for (*count = 0; words[*count]; (*count)++) {
        const char *word = g_strstrip(words[*count]);

        if (*count < CNX_HEAD_STEPS && find_act(word, &acts[*count]))
            continue;
        g_autofree char *expected = cnx_head_act_words();
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "head-activation is \"%s\", expected %s, or a comma-separated list of up to %d "
                    "of these",
                    text, expected, CNX_HEAD_STEPS);
        return FALSE;
    }
    return TRUE;
}

void cnx_head_set_plain(CnxHead *head, guint inputs, guint hidden, guint outputs, gboolean bias)
{
    *head = (CnxHead){0};
    if (hidden > 0) {
        head->steps[head->count++] =
            (CnxHeadStep){CNX_HEAD_LINEAR, inputs, hidden, TRUE, FALSE, CNX_HEAD_ACT_GELU};
        inputs = hidden;
    }
    head->output = head->count;
    if (outputs > 0)
        head->steps[head->count++] =
            (CnxHeadStep){CNX_HEAD_LINEAR, inputs, outputs, bias, FALSE, CNX_HEAD_ACT_NONE};
}

gboolean cnx_head_is_plain(const CnxHead *head, guint *hidden)
{
    const CnxHeadStep *first = &head->steps[0];

    *hidden = 0;
    if (head->concat || head->output > 1 || head->count > head->output + 1)
        return FALSE;
    if (head->output == 0)
        return TRUE;
    if (first->kind != CNX_HEAD_LINEAR || !first->bias || first->act != CNX_HEAD_ACT_GELU)
        return FALSE;
    *hidden = first->outputs;
    return TRUE;
}

void cnx_head_module(const CnxHead *head, guint step, char name[CNX_HEAD_NAME_SIZE])
{
    if (step == head->output)
        g_strlcpy(name, "head.", CNX_HEAD_NAME_SIZE);
    else
        g_snprintf(name, CNX_HEAD_NAME_SIZE, "head.%u.", step);
}

guint cnx_head_features(const CnxHead *head, guint channels)
{
    if (head->output < head->count)
        return head->steps[head->output].inputs;
    return head->count > 0 ? head->steps[head->count - 1].outputs : channels * (1 + head->concat);
}

char *cnx_head_step_text(const CnxHeadStep *step)
{
    g_autofree char *layer =
        step->kind == CNX_HEAD_LINEAR
            ? g_strdup_printf("linear layer of %u%s", step->outputs, step->bias ? "" : " (no bias)")
            : g_strdup(step->kind == CNX_HEAD_NORM ? "norm" : "batch norm");

    return step->act == CNX_HEAD_ACT_NONE
               ? g_steal_pointer(&layer)
               : g_strjoin(", ", layer, cnx_head_act_name(step->act), NULL);
}

char *cnx_head_text(const CnxHead *head)
{
    GString *text = g_string_new(head->concat ? "maximum and mean" : NULL);

    for (guint i = 0; i < head->count; i++) {
        g_autofree char *step = cnx_head_step_text(&head->steps[i]);

        g_string_append_printf(text, "%s%s", text->len ? "; " : "", step);
    }
    return g_string_free(text, FALSE);
}
