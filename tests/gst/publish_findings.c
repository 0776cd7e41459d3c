/* convnextpublish: segmentation and detected objects, as JSON and as files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include <gst/video/video.h>
#include <png.h>

#include "gst/publish/gstconvnextpublish.h"
#include "tests/gst/support/findings.h"
#include "tests/gst/support/publishing.h"

#define CAPS "video/x-raw,format=GRAY8,width=400,height=300,framerate=25/1"
#define START "{\"frame\":0,\"width\":400,\"height\":300,\"model\":\"street\",\"age\":0,"
#define SEGMENTATION                                                                   \
    "\"segmentation\":{\"width\":6,\"height\":4,\"box\":[20,30,300,200],\"classes\":[" \
    "{\"index\":1,\"label\":\"sky\",\"share\":0.1875,\"box\":[120,30,200,150]},"       \
    "{\"index\":0,\"label\":\"road\",\"share\":0.041666668,\"box\":[70,130,100,50]}"   \
    "]}"
#define OBJECTS                                                                    \
    "\"objects\":["                                                                \
    "{\"index\":2,\"label\":\"car\",\"score\":0.75,\"box\":[10.25,20.5,30.5,40]}," \
    "{\"index\":7,\"score\":0.5,\"box\":[-3,290,20,30]}]"

static GstConvnextResult *make_findings(void)
{
    GstConvnextResult *result = findings_new();

    findings_segment(result);
    findings_detect(result);
    return result;
}

/* Publishes the result on a frame of 400 x 300. Properties are as in g_object_set(). */
static void publish(GstBuffer *frame, const char *caps, const char *property, const char *value)
{
    GstHarness *harness = make_harness(make_element(property, value, NULL));

    gst_harness_set_src_caps_str(harness, caps);
    push_frame(harness, frame);
    gst_harness_teardown(harness);
}

GST_START_TEST(test_line)
{
    publish(make_frame(make_findings()), CAPS, NULL, NULL);
    check_lines(START "\"region\":[0,0,400,300]," SEGMENTATION "," OBJECTS "}\n");
}
GST_END_TEST;

/* A network that finds nothing says so. */
GST_START_TEST(test_nothing_found)
{
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, findings_labels, NULL);
    const GstConvnextRect rect = {0, 0, 400, 300};
    const guint8 none[] = {0, 0, 0};
    GstConvnextResult *result = findings_new();

    gst_convnext_result_set_objects(result, legend, 0, NULL);
    fail_unless(gst_convnext_result_set_segmentation(result, findings_memory(none, 3), 3, 1, 8,
                                                     &rect, legend));
    publish(make_frame(result), CAPS, NULL, NULL);
    check_lines(START "\"region\":[0,0,400,300],"
                      "\"segmentation\":{\"width\":3,\"height\":1,"
                      "\"box\":[0,0,400,300],\"classes\":[]},"
                      "\"objects\":[]}\n");
}
GST_END_TEST;

/* Boxes are those of the frame that the line is about; no box if it is not known how that came
 * about. Values that are not finite are null. */
GST_START_TEST(test_boxes)
{
    const GstConvnextDetectedObject object = {2, NULL, NAN, 10, INFINITY, 30, 40};
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(1, findings_labels, NULL);
    GstConvnextResult *result = findings_new();
    GstBuffer *frame = make_frame(make_findings());
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(frame);

    crop->x = 16;
    crop->y = 32;
    crop->width = 200;
    crop->height = 100;
    publish(gst_buffer_copy(frame), "video/x-raw,format=GRAY8,width=200,height=100,framerate=25/1",
            NULL, NULL);
    g_autofree char *cropped = read_lines();
    fail_unless(strstr(cropped, "\"share\":0.1875,\"box\":[104,-2,200,150]}") &&
                    strstr(cropped, "\"box\":[-5.75,-11.5,30.5,40]}"),
                "%s", cropped);
    publish(frame, CAPS, NULL, NULL);
    g_autofree char *unknown = read_lines();
    fail_unless(strstr(unknown, "\"share\":0.1875},") && strstr(unknown, "\"score\":0.75},"), "%s",
                unknown);

    gst_convnext_result_set_objects(result, legend, 1, &object);
    publish(make_frame(result), CAPS, NULL, NULL);
    check_lines(START "\"region\":[0,0,400,300],\"objects\":[{\"index\":2,\"score\":null,"
                      "\"box\":[null,null,null,null]}]}\n");
}
GST_END_TEST;

/* The values of a NumPy file in the test's folder. */
static void check_npy(const char *name, const char *type, const char *shape, gconstpointer values,
                      gsize size)
{
    g_autofree char *path = folder_path(name);
    g_autofree char *header =
        g_strdup_printf("{'descr': '%s', 'fortran_order': False, 'shape': %s, } ", type, shape);
    g_autofree char *data = NULL;
    gsize length;

    fail_unless(g_file_get_contents(path, &data, &length, NULL), "cannot read %s", path);
    fail_unless(length % 64 == size % 64 && length > size + 64);
    fail_unless(strncmp(data + 10, header, strlen(header)) == 0, "%s: %s", name, data + 10);
    fail_unless(memcmp(data + length - size, values, size) == 0, "%s: other values", name);
}

typedef struct Png {
    png_uint_32 width, height;
    int bits, colour_type;
    png_byte palette[3 * 256];
    int n_colours;
    png_byte pixels[64]; /* of 8 or, in big-endian order, 16 bits */
} Png;

