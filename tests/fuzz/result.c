/* Fuzz target: a result with any values, made with the public library: its structure, its line of
 * JSON, and its metadata on copies and transformations of a buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/convnext/convnext.h>
#include <gst/video/gstvideometa.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "gst/publish/jsonline.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_gst.h"
#include "tests/fuzz/reader.h"

#define MAX_VALUES 16

static void add_tensor(FuzzReader *reader, GstConvnextResult *result)
{
    static const char *const names[] = {"logits", "embedding", "stage1", "x"};
    const char *name = names[fuzz_choice(reader, G_N_ELEMENTS(names))];
    const gsize n = fuzz_choice(reader, MAX_VALUES);
    gsize dims[] = {1, 1, n};
    float values[MAX_VALUES] = {0};
    GstConvnextTensor *tensor;

    for (gsize i = 0; i < n; i++)
        values[i] = fuzz_float(reader);
    if (fuzz_choice(reader, 8) == 0) { /* a shape that no memory holds */
        dims[0] = fuzz_hostile64(reader) | 1ULL << 40;
        dims[2] = n + 1;
        GstMemory *memory = gst_allocator_alloc(NULL, sizeof values, NULL);
        g_assert_null(gst_convnext_tensor_new(name, G_N_ELEMENTS(dims), dims, memory));
        return;
    }
    tensor = gst_convnext_tensor_new_copy(name, G_N_ELEMENTS(dims), dims, values);
    if (tensor)
        gst_convnext_result_take_tensor(result, tensor);
}

static GstConvnextRect read_rect(FuzzReader *reader)
{
    return (GstConvnextRect){(int)fuzz_hostile(reader, 32), (int)fuzz_hostile(reader, 32),
                             (int)fuzz_hostile(reader, 32), (int)fuzz_hostile(reader, 32)};
}

/* A mask of the size that it is said to have, or of another. */
static void set_segmentation(FuzzReader *reader, GstConvnextResult *result)
{
    const guint n = fuzz_choice(reader, 2) ? 1 + fuzz_choice(reader, 4) : 300;
    const guint width = fuzz_choice(reader, 5), height = fuzz_choice(reader, 5);
    const guint bits = n > 255 ? 16 : 8;
    const gsize size = (gsize)width * height * bits / 8 + (fuzz_choice(reader, 8) == 0);
    const GstConvnextRect rect = read_rect(reader);
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(n, NULL, NULL);
    guint8 *values = g_malloc(size + 1);

    for (gsize i = 0; i < size; i++)
        values[i] = (guint8)fuzz_choice(reader, 5);
    gst_convnext_result_set_segmentation(
        result, gst_memory_new_wrapped(0, values, size + 1, 0, size, values, g_free), width, height,
        bits, &rect, legend);
}

static void set_objects(FuzzReader *reader, GstConvnextResult *result)
{
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, NULL, NULL);
    const guint n = fuzz_choice(reader, 4);
    GstConvnextDetectedObject objects[4] = {{0}};

    for (guint i = 0; i < n; i++) {
        objects[i] = (GstConvnextDetectedObject){.index = fuzz_hostile(reader, 32),
                                                 .score = fuzz_float(reader),
                                                 .x = fuzz_float(reader),
                                                 .y = fuzz_float(reader),
                                                 .width = fuzz_float(reader),
                                                 .height = fuzz_float(reader)};
    }
    gst_convnext_result_set_objects(result, legend, n, objects);
    if (n > 0) {
        const GstConvnextRect rect = read_rect(reader);

        gst_convnext_result_set_object_mask(result, 0, gst_allocator_alloc(NULL, 16, NULL), &rect);
    }
}

static void set_value(FuzzReader *reader, GstConvnextResult *result)
{
    const guint kind = fuzz_choice(reader, 10);
    g_autofree char *text = kind == 5 || kind == 7 ? fuzz_text(reader, 40) : NULL;
    const gboolean has_text = fuzz_choice(reader, 4) > 0;
    const guint64 time = fuzz_hostile64(reader);
    guint n[4];

    for (guint i = 0; i < G_N_ELEMENTS(n); i++)
        n[i] = fuzz_hostile(reader, 32);
    switch (kind) {
    case 0:
        gst_convnext_result_set_frame_size(result, n[0], n[1]);
        break;
    case 1:
        gst_convnext_result_set_region(result, n[0], n[1], n[2], n[3]);
        break;
    case 2:
        gst_convnext_result_set_orientation(result,
                                            fuzz_choice(reader, GST_CONVNEXT_ORIENTATION_AUTO));
        break;
    case 3:
        gst_convnext_result_set_activation(result, fuzz_choice(reader, 4));
        break;
    case 4:
        gst_convnext_result_set_times(result, time, n[0]);
        break;
    case 5:
        gst_convnext_result_set_object(result, (int)n[0], has_text ? text : NULL);
        break;
    case 6:
        add_tensor(reader, result);
        break;
    case 8:
        set_segmentation(reader, result);
        break;
    case 9:
        set_objects(reader, result);
        break;
    default:
        gst_convnext_result_add_class(result, n[0], has_text ? text : NULL, fuzz_float(reader));
    }
}

