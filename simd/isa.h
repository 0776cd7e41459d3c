/* The isa levels: groups of instruction sets that kernels are written for. Each level includes the
 * ones before it.
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

/* Returns the highest level that the processor, the operating system and this build support. */
CnxIsa cnx_isa_detect(void);

/* Returns a level's name in CONVNEXT_CPU: "c", "avx2", "avx512" or "avx512_vnni". */
const char *cnx_isa_name(CnxIsa level);

/* Parses a level's name. Returns false, and leaves *level unchanged, if the name is unknown. */
bool cnx_isa_parse(const char *name, CnxIsa *level);
