/* Preprocessing reads only what the crop needs: everything else is on unreadable pages.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model/preprocess/preprocess.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/picture.h"

/* [first, end) */
typedef struct Range {
    guint first, end;
} Range;

/* The pixels of an axis that a span's outputs can need. */
static Range needed_range(const CnxSpan *span, guint in, double support)
{
    const double scale = (double)in / span->resized;
    const double reach = support * MAX(scale, 1);
    const double first = (span->src + 0.5) * scale - reach + 0.5;
    const double end = (span->src + span->count - 0.5) * scale + reach + 0.5;

    return (Range){(guint)MAX(first, 0), MIN((guint)end, in)};
}

typedef struct Plane {
    guint8 *map; /* [lines][stride]; only the needed bytes' pages are readable */
    gsize size, stride;
    guint8 *first; /* the plane's first byte */
} Plane;

/* Copies src to a plane whose lines have pages of their own. Of each line's `bytes` bytes, those in
 * `need` are readable if the line is in `rows`. at_end: the needed bytes end where a page does;
 * otherwise they start there. */
static Plane new_plane(const guint8 *src, gsize src_stride, guint lines, gsize bytes, Range rows,
                       Range need, gboolean at_end)
{
    const gsize page = (gsize)sysconf(_SC_PAGESIZE);
    const gsize edge = at_end ? need.end : need.first;
    const gsize before = (page - edge % page) % page; /* puts the edge on a page boundary */
    Plane plane = {.stride = (before + bytes + 2 * page - 1) / page * page};

    plane.size = plane.stride * lines;
    plane.map = mmap(NULL, plane.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(plane.map != MAP_FAILED);
    plane.first = plane.map + before;
    for (guint y = 0; y < lines; y++) {
        guint8 *row = plane.first + y * plane.stride;

        memcpy(row, src + y * src_stride, bytes);
        if (y >= rows.first && y < rows.end) {
            const gsize open = (before + need.first) / page * page;
            const gsize close = (before + need.end + page - 1) / page * page;

            if (open > 0)
                g_assert_true(mprotect(plane.map + y * plane.stride, open, PROT_NONE) == 0);
            if (close < plane.stride)
                g_assert_true(mprotect(plane.map + y * plane.stride + close, plane.stride - close,
                                       PROT_NONE) == 0);
        } else {
            g_assert_true(mprotect(plane.map + y * plane.stride, plane.stride, PROT_NONE) == 0);
        }
    }
    return plane;
}

/* The bytes of a plane's row that store the columns. */
static Range bytes_of(CnxPixels pixels, int plane, Range columns)
{
    const guint pixel_bytes[] = {
        [CNX_PIXELS_RGB] = 3,  [CNX_PIXELS_BGR] = 3,  [CNX_PIXELS_RGBX] = 4, [CNX_PIXELS_BGRX] = 4,
        [CNX_PIXELS_XRGB] = 4, [CNX_PIXELS_XBGR] = 4, [CNX_PIXELS_GRAY] = 1, [CNX_PIXELS_I420] = 1,
        [CNX_PIXELS_YV12] = 1, [CNX_PIXELS_NV12] = 1, [CNX_PIXELS_NV21] = 1};
    const Range pairs = {columns.first / 2, (columns.end + 1) / 2};

    if (pixels == CNX_PIXELS_YUY2 || pixels == CNX_PIXELS_UYVY)
        return (Range){4 * pairs.first, 4 * pairs.end};
    if (plane == 0)
        return (Range){pixel_bytes[pixels] * columns.first, pixel_bytes[pixels] * columns.end};
    if (pixels == CNX_PIXELS_NV12 || pixels == CNX_PIXELS_NV21)
        return (Range){2 * pairs.first, 2 * pairs.end};
    return pairs;
}

static void run_preprocess(const CnxRecipe *recipe, const CnxImageInfo *info, const CnxImage *image,
                           guint8 *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxPreprocess) p = cnx_preprocess_new(recipe, info, &error);
    g_autofree float *dst = g_new(float, 3 * (gsize)recipe->size * recipe->size);

    g_assert_no_error(error);
    cnx_preprocess_run(p, image, dst, bytes);
}

