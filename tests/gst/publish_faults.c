/* convnextpublish: faults of files and pipes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gst/publish/gstconvnextpublish.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/publishing.h"

/* Fails unless exactly one error was posted, with this code and both texts. */
static void check_error(GstBus *bus, GstResourceError code, const char *text, const char *reason)
{
    g_autoptr(GError) error = messages_parse(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR));

    fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, code), "another code: %s",
                error->message);
    messages_check_text(error, text);
    messages_check_text(error, reason);
    fail_unless(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR) == NULL, "a second error was posted");
}

/* Checks that the element does not start. Takes the element. */
static void check_no_start(GstElement *element, const char *text, const char *reason)
{
    g_autoptr(GstElement) owned = element;
    g_autoptr(GstBus) bus = gst_bus_new();

    gst_element_set_bus(element, bus);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED),
                           GST_STATE_CHANGE_FAILURE);
    check_error(bus, GST_RESOURCE_ERROR_OPEN_WRITE, text, reason);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
}

/* A location that is a folder or in a missing folder is refused at start. */
GST_START_TEST(test_bad_location)
{
    g_autofree char *missing = g_build_filename(folder, "missing", "lines", NULL);

    check_no_start(make_element("location", folder, NULL), folder, g_strerror(EISDIR));
    check_no_start(make_element("location", missing, NULL), missing, g_strerror(ENOENT));
}
GST_END_TEST;

/* A tensor-dir that is a file or below a file is refused at start. */
GST_START_TEST(test_bad_tensor_dir)
{
    g_autofree char *file = folder_path("file");
    g_autofree char *below = g_build_filename(file, "maps", NULL);

    fail_unless(g_file_set_contents(file, "", 0, NULL));
    check_no_start(make_element("tensor-dir", file, NULL), file, g_strerror(ENOTDIR));
    check_no_start(make_element("tensor-dir", below, NULL), below, g_strerror(ENOTDIR));
}
GST_END_TEST;

/* Checks that a frame fails with one error. Takes the element. */
static void check_no_write(GstElement *element, GstResourceError code, const char *text,
                           const char *reason)
{
    g_autoptr(GstHarness) harness = make_harness(element);
    g_autoptr(GstBus) bus = gst_bus_new();

    gst_element_set_bus(element, bus);
    fail_unless_equals_int(gst_harness_push(harness, make_frame(make_full_result())),
                           GST_FLOW_ERROR);
    check_error(bus, code, text, reason);
    gst_element_set_bus(element, NULL);
}

/* A full disk has its own error code. */
GST_START_TEST(test_disk_full)
{
    check_no_write(make_element("location", "/dev/full", NULL), GST_RESOURCE_ERROR_NO_SPACE_LEFT,
                   "\"/dev/full\"", g_strerror(ENOSPC));
}
GST_END_TEST;

/* If tensor-dir is deleted while playing, the error names the file. */
GST_START_TEST(test_tensor_dir_vanishes)
{
    g_autofree char *maps = folder_path("maps");
    GstElement *element = make_element("tensor-dir", maps, NULL);

    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(g_rmdir(maps), 0);
    check_no_write(element, GST_RESOURCE_ERROR_WRITE, "convnext-0-stage3.npy", g_strerror(ENOENT));
}
GST_END_TEST;

/* Replaces standard output by a pipe and returns its reading end. saved is for restore_stdout(). */
static int pipe_stdout(int *saved)
{
    int ends[2];

    fflush(stdout);
    fail_unless_equals_int(pipe(ends), 0);
    *saved = dup(STDOUT_FILENO);
    fail_unless(dup2(ends[1], STDOUT_FILENO) >= 0);
    close(ends[1]);
    return ends[0];
}

static void restore_stdout(int saved)
{
    dup2(saved, STDOUT_FILENO);
    close(saved);
}

/* If the reader is gone, as after "| head -1", an error is posted and no signal ends the
 * process. */
GST_START_TEST(test_broken_pipe)
{
    int saved, reader = pipe_stdout(&saved);

    close(reader);
    check_no_write(make_element("location", "-", NULL), GST_RESOURCE_ERROR_WRITE, "standard output",
                   g_strerror(EPIPE));
    restore_stdout(saved);
}
GST_END_TEST;

