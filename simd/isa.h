/* Which instruction sets this process may use.
 *
 * A level is a group of instruction sets that kernels are written for. Levels are ordered: each
 * includes the ones before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

typedef enum CnxIsa {
    CNX_ISA_C,           /* portable C */
    CNX_ISA_AVX2,        /* AVX2, FMA, F16C */
    CNX_ISA_AVX512,      /* AVX-512 F, BW, DQ, VL */
    CNX_ISA_AVX512_VNNI, /* AVX-512 VNNI */
    CNX_ISA_COUNT
} CnxIsa;

/* The highest level that the processor, the operating system and this build offer. */
CnxIsa cnx_isa_detect(void);

/* "c", "avx2", "avx512" or "avx512_vnni": the words of CONVNEXT_CPU. */
const char *cnx_isa_name(CnxIsa level);

/* Reads one of those words. Returns false, and leaves level alone, when the word is none of them.
 */
bool cnx_isa_parse(const char *word, CnxIsa *level);
