/* Which instruction sets this process may use.
 *
 * A level is a group of instruction sets that kernels are written for. Levels are ordered: each
 * includes the ones before it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

typedef enum CnxCpu {
    CNX_CPU_C,           /* portable C */
    CNX_CPU_AVX2,        /* AVX2, FMA, F16C */
    CNX_CPU_AVX512,      /* AVX-512 F, BW, DQ, VL */
    CNX_CPU_AVX512_VNNI, /* AVX-512 VNNI */
    CNX_CPU_COUNT
} CnxCpu;

/* The highest level that the processor, the operating system and this build offer. */
CnxCpu cnx_cpu_detect(void);

/* "c", "avx2", "avx512" or "avx512_vnni": the words of CONVNEXT_CPU. */
const char *cnx_cpu_name(CnxCpu level);

/* Reads one of those words. Returns false, and leaves level alone, when the word is none of them.
 */
bool cnx_cpu_parse(const char *word, CnxCpu *level);
