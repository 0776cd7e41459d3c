/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/colours.h"

#include <math.h>

#define REFERENCE_WHITE 203.0 /* cd/m2 */
#define HLG_PEAK 1000.0       /* cd/m2 */
#define SDR_GAMMA 2.4

static double pq_light(double value)
{
    const double m1 = 2610.0 / 16384, m2 = 2523.0 / 32;
    const double c1 = 3424.0 / 4096, c2 = 2413.0 / 128, c3 = 2392.0 / 128;
    const double root = pow(MIN(value, 1), 1 / m2);

    return 10000 / REFERENCE_WHITE * pow(MAX(root - c1, 0) / (c2 - c3 * root), 1 / m1);
}

static double hlg_light(double value)
{
    const double a = 0.17883277, b = 1 - 4 * a, c = 0.5 - a * log(4 * a);
    const double scene = value <= 0.5 ? value * value / 3 : (exp((value - c) / a) + b) / 12;

    return HLG_PEAK / REFERENCE_WHITE * pow(scene, 1.2);
}

static double log_light(double value, double decades)
{
    return pow(10, decades * (value - 1));
}

static double srgb_light(double value)
{
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

/* The light of a value from 0 on; reference white is 1. */
static double light_of(CnxTransfer transfer, double value)
{
    switch (transfer) {
    case CNX_TRANSFER_SRGB:
        return srgb_light(value);
    case CNX_TRANSFER_GAMMA22:
        return pow(value, 2.2);
    case CNX_TRANSFER_ADOBE_RGB:
        return pow(value, 563.0 / 256);
    case CNX_TRANSFER_GAMMA28:
        return pow(value, 2.8);
    case CNX_TRANSFER_PQ:
        return pq_light(value);
    case CNX_TRANSFER_HLG:
        return hlg_light(value);
    case CNX_TRANSFER_LINEAR:
        return value;
    case CNX_TRANSFER_GAMMA18:
        return pow(value, 1.8);
    case CNX_TRANSFER_GAMMA20:
        return value * value;
    case CNX_TRANSFER_LOG100:
        return log_light(value, 2);
    case CNX_TRANSFER_LOG316:
        return log_light(value, 2.5);
    default:
        return pow(value, SDR_GAMMA);
    }
}

static guint8 to_byte(double value)
{
    return (guint8)CLAMP(floor(255 * value + 0.5), 0, 255);
}

gboolean cnx_colours_is_toned(CnxTransfer transfer)
{
    return transfer >= CNX_TRANSFER_PQ;
}

double cnx_colours_tone(const CnxColours *colours, double value)
{
    if (!colours || !colours->has_tone)
        return value;
    return MIN(pow(light_of(colours->transfer, MAX(value, 0)), 1 / SDR_GAMMA), 1);
}

typedef double Matrix[3][3];

/* The chromaticities of red, green, blue and white */
static const double chromaticities[CNX_PRIMARIES_COUNT][4][2] = {
    [CNX_PRIMARIES_BT709] = {{0.64, 0.33}, {0.3, 0.6}, {0.15, 0.06}, {0.3127, 0.329}},
    [CNX_PRIMARIES_BT470M] = {{0.67, 0.33}, {0.21, 0.71}, {0.14, 0.08}, {0.31, 0.316}},
    [CNX_PRIMARIES_FILM] = {{0.681, 0.319}, {0.243, 0.692}, {0.145, 0.049}, {0.31, 0.316}},
    [CNX_PRIMARIES_BT2020] = {{0.708, 0.292}, {0.17, 0.797}, {0.131, 0.046}, {0.3127, 0.329}},
    [CNX_PRIMARIES_ADOBE_RGB] = {{0.64, 0.33}, {0.21, 0.71}, {0.15, 0.06}, {0.3127, 0.329}},
    [CNX_PRIMARIES_XYZ] = {{1, 0}, {0, 1}, {0, 0}, {1.0 / 3, 1.0 / 3}},
    [CNX_PRIMARIES_DCI_P3] = {{0.68, 0.32}, {0.265, 0.69}, {0.15, 0.06}, {0.314, 0.351}},
    [CNX_PRIMARIES_DISPLAY_P3] = {{0.68, 0.32}, {0.265, 0.69}, {0.15, 0.06}, {0.3127, 0.329}},
};

static void multiply(Matrix product, const Matrix a, const Matrix b)
{
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            product[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
}

static void transform(double result[3], const Matrix a, const double v[3])
{
    for (int i = 0; i < 3; i++)
        result[i] = a[i][0] * v[0] + a[i][1] * v[1] + a[i][2] * v[2];
}

static void invert(Matrix inverse, const Matrix a)
{
    double determinant = 0;

    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const int k = (i + 1) % 3, l = (i + 2) % 3, m = (j + 1) % 3, n = (j + 2) % 3;

            inverse[j][i] = a[k][m] * a[l][n] - a[k][n] * a[l][m];
        }
    for (int j = 0; j < 3; j++)
        determinant += a[0][j] * inverse[j][0];
    for (int i = 0; i < 9; i++)
        inverse[i / 3][i % 3] /= determinant;
}

/* The colour of luminance 1 */
static void to_xyz(double xyz[3], const double xy[2])
{
    xyz[0] = xy[0] / xy[1];
    xyz[1] = 1;
    xyz[2] = (1 - xy[0] - xy[1]) / xy[1];
}

static void rgb_to_xyz(Matrix matrix, CnxPrimaries primaries)
{
    const double(*xy)[2] = chromaticities[primaries];
    double white[3], scale[3];
    Matrix columns, inverse;

    for (int j = 0; j < 3; j++) {
        columns[0][j] = xy[j][0];
        columns[1][j] = xy[j][1];
        columns[2][j] = 1 - xy[j][0] - xy[j][1];
    }
    to_xyz(white, xy[3]);
    invert(inverse, columns);
    transform(scale, inverse, white);
    for (int i = 0; i < 9; i++)
        matrix[i / 3][i % 3] = columns[i / 3][i % 3] * scale[i % 3];
}

/* Bradford's adaptation to the white of BT.709 */
static void adapt_white(Matrix adaptation, CnxPrimaries primaries)
{
    static const Matrix cones = {
        {0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}};
    double from[3], to[3], from_cones[3], to_cones[3];
    Matrix scaled, inverse;

    to_xyz(from, chromaticities[primaries][3]);
    to_xyz(to, chromaticities[CNX_PRIMARIES_BT709][3]);
    transform(from_cones, cones, from);
    transform(to_cones, cones, to);
    for (int i = 0; i < 9; i++)
        scaled[i / 3][i % 3] = cones[i / 3][i % 3] * to_cones[i / 3] / from_cones[i / 3];
    invert(inverse, cones);
    multiply(adaptation, inverse, scaled);
}

static void make_gamut(CnxColourTables *tables, CnxPrimaries primaries)
{
    Matrix from, to, inverse, adaptation, adapted, matrix;

    rgb_to_xyz(from, primaries);
    rgb_to_xyz(to, CNX_PRIMARIES_BT709);
    invert(inverse, to);
    adapt_white(adaptation, primaries);
    multiply(adapted, adaptation, from);
    multiply(matrix, inverse, adapted);
    invert(inverse, matrix);
    for (int i = 0; i < 9; i++) {
        tables->gamut[i / 3][i % 3] = (float)matrix[i / 3][i % 3];
        tables->inverse[i / 3][i % 3] = (float)inverse[i / 3][i % 3];
    }
}

/* transfer: a function that rises steadily. */
static void make_roots(CnxColourTables *tables, CnxTransfer transfer)
{
    int byte = 0;

    for (int i = 0; i <= CNX_COLOURS_ROOTS; i++) {
        const double root = i / (double)CNX_COLOURS_ROOTS;

        while (byte < 255 && light_of(transfer, (byte + 0.5) / 255) <= root * root)
            byte++;
        tables->byte_of_root[i] = (guint8)byte;
    }
}

static void make_tone(CnxColours *colours)
{
    CnxColourTables *tables = &colours->tables;

    for (int i = 0; i < CNX_YUV16_CODES; i++) {
        const double value = i / (255.0 * (1 << CNX_YUV16_BITS));

        tables->code_light[i] = (float)light_of(colours->transfer, value);
        tables->tone[i] = to_byte(cnx_colours_tone(colours, value));
        if (!colours->has_gamut || tables->code_light[i] <= 1)
            tables->white = (guint16)i;
    }
}

CnxColours *cnx_colours_new(CnxTransfer transfer, CnxPrimaries primaries)
{
    const gboolean has_tone = cnx_colours_is_toned(transfer);
    const CnxTransfer toned = has_tone ? CNX_TRANSFER_SDR : transfer;
    CnxColours *colours;

    if (!has_tone && primaries == CNX_PRIMARIES_BT709)
        return NULL;
    colours = g_new0(CnxColours, 1);
    colours->transfer = transfer;
    colours->has_tone = has_tone;
    colours->has_gamut = primaries != CNX_PRIMARIES_BT709;
    make_tone(colours);
    for (int i = 0; i < 256; i++)
        colours->tables.byte_light[i] = (float)light_of(toned, i / 255.0);
    make_gamut(&colours->tables, primaries);
    make_roots(&colours->tables, toned);
    return colours;
}

void cnx_colours_free(CnxColours *colours)
{
    g_free(colours);
}

const char *cnx_colours_transfer_name(CnxTransfer transfer)
{
    static const char *const names[CNX_TRANSFERS] = {
        [CNX_TRANSFER_SDR] = "SDR",           [CNX_TRANSFER_SRGB] = "sRGB",
        [CNX_TRANSFER_GAMMA22] = "gamma 2.2", [CNX_TRANSFER_ADOBE_RGB] = "Adobe RGB",
        [CNX_TRANSFER_GAMMA28] = "gamma 2.8", [CNX_TRANSFER_PQ] = "PQ",
        [CNX_TRANSFER_HLG] = "HLG",           [CNX_TRANSFER_LINEAR] = "linear light",
        [CNX_TRANSFER_GAMMA18] = "gamma 1.8", [CNX_TRANSFER_GAMMA20] = "gamma 2.0",
        [CNX_TRANSFER_LOG100] = "log 100:1",  [CNX_TRANSFER_LOG316] = "log 316:1",
    };

    return names[transfer];
}

const char *cnx_colours_primaries_name(CnxPrimaries primaries)
{
    static const char *const names[CNX_PRIMARIES_COUNT] = {
        [CNX_PRIMARIES_BT709] = "BT.709",        [CNX_PRIMARIES_BT470M] = "BT.470 M",
        [CNX_PRIMARIES_FILM] = "film",           [CNX_PRIMARIES_BT2020] = "BT.2020",
        [CNX_PRIMARIES_ADOBE_RGB] = "Adobe RGB", [CNX_PRIMARIES_XYZ] = "XYZ",
        [CNX_PRIMARIES_DCI_P3] = "DCI-P3",       [CNX_PRIMARIES_DISPLAY_P3] = "Display P3",
    };

    return names[primaries];
}
