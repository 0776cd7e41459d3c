/* Pictures of cameras on request: their size, format and age, and requests that fail. The cameras
 * are stand-ins that show a frame when the test says so.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/pictures.h"

#include <gst/video/video.h>
#include <stdlib.h>
#include <string.h>

#include "pipelines/watch/pictures/encoder.h"

#define LIMIT (60 * G_USEC_PER_SEC)
#define QUALITY 85
#define SHORT_LIMIT (50 * 1000)

/* A stand-in for pipelines/watch/camera.c. */
struct WatchCamera {
    WatchSettings settings;
    WatchState state;
    WatchTap *tap;
    GstPad *pad;
};

const WatchSettings *watch_camera_settings(const WatchCamera *camera)
{
    return &camera->settings;
}

WatchState watch_camera_state(const WatchCamera *camera)
{
    return camera->state;
}

WatchTap *watch_camera_tap(WatchCamera *camera)
{
    return camera->tap;
}

static GstCaps *make_caps(const char *format, int width, int height, const char *rest)
{
    g_autofree char *text = g_strdup_printf(
        "video/x-raw,format=%s,width=%d,height=%d,framerate=25/1%s", format, width, height, rest);

    return gst_caps_from_string(text);
}

/* A frame of zeros. */
static GstBuffer *make_frame(GstCaps *caps)
{
    GstVideoInfo info;
    GstBuffer *frame;

    g_assert_true(gst_video_info_from_caps(&info, caps));
    frame = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&info), NULL);
    gst_buffer_memset(frame, 0, 0, GST_VIDEO_INFO_SIZE(&info));
    return frame;
}

static void open_camera(WatchCamera *camera, const char *name)
{
    g_autoptr(GstCaps) caps = make_caps("NV12", 800, 450, "");

    *camera = (WatchCamera){
        .settings = {.name = (char *)name, .source = (char *)"test:ball", .snapshot_width = 640},
        .state = WATCH_PLAYING,
        .tap = watch_tap_new(),
        .pad = gst_object_ref_sink(gst_pad_new("src", GST_PAD_SRC))};
    gst_pad_set_active(camera->pad, TRUE);
    gst_pad_push_event(camera->pad, gst_event_new_stream_start("test"));
    gst_pad_push_event(camera->pad, gst_event_new_caps(caps));
}

static void close_camera(WatchCamera *camera)
{
    gst_pad_set_active(camera->pad, FALSE);
    gst_object_unref(camera->pad);
    watch_tap_unref(camera->tap);
}

static void show_frame(WatchCamera *camera)
{
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(camera->pad);
    g_autoptr(GstBuffer) frame = make_frame(caps);

    watch_tap_pass(camera->tap, camera->pad, frame);
    g_assert_cmpint(GST_MINI_OBJECT_REFCOUNT_VALUE(frame), ==, 1);
}

/* Answers */

typedef struct Answer {
    guint count;
    WatchPicture *picture;
} Answer;

static void on_answer(WatchPicture *picture, gpointer data)
{
    Answer *answer = data;

    answer->count++;
    g_clear_pointer(&answer->picture, watch_picture_unref);
    answer->picture = picture ? watch_picture_ref(picture) : NULL;
}

static void wait_for(const Answer *answer, guint count)
{
    while (answer->count < count)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(answer->count, ==, count);
}

static void clear_answer(Answer *answer)
{
    g_clear_pointer(&answer->picture, watch_picture_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Answer, clear_answer)

/* Encoding */

/* The size in the header of a JPEG picture. */
static void read_size(GBytes *jpeg, int *width, int *height)
{
    gsize length;
    const guint8 *data = g_bytes_get_data(jpeg, &length);

    g_assert_cmpuint(length, >, 4);
    g_assert_cmphex((guint)(data[0] << 8 | data[1]), ==, 0xffd8);
    g_assert_cmphex((guint)(data[length - 2] << 8 | data[length - 1]), ==, 0xffd9);
    for (gsize i = 2; i + 9 < length; i += 2u + (gsize)(data[i + 2] << 8 | data[i + 3])) {
        if (data[i + 1] != 0xc0)
            continue;
        *height = data[i + 5] << 8 | data[i + 6];
        *width = data[i + 7] << 8 | data[i + 8];
        return;
    }
    g_assert_not_reached();
}

static void expect_size(WatchEncoder *encoder, GstCaps *caps, guint max_width, int width,
                        int height)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GstBuffer) frame = make_frame(caps);
    g_autoptr(WatchPicture) picture =
        watch_encoder_encode(encoder, frame, caps, max_width, 5, &error);
    int jpeg_width, jpeg_height;

    g_assert_no_error(error);
    read_size(picture->jpeg, &jpeg_width, &jpeg_height);
    g_assert_cmpint(jpeg_width, ==, width);
    g_assert_cmpint(jpeg_height, ==, height);
    g_assert_cmpint(picture->width, ==, width);
    g_assert_cmpint(picture->height, ==, height);
    g_assert_cmpint(picture->time, ==, 5);
}

