/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* syscall() */
#include "simd/isa.h"

#include <errno.h>
#include <string.h>
#include <threads.h>

#ifdef CNX_HAVE_X86
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#elif defined CNX_HAVE_ARM
#include <sys/auxv.h>
#endif

static const char *const names[CNX_ISA_COUNT] = {
    [CNX_ISA_C] = "c",
    [CNX_ISA_AVX2] = "avx2",
    [CNX_ISA_AVX2_VNNI] = "avx2_vnni",
    [CNX_ISA_AVX512] = "avx512",
    [CNX_ISA_AVX512_VNNI] = "avx512_vnni",
    [CNX_ISA_AVX512_BF16] = "avx512_bf16",
    [CNX_ISA_AMX] = "amx",
    [CNX_ISA_NEON] = "neon",
    [CNX_ISA_NEON_DOTPROD] = "neon_dotprod",
    [CNX_ISA_NEON_I8MM] = "neon_i8mm",
    [CNX_ISA_NEON_BF16] = "neon_bf16",
};

static bool supported[CNX_ISA_COUNT];
static int tiles_error; /* errno if the operating system denies tiles */
static once_flag detected = ONCE_FLAG_INIT;

static bool is_arm(CnxIsa level)
{
    return level >= CNX_ISA_NEON;
}

bool cnx_isa_includes(CnxIsa level, CnxIsa other)
{
    if (other == CNX_ISA_C || other == level)
        return true;
    return other < level && is_arm(other) == is_arm(level) && other != CNX_ISA_AVX2_VNNI;
}

#ifdef CNX_HAVE_X86

/* Tests a bit of CPUID leaf 7; registers 0 to 3 are eax, ebx, ecx and edx of a subleaf. Compilers
 * disagree on the names of the newer instruction sets. */
static bool leaf7_has(unsigned subleaf, int index, int bit)
{
    unsigned r[4] = {0};

    return __get_cpuid_count(7, subleaf, &r[0], &r[1], &r[2], &r[3]) && (r[index] >> bit & 1);
}

/* Linux saves the state of tiles only for processes that have requested it. */
static bool request_tiles(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };

#if defined __linux__
    if (syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0)
        return true;
    tiles_error = errno;
#else
    tiles_error = ENOSYS;
#endif
    return false;
}

/* The compiler's check also reads XCR0, so registers that the operating system does not save count
 * as absent. Every processor with AVX2 has F16C; it is checked if the compiler knows its name. */
static void detect_levels(void)
{
    __builtin_cpu_init();
    supported[CNX_ISA_AVX2] = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#ifndef __clang__
    supported[CNX_ISA_AVX2] = supported[CNX_ISA_AVX2] && __builtin_cpu_supports("f16c");
#endif
#ifdef CNX_EMULATED /* all levels run on AVX2 */
    for (int i = CNX_ISA_AVX2; i <= CNX_ISA_AMX; i++)
        supported[i] = supported[CNX_ISA_AVX2];
    return;
#endif
    supported[CNX_ISA_AVX2_VNNI] = supported[CNX_ISA_AVX2] && leaf7_has(1, 0, 4);
    supported[CNX_ISA_AVX512] = supported[CNX_ISA_AVX2] && __builtin_cpu_supports("avx512f") &&
                                __builtin_cpu_supports("avx512bw") &&
                                __builtin_cpu_supports("avx512dq") &&
                                __builtin_cpu_supports("avx512vl");
    supported[CNX_ISA_AVX512_VNNI] =
        supported[CNX_ISA_AVX512] && __builtin_cpu_supports("avx512vnni");
    supported[CNX_ISA_AVX512_BF16] = supported[CNX_ISA_AVX512_VNNI] && leaf7_has(1, 0, 5);
    supported[CNX_ISA_AMX] = supported[CNX_ISA_AVX512_BF16] && leaf7_has(0, 3, 22) &&
                             leaf7_has(0, 3, 24) && leaf7_has(0, 3, 25) && request_tiles();
}

#elif defined CNX_HAVE_ARM

/* Older C libraries lack some of Linux's names for these bits. */
static void detect_levels(void)
{
    enum { ASIMD = 1 << 1, ASIMDDP = 1 << 20, I8MM = 1 << 13, BF16 = 1 << 14 };

#if defined __linux__
    const unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);

    supported[CNX_ISA_NEON] = first & ASIMD;
    supported[CNX_ISA_NEON_DOTPROD] = supported[CNX_ISA_NEON] && first & ASIMDDP;
    supported[CNX_ISA_NEON_I8MM] = supported[CNX_ISA_NEON_DOTPROD] && second & I8MM;
    supported[CNX_ISA_NEON_BF16] = supported[CNX_ISA_NEON_I8MM] && second & BF16;
#endif
}

#else

static void detect_levels(void) {}

#endif

bool cnx_isa_is_supported(CnxIsa level)
{
    call_once(&detected, detect_levels);
    return level == CNX_ISA_C || supported[level];
}

int cnx_isa_tiles_error(void)
{
    call_once(&detected, detect_levels);
    return tiles_error;
}

CnxIsa cnx_isa_highest(CnxIsa most)
{
    CnxIsa level = most;

    while (!cnx_isa_is_supported(level) || (level != CNX_ISA_C && is_arm(level) != is_arm(most)))
        level--;
    return level;
}

CnxIsa cnx_isa_detect(void)
{
    CnxIsa level = CNX_ISA_COUNT - 1;

    while (!cnx_isa_is_supported(level))
        level--;
    return level;
}

const char *cnx_isa_name(CnxIsa level)
{
    return names[level];
}

bool cnx_isa_parse(const char *name, CnxIsa *level)
{
    for (int i = 0; i < CNX_ISA_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *level = (CnxIsa)i;
            return true;
        }
    }
    return false;
}
