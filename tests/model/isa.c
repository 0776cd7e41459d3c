/* Detection of the isa levels on simulated processors and operating systems, and the log message
 * about tiles that the operating system denies.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#ifndef __x86_64__

int main(void)
{
    return 77; /* no tiles */
}

#else

#include <cpuid.h>
#include <glib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The simulated processor and operating system. */
static unsigned leaf7[2][4]; /* subleaf, register */
static int refusal;          /* errno of arch_prctl; 0 grants */
static int requests;

static int get_leaf7(unsigned subleaf, unsigned *a, unsigned *b, unsigned *c, unsigned *d)
{
    *a = leaf7[subleaf][0];
    *b = leaf7[subleaf][1];
    *c = leaf7[subleaf][2];
    *d = leaf7[subleaf][3];
    return 1;
}

static long request(int *error)
{
    requests++;
    *error = refusal;
    return refusal ? -1 : 0;
}

#define __builtin_cpu_init() (void)0
#define __builtin_cpu_supports(name) true
#define __get_cpuid_count(leaf, subleaf, a, b, c, d) get_leaf7(subleaf, a, b, c, d)
#define syscall(number, code, feature) request(&errno)
#undef CNX_HAVE_X86
#define CNX_HAVE_X86
#include "simd/isa.c"
#undef syscall

#include "model/base/isa.h"

#define AVX512_BF16_BIT (1u << 5)
#define AVX_VNNI_BIT (1u << 4)
#define TILE_BITS (1u << 22 | 1u << 24 | 1u << 25)

/* Detects the levels again, on this processor. */
static void pretend(unsigned eax, unsigned edx, int error)
{
    memset(supported, 0, sizeof supported);
    tiles_error = requests = 0;
    leaf7[1][0] = eax;
    leaf7[0][3] = edx;
    refusal = error;
    detect_levels();
}

static void test_levels(void)
{
    pretend(0, TILE_BITS, 0); /* tiles need bf16 */
    g_assert_cmpint(cnx_isa_detect(), ==, CNX_ISA_AVX512_VNNI);
    g_assert_false(cnx_isa_is_supported(CNX_ISA_AVX2_VNNI));
    pretend(AVX_VNNI_BIT, 0, 0);
    g_assert_true(cnx_isa_is_supported(CNX_ISA_AVX2_VNNI));
    pretend(AVX512_BF16_BIT, 0, EPERM);
    g_assert_cmpint(cnx_isa_detect(), ==, CNX_ISA_AVX512_BF16);
    g_assert_cmpint(requests, ==, 0);
    g_assert_cmpint(cnx_isa_tiles_error(), ==, 0);
    g_assert_null(cnx_isa_remark(CNX_ISA_AVX512_BF16));
    pretend(AVX512_BF16_BIT, TILE_BITS & ~(1u << 25), EPERM); /* without int8 */
    g_assert_cmpint(cnx_isa_detect(), ==, CNX_ISA_AVX512_BF16);
    g_assert_cmpint(requests, ==, 0);
}

static void test_granted(void)
{
    g_autofree char *list = NULL;

    pretend(AVX512_BF16_BIT, TILE_BITS, 0);
    g_assert_cmpint(cnx_isa_detect(), ==, CNX_ISA_AMX);
    g_assert_cmpint(requests, ==, 1);
    g_assert_null(cnx_isa_remark(CNX_ISA_AMX));
    list = cnx_isa_list(CNX_ISA_AMX);
    g_assert_cmpstr(list, ==, "c, avx2, avx512, avx512_vnni, avx512_bf16, amx");
}

/* The level below amx runs, and the message names both. With a lower cap there is no message. */
static void test_refused(void)
{
    g_autofree char *remark = NULL, *list = NULL;

    pretend(AVX512_BF16_BIT | AVX_VNNI_BIT, TILE_BITS, EPERM);
    g_assert_cmpint(cnx_isa_detect(), ==, CNX_ISA_AVX512_BF16);
    g_assert_cmpint(cnx_isa_tiles_error(), ==, EPERM);
    remark = cnx_isa_remark(CNX_ISA_AVX512_BF16);
    g_assert_cmpstr(remark, ==,
                    "the operating system denies this process the processor's AMX tiles "
                    "(arch_prctl: Operation not permitted): isa level avx512_bf16 runs instead of "
                    "amx");
    g_assert_null(cnx_isa_remark(CNX_ISA_AVX2));
    list = cnx_isa_list(CNX_ISA_AVX2_VNNI);
    g_assert_cmpstr(list, ==, "c, avx2, avx2_vnni");
    pretend(AVX512_BF16_BIT, TILE_BITS, EINVAL); /* an old kernel */
    g_assert_cmpint(cnx_isa_tiles_error(), ==, EINVAL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    cnx_isa_is_supported(CNX_ISA_C); /* so that no later call detects the real ones */
    g_test_add_func("/isa/levels", test_levels);
    g_test_add_func("/isa/granted", test_granted);
    g_test_add_func("/isa/refused", test_refused);
    return g_test_run();
}

#endif