static void test_sizes(void)
{
    static const struct {
        int width, height;
        const char *rest;
        int expected_width, expected_height;
    } cases[] = {
        {1280, 720, "", 640, 360},
        {640, 480, "", 640, 480},
        {97, 65, "", 97, 65},
        {1, 1, "", 1, 1},
        {4000, 2, "", 640, 1},
        {320, 240, ",pixel-aspect-ratio=3/2", 480, 240},
        {720, 576, ",pixel-aspect-ratio=16/11", 640, 352},
        {720, 576, ",interlace-mode=interleaved", 640, 512},
        {64, 48, ",pixel-aspect-ratio=100000/1", 640, 1},
        {64, 48, ",pixel-aspect-ratio=1/100000", 1, 48},
    };
    g_autoptr(WatchEncoder) encoder = watch_encoder_new(QUALITY, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GstCaps) caps = make_caps("I420", cases[i].width, cases[i].height, cases[i].rest);

        expect_size(encoder, caps, 640, cases[i].expected_width, cases[i].expected_height);
        expect_size(encoder, caps, 0, cases[i].width, cases[i].height);
    }
}

static GValue *init_list(GValue *list)
{
    return g_value_init(list, GST_TYPE_LIST);
}

static void test_formats(void)
{
    g_autoptr(WatchEncoder) encoder = watch_encoder_new(QUALITY, NULL);
    g_auto(GValue) list = G_VALUE_INIT;

    g_assert_true(gst_value_deserialize(init_list(&list), GST_VIDEO_FORMATS_ALL));
    for (guint i = 0; i < gst_value_list_get_size(&list); i++) {
        const char *format = g_value_get_string(gst_value_list_get_value(&list, i));
        g_autoptr(GstCaps) caps = make_caps(format, 33, 17, "");

        expect_size(encoder, caps, 640, 33, 17);
        expect_size(encoder, caps, 16, 16, 8);
    }
}

/* In bytes, of noise. */
static gsize encode_noise(int quality)
{
    g_autoptr(WatchEncoder) encoder = watch_encoder_new(quality, NULL);
    g_autoptr(GstCaps) caps = make_caps("GRAY8", 64, 64, "");
    g_autoptr(GstBuffer) frame = make_frame(caps);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    g_autoptr(WatchPicture) picture = NULL;
    GstMapInfo map;

    g_assert_true(gst_buffer_map(frame, &map, GST_MAP_WRITE));
    for (gsize i = 0; i < map.size; i++)
        map.data[i] = (guint8)g_rand_int_range(rand, 0, 256);
    gst_buffer_unmap(frame, &map);
    picture = watch_encoder_encode(encoder, frame, caps, 0, 0, NULL);
    return g_bytes_get_size(picture->jpeg);
}

static void test_quality(void)
{
    g_assert_cmpuint(encode_noise(95), >, encode_noise(85) * 5 / 4);
}

static void test_short_frame(void)
{
    g_autoptr(WatchEncoder) encoder = watch_encoder_new(QUALITY, NULL);
    g_autoptr(GstCaps) caps = make_caps("I420", 64, 48, ""), small = make_caps("I420", 32, 48, "");
    g_autoptr(GstBuffer) frame = make_frame(small);
    g_autoptr(GError) error = NULL;

    g_assert_null(watch_encoder_encode(encoder, frame, caps, 640, 0, &error));
    g_assert_cmpstr(error->message, ==, "a frame cannot be encoded: it does not match its caps");
    g_clear_error(&error);
    g_assert_null(watch_encoder_encode(encoder, NULL, caps, 640, 0, &error));
    g_assert_nonnull(error);
    expect_size(encoder, caps, 640, 64, 48); /* the encoder still works */
}

/* Requests */

static void test_requests_share(void)
{
    WatchPictures *pictures = watch_pictures_new(WATCH_PICTURES_TO_SHOW, LIMIT);
    g_auto(Answer) first = {0}, second = {0}, third = {0};
    WatchCamera camera;

    open_camera(&camera, "door");
    g_assert_null(watch_pictures_last(pictures, "door"));
    watch_pictures_get(pictures, &camera, WATCH_PICTURES_FRESH, on_answer, &first);
    watch_pictures_get(pictures, &camera, 0, on_answer, &second);
    show_frame(&camera);
    show_frame(&camera);
    wait_for(&first, 1);
    wait_for(&second, 1);
    g_assert_nonnull(first.picture);
    g_assert_true(first.picture == second.picture);
    g_assert_cmpint(first.picture->width, ==, 640);

    /* One that is young enough needs no frame. */
    watch_pictures_get(pictures, &camera, LIMIT, on_answer, &third);
    wait_for(&third, 1);
    g_assert_true(third.picture == first.picture);
    watch_pictures_get(pictures, &camera, 0, on_answer, &third);
    show_frame(&camera);
    wait_for(&third, 2);
    g_assert_true(third.picture && third.picture != first.picture);
    g_assert_true(watch_pictures_last(pictures, "door") == third.picture);
    watch_pictures_free(pictures);
    close_camera(&camera);
}

