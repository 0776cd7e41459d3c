/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/info.h"

CnxHeadInfo *cnx_head_info_new(void)
{
    CnxHeadInfo *info = g_new0(CnxHeadInfo, 1);

    info->assumed = g_new0(char *, 1);
    info->decision.rest_class = CNX_NO_CLASS;
    return info;
}

void cnx_head_info_free(CnxHeadInfo *info)
{
    if (!info)
        return;
    g_strfreev(info->labels);
    g_free(info->palette);
    cnx_decision_clear(&info->decision);
    g_strfreev(info->assumed);
    g_strfreev(info->tensors);
    g_free(info->ignored);
    g_free(info);
}

void cnx_head_info_assume(CnxHeadInfo *info, const char *format, ...)
{
    const guint count = g_strv_length(info->assumed);
    va_list arguments;

    info->assumed = g_renew(char *, info->assumed, count + 2);
    va_start(arguments, format);
    info->assumed[count] = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    info->assumed[count + 1] = NULL;
}

void cnx_head_info_ignore(CnxHeadInfo *info, const char *sentence)
{
    g_autofree char *before = info->ignored;

    info->ignored = before ? g_strjoin("; ", before, sentence, NULL) : g_strdup(sentence);
}

void cnx_head_info_add_dataset(CnxHeadInfo *info, const CnxDataset *dataset, const char *file)
{
    if (dataset->count > 0 && dataset->count != info->classes) {
        g_autofree char *text =
            g_strdup_printf("%s: its meta names %u classes, but its head has %u", file,
                            dataset->count, info->classes);

        cnx_head_info_ignore(info, text);
    } else if (dataset->count > 0) {
        if (!info->labels)
            info->labels = g_strdupv(dataset->classes);
        if (!info->palette && dataset->palette)
            info->palette = g_memdup2(dataset->palette, (gsize)3 * info->classes);
    }
}
