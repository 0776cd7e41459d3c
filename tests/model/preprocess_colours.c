/* HDR, other transfer functions and wide gamuts: compared with FFmpeg's zscale, and in every format
 * with results in double precision.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/preprocess/preprocess.h"
#include "model/preprocess/thumbnail.h"
#include "tests/fixtures/colours.inc"
#include "tests/fixtures/compare.h"
#include "tests/model/support/picture.h"

/* With crop=none a picture of this height keeps its pixels. */
static CnxRecipe new_recipe(guint height)
{
    return (CnxRecipe){
        .size = height,
        .resize = height,
        .crop_pct = 1,
        .crop = CNX_CROP_NONE,
        .filter = CNX_FILTER_BICUBIC,
        .mean = {0.5, 0.5, 0.5},
        .std = {0.5, 0.5, 0.5},
        .rescale = 1.0 / 255,
    };
}

/* Returns the input's bytes; g_free(). */
static guint8 *run_preprocess(const CnxRecipe *recipe, const CnxImageInfo *info,
                              const CnxImage *image, gsize *n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxPreprocess) p = cnx_preprocess_new(recipe, info, &error);
    guint width, height;

    g_assert_no_error(error);
    cnx_preprocess_size(p, &width, &height);
    *n = 3 * (gsize)width * height;
    g_autofree float *dst = g_new(float, *n);
    guint8 *bytes = g_malloc(*n);
    cnx_preprocess_run(p, image, dst, bytes);
    return bytes;
}

/* The formats of 16 bits, and some of 8 */
static const struct {
    const char *name;
    CnxPixels pixels;
    guint depth;
    guint size;   /* of a sample, bytes */
    guint shift;  /* of a sample, to the left */
    guint planes; /* 1: packed RGB; 2: UV; 3 */
    gboolean has_half_height;
} formats[] = {
    {"I420, 10 bits", CNX_PIXELS_I420_16, 10, 2, 0, 3, TRUE},
    {"I420, 12 bits", CNX_PIXELS_I420_16, 12, 2, 0, 3, TRUE},
    {"I422, 10 bits", CNX_PIXELS_I422_16, 10, 2, 0, 3, FALSE},
    {"P010", CNX_PIXELS_NV12_16, 10, 2, 6, 2, TRUE},
    {"P012", CNX_PIXELS_NV12_16, 12, 2, 4, 2, TRUE},
    {"P016", CNX_PIXELS_NV12_16, 16, 2, 0, 2, TRUE},
    {"XRGB64", CNX_PIXELS_XRGB64, 16, 2, 0, 1, FALSE},
    {"I420", CNX_PIXELS_I420, 8, 1, 0, 3, TRUE},
    {"NV12", CNX_PIXELS_NV12, 8, 1, 0, 2, TRUE},
    {"RGB", CNX_PIXELS_RGB, 8, 1, 0, 1, FALSE},
};
enum { FIRST_NARROW = 7 };

/* A picture of codes: [height][width] triples of Y, U, V or R, G, B */
typedef struct Codes {
    guint width, height;
    guint16 (*at)[3];
} Codes;

static void codes_clear(Codes *codes)
{
    g_free(codes->at);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Codes, codes_clear)

static Codes new_codes(guint width, guint height)
{
    return (Codes){width, height, g_malloc0(sizeof(guint16[3]) * width * height)};
}

static void put_sample(guint8 *to, guint f, guint code)
{
    code <<= formats[f].shift;
    if (formats[f].pixels == CNX_PIXELS_XRGB64) {
        const guint16 sample = (guint16)code;

        memcpy(to, &sample, sizeof sample);
        return;
    }
    to[0] = (guint8)code;
    if (formats[f].size == 2)
        to[1] = (guint8)(code >> 8);
}

