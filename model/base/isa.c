/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/isa.h"

#include "model/base/blas.h"

static char *list_levels(void)
{
    GString *list = g_string_new(NULL);

    for (int i = 0; i < CNX_ISA_COUNT; i++)
        g_string_append_printf(list, "%s%s", i ? ", " : "", cnx_isa_name((CnxIsa)i));
    return g_string_free(list, FALSE);
}

gboolean cnx_isa_get(CnxIsa *level, GError **error)
{
    const char *word = g_getenv("CONVNEXT_CPU");
    CnxIsa cap;

    *level = cnx_isa_detect();
    if (!word || *word == '\0')
        return TRUE;
    if (!cnx_isa_parse(word, &cap)) {
        g_autofree char *list = list_levels();

        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "CONVNEXT_CPU is '%s'; it must be one of %s", word, list);
        return FALSE;
    }
    *level = cnx_isa_highest(cap);
    return TRUE;
}

char *cnx_isa_list(CnxIsa level)
{
    GString *list = g_string_new(NULL);

    for (int i = 0; i < CNX_ISA_COUNT; i++)
        if (cnx_isa_includes(level, (CnxIsa)i) && cnx_isa_is_supported((CnxIsa)i))
            g_string_append_printf(list, "%s%s", list->len ? ", " : "", cnx_isa_name((CnxIsa)i));
    return g_string_free(list, FALSE);
}

char *cnx_isa_remark(CnxIsa level)
{
    const int refusal = cnx_isa_tiles_error();

    if (refusal == 0 || level != cnx_isa_detect())
        return NULL;
    return g_strdup_printf("the operating system denies this process the processor's AMX tiles "
                           "(arch_prctl: %s): isa level %s runs instead of %s",
                           g_strerror(refusal), cnx_isa_name(level), cnx_isa_name(CNX_ISA_AMX));
}

const CnxKernels *cnx_isa_kernels(GError **error)
{
    CnxIsa level;

    if (!cnx_isa_get(&level, error))
        return NULL;
    return level == CNX_ISA_C ? cnx_blas_kernels() : cnx_kernels_get(level);
}