/* A read of anything else is a segmentation fault. */
static void check_reads(const CnxRecipe *recipe, CnxImageInfo info, gboolean at_end)
{
    static const double supports[] = {0.5, 0.5, 1, 1, 2, 3};
    const gsize n = 3 * (gsize)recipe->size * recipe->size;
    g_autofree guint8 *rgb = picture_draw(info.width, info.height, info.pixels);
    g_autofree guint8 *expected = g_malloc(n), *bytes = g_malloc(n);

    g_auto(PictureFrame) frame = info.pixels < CNX_PIXELS_I420
                                     ? picture_pack(rgb, info.width, info.height, info.pixels, 0)
                                     : picture_to_yuv(rgb, &info, 0);
    CnxImage guarded = {0};
    Plane planes[3] = {0};
    CnxGeometry g;
    Range columns, rows;

    g_assert_true(cnx_recipe_geometry(recipe, info.w, info.h, &g, NULL));
    columns = needed_range(&g.x, info.w, supports[recipe->filter]);
    rows = needed_range(&g.y, info.h, supports[recipe->filter]);
    columns = (Range){columns.first + info.x, columns.end + info.x};
    rows = (Range){rows.first + info.y, rows.end + info.y};
    for (int i = 0; i < 3 && frame.image.plane[i]; i++) {
        const gsize stride = (gsize)frame.image.stride[i];
        const Range lines = i == 0 ? rows : (Range){rows.first / 2, (rows.end + 1) / 2};

        planes[i] =
            new_plane(frame.image.plane[i], stride, i == 0 ? info.height : (info.height + 1) / 2,
                      stride, lines, bytes_of(info.pixels, i, columns), at_end);
        guarded.plane[i] = planes[i].first;
        guarded.stride[i] = (gssize)planes[i].stride;
    }
    run_preprocess(recipe, &info, &frame.image, expected);
    run_preprocess(recipe, &info, &guarded, bytes);
    g_assert_cmpmem(bytes, n, expected, n);
    for (int i = 0; i < 3 && planes[i].map; i++)
        munmap(planes[i].map, planes[i].size);
}

static void test_pixels(gconstpointer data)
{
    CnxRecipe recipe = {
        .size = 32,
        .crop_pct = 0.5,
        .mean = {0.5, 0.5, 0.5},
        .std = {0.5, 0.5, 0.5},
        .rescale = 1.0 / 255,
    };
    CnxImageInfo info = {.pixels = (CnxPixels)GPOINTER_TO_INT(data), .par_n = 1, .par_d = 1};

    for (int i = 0; i < 6 * 4 * 2; i++) {
        static const guint shapes[][2] = {{401, 157}, {157, 401}, {96, 40}, {35, 33}};

        recipe.filter = (CnxFilter)(i % 6);
        recipe.resize = i % 4 < 2 ? 64 : 33; /* 33: the crop cuts one column or row */
        info.width = shapes[i / 6 % 4][0];
        info.height = shapes[i / 6 % 4][1];
        info.x = info.y = 0;
        info.w = info.width;
        info.h = info.height;
        check_reads(&recipe, info, i / 24);
        info.x = 5;
        info.y = 3;
        info.w -= 11;
        info.h -= 4;
        check_reads(&recipe, info, i / 24);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        CnxPixels pixels;
    } formats[] = {
        {"RGB", CNX_PIXELS_RGB},   {"BGR", CNX_PIXELS_BGR},   {"RGBX", CNX_PIXELS_RGBX},
        {"BGRX", CNX_PIXELS_BGRX}, {"XRGB", CNX_PIXELS_XRGB}, {"XBGR", CNX_PIXELS_XBGR},
        {"GRAY", CNX_PIXELS_GRAY}, {"I420", CNX_PIXELS_I420}, {"YV12", CNX_PIXELS_YV12},
        {"NV12", CNX_PIXELS_NV12}, {"NV21", CNX_PIXELS_NV21}, {"YUY2", CNX_PIXELS_YUY2},
        {"UYVY", CNX_PIXELS_UYVY},
    };

    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *name = g_strconcat("/touch/", formats[i].name, NULL);

        g_test_add_data_func(name, GINT_TO_POINTER(formats[i].pixels), test_pixels);
    }
    return g_test_run();
}
