/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/level.h"

#include "model/base/blas.h"

static char *words(void)
{
    GString *list = g_string_new(NULL);

    for (int i = 0; i < CNX_CPU_COUNT; i++)
        g_string_append_printf(list, "%s%s", i ? ", " : "", cnx_cpu_name((CnxCpu)i));
    return g_string_free(list, FALSE);
}

gboolean cnx_level_get(CnxCpu *level, GError **error)
{
    const char *word = g_getenv("CONVNEXT_CPU");
    CnxCpu cap;

    *level = cnx_cpu_detect();
    if (!word || *word == '\0')
        return TRUE;
    if (!cnx_cpu_parse(word, &cap)) {
        char *list = words();

        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "CONVNEXT_CPU is '%s'; it must be one of %s", word, list);
        g_free(list);
        return FALSE;
    }
    *level = MIN(*level, cap);
    return TRUE;
}

const CnxKernels *cnx_level_kernels(GError **error)
{
    CnxCpu level;

    if (!cnx_level_get(&level, error))
        return NULL;
    return level == CNX_CPU_C ? cnx_blas_kernels() : cnx_kernels_get(level);
}
