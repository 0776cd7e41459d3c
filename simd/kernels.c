/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/kernels.h"

#include <threads.h>

#include "simd/versions.h"

static CnxKernels tables[CNX_ISA_COUNT];
static int top; /* the highest level that has a table */
static once_flag made = ONCE_FLAG_INIT;

static void fill_c(CnxKernels *k)
{
    k->gemm_panel = CNX_GEMM_PANEL_C;
    k->resize_group = 1;
#define KERNEL(type, name) k->name = cnx_##name##_c;
#include "simd/kernels.inc"
#undef KERNEL
    /* ORC compiles these for the processor at hand, whichever it is. */
    k->unpack_rgbx = cnx_unpack_rgbx_orc;
    k->unpack_bgrx = cnx_unpack_bgrx_orc;
    k->unpack_xrgb = cnx_unpack_xrgb_orc;
    k->unpack_xbgr = cnx_unpack_xbgr_orc;
    k->unpack_gray = cnx_unpack_gray_orc;
    k->bytesum = cnx_bytesum_orc;
}

#ifdef CNX_HAVE_X86
static void fill_avx2(CnxKernels *k)
{
    k->unpack_rgb = cnx_unpack_rgb_avx2;
    k->unpack_bgr = cnx_unpack_bgr_avx2;
    k->yuv = cnx_yuv_avx2;
    k->resize_group = 2;
    k->resize_pack = cnx_resize_pack_avx2;
    k->resize_rows = cnx_resize_rows_avx2;
    k->resize_columns = cnx_resize_columns_avx2;
    k->peak = cnx_peak_avx2;
    k->gemm_panel = CNX_GEMM_PANEL_AVX2;
    k->gemm_packed_size = cnx_gemm_packed_size_avx2;
    k->gemm_pack = cnx_gemm_pack_avx2;
    k->gemm = cnx_gemm_avx2;
    k->dwconv7 = cnx_dwconv7_avx2;
    k->dwconv = cnx_dwconv_avx2;
    k->layernorm = cnx_layernorm_avx2;
    k->rmsnorm = cnx_rmsnorm_avx2;
    k->simplenorm = cnx_simplenorm_avx2;
    k->activate = cnx_activate_avx2;
    k->columns_sumsq = cnx_columns_sumsq_avx2;
    k->columns_scale = cnx_columns_scale_avx2;
    k->columns_mean = cnx_columns_mean_avx2;
}

static void fill_avx512(CnxKernels *k)
{
    k->yuv = cnx_yuv_avx512;
    k->resize_group = 2;
    k->resize_pack = cnx_resize_pack_avx512;
    k->resize_rows = cnx_resize_rows_avx512;
    k->resize_columns = cnx_resize_columns_avx512;
    k->peak = cnx_peak_avx512;
    k->gemm_panel = CNX_GEMM_PANEL_AVX512;
    k->gemm_packed_size = cnx_gemm_packed_size_avx512;
    k->gemm_pack = cnx_gemm_pack_avx512;
    k->gemm = cnx_gemm_avx512;
    k->dwconv7 = cnx_dwconv7_avx512;
    k->dwconv = cnx_dwconv_avx512;
    k->layernorm = cnx_layernorm_avx512;
    k->rmsnorm = cnx_rmsnorm_avx512;
    k->simplenorm = cnx_simplenorm_avx512;
    k->activate = cnx_activate_avx512;
    k->columns_sumsq = cnx_columns_sumsq_avx512;
    k->columns_scale = cnx_columns_scale_avx512;
    k->columns_mean = cnx_columns_mean_avx512;
}

static void fill_avx512_vnni(CnxKernels *k)
{
    k->resize_group = 4;
    k->resize_pack = cnx_resize_pack_avx512_vnni;
    k->resize_rows = cnx_resize_rows_avx512_vnni;
    k->resize_columns = cnx_resize_columns_avx512_vnni;
}
#endif

/* Level i's table holds the versions of all levels up to i, the later over the earlier. */
static void make_tables(void)
{
    static void (*const fill[])(CnxKernels *) = {
        [CNX_ISA_C] = fill_c,
#ifdef CNX_HAVE_X86
        [CNX_ISA_AVX2] = fill_avx2,
        [CNX_ISA_AVX512] = fill_avx512,
        [CNX_ISA_AVX512_VNNI] = fill_avx512_vnni,
#endif
    };

    top = cnx_isa_detect();
    for (int i = 0; i <= top; i++) {
        if (i > 0)
            tables[i] = tables[i - 1];
        tables[i].level = (CnxIsa)i;
        fill[i](&tables[i]);
    }
}

const CnxKernels *cnx_kernels_get(CnxIsa level)
{
    call_once(&made, make_tables);
    return (int)level <= top ? &tables[level] : NULL;
}