static Png read_png(const char *name)
{
    g_autofree char *path = folder_path(name);
    FILE *file = fopen(path, "rb");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_colorp palette = NULL;
    Png found = {0};

    fail_unless(file, "cannot open %s", path);
    png_init_io(png, file);
    png_read_png(png, info, PNG_TRANSFORM_PACKING, NULL);
    png_get_IHDR(png, info, &found.width, &found.height, &found.bits, &found.colour_type, NULL,
                 NULL, NULL);
    if (png_get_PLTE(png, info, &palette, &found.n_colours))
        memcpy(found.palette, palette, 3 * (gsize)found.n_colours);
    const gsize row = png_get_rowbytes(png, info);
    fail_unless(row * found.height <= sizeof(found.pixels));
    for (png_uint_32 y = 0; y < found.height; y++)
        memcpy(found.pixels + y * row, png_get_rows(png, info)[y], row);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    return found;
}

/* The mask, its picture with the model's colours, tensors, and objects' masks in whole frames. */
GST_START_TEST(test_files)
{
    const gsize dims[] = {1, 2, 3};
    const float values[] = {1, 2, 3, 4, 5, 6};
    const guint8 colours[] = {0, 0, 0, 0x80, 0, 0, 0, 0x80, 0, 0x80, 0x80, 0};
    const guint8 mask[] = {0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 1, 0};
    g_autofree guint8 *frames = g_malloc0(2 * 400 * 300);
    GstConvnextResult *result = make_findings();
    guint n_files = 0;

    add_tensor(result, GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS, 3, dims, values);
    add_tensor(result, GST_CONVNEXT_TENSOR_OBJECT_MASKS, 3, dims, values);
    publish(make_frame(result), CAPS, "tensor-dir", folder);

    check_npy("convnext-0-mask.npy", "|u1", "(4, 6)", findings_mask, sizeof(findings_mask));
    check_npy("convnext-0-segmentation-logits.npy", "<f4", "(1, 2, 3)", values, sizeof(values));
    check_npy("convnext-0-object-masks.npy", "<f4", "(1, 2, 3)", values, sizeof(values));
    for (guint y = 0; y < 3; y++)
        memcpy(frames + (24 + y) * 400 + 12, mask + 4 * y, 4);
    check_npy("convnext-0-object-mask-frames.npy", "|u1", "(2, 300, 400)", frames, 2 * 400 * 300);

    const Png png = read_png("convnext-0-mask.png");
    fail_unless(png.width == FINDINGS_WIDTH && png.height == FINDINGS_HEIGHT);
    fail_unless_equals_int(png.colour_type, PNG_COLOR_TYPE_PALETTE);
    fail_unless(png.n_colours == 4 && memcmp(png.palette, colours, sizeof(colours)) == 0);
    fail_unless(memcmp(png.pixels, findings_mask, sizeof(findings_mask)) == 0);

    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    while (g_dir_read_name(dir))
        n_files++;
    fail_unless_equals_int(n_files, 6); /* with the lines */
}
GST_END_TEST;

/* With more than 255 classes both files have 16 bits. A mask that leaves the frame is clipped. */
GST_START_TEST(test_wide_files)
{
    const guint16 values[] = {GUINT16_TO_LE(300), GUINT16_TO_LE(1), 0};
    const guint8 big_endian[] = {1, 44, 0, 1, 0, 0}, mask[] = {9, 9, 0, 9, 9, 9};
    const guint8 pasted[] = {0, 0, 0, 0, 0, 0, 1, 1};
    const GstConvnextRect whole = {0, 0, 4, 2}, corner = {2, 1, 3, 2};
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(300, NULL, NULL);
    GstConvnextResult *result = findings_new();

    gst_convnext_result_set_frame_size(result, 4, 2);
    fail_unless(gst_convnext_result_set_segmentation(result, findings_memory(values, 6), 3, 1, 16,
                                                     &whole, legend));
    gst_convnext_result_set_objects(result, legend, 1, findings_objects);
    fail_unless(gst_convnext_result_set_object_mask(result, 0, findings_memory(mask, 6), &corner));
    publish(make_frame(result), CAPS, "tensor-dir", folder);

    check_npy("convnext-0-mask.npy", "<u2", "(1, 3)", values, sizeof(values));
    check_npy("convnext-0-object-mask-frames.npy", "|u1", "(1, 2, 4)", pasted, sizeof(pasted));
    const Png png = read_png("convnext-0-mask.png");
    fail_unless(png.width == 3 && png.height == 1 && png.bits == 16);
    fail_unless_equals_int(png.colour_type, PNG_COLOR_TYPE_GRAY);
    fail_unless(memcmp(png.pixels, big_endian, sizeof(big_endian)) == 0);
}
GST_END_TEST;

static Suite *publish_findings_suite(void)
{
    Suite *s = suite_create("publish_findings");
    TCase *tc = tcase_create("findings");

    GST_ELEMENT_REGISTER(convnextpublish, NULL);
    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(tc, folder_setup, folder_teardown);
    tcase_add_test(tc, test_line);
    tcase_add_test(tc, test_nothing_found);
    tcase_add_test(tc, test_boxes);
    tcase_add_test(tc, test_files);
    tcase_add_test(tc, test_wide_files);
    return s;
}

GST_CHECK_MAIN(publish_findings)
