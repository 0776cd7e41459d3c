/* Your own checkpoints on known photos: the labels, their shares or scores, and the boxes are those
 * of the library (tests/fixtures/expect_checkpoints.py). CONVNEXT_TEST_CHECKPOINTS names
 * their folder; without it the test is skipped.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#include "tests/gst/support/heads.h"

#define ENDING ".expected.json"
#define SHARE_LIMIT 0.005 /* of the photo */
#define SCORE_LIMIT 0.005
#define BOX_LIMIT 1.5    /* pixels of the photo */
#define LOWEST_SCORE 0.3 /* of the objects that the file has */

static const char *folder;

/* A frame of FOLDER/photos/NAME.ppm, and its caps. */
static GstBuffer *read_photo(const char *name, char **caps)
{
    g_autofree char *file = g_strconcat(name, ".ppm", NULL);
    g_autofree char *path = g_build_filename(folder, "photos", file, NULL), *contents = NULL;
    int width, height, start;
    gsize size;
    GstVideoFrame frame;

    fail_unless(g_file_get_contents(path, &contents, &size, NULL), "no %s", path);
    fail_unless(sscanf(contents, "P6 %d %d 255%*1c%n", &width, &height, &start) == 2);
    fail_unless_equals_uint64(size, (gsize)start + (gsize)width * height * 3);
    *caps =
        g_strdup_printf("video/x-raw,format=RGB,width=%d,height=%d,framerate=25/1", width, height);
    const GstVideoInfo info = frames_info(*caps);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&info), NULL);
    fail_unless(gst_video_frame_map(&frame, &info, buffer, GST_MAP_WRITE));
    for (int y = 0; y < height; y++)
        memcpy((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, 0) +
                   (gsize)y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
               contents + start + (gsize)y * width * 3, (gsize)width * 3);
    gst_video_frame_unmap(&frame);
    GST_BUFFER_PTS(buffer) = 0;
    return buffer;
}

/* shares: an object of labels and their shares, those above a thousandth. */
static void check_shares(const char *what, GstConvnextResult *result, JsonObject *shares)
{
    GstConvnextSegmentation *segmentation = gst_convnext_result_get_segmentation(result);
    double covered = 0;
    guint n;

    fail_unless(segmentation, "%s: no segmentation", what);
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(segmentation, &n);
    for (guint i = 0; i < n; i++) {
        const double share =
            json_object_get_double_member_with_default(shares, segments[i].label, 0);

        fail_unless(ABS(share - (double)segments[i].share) <= SHARE_LIMIT,
                    "%s: %s covers %g, not %g", what, segments[i].label, (double)segments[i].share,
                    share);
        covered += share;
    }
    fail_unless(covered > 1 - SHARE_LIMIT * json_object_get_size(shares),
                "%s: classes of the library are missing", what);
}

/* Whether there is such an object. expected: [label, score, x0, y0, x1, y1]. */
static gboolean has_object(const GstConvnextDetectedObject *objects, guint n, JsonArray *expected)
{
    const char *label = json_array_get_string_element(expected, 0);
    double numbers[5];

    for (guint k = 0; k < 5; k++)
        numbers[k] = json_array_get_double_element(expected, k + 1);
    for (guint i = 0; i < n; i++) {
        const GstConvnextDetectedObject *o = &objects[i];
        const double mine[] = {(double)o->x, (double)o->y, (double)o->x + (double)o->width,
                               (double)o->y + (double)o->height};
        gboolean is_near = ABS((double)o->score - numbers[0]) <= SCORE_LIMIT;

        for (guint k = 0; k < 4; k++)
            is_near &= ABS(mine[k] - numbers[k + 1]) <= BOX_LIMIT;
        if (is_near && g_strcmp0(o->label, label) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Each object of the library, and no others whose score is clearly high enough for the file. */
static void check_objects(const char *what, GstConvnextResult *result, JsonArray *expected)
{
    const guint count = json_array_get_length(expected);
    guint n, high = 0;
    const GstConvnextDetectedObject *objects = gst_convnext_result_get_objects(result, &n);

    for (guint i = 0; i < count; i++) {
        JsonArray *object = json_array_get_array_element(expected, i);

        fail_unless(has_object(objects, n, object), "%s: no %s with the score %g", what,
                    json_array_get_string_element(object, 0),
                    json_array_get_double_element(object, 1));
    }
    for (guint i = 0; i < n; i++)
        high += (double)objects[i].score > LOWEST_SCORE + SCORE_LIMIT;
    fail_unless(high <= count, "%s: %u objects, of the library %u", what, high, count);
}

static void check_model(const char *name, JsonObject *expected)
{
    g_autofree char *model = g_build_filename(folder, name, NULL);
    const char *element = json_object_get_string_member(expected, "element");
    const gboolean detects = g_str_equal(element, "convnextdetect");
    g_autofree char *launch = g_strdup_printf("%s model=\"%s\" %s", element, model,
                                              detects ? "masks=off" : "mask-size=frame");
    g_autoptr(GstHarness) h = heads_harness(launch, NULL);
    JsonObject *photos = json_object_get_object_member(expected, "photos");
    JsonObjectIter iter;
    const char *photo;
    JsonNode *node;

    json_object_iter_init(&iter, photos);
    while (json_object_iter_next(&iter, &photo, &node)) {
        g_autofree char *what = g_strconcat(name, ", ", photo, NULL), *caps = NULL;
        GstBuffer *frame = read_photo(photo, &caps);

        gst_harness_set_src_caps_str(h, caps);
        g_autoptr(GstBuffer) out = frames_process(h, frame);
        if (detects)
            check_objects(what, frames_result(out), json_node_get_array(node));
        else
            check_shares(what, frames_result(out), json_node_get_object(node));
    }
}

GST_START_TEST(test_models)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *file;
    guint models = 0;

    fail_unless(dir, "no folder %s", folder);
    while ((file = g_dir_read_name(dir))) {
        if (!g_str_has_suffix(file, ENDING))
            continue;
        g_autofree char *path = g_build_filename(folder, file, NULL);
        g_autofree char *name = g_strndup(file, strlen(file) - strlen(ENDING));
        g_autoptr(JsonParser) parser = json_parser_new();

        fail_unless(json_parser_load_from_file(parser, path, NULL), "cannot read %s", path);
        check_model(name, json_node_get_object(json_parser_get_root(parser)));
        models++;
    }
    fail_unless(models > 0, "%s has no NAME" ENDING ": run tests/fixtures/expect_checkpoints.py",
                folder);
}
GST_END_TEST;

static Suite *checkpoints_suite(void)
{
    Suite *suite = suite_create("checkpoints");
    TCase *tc = tcase_create("checkpoints");

    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 600);
    tcase_add_test(tc, test_models);
    return suite;
}

int main(int argc, char **argv)
{
    folder = g_getenv("CONVNEXT_TEST_CHECKPOINTS");
    if (!folder) {
        g_print("CONVNEXT_TEST_CHECKPOINTS names no folder of checkpoints: skipped\n");
        return 77;
    }
    gst_check_init(&argc, &argv);
    return gst_check_run_suite(checkpoints_suite(), "checkpoints", __FILE__);
}