static void test_to_learn(void)
{
    WatchPictures *pictures = watch_pictures_new(WATCH_PICTURES_TO_LEARN, LIMIT);
    g_auto(Answer) answer = {0};
    WatchCamera camera;

    open_camera(&camera, "door");
    watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
    show_frame(&camera);
    wait_for(&answer, 1);
    g_assert_cmpint(answer.picture->width, ==, 800);
    g_assert_cmpint(answer.picture->height, ==, 450);
    watch_pictures_free(pictures);
    close_camera(&camera);
}

static void test_requests_fail(void)
{
    WatchPictures *pictures = watch_pictures_new(WATCH_PICTURES_TO_SHOW, LIMIT);
    g_autoptr(GPtrArray) none = g_ptr_array_new(), list = g_ptr_array_new();
    g_auto(Answer) answer = {0};
    WatchCamera camera;
    WatchPicture *last;

    open_camera(&camera, "door");
    g_ptr_array_add(list, &camera);
    watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
    show_frame(&camera);
    wait_for(&answer, 1);
    last = watch_pictures_last(pictures, "door");

    /* Lost while a request waits, and before it. The last picture stays. */
    watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
    watch_pictures_camera_changed(pictures, &camera);
    g_assert_cmpuint(answer.count, ==, 1);
    camera.state = WATCH_WAITING;
    watch_pictures_camera_changed(pictures, &camera);
    g_assert_cmpuint(answer.count, ==, 2);
    g_assert_null(answer.picture);
    watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
    g_assert_cmpuint(answer.count, ==, 3);
    g_assert_null(answer.picture);
    g_assert_true(watch_pictures_last(pictures, "door") == last);

    /* Removed from the list. */
    camera.state = WATCH_PLAYING;
    watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
    watch_pictures_keep(pictures, none);
    g_assert_cmpuint(answer.count, ==, 4);
    g_assert_null(answer.picture);
    g_assert_null(watch_pictures_last(pictures, "door"));

    /* Another source does not show the pictures of the old one; other changes keep them. */
    watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
    show_frame(&camera);
    wait_for(&answer, 5);
    watch_pictures_keep(pictures, list);
    g_assert_nonnull(watch_pictures_last(pictures, "door"));
    camera.settings.source = (char *)"test:snow";
    watch_pictures_keep(pictures, list);
    g_assert_null(watch_pictures_last(pictures, "door"));

    /* The end. */
    watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
    watch_pictures_free(pictures);
    g_assert_cmpuint(answer.count, ==, 6);
    g_assert_null(answer.picture);
    show_frame(&camera); /* without a request */
    close_camera(&camera);
}

static void test_no_frame(void)
{
    WatchPictures *pictures = watch_pictures_new(WATCH_PICTURES_TO_SHOW, SHORT_LIMIT);
    g_auto(Answer) answer = {0};
    WatchCamera camera;

    open_camera(&camera, "door");
    watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
    wait_for(&answer, 1);
    g_assert_null(answer.picture);
    show_frame(&camera); /* no request is left */
    g_assert_null(watch_pictures_last(pictures, "door"));
    watch_pictures_free(pictures);
    close_camera(&camera);
}

/* Resident memory in KiB. */
static long read_memory(void)
{
    g_autofree char *text = NULL;
    const char *line;

    g_assert_true(g_file_get_contents("/proc/self/status", &text, NULL, NULL));
    line = strstr(text, "VmRSS:");
    return line ? strtol(line + strlen("VmRSS:"), NULL, 10) : 0;
}

/* 200 copies of a frame are 108 MB. */
static void test_memory(void)
{
    WatchPictures *pictures = watch_pictures_new(WATCH_PICTURES_TO_SHOW, LIMIT);
    g_auto(Answer) answer = {0};
    WatchCamera camera;
    long before = 0;

    open_camera(&camera, "door");
    for (guint i = 0; i < 200; i++) {
        if (i == 20)
            before = read_memory();
        watch_pictures_get(pictures, &camera, 0, on_answer, &answer);
        show_frame(&camera);
        wait_for(&answer, i + 1);
        g_assert_nonnull(answer.picture);
    }
    g_assert_cmpint(read_memory() - before, <, 20 * 1024);
    watch_pictures_free(pictures);
    close_camera(&camera);
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pictures/sizes", test_sizes);
    g_test_add_func("/pictures/formats", test_formats);
    g_test_add_func("/pictures/quality", test_quality);
    g_test_add_func("/pictures/short-frame", test_short_frame);
    g_test_add_func("/pictures/requests-share", test_requests_share);
    g_test_add_func("/pictures/to-learn", test_to_learn);
    g_test_add_func("/pictures/requests-fail", test_requests_fail);
    g_test_add_func("/pictures/no-frame", test_no_frame);
    g_test_add_func("/pictures/memory", test_memory);
    return g_test_run();
}
