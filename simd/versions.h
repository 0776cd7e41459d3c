/* Private to simd/: the versions of each kernel, named cnx_<kernel>_<level>. A level that has no
 * version of its own of some kernel never defines that name.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/kernels.h"

#define KERNEL(type, name) \
    type cnx_##name##_c, cnx_##name##_avx2, cnx_##name##_avx512, cnx_##name##_avx512_vnni;
#include "simd/kernels.inc"
#undef KERNEL

/* From unpack.orc. */
CnxUnpackFn cnx_unpack_rgbx_orc, cnx_unpack_bgrx_orc, cnx_unpack_xrgb_orc, cnx_unpack_xbgr_orc,
    cnx_unpack_gray_orc;
/* From bytesum.orc. */
CnxBytesumFn cnx_bytesum_orc;

/* Columns of one packed panel at each level. */
#define CNX_GEMM_PANEL_C 1
#define CNX_GEMM_PANEL_AVX2 24
#define CNX_GEMM_PANEL_AVX512 48
