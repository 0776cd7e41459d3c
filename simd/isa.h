/* The isa levels: groups of instruction sets that kernels are written for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* In ascending order for each architecture. A level includes the ones of its architecture before
 * it, except that avx2_vnni is a branch: no other level includes it, since processors with AVX-512
 * may lack AVX-VNNI. */
typedef enum CnxIsa {
    CNX_ISA_C, /* portable C */
    /* x86-64 */
    CNX_ISA_AVX2,        /* AVX2, FMA, F16C */
    CNX_ISA_AVX2_VNNI,   /* AVX-VNNI */
    CNX_ISA_AVX512,      /* AVX-512 F, BW, DQ, VL */
    CNX_ISA_AVX512_VNNI, /* AVX-512 VNNI */
    CNX_ISA_AVX512_BF16, /* AVX-512 BF16 */
    CNX_ISA_AMX,         /* AMX TILE, BF16, INT8 */
    /* 64-bit ARM */
    CNX_ISA_NEON,         /* Advanced SIMD */
    CNX_ISA_NEON_DOTPROD, /* dot products of bytes (FEAT_DotProd) */
    CNX_ISA_NEON_I8MM,    /* matrix products of bytes (FEAT_I8MM) */
    CNX_ISA_NEON_BF16,    /* matrix products of bfloat16 (FEAT_BF16) */
    CNX_ISA_COUNT
} CnxIsa;

/* Whether processors of a level have the instructions of the other level. */
bool cnx_isa_includes(CnxIsa level, CnxIsa other);

/* Whether the processor, the operating system and this build support a level. Tiles need a
 * permission from the operating system, which the first call requests for the process. Thread safe.
 */
bool cnx_isa_is_supported(CnxIsa level);

/* Returns 0, or the errno with which the operating system denied tiles that the processor has.
 * Thread safe. */
int cnx_isa_tiles_error(void);

/* Returns the highest supported level that is not above `most`; c if `most` belongs to another
 * architecture. */
CnxIsa cnx_isa_highest(CnxIsa most);

/* Returns the highest level that is supported. */
CnxIsa cnx_isa_detect(void);

/* Returns a level's name in CONVNEXT_CPU: "c", "avx2", "neon", ... */
const char *cnx_isa_name(CnxIsa level);

/* Parses a level's name. Returns false, and leaves *level unchanged, if the name is unknown. */
bool cnx_isa_parse(const char *name, CnxIsa *level);