static GstConvnextResult *make_result(FuzzReader *reader)
{
    g_autofree char *model = fuzz_text(reader, 40);
    GstConvnextResult *result = gst_convnext_result_new(model, fuzz_hostile64(reader));

    for (guint n = fuzz_choice(reader, 24); n > 0; n--)
        set_value(reader, result);
    return result;
}

static void check_structure(GstConvnextResult *result)
{
    g_autoptr(GstStructure) structure = gst_convnext_result_to_structure(result);
    g_autofree char *text = gst_structure_to_string(structure);

    g_assert_nonnull(text);
}

/* The line is one object of JSON, whatever the values. */
static void check_line(FuzzReader *reader, GstBuffer *buffer, GstConvnextMeta *meta)
{
    g_autofree char *stream = fuzz_text(reader, 20);
    const guint64 number = fuzz_hostile64(reader);
    const guint width = fuzz_hostile(reader, 64), height = fuzz_hostile(reader, 64);
    const GstConvnextLineFrame frame = {buffer, stream, number, width, height, NULL};
    g_autoptr(GString) line = g_string_new(NULL);
    g_autoptr(JsonParser) parser = json_parser_new();

    gst_convnext_json_line(line, &frame, meta, NULL);
    g_assert_true(line->str[line->len - 1] == '\n');
    g_assert_true(strchr(line->str, '\n') == line->str + line->len - 1);
    g_assert_true(json_parser_load_from_data(parser, line->str, (gssize)line->len, NULL));
    g_assert_true(JSON_NODE_HOLDS_OBJECT(json_parser_get_root(parser)));
}

/* GstVideoInfo has no sizes below 1. */
static guint choose_side(FuzzReader *reader)
{
    return 1 + fuzz_hostile(reader, 64) % 32767;
}

/* Scales a buffer as videoscale does. */
static void check_scale(FuzzReader *reader, GstBuffer *buffer)
{
    GstVideoInfo from, to;
    GstVideoMetaTransform scale = {&from, &to};
    guint sides[4];
    g_autoptr(GstBuffer) out = gst_buffer_new();
    const GstConvnextMeta *meta = gst_buffer_get_convnext_meta(buffer);
    GstConvnextMeta *scaled;
    gpointer state = NULL;
    GstMeta *each;

    for (guint i = 0; i < G_N_ELEMENTS(sides); i++)
        sides[i] = choose_side(reader);
    gst_video_info_set_format(&from, GST_VIDEO_FORMAT_GRAY8, sides[0], sides[1]);
    gst_video_info_set_format(&to, GST_VIDEO_FORMAT_GRAY8, sides[2], sides[3]);
    while ((each = gst_buffer_iterate_meta(buffer, &state)))
        each->info->transform_func(out, each, buffer, gst_video_meta_transform_scale_get_quark(),
                                   &scale);
    scaled = gst_buffer_get_convnext_meta(out);
    g_assert_true(scaled && scaled->result == meta->result);
    check_line(reader, out, scaled);
    if ((guint64)meta->x + meta->width <= (guint)from.width)
        g_assert_cmpuint((guint64)scaled->x + scaled->width, <=, to.width);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    FuzzReader reader = {data, size};

    fuzz_gst_init(FALSE);
    g_autoptr(GstConvnextResult) result = make_result(&reader);
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    GstConvnextMeta *meta = gst_buffer_add_convnext_meta(buffer, result, fuzz_hostile64(&reader));
    g_autoptr(GstBuffer) copy = gst_buffer_copy(buffer);

    check_structure(result);
    check_line(&reader, buffer, meta);
    g_assert_true(gst_buffer_get_convnext_meta(copy)->result == result);
    check_scale(&reader, buffer);
    return 0;
}