/* A result with a line of three pages, so that a pipe of sixteen pages fills up within a line. */
static GstConvnextResult *make_long_result(const char *model)
{
    const gsize dims[] = {1, 1, 1, 5000};
    g_autofree float *values = g_new0(float, dims[3]);
    GstConvnextResult *result = make_result(model);

    add_tensor(result, GST_CONVNEXT_TENSOR_LOGITS, 4, dims, values);
    return result;
}

/* Pushes frames until one is not accepted, and returns the flow. */
static gpointer push_until_refused(gpointer harness)
{
    GstFlowReturn flow;

    do
        flow = gst_harness_push(harness, make_frame(make_long_result("m")));
    while (flow == GST_FLOW_OK);
    return GINT_TO_POINTER(flow);
}

/* Two waiting elements, one for a reader that never reads and one for its turn, can be stopped in
 * either order. */
GST_START_TEST(test_stalled_reader)
{
    int saved, reader = pipe_stdout(&saved);
    GstElement *elements[2];
    GstHarness *harnesses[2];
    GThread *threads[2];

    for (guint i = 0; i < 2; i++) {
        elements[i] = make_element("location", "-", NULL);
        harnesses[i] = make_harness(gst_object_ref(elements[i]));
        threads[i] = g_thread_new(NULL, push_until_refused, harnesses[i]);
        g_usleep(100000);
    }
    for (guint i = 0; i < 2; i++) {
        guint which = (i + __i__) % 2;

        fail_unless_equals_int(gst_element_set_state(elements[which], GST_STATE_NULL),
                               GST_STATE_CHANGE_SUCCESS);
        fail_unless_equals_int(GPOINTER_TO_INT(g_thread_join(threads[which])), GST_FLOW_FLUSHING);
    }
    for (guint i = 0; i < 2; i++) {
        gst_harness_teardown(harnesses[i]);
        gst_object_unref(elements[i]);
    }
    close(reader);
    restore_stdout(saved);
}
GST_END_TEST;

static char *make_fifo(void)
{
    char *path = folder_path("fifo");

    fail_unless_equals_int(mkfifo(path, 0600), 0);
    return path;
}

/* A named pipe without a reader does not block the start. A frame waits for the reader until a
 * state change interrupts it. */
GST_START_TEST(test_fifo_without_reader)
{
    g_autofree char *path = make_fifo();
    g_autoptr(GstElement) element = make_element("location", path, NULL);
    GstHarness *harness = make_harness(gst_object_ref(element));
    GThread *thread = g_thread_new(NULL, push_until_refused, harness);

    g_usleep(200000);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_NULL),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(GPOINTER_TO_INT(g_thread_join(thread)), GST_FLOW_FLUSHING);
    gst_harness_teardown(harness);
}
GST_END_TEST;

static gpointer push_one(gpointer harness)
{
    return GINT_TO_POINTER(gst_harness_push(harness, make_frame(make_result("first"))));
}

/* A reader that comes later gets the first line. An error is posted when it is gone. */
GST_START_TEST(test_fifo_with_late_reader)
{
    g_autofree char *path = make_fifo();
    g_autoptr(GstElement) element = make_element("location", path, NULL);
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autoptr(GstHarness) harness = make_harness(gst_object_ref(element));
    GThread *thread = g_thread_new(NULL, push_one, harness);
    char line[1000];

    g_usleep(200000);
    FILE *reader = fopen(path, "r");
    fail_unless(reader && fgets(line, sizeof line, reader));
    fail_unless(strstr(line, "\"model\":\"first\""), "%s", line);
    fail_unless_equals_int(GPOINTER_TO_INT(g_thread_join(thread)), GST_FLOW_OK);
    fclose(reader);
    gst_element_set_bus(element, bus);
    fail_unless_equals_int(GPOINTER_TO_INT(push_one(harness)), GST_FLOW_ERROR);
    check_error(bus, GST_RESOURCE_ERROR_WRITE, path, g_strerror(EPIPE));
    gst_element_set_bus(element, NULL);
}
GST_END_TEST;

