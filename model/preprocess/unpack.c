/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/unpack.h"

#include "model/preprocess/samples.h"

static gboolean is_yuv(CnxPixels pixels)
{
    return pixels >= CNX_PIXELS_I420;
}

gboolean cnx_unpack_is_deep(CnxPixels pixels)
{
    return pixels == CNX_PIXELS_XRGB64 || cnx_samples_are_wide(pixels);
}

static gboolean has_tone(const CnxUnpack *u)
{
    return u->info.colours && u->info.colours->has_tone;
}

void cnx_unpack_init(CnxUnpack *u, const CnxImageInfo *info, const CnxKernels *k, gboolean grey,
                     gboolean converts_gamut)
{
    CnxUnpackFn *const unpack[] = {
        [CNX_PIXELS_RGB] = k->unpack_rgb,   [CNX_PIXELS_BGR] = k->unpack_bgr,
        [CNX_PIXELS_RGBX] = k->unpack_rgbx, [CNX_PIXELS_BGRX] = k->unpack_bgrx,
        [CNX_PIXELS_XRGB] = k->unpack_xrgb, [CNX_PIXELS_XBGR] = k->unpack_xbgr,
        [CNX_PIXELS_GRAY] = k->unpack_gray,
    };
    const CnxPixels pixels = info->pixels;

    *u = (CnxUnpack){.info = *info,
                     .kernels = k,
                     .grey = grey,
                     .converts_gamut = grey || converts_gamut,
                     .unpack = pixels < G_N_ELEMENTS(unpack) ? unpack[pixels] : NULL};
    u->is_planar = is_yuv(pixels) || has_tone(u);
    u->pixel_bytes = pixels == CNX_PIXELS_GRAY     ? 1
                     : pixels == CNX_PIXELS_XRGB64 ? 8
                     : pixels <= CNX_PIXELS_BGR    ? 3
                                                   : 4;
    if (is_yuv(pixels))
        u->factors = cnx_samples_yuv_factors(info);
}

gboolean cnx_unpack_reserve(CnxUnpack *u, guint columns)
{
    if (!has_tone(u))
        return TRUE;
    u->codes = g_try_new(guint16, 3 * (gsize)columns);
    u->rgbx = g_try_malloc_n(columns, 4);
    return u->codes && u->rgbx;
}

void cnx_unpack_clear(CnxUnpack *u)
{
    g_free(u->codes);
    g_free(u->rgbx);
}

static void unpack_yuv(const CnxUnpack *u, const CnxImage *image, guint8 *dst, gsize plane, guint x,
                       guint y, guint n)
{
    const CnxYuvRow row = cnx_samples_yuv(image, u->info.pixels, x, y);

    u->kernels->yuv(dst, plane, &row, (int)n, &u->factors);
}

/* Converts n pixels of row y, from x on, to codes. dst is scratch, for planes. */
static void unpack_codes(const CnxUnpack *u, const CnxImage *image, guint8 *dst, gsize plane,
                         guint x, guint y, guint n)
{
    const CnxPixels pixels = u->info.pixels;

    if (cnx_samples_are_wide(pixels)) {
        const CnxYuvRow row = cnx_samples_yuv(image, pixels, x, y);

        u->kernels->yuv16(u->codes, n, &row, cnx_samples_shift(&u->info), (int)n, &u->factors);
    } else if (is_yuv(pixels)) {
        unpack_yuv(u, image, dst, plane, x, y, n);
        cnx_samples_widen(u->codes, dst, plane, 1, n);
    } else {
        const guint8 *src = cnx_samples_row(image, 0, y) + u->pixel_bytes * (gsize)x;

        if (pixels == CNX_PIXELS_XRGB64) {
            cnx_samples_unpack_xrgb64(u->codes, src, n);
            return;
        }
        u->unpack(u->rgbx, src, (int)n);
        cnx_samples_widen(u->codes, u->rgbx, 1, 4, n);
    }
}

void cnx_unpack_row(const CnxUnpack *u, const CnxImage *image, guint8 *dst, gsize plane, guint x,
                    guint y, guint n)
{
    const CnxColours *colours = u->info.colours;
    const gsize channel = u->is_planar ? plane : 1, pixel = u->is_planar ? 1 : 4;

    x += u->info.x;
    y += u->info.y;
    if (has_tone(u)) {
        unpack_codes(u, image, dst, plane, x, y, n);
        u->kernels->tone(dst, channel, u->codes, (int)n, &colours->tables);
    } else if (u->is_planar) {
        unpack_yuv(u, image, dst, plane, x, y, n);
    } else {
        u->unpack(dst, cnx_samples_row(image, 0, y) + u->pixel_bytes * (gsize)x, (int)n);
    }
    if (u->converts_gamut && colours && colours->has_gamut)
        u->kernels->gamut(dst, channel, pixel, (int)n, &colours->tables);
    if (u->grey)
        cnx_samples_make_grey(dst, channel, pixel, n);
}
