/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/kernels.h"

#include <threads.h>

#include "simd/versions.h"

static CnxKernels tables[CNX_ISA_COUNT];
static once_flag tables_made = ONCE_FLAG_INIT;

/* AT_<version>(level, statement) executes the statement if a table of this level may use that
 * version. It expands to nothing for versions that this build lacks. ORC compiles its kernels at
 * run time for the processor it finds, so the tables of all levels use them. */
#define AT_c(level, statement) statement
#define AT_orc(level, statement) statement
#define AT_LEVEL(level, other, statement)   \
    if (cnx_isa_includes((level), other)) { \
        statement                           \
    }
#ifdef CNX_HAVE_X86
#define AT_X86 AT_LEVEL
#else
#define AT_X86(level, other, statement)
#endif
#ifdef CNX_HAVE_ARM
#define AT_ARM AT_LEVEL
#else
#define AT_ARM(level, other, statement)
#endif
#define AT_avx2(level, statement) AT_X86(level, CNX_ISA_AVX2, statement)
#define AT_avx2_vnni(level, statement) AT_X86(level, CNX_ISA_AVX2_VNNI, statement)
#define AT_avx512(level, statement) AT_X86(level, CNX_ISA_AVX512, statement)
#define AT_avx512_vnni(level, statement) AT_X86(level, CNX_ISA_AVX512_VNNI, statement)
#define AT_avx512_bf16(level, statement) AT_X86(level, CNX_ISA_AVX512_BF16, statement)
#define AT_amx(level, statement) AT_X86(level, CNX_ISA_AMX, statement)
#define AT_neon(level, statement) AT_ARM(level, CNX_ISA_NEON, statement)
#define AT_neon_dotprod(level, statement) AT_ARM(level, CNX_ISA_NEON_DOTPROD, statement)
#define AT_neon_i8mm(level, statement) AT_ARM(level, CNX_ISA_NEON_I8MM, statement)
#define AT_neon_bf16(level, statement) AT_ARM(level, CNX_ISA_NEON_BF16, statement)

/* Rows list their versions lowest first, so that a later one replaces an earlier one. */
static void fill_table(CnxKernels *k, CnxIsa level)
{
    k->level = level;
#define SET(type, name, version) AT_##version(level, k->name = cnx_##name##_##version;)
#define KERNEL(type, name, ...) CNX_EACH_VERSION(SET, type, name, __VA_ARGS__)
#define CONSTANT(name, ...) CNX_EACH_VERSION(SET, int, name, __VA_ARGS__)
#include "simd/kernels.inc"
}

static void make_tables(void)
{
    for (int i = 0; i < CNX_ISA_COUNT; i++)
        fill_table(&tables[i], (CnxIsa)i);
}

const CnxKernels *cnx_kernels_get(CnxIsa level)
{
    call_once(&tables_made, make_tables);
    return cnx_isa_is_supported(level) ? &tables[level] : NULL;
}
