/* The pictures of events: names and number of the files, a disk that is full, and the order of
 * events that wait for their pictures. The camera is a stand-in that shows a frame when the test
 * says so.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/snapshots.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "pipelines/watch/pictures/folder.h"

#define LIMIT (60 * G_USEC_PER_SEC)
#define TIME "2026-01-05T12:03:10.500000Z"

/* A stand-in for pipelines/watch/camera.c. */
struct WatchCamera {
    WatchSettings settings;
    WatchTap *tap;
};

const WatchSettings *watch_camera_settings(const WatchCamera *camera)
{
    return &camera->settings;
}

WatchState watch_camera_state(const WatchCamera *camera)
{
    return WATCH_PLAYING;
}

WatchTap *watch_camera_tap(WatchCamera *camera)
{
    return camera->tap;
}

/* A frame of 32 x 32 black pixels. */
static void show_frame(WatchCamera *camera)
{
    g_autoptr(GstPad) pad = gst_object_ref_sink(gst_pad_new("src", GST_PAD_SRC));
    g_autoptr(GstBuffer) frame = gst_buffer_new_allocate(NULL, 32 * 32, NULL);
    g_autoptr(GstCaps) caps =
        gst_caps_from_string("video/x-raw,format=GRAY8,width=32,height=32,framerate=25/1");

    gst_buffer_memset(frame, 0, 0, 32 * 32);
    gst_pad_set_active(pad, TRUE);
    gst_pad_push_event(pad, gst_event_new_stream_start("test"));
    gst_pad_push_event(pad, gst_event_new_caps(caps));
    watch_tap_pass(camera->tap, pad, frame);
    gst_pad_set_active(pad, FALSE);
}

static char *make_folder(void)
{
    char *path = g_dir_make_tmp("snapshots-XXXXXX", NULL);

    g_assert_nonnull(path);
    return path;
}

/* Deletes a folder and returns how many files it had. */
static guint delete_folder(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint count = 0;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *file = g_build_filename(path, name, NULL);

        g_assert_cmpint(g_unlink(file), ==, 0);
        count++;
    }
    g_assert_cmpint(g_rmdir(path), ==, 0);
    return count;
}

static gboolean has_file(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Names */

static void test_names(void)
{
    static const char *const odd[] = {
        "..",  ".",    "../../etc/passwd", "a/b",      "a_b/",     "",
        "-rf", ".hid", "\n\x1b[2J",        "\xff\xfe", "t\u00fcr", "a\\b"};
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *name = watch_folder_name("door.1-a_B", TIME, "problem-begin");
    g_autofree char *name_alone = watch_folder_name("door.1-a_B", TIME, NULL);
    g_autofree char *name_of_48 = g_strnfill(48, 'x'), *name_of_10k = g_strnfill(10240, 'x');
    g_autofree char *safe_48 = watch_folder_camera(name_of_48);
    g_autofree char *safe_10k = watch_folder_camera(name_of_10k);

    g_assert_cmpstr(name, ==, "door.1-a_B-20260105T120310.500000Z-problem-begin.jpg");
    g_assert_cmpstr(name_alone, ==, "door.1-a_B-20260105T120310.500000Z.jpg");
    g_assert_cmpstr(safe_48, ==, name_of_48);
    g_assert_cmpuint(strlen(safe_10k), ==, 57);
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        char *safe = watch_folder_camera(odd[i]);

        if (*odd[i])
            g_assert_true(g_ascii_isalnum(*safe) || *safe == '_');
        g_assert_cmpuint(
            strspn(safe, "abcdefghijklmnopqrstuvwxyz" G_CSET_A_2_Z G_CSET_DIGITS "_.-~"), ==,
            strlen(safe));
        g_assert_true(g_hash_table_add(seen, safe)); /* different cameras, different names */
    }
}

/* Keeping */

static void write_file(WatchFolder *folder, const char *camera, guint second, guint keep)
{
    g_autoptr(GBytes) jpeg = g_bytes_new_static("picture", 7);
    g_autofree char *time = g_strdup_printf("2026-01-05T12:03:%02u.000000Z", second);
    g_autofree char *name = watch_folder_name(camera, time, "state");
    g_autoptr(GError) error = NULL;

    watch_folder_write(folder, camera, name, jpeg, keep, &error);
    g_assert_no_error(error);
}

static void put_file(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
}

static void test_keep(void)
{
    static const char *const others[] = {
        "a-b-20260105T120300.000000Z-state.jpg", "a-20260105T120300.000000Z-state.png",
        "a-20260105T120300.000000Z-.jpg",        "a-2026010xT120300.000000Z-state.jpg",
        "a-20260105T120300.000000Z-STATE.jpg",   "a.jpg"};
    g_autofree char *path = make_folder();
    WatchFolder *folder;

    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        put_file(path, others[i]);
    put_file(path, "a-20260105T120301.000000Z-state.jpg"); /* of an earlier run */
    put_file(path, "a-20260105T120300.000000Z-frozen.jpg");
    put_file(path, "a-20260105T120300.000000Z-state.jpg.tmp"); /* of one that was killed */
    folder = watch_folder_new(path);
    write_file(folder, "a", 2, 3);
    g_assert_true(has_file(path, "a-20260105T120300.000000Z-frozen.jpg"));
    g_assert_false(has_file(path, "a-20260105T120300.000000Z-state.jpg.tmp"));
    write_file(folder, "a", 3, 3);
    g_assert_false(has_file(path, "a-20260105T120300.000000Z-frozen.jpg"));
    g_assert_true(has_file(path, "a-20260105T120301.000000Z-state.jpg"));
    write_file(folder, "a", 4, 1);
    write_file(folder, "a-b", 5, 1);
    g_assert_true(has_file(path, "a-20260105T120304.000000Z-state.jpg"));
    g_assert_true(has_file(path, "a-b-20260105T120305.000000Z-state.jpg"));
    g_assert_false(has_file(path, others[0])); /* the other camera's */
    watch_folder_free(folder);
    g_assert_cmpuint(delete_folder(path), ==, G_N_ELEMENTS(others) - 1 + 2);
}