/* The codes in a format; a block of pixels takes the chroma of its first pixel. */
static PictureFrame store(const Codes *codes, guint f)
{
    const guint size = formats[f].size, planes = formats[f].planes;
    const guint pairs = (codes->width + 1) / 2, padding = 6;
    const guint lines = formats[f].has_half_height ? (codes->height + 1) / 2 : codes->height;
    const guint packed = formats[f].pixels == CNX_PIXELS_XRGB64 ? 4 : 3;
    const gsize stride = (planes == 1 ? packed : 1) * codes->width * size + padding;
    const gsize chroma = (planes == 2 ? 2 : 1) * pairs * size + padding;
    PictureFrame frame = {.size = stride * codes->height + 2 * chroma * lines};

    frame.memory = g_malloc0(frame.size);
    frame.image.plane[0] = frame.memory;
    frame.image.stride[0] = (gssize)stride;
    frame.image.plane[1] = frame.memory + stride * codes->height;
    frame.image.plane[2] = frame.image.plane[1] + (planes == 2 ? size : chroma * lines);
    frame.image.stride[1] = frame.image.stride[2] = (gssize)chroma;
    for (guint y = 0; y < codes->height; y++)
        for (guint x = 0; x < codes->width; x++) {
            const guint16 *code = codes->at[y * codes->width + x];
            guint8 *first = frame.memory + y * stride;
            const guint line = formats[f].has_half_height ? y / 2 : y;

            if (planes == 1) {
                for (guint c = 0; c < 3; c++)
                    put_sample(first + (x * packed + c + packed - 3) * size, f, code[c]);
                continue;
            }
            put_sample(first + x * size, f, code[0]);
            if (x % 2 || (formats[f].has_half_height && y % 2))
                continue;
            for (int c = 1; c < 3; c++)
                put_sample((guint8 *)frame.image.plane[c] + line * chroma +
                               x / 2 * size * (planes == 2 ? 2 : 1),
                           f, code[c]);
        }
    return frame;
}

static CnxImageInfo new_info(const Codes *codes, guint f, gboolean full_range,
                             const CnxColours *colours)
{
    return (CnxImageInfo){
        .pixels = formats[f].pixels,
        .width = codes->width,
        .height = codes->height,
        .matrix = CNX_MATRIX_BT2020,
        .full_range = full_range,
        .par_n = 1,
        .par_d = 1,
        .w = codes->width,
        .h = codes->height,
        .depth = formats[f].depth,
        .colours = colours,
    };
}

/* zscale */

typedef struct Difference {
    double mean;
    int max;
} Difference;

static Difference compare_case(guint i, guint f)
{
    const gsize n = colour_cases[i].n;
    g_autoptr(CnxColours) colours =
        cnx_colours_new(colour_cases[i].transfer, colour_cases[i].primaries);
    g_auto(Codes) codes = new_codes(2 * (guint)n, 2);
    Difference d = {0, 0};
    gsize size;

    for (gsize p = 0; p < 4 * n; p++)
        for (int c = 0; c < 3; c++)
            codes.at[p][c] = (guint16)(colour_cases[i].rows[p % (2 * n) / 2][c]
                                       << (formats[f].depth > 10 ? formats[f].depth - 10 : 0));
    g_auto(PictureFrame) frame = store(&codes, f);
    const CnxImageInfo info = new_info(&codes, f, colour_cases[i].full_range, colours);
    const CnxRecipe recipe = new_recipe(2);
    g_autofree guint8 *bytes = run_preprocess(&recipe, &info, &frame.image, &size);
    g_assert_cmpuint(size, ==, 12 * n);
    for (gsize p = 0; p < 2 * n; p++)
        for (int c = 0; c < 3; c++) {
            const int off = ABS(bytes[3 * p + c] - colour_cases[i].rows[p / 2][3 + c]);

            d.mean += off / (6.0 * n);
            d.max = MAX(d.max, off);
        }
    return d;
}

/* A component that is small beside the others is the difference of greater ones, and off by more
 * than they are. */
