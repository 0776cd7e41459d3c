/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/info.h"

CnxHeadInfo *cnx_head_info_new(void)
{
    CnxHeadInfo *info = g_new0(CnxHeadInfo, 1);

    info->assumed = g_new0(char *, 1);
    return info;
}

void cnx_head_info_free(CnxHeadInfo *info)
{
    if (!info)
        return;
    g_strfreev(info->labels);
    g_free(info->palette);
    g_strfreev(info->assumed);
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