/* A limit of the size of files stands for a full disk: the write stops in the middle. */
static void test_full_disk(void)
{
    const struct rlimit full = {4096, RLIM_INFINITY}, enough = {RLIM_INFINITY, RLIM_INFINITY};
    g_autofree char *path = make_folder(), *data = g_malloc0(10000);
    g_autoptr(GBytes) jpeg = g_bytes_new(data, 10000);
    g_autofree char *name = watch_folder_name("a", TIME, "state");
    g_autoptr(WatchFolder) folder = watch_folder_new(path);
    g_autoptr(GError) error = NULL;

    signal(SIGXFSZ, SIG_IGN);
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &full), ==, 0);
    g_assert_false(watch_folder_write(folder, "a", name, jpeg, 1, &error));
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &enough), ==, 0);
    g_assert_cmpstr(error->message, ==, "File too large");
    g_assert_cmpuint(delete_folder(path), ==, 0);
}

/* A link that somebody puts in the place of a file is replaced, not followed. */
static void test_links(void)
{
    g_autofree char *path = make_folder(), *target = g_build_filename(path, "target", NULL);
    g_autofree char *name = watch_folder_name("a", TIME, "state");
    g_autofree char *file = g_build_filename(path, name, NULL);
    g_autofree char *temporary = g_strconcat(file, ".tmp", NULL);
    g_autoptr(WatchFolder) folder = watch_folder_new(path);
    g_autoptr(GBytes) jpeg = g_bytes_new_static("picture", 7);

    g_assert_cmpint(symlink(target, file), ==, 0);
    g_assert_cmpint(symlink(target, temporary), ==, 0);
    g_assert_true(watch_folder_write(folder, "a", name, jpeg, 9, NULL));
    g_assert_false(g_file_test(target, G_FILE_TEST_EXISTS));
    g_assert_false(g_file_test(file, G_FILE_TEST_IS_SYMLINK));
    g_assert_cmpuint(delete_folder(path), ==, 1);
}

/* Events */

static void on_event(WatchEvent *event, gpointer data)
{
    g_ptr_array_add(data, event);
}

static void add_event(WatchSnapshots *snapshots, WatchCamera *camera, const char *name)
{
    watch_snapshots_add(snapshots, camera, watch_event_new(name, "door", g_get_real_time()));
}

static void expect_event(GPtrArray *events, guint i, const char *name, gboolean has_snapshot)
{
    const char *path = watch_event_text(events->pdata[i], "snapshot");

    g_assert_cmpstr(watch_event_name(events->pdata[i]), ==, name);
    g_assert_cmpint(path != NULL, ==, has_snapshot);
    if (path)
        g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
}

static void wait_for(GPtrArray *events, guint count)
{
    while (events->len < count)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(events->len, ==, count);
}

static void test_order(void)
{
    g_autofree char *path = make_folder();
    g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func((GDestroyNotify)watch_event_unref);
    WatchPictures *pictures = watch_pictures_new(WATCH_PICTURES_TO_SHOW, LIMIT);
    WatchSnapshots *snapshots = watch_snapshots_new(path, pictures, LIMIT, on_event, events);
    WatchCamera camera = {
        .settings = {.name = (char *)"door", .snapshot_width = 640, .snapshots_keep = 9},
        .tap = watch_tap_new()};

    /* Later events of the camera wait for the first one's picture; those of others do not. */
    add_event(snapshots, &camera, "state");
    add_event(snapshots, &camera, "camera-lost");
    add_event(snapshots, &camera, "problem-begin");
    add_event(snapshots, NULL, "state");
    g_assert_cmpuint(events->len, ==, 0);
    watch_snapshots_add(snapshots, NULL, watch_event_new("state", "yard", 0));
    wait_for(events, 1);
    expect_event(events, 0, "state", FALSE);
    g_assert_true(watch_snapshots_are_busy(snapshots));
    show_frame(&camera);
    wait_for(events, 5);
    expect_event(events, 1, "state", TRUE);
    expect_event(events, 2, "camera-lost", FALSE);
    expect_event(events, 3, "problem-begin", TRUE);
    expect_event(events, 4, "state", FALSE);
    g_assert_false(watch_snapshots_are_busy(snapshots));

    /* At the end, what waits is published once, in order. */
    add_event(snapshots, &camera, "frozen");
    add_event(snapshots, &camera, "camera-lost");
    watch_snapshots_free(snapshots);
    wait_for(events, 7);
    expect_event(events, 5, "frozen", FALSE);
    expect_event(events, 6, "camera-lost", FALSE);
    watch_pictures_free(pictures);
    g_assert_cmpuint(events->len, ==, 7);
    watch_tap_unref(camera.tap);
    g_assert_cmpuint(delete_folder(path), ==, 2);
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/snapshots/names", test_names);
    g_test_add_func("/snapshots/keep", test_keep);
    g_test_add_func("/snapshots/full-disk", test_full_disk);
    g_test_add_func("/snapshots/links", test_links);
    g_test_add_func("/snapshots/order", test_order);
    return g_test_run();
}