static void test_zscale(gconstpointer data)
{
    const guint i = GPOINTER_TO_UINT(data);

    for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
        const gboolean is_yuv = formats[f].planes > 1;

        if (is_yuv != colour_cases[i].is_yuv || (is_yuv && formats[f].depth < 10) ||
            (!is_yuv && formats[f].depth > 8))
            continue;
        /* a limited range ends at another code of 12 bits only by a factor */
        if (colour_cases[i].full_range && is_yuv && formats[f].depth > 10)
            continue;
        const Difference d = compare_case(i, f);
        g_test_message("%s in %s: mean %.3f, max %d", colour_cases[i].name, formats[f].name, d.mean,
                       d.max);
        g_assert_cmpfloat(d.mean, <=, 1.5);
        g_assert_cmpint(d.max, <=, 40);
    }
}

/* Double precision */

static const struct {
    CnxPrimaries primaries;
    double matrix[3][3]; /* published: BT.2087, and those of Display P3 and Adobe RGB to sRGB */
} gamuts[] = {
    {CNX_PRIMARIES_BT709, {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {CNX_PRIMARIES_BT2020,
     {{1.6605, -0.5876, -0.0728}, {-0.1246, 1.1329, -0.0083}, {-0.0182, -0.1006, 1.1187}}},
    {CNX_PRIMARIES_DISPLAY_P3,
     {{1.2249, -0.2247, 0}, {-0.0420, 1.0419, 0}, {-0.0197, -0.0786, 1.0979}}},
    {CNX_PRIMARIES_ADOBE_RGB, {{1.39836, -0.39836, 0}, {0, 1, 0}, {0, -0.04293, 1.04293}}},
};

/* BT.2100, with the constants in decimals */
static double hdr_light(CnxTransfer transfer, double v)
{
    if (transfer == CNX_TRANSFER_PQ) {
        const double p = pow(MIN(v, 1), 1 / 78.84375);

        return pow(MAX(p - 0.8359375, 0) / (18.8515625 - 18.6875 * p), 1 / 0.1593017578125) *
               10000 / 203;
    }
    const double scene =
        v <= 0.5 ? v * v / 3 : (exp((v - 0.55991073) / 0.17883277) + 0.28466892) / 12;
    return pow(scene, 1.2) * 1000 / 203;
}

static double light_of(CnxTransfer transfer, double v)
{
    switch (transfer) {
    case CNX_TRANSFER_PQ:
    case CNX_TRANSFER_HLG:
        return hdr_light(transfer, v);
    case CNX_TRANSFER_LINEAR:
        return v;
    case CNX_TRANSFER_LOG100:
        return pow(100, v - 1);
    case CNX_TRANSFER_LOG316:
        return pow(pow(10, 2.5), v - 1);
    case CNX_TRANSFER_SRGB:
        return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    default:
        return pow(v, transfer == CNX_TRANSFER_GAMMA18     ? 1.8
                      : transfer == CNX_TRANSFER_GAMMA20   ? 2
                      : transfer == CNX_TRANSFER_GAMMA22   ? 2.2
                      : transfer == CNX_TRANSFER_ADOBE_RGB ? 2.19921875
                      : transfer == CNX_TRANSFER_GAMMA28   ? 2.8
                                                           : 2.4);
    }
}

static double value_of(CnxTransfer transfer, double light)
{
    const double gamma = transfer == CNX_TRANSFER_GAMMA22     ? 2.2
                         : transfer == CNX_TRANSFER_ADOBE_RGB ? 2.19921875
                         : transfer == CNX_TRANSFER_GAMMA28   ? 2.8
                                                              : 2.4;

    if (transfer == CNX_TRANSFER_SRGB)
        return light <= 0.0031308 ? light * 12.92 : 1.055 * pow(light, 1 / 2.4) - 0.055;
    return pow(light, 1 / gamma);
}

/* From a pixel's codes to R', G', B'; 1 is white. */
static void decode(double rgb[3], const guint16 *luma, const guint16 *chroma, guint f,
                   gboolean full_range)
{
    const double unit = 1 << (formats[f].depth - 8), most = (1 << formats[f].depth) - 1;

    for (int c = 0; c < 3 && formats[f].planes == 1; c++)
        rgb[c] = luma[c] / most;
    if (formats[f].planes == 1)
        return;
    const double y = full_range ? luma[0] / most : (luma[0] - 16 * unit) / (219 * unit);
    const double scale = full_range ? most : 224 * unit;
    const double u = (chroma[1] - 128 * unit) / scale, v = (chroma[2] - 128 * unit) / scale;

    rgb[0] = y + 1.4746 * v;
    rgb[1] = y - 0.16455 * u - 0.57135 * v;
    rgb[2] = y + 1.8814 * u;
    for (int c = 0; c < 3 && formats[f].depth == 8; c++) /* rounded before the tone */
        rgb[c] = CLAMP(floor(255 * rgb[c] + 0.5), 0, 255) / 255;
}

static void convert_reference(double rgb[3], CnxTransfer transfer, guint gamut)
{
    const CnxTransfer toned = cnx_colours_is_toned(transfer) ? CNX_TRANSFER_SDR : transfer;
    double light[3], converted;

    for (int c = 0; c < 3; c++)
        light[c] = light_of(transfer, MAX(rgb[c], 0));
    for (int c = 0; c < 3; c++) {
        converted = 0;
        for (int j = 0; j < 3; j++)
            converted += gamuts[gamut].matrix[c][j] * light[j];
        rgb[c] = 255 * value_of(toned, CLAMP(converted, 0, 1));
    }
}

/* The codes of a drawn picture */
static Codes encode(guint width, guint height, guint f, gboolean full_range)
{
    Codes codes = new_codes(width, height);
    g_autofree guint8 *drawn = picture_draw(width, height, f + 1);
    const double unit = 1 << (formats[f].depth - 8), most = (1 << formats[f].depth) - 1;

    for (gsize p = 0; p < (gsize)width * height; p++) {
        const double r = drawn[3 * p] / 255.0, g = drawn[3 * p + 1] / 255.0;
        const double b = drawn[3 * p + 2] / 255.0, y = 0.2627 * r + 0.678 * g + 0.0593 * b;
        const double scale = full_range ? most : 224 * unit;
        const double yuv[] = {full_range ? y * most : y * 219 * unit + 16 * unit,
                              (b - y) / 1.8814 * scale + 128 * unit,
                              (r - y) / 1.4746 * scale + 128 * unit};
        const double rgb[] = {r * most, g * most, b * most};

        for (int c = 0; c < 3; c++)
            codes.at[p][c] =
                (guint16)CLAMP(lrint(formats[f].planes == 1 ? rgb[c] : yuv[c]), 0, (long)most);
    }
    return codes;
}

static void check_region(const Codes *codes, const CnxImageInfo *info, guint f, guint gamut)
{
    const CnxTransfer transfer = info->colours ? info->colours->transfer : CNX_TRANSFER_SDR;
    const CnxRecipe recipe = new_recipe(MIN(info->w, info->h));
    g_auto(PictureFrame) frame = store(codes, f);
    gsize n, at = 0;
    g_autofree guint8 *bytes = run_preprocess(&recipe, info, &frame.image, &n);
    double sum = 0, rgb[3];

    g_assert_cmpuint(n, ==, 3 * (gsize)info->w * info->h);
    for (guint y = info->y; y < info->y + info->h; y++)
        for (guint x = info->x; x < info->x + info->w; x++) {
            const guint block = (formats[f].has_half_height ? y / 2 * 2 : y) * codes->width;

            decode(rgb, codes->at[y * codes->width + x], codes->at[block + x / 2 * 2], f,
                   info->full_range);
            convert_reference(rgb, transfer, gamut);
            for (int c = 0; c < 3; c++)
                sum += fabs(bytes[at++] - rgb[c]);
        }
    /* Rounding to bytes is off by a quarter on average; the gamut's matrix enlarges the first one.
     */
    const double most = gamut == 0 ? 0.3 : 1;
    if (sum / (double)n <= most)
        return;
    g_test_message("%s of %s in %s, %s range: mean %g, expected at most %g",
                   cnx_colours_transfer_name(transfer),
                   cnx_colours_primaries_name(gamuts[gamut].primaries), formats[f].name,
                   info->full_range ? "full" : "limited", sum / (double)n, most);
    g_test_fail();
}

/* Every format, transfer function and gamut, for a whole picture and a region at odd places. */
static void test_formats(gconstpointer data)
{
    const guint f = GPOINTER_TO_UINT(data);

    for (int transfer = 0; transfer < CNX_TRANSFERS; transfer++)
        for (guint g = 0; g < G_N_ELEMENTS(gamuts); g++)
            for (int full_range = 0; full_range < 2; full_range++) {
                g_autoptr(CnxColours) colours =
                    cnx_colours_new((CnxTransfer)transfer, gamuts[g].primaries);
                g_auto(Codes) codes = encode(98, 66, f, full_range);
                CnxImageInfo info = new_info(&codes, f, full_range, colours);

                if (!colours || (f < FIRST_NARROW && !colours->has_tone))
                    continue;
                check_region(&codes, &info, f, g);
                info.x = 33;
                info.y = 21;
                info.w = 40;
                info.h = 37;
                check_region(&codes, &info, f, g);
            }
}

/* Properties */

/* All codes of 16 bits on a neutral ramp: no output falls, and the ends are black and white. */
static void test_monotone(gconstpointer data)
{
    const guint f = GPOINTER_TO_UINT(data);
    g_auto(Codes) codes = new_codes(2 << formats[f].depth, 2);
    const CnxRecipe recipe = new_recipe(2);
    gsize n;

    for (guint x = 0; x < 2 * codes.width; x++) {
        const guint code = x % codes.width / 2;

        codes.at[x][0] = (guint16)code;
        codes.at[x][1] = codes.at[x][2] =
            (guint16)(formats[f].planes == 1 ? code : 1u << (formats[f].depth - 1));
    }
    g_auto(PictureFrame) frame = store(&codes, f);
    for (int transfer = CNX_TRANSFER_PQ; transfer < CNX_TRANSFERS; transfer++)
        for (guint g = 0; g < 2; g++) {
            g_autoptr(CnxColours) colours =
                cnx_colours_new((CnxTransfer)transfer, gamuts[g].primaries);
            const CnxImageInfo info = new_info(&codes, f, g, colours);
            g_autofree guint8 *bytes = run_preprocess(&recipe, &info, &frame.image, &n);

            for (gsize i = 3; i < n / 2; i++)
                g_assert_cmpint(bytes[i], >=, bytes[i - 3]);
            for (gsize i = 0; i < n / 2; i += 3)
                g_assert_true(ABS(bytes[i] - bytes[i + 1]) <= 1 &&
                              ABS(bytes[i] - bytes[i + 2]) <= 1);
            if (transfer < CNX_TRANSFER_LOG100)
                g_assert_cmpint(bytes[0], ==, 0);
            g_assert_cmpint(bytes[n / 2 - 1], ==, 255);
        }
}

/* Samples of any 16 bits; those of 10 bits with others above them too. Nothing is read or written
 * outside, and the lower bits of I420 and the upper ones of P010 decide. */
static void test_garbage(void)
{
    g_autoptr(CnxColours) colours = cnx_colours_new(CNX_TRANSFER_PQ, CNX_PRIMARIES_BT2020);
    const CnxRecipe recipe = new_recipe(31);
    g_auto(Codes) codes = new_codes(97, 31), masked = new_codes(97, 31);
    guint32 random = 1;
    gsize n;

    for (gsize i = 0; i < 97 * 31 * 3; i++) {
        random = random * 1664525 + 1013904223;
        codes.at[i / 3][i % 3] = (guint16)(random >> 16);
        masked.at[i / 3][i % 3] = (guint16)(random >> 16) & 1023;
    }
    for (guint f = 0; f < 3; f += 2) {
        g_auto(PictureFrame) frame = store(&codes, f), plain = store(&masked, f);
        const CnxImageInfo info = new_info(&codes, f, FALSE, colours);
        g_autofree guint8 *bytes = run_preprocess(&recipe, &info, &frame.image, &n);
        g_autofree guint8 *expected = run_preprocess(&recipe, &info, &plain.image, &n);

        g_assert_cmpmem(bytes, n, expected, n);
    }
}

/* Black and white columns become half of white, as in SDR. In PQ they would become a fifth. */
static void test_average(void)
{
    g_autoptr(CnxColours) colours = cnx_colours_new(CNX_TRANSFER_PQ, CNX_PRIMARIES_BT709);
    g_auto(Codes) codes = new_codes(256, 128);
    CnxRecipe recipe = new_recipe(64);
    gsize n;

    recipe.filter = CNX_FILTER_BOX;
    for (guint i = 0; i < 256 * 128; i++) {
        codes.at[i][0] = i % 2 ? 64 + 509 : 64; /* 203 cd/m2 */
        codes.at[i][1] = codes.at[i][2] = 512;
    }
    g_auto(PictureFrame) frame = store(&codes, 0);
    const CnxImageInfo info = new_info(&codes, 0, FALSE, colours);
    g_autofree guint8 *bytes = run_preprocess(&recipe, &info, &frame.image, &n);
    for (gsize i = 0; i < n; i++)
        g_assert_true(bytes[i] == 127 || bytes[i] == 128);
}

/* A turned picture is the same picture turned; the border around a picture keeps its colour. */
static void test_places(void)
{
    g_autoptr(CnxColours) colours = cnx_colours_new(CNX_TRANSFER_HLG, CNX_PRIMARIES_BT2020);
    g_auto(Codes) codes = encode(96, 64, 3, FALSE);
    g_auto(PictureFrame) frame = store(&codes, 3);
    CnxImageInfo info = new_info(&codes, 3, FALSE, colours);
    CnxRecipe recipe = new_recipe(64);
    gsize n;
    g_autofree guint8 *bytes = run_preprocess(&recipe, &info, &frame.image, &n);

    info.orientation = CNX_ORIENTATION_180;
    g_autofree guint8 *turned = run_preprocess(&recipe, &info, &frame.image, &n);
    for (gsize i = 0; i < n; i++)
        g_assert_cmpint(turned[i], ==, bytes[n - 3 - i / 3 * 3 + i % 3]);
    info.orientation = CNX_ORIENTATION_IDENTITY;
    recipe.crop = CNX_CROP_BORDER;
    g_autofree guint8 *bordered = run_preprocess(&recipe, &info, &frame.image, &n);
    for (gsize i = 3; i < 3 * 64 * 8; i++)
        g_assert_cmpint(bordered[i], ==, bordered[i % 3]);
    g_assert_true(ABS(bordered[0] - 128) <= 1 || bordered[0] == 0);
}

/* A network for grey pictures sees the grey of the converted picture. */
static void test_grey(void)
{
    g_autoptr(CnxColours) colours = cnx_colours_new(CNX_TRANSFER_HLG, CNX_PRIMARIES_BT2020);
    CnxRecipe recipe = new_recipe(64);
    gsize n;

    for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
        g_auto(Codes) codes = encode(96, 64, f, FALSE);
        g_auto(PictureFrame) frame = store(&codes, f);
        const CnxImageInfo info = new_info(&codes, f, FALSE, colours);
        CnxImageInfo sdr = new_info(&codes, G_N_ELEMENTS(formats) - 1, FALSE, NULL);

        recipe.grey = FALSE;
        g_autofree guint8 *converted = run_preprocess(&recipe, &info, &frame.image, &n);
        const CnxImage image = {{converted}, {3 * 96}};
        recipe.grey = TRUE;
        g_autofree guint8 *expected = run_preprocess(&recipe, &sdr, &image, &n);
        g_autofree guint8 *bytes = run_preprocess(&recipe, &info, &frame.image, &n);
        g_assert_cmpmem(bytes, n, expected, n);
    }
}

/* The changes of brightness that thumbnails show are those of the SDR picture. */
static void test_thumbnail(void)
{
    for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
        g_autoptr(CnxColours) colours = cnx_colours_new(CNX_TRANSFER_PQ, CNX_PRIMARIES_BT2020);
        g_auto(Codes) codes = new_codes(64, 64);
        const CnxImageInfo info = new_info(&codes, f, FALSE, colours);
        const guint unit = 1u << (formats[f].depth - 8);
        CnxThumbnail thumbnail;
        CnxIsa level;

        g_assert_true(cnx_isa_get(&level, NULL));
        for (guint i = 0; i < 64 * 64; i++) {
            const double value = 0.44; /* 52 cd/m2 */
            const double luma = formats[f].planes == 1 ? 255 * value : 16 + 219 * value;

            for (int c = 0; c < 3; c++)
                codes.at[i][c] =
                    (guint16)(formats[f].planes == 1 || c == 0 ? luma * unit : 128 * unit);
        }
        g_auto(PictureFrame) frame = store(&codes, f);
        cnx_thumbnail_make(&thumbnail, level, &info, &frame.image);
        g_assert_cmpfloat(
            fabs(thumbnail.cell[7][7] - pow(hdr_light(CNX_TRANSFER_PQ, 0.44), 1 / 2.4)), <, 0.02);
    }
}