#define SHARED_LINES 200

/* Pushes SHARED_LINES frames to an element with this name as its stream. */
static gpointer push_many(gpointer name)
{
    g_autoptr(GstHarness) harness =
        make_harness(make_element("location", "-", "stream", name, NULL));

    for (guint i = 0; i < SHARED_LINES; i++)
        push_frame(harness, make_frame(make_long_result(name)));
    return NULL;
}

/* Long lines of two elements on one pipe do not interleave. */
GST_START_TEST(test_shared_stdout)
{
    int saved, reader = pipe_stdout(&saved);
    FILE *lines = fdopen(reader, "r");
    const char *names[] = {"a", "b"};
    GThread *threads[2];
    char *line = NULL;
    size_t size = 0;

    for (guint i = 0; i < 2; i++)
        threads[i] = g_thread_new(NULL, push_many, (gpointer)names[i]);
    for (guint i = 0; i < 2 * SHARED_LINES; i++) {
        fail_unless(getline(&line, &size, lines) > 0);
        g_autoptr(JsonNode) node = json_from_string(line, NULL);
        fail_unless(node && JSON_NODE_HOLDS_OBJECT(node), "lines mix: %s", line);
        JsonObject *object = json_node_get_object(node);
        fail_unless_equals_string(json_object_get_string_member(object, "stream"),
                                  json_object_get_string_member(object, "model"));
    }
    for (guint i = 0; i < 2; i++)
        g_thread_join(threads[i]);
    free(line);
    restore_stdout(saved);
    fclose(lines);
}
GST_END_TEST;

/* If an element stops within a line, the next element begins a new line. */
GST_START_TEST(test_torn_line)
{
    int saved, reader = pipe_stdout(&saved), filled = 0, before;
    FILE *lines = fdopen(reader, "r");
    GstElement *element = make_element("location", "-", NULL);
    GstHarness *harness = make_harness(gst_object_ref(element));
    GThread *thread = g_thread_new(NULL, push_until_refused, harness);
    char *line = NULL;
    size_t size = 0;
    guint n_torn = 0;

    do { /* until the element waits */
        before = filled;
        g_usleep(200000);
        fail_unless_equals_int(ioctl(reader, FIONREAD, &filled), 0);
    } while (filled == 0 || filled != before);
    gst_element_set_state(element, GST_STATE_NULL);
    g_thread_join(thread);
    gst_harness_teardown(harness);
    gst_object_unref(element);

    thread = g_thread_new(NULL, push_many, (gpointer) "next");
    for (guint i = 0; i < SHARED_LINES;) {
        fail_unless(getline(&line, &size, lines) > 0);
        g_autoptr(JsonNode) node = json_from_string(line, NULL);
        gboolean is_next = strstr(line, "\"stream\":\"next\"") != NULL;
        fail_unless(node || !is_next, "not on its own line: %s", line);
        n_torn += !node;
        i += is_next;
    }
    g_thread_join(thread);
    fail_unless_equals_int(n_torn, 1);
    free(line);
    restore_stdout(saved);
    fclose(lines);
}
GST_END_TEST;

static Suite *publish_faults_suite(void)
{
    Suite *suite = suite_create("publish_faults");
    TCase *tc = tcase_create("publish_faults");

    GST_ELEMENT_REGISTER(convnextpublish, NULL);
    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, folder_setup, folder_teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_bad_location);
    tcase_add_test(tc, test_bad_tensor_dir);
    tcase_add_test(tc, test_disk_full);
    tcase_add_test(tc, test_tensor_dir_vanishes);
    tcase_add_test(tc, test_broken_pipe);
    tcase_add_loop_test(tc, test_stalled_reader, 0, 2);
    tcase_add_test(tc, test_fifo_without_reader);
    tcase_add_test(tc, test_fifo_with_late_reader);
    tcase_add_test(tc, test_shared_stdout);
    tcase_add_test(tc, test_torn_line);
    return suite;
}

GST_CHECK_MAIN(publish_faults);
