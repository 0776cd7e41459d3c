/* OpenBLAS is loaded at isa level c only.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>
#include <glib.h>

#include "model/base/isa.h"

static gboolean has_loaded(void)
{
    return dlopen("libopenblas.so.0", RTLD_NOW | RTLD_NOLOAD) != NULL;
}

static void test_loaded(void)
{
    g_autoptr(GError) error = NULL;
    const CnxKernels *kernels;

    g_assert_false(has_loaded());
    kernels = cnx_isa_kernels(&error);
    g_assert_no_error(error);
    g_assert_cmpint(has_loaded(), ==, kernels->level == CNX_ISA_C);
}

/* A level of another architecture allows level c only. */
static void test_foreign_level(void)
{
    const gboolean is_arm = cnx_isa_is_supported(CNX_ISA_NEON);

    g_assert_cmpint(cnx_isa_highest(is_arm ? CNX_ISA_AMX : CNX_ISA_NEON), ==, CNX_ISA_C);
    g_assert_cmpint(cnx_isa_highest(cnx_isa_detect()), ==, cnx_isa_detect());
    g_assert_false(cnx_isa_includes(CNX_ISA_NEON, CNX_ISA_AVX2));
    g_assert_true(cnx_isa_includes(CNX_ISA_NEON_BF16, CNX_ISA_NEON_DOTPROD));
    g_assert_true(cnx_isa_includes(CNX_ISA_NEON, CNX_ISA_C));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/blas/loaded", test_loaded);
    g_test_add_func("/blas/foreign-level", test_foreign_level);
    return g_test_run();
}