/* Ordinary video has no colours to convert. */
static void test_sdr(void)
{
    for (int transfer = 0; transfer < CNX_TRANSFER_PQ; transfer++)
        g_assert_null(cnx_colours_new((CnxTransfer)transfer, CNX_PRIMARIES_BT709));
    g_assert_cmpfloat(cnx_colours_tone(NULL, 0.25), ==, 0.25);
}

static void test_refused(void)
{
    g_auto(Codes) codes = new_codes(8, 8);
    const CnxRecipe recipe = new_recipe(8);

    for (guint f = 0; f < FIRST_NARROW; f++) {
        g_autoptr(GError) error = NULL;
        const CnxImageInfo info = new_info(&codes, f, FALSE, NULL);

        g_assert_null(cnx_preprocess_new(&recipe, &info, &error));
        g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (guint i = 0; i < G_N_ELEMENTS(colour_cases); i++) {
        g_autofree char *path = g_strconcat("/colours/zscale/", colour_cases[i].name, NULL);

        g_test_add_data_func(path, GUINT_TO_POINTER(i), test_zscale);
    }
    for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
        g_autofree char *path = g_strconcat("/colours/formats/", formats[f].name, NULL);
        g_autofree char *monotone = g_strconcat("/colours/monotone/", formats[f].name, NULL);

        g_test_add_data_func(path, GUINT_TO_POINTER(f), test_formats);
        g_test_add_data_func(monotone, GUINT_TO_POINTER(f), test_monotone);
    }
    g_test_add_func("/colours/garbage", test_garbage);
    g_test_add_func("/colours/average", test_average);
    g_test_add_func("/colours/places", test_places);
    g_test_add_func("/colours/grey", test_grey);
    g_test_add_func("/colours/thumbnail", test_thumbnail);
    g_test_add_func("/colours/sdr", test_sdr);
    g_test_add_func("/colours/refused", test_refused);
    return g_test_run();
}
