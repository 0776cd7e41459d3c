/* convnextpublish: lines, files of tensors, and what goes wrong with files and pipes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <json-glib/json-glib.h>

#include "gst/convnext/convnext.h"
#include "gst/gstconvnextpublish.h"

#define CAPS "video/x-raw,format=GRAY8,width=8,height=4,framerate=25/1"

static gchar *dir; /* of one test */

static void setup(void)
{
    dir = g_dir_make_tmp("convnextpublish-XXXXXX", NULL);
    fail_unless(dir != NULL);
}

static void remove_tree(const gchar *path)
{
    GDir *folder = g_dir_open(path, 0, NULL);
    const gchar *name;

    while (folder && (name = g_dir_read_name(folder))) {
        gchar *child = g_build_filename(path, name, NULL);

        remove_tree(child);
        g_free(child);
    }
    g_clear_pointer(&folder, g_dir_close);
    g_remove(path);
}

static void teardown(void)
{
    remove_tree(dir);
    g_clear_pointer(&dir, g_free);
}

static gchar *in_dir(const gchar *name)
{
    return g_build_filename(dir, name, NULL);
}

/* The element with a file in dir as location, and properties as in g_object_set. */
static GstElement *make_element(const gchar *property, ...)
{
    GstElement *element = gst_element_factory_make("convnextpublish", NULL);
    gchar *lines = in_dir("lines");
    va_list args;

    fail_unless(element != NULL);
    gst_object_ref_sink(element);
    g_object_set(element, "location", lines, NULL);
    va_start(args, property);
    g_object_set_valist(G_OBJECT(element), property, args);
    va_end(args);
    g_free(lines);
    return element;
}

/* Takes element. */
static GstHarness *make_harness(GstElement *element)
{
    GstHarness *harness = gst_harness_new_with_element(element, "sink", "src");

    gst_object_unref(element);
    gst_harness_set_src_caps_str(harness, CAPS);
    return harness;
}

static GstConvnextResult *make_result(const gchar *model)
{
    GstConvnextResult *result = gst_convnext_result_new(model, 0);

    gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
    return result;
}

static void add_tensor(GstConvnextResult *result, const gchar *name, guint n_dims,
                       const gsize *dims, const gfloat *values)
{
    gst_convnext_result_take_tensor(result,
                                    gst_convnext_tensor_new_copy(name, n_dims, dims, values));
}

/* Takes result. NULL: a frame without results. */
static GstBuffer *make_frame(GstConvnextResult *result)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, 32, NULL);

    gst_buffer_memset(buffer, 0, 0, -1);
    if (result) {
        gst_buffer_add_convnext_meta(buffer, result, 0);
        gst_convnext_result_unref(result);
    }
    return buffer;
}

static void push(GstHarness *harness, GstBuffer *frame)
{
    GstBuffer *out;

    gst_buffer_ref(frame);
    out = gst_harness_push_and_pull(harness, frame);
    fail_unless(out == frame, "the buffer was copied or lost");
    gst_buffer_unref(out);
    gst_buffer_unref(frame);
}

static gchar *read_lines(void)
{
    gchar *path = in_dir("lines"), *text = NULL;

    fail_unless(g_file_get_contents(path, &text, NULL, NULL));
    g_free(path);
    return text;
}

/* What is written for one frame with result, taken, parsed. */
static JsonNode *publish(GstConvnextResult *result)
{
    GstHarness *harness = make_harness(make_element(NULL));
    JsonNode *node;
    gchar *text;

    push(harness, make_frame(result));
    gst_harness_teardown(harness);
    text = read_lines();
    node = json_from_string(text, NULL);
    fail_unless(node && JSON_NODE_HOLDS_OBJECT(node), "not JSON: %s", text);
    g_free(text);
    return node;
}

static void check_lines(const gchar *expected)
{
    gchar *text = read_lines();

    fail_unless_equals_string(text, expected);
    g_free(text);
}

static GstConvnextResult *make_full_result(void)
{
    static const gsize vector[] = {1, 1, 1, 2}, map[] = {1, 2, 1, 3};
    static const gfloat embedding[] = {0.1f, -1e-30f}, logits[] = {16777216.f, 3.4028235e38f};
    static const gfloat values[6] = {1, 2, 3, 4, 5, 6};
    GstConvnextResult *result = make_result("convnext_tiny");

    gst_convnext_result_set_frame_size(result, 8, 4);
    gst_convnext_result_set_region(result, 1, 0, 6, 4);
    gst_convnext_result_set_object(result, 3, "person");
    gst_convnext_result_set_times(result, 1234567, 20000000);
    gst_convnext_result_add_class(result, 281, "tabby, tabby cat", 0.7f);
    gst_convnext_result_add_class(result, 282, NULL, NAN);
    add_tensor(result, "stage3", 4, map, values);
    add_tensor(result, GST_CONVNEXT_TENSOR_EMBEDDING, 4, vector, embedding);
    add_tensor(result, GST_CONVNEXT_TENSOR_LOGITS, 4, vector, logits);
    add_tensor(result, "stage4", 4, map, values);
    return result;
}

#define FULL_CLASSES                                                             \
    "\"classes\":[{\"index\":281,\"label\":\"tabby, tabby cat\",\"score\":0.7}," \
    "{\"index\":282,\"score\":null}]"
#define FULL_REST                                                                      \
    "\"embedding\":[0.1,-1e-30],\"logits\":[16777216,3.4028235e+38],"                  \
    "\"tensors\":{\"stage3\":{\"shape\":[1,2,1,3]},\"stage4\":{\"shape\":[1,2,1,3]}}," \
    "\"ms\":{\"preprocess\":1.235,\"inference\":20.000}}\n"

GST_START_TEST(test_line)
{
    GstHarness *harness = make_harness(make_element("stream", "gate", NULL));
    GstConvnextResult *result = make_full_result();
    GstBuffer *frame = gst_buffer_new_allocate(NULL, 32, NULL);

    GST_BUFFER_PTS(frame) = 90000 * GST_SECOND;
    gst_buffer_add_convnext_meta(frame, result, 40 * GST_MSECOND);
    gst_convnext_result_unref(result);
    push(harness, frame);
    check_lines("{\"stream\":\"gate\",\"frame\":0,\"pts\":90000000000000,\"width\":8,\"height\":4,"
                "\"model\":\"convnext_tiny\",\"age\":40000000,\"region\":[1,0,6,4],"
                "\"object\":{\"id\":3,\"label\":\"person\"}," FULL_CLASSES "," FULL_REST);
    gst_harness_teardown(harness);
}
GST_END_TEST

GST_START_TEST(test_absent)
{
    GstHarness *harness = make_harness(make_element(NULL));
    GstConvnextResult *result = gst_convnext_result_new("m", GST_CLOCK_TIME_NONE);

    gst_harness_set_src_caps_str(harness, "application/x-anything");
    push(harness, make_frame(result));
    check_lines("{\"frame\":0,\"model\":\"m\",\"age\":0}\n");
    push(harness, make_frame(make_result("m")));
    check_lines("{\"frame\":0,\"model\":\"m\",\"age\":0}\n"
                "{\"frame\":1,\"model\":\"m\",\"age\":0,\"classes\":[]}\n");
    gst_harness_teardown(harness);
}
GST_END_TEST

GST_START_TEST(test_strings)
{
    static const gchar label[] = "a \"b\" \\ /\n\r\t\b\f\x01\x7f \xc3\xa9 \xf0\x9f\x90\x88";
    GstConvnextResult *result = make_result("not\xff"
                                            "UTF-8");
    JsonNode *node;
    JsonObject *object;

    gst_convnext_result_add_class(result, 0, label, 1.f);
    node = publish(result);
    object = json_node_get_object(node);
    fail_unless_equals_string(json_object_get_string_member(object, "model"),
                              "not\xef\xbf\xbdUTF-8");
    object = json_array_get_object_element(json_object_get_array_member(object, "classes"), 0);
    fail_unless_equals_string(json_object_get_string_member(object, "label"), label);
    json_node_unref(node);
}
GST_END_TEST

/* Floats from all exponents and the corners come back bit by bit, -0 included. */
static void check_floats(guint32 seed)
{
    static const gfloat corners[] = {0.f,          -0.f,  1.f,      G_MAXFLOAT,   -G_MAXFLOAT,
                                     G_MINFLOAT,   0.1f,  1e-45f,   16777217.f,   9.999999e-5f,
                                     1.17549e-38f, 1e10f, 0.33333f, 2.5000002e3f, 123456.78f};
    const gsize dims[] = {1, 1, 1, 20000};
    GRand *rand = g_rand_new_with_seed(seed);
    gfloat *values = g_new(gfloat, dims[3]);
    GstConvnextResult *result = make_result("m");
    JsonNode *node;
    JsonArray *array;

    for (guint i = 0; i < dims[3]; i++) {
        guint32 bits = g_rand_int(rand);

        memcpy(&values[i], &bits, sizeof(bits));
    }
    memcpy(values, corners, sizeof(corners));
    add_tensor(result, GST_CONVNEXT_TENSOR_LOGITS, 4, dims, values);
    node = publish(result);
    array = json_object_get_array_member(json_node_get_object(node), "logits");
    fail_unless_equals_int(json_array_get_length(array), dims[3]);
    for (guint i = 0; i < dims[3]; i++) {
        JsonNode *element = json_array_get_element(array, i);
        gfloat back = json_node_get_double(element);

        if (isfinite(values[i]))
            fail_unless(back == values[i], "seed %u, %.9g became %.9g", seed, values[i], back);
        else
            fail_unless(JSON_NODE_HOLDS_NULL(element), "%f is not null", values[i]);
    }
    json_node_unref(node);
    g_free(values);
    g_rand_free(rand);
}

GST_START_TEST(test_floats)
{
    check_floats(1);
}
GST_END_TEST

/* Makes a locale with decimal commas, for this process; FALSE where that cannot be done. */
static gboolean use_commas(void)
{
    gchar *path = in_dir("de_DE.UTF-8");
    gchar *argv[] = {(gchar *)"localedef",
                     (gchar *)"-i",
                     (gchar *)"de_DE",
                     (gchar *)"-f",
                     (gchar *)"UTF-8",
                     path,
                     NULL};

    g_spawn_sync(NULL, argv, NULL,
                 G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, NULL, NULL, NULL, NULL);
    g_free(path);
    g_setenv("LOCPATH", dir, TRUE);
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        return FALSE;
    fail_unless_equals_string(localeconv()->decimal_point, ",");
    return TRUE;
}

GST_START_TEST(test_locale)
{
    GstHarness *harness;

    if (!use_commas()) {
        g_printerr("no locale with decimal commas, the test of numbers in it is skipped\n");
        return;
    }
    harness = make_harness(make_element(NULL));
    push(harness, make_frame(make_full_result()));
    check_lines("{\"frame\":0,\"width\":8,\"height\":4,\"model\":\"convnext_tiny\",\"age\":0,"
                "\"region\":[1,0,6,4],\"object\":{\"id\":3,\"label\":\"person\"}," FULL_CLASSES
                "," FULL_REST);
    gst_harness_teardown(harness);
    check_floats(2);
    setlocale(LC_ALL, "C");
    g_unsetenv("LOCPATH");
}
GST_END_TEST

/* Buffers without results and GAP buffers count; a second start begins anew. */
GST_START_TEST(test_frames)
{
    GstElement *element = make_element(NULL);
    GstHarness *harness = make_harness(gst_object_ref(element));
    GstBuffer *frame;

    push(harness, make_frame(NULL));
    frame = make_frame(NULL);
    GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_GAP);
    push(harness, frame);
    frame = make_frame(gst_convnext_result_new("a", 0));
    gst_buffer_ref(frame);
    push(harness, frame);
    gst_buffer_unref(frame);
    check_lines("{\"frame\":2,\"width\":8,\"height\":4,\"model\":\"a\",\"age\":0}\n");
    gst_harness_teardown(harness);

    gst_element_set_state(element, GST_STATE_NULL);
    harness = make_harness(element);
    push(harness, make_frame(gst_convnext_result_new("b", 0)));
    check_lines("{\"frame\":0,\"width\":8,\"height\":4,\"model\":\"b\",\"age\":0}\n");
    gst_harness_teardown(harness);
}
GST_END_TEST

/* Reads name in the folder, checks that it is the NumPy file of shape, returns its values. */
static gfloat *read_npy(const gchar *folder, const gchar *name, const gchar *shape, gsize n)
{
    gchar *path = g_build_filename(dir, folder, name, NULL), *data, *header;
    gsize size, length;
    gfloat *values;
    GError *error = NULL;

    g_file_get_contents(path, &data, &size, &error);
    fail_unless(error == NULL, "%s", error ? error->message : "");
    fail_unless(size > 10 && !memcmp(data, "\x93NUMPY\x01\x00", 8));
    length = (guint8)data[8] | (gsize)(guint8)data[9] << 8;
    fail_unless_equals_int((10 + length) % 64, 0);
    fail_unless_equals_int(size, 10 + length + n * 4);
    fail_unless_equals_int(data[9 + length], '\n');
    header = g_strndup(data + 10, length - 1);
    path = (g_free(path), g_strdup_printf("{'descr': '<f4', 'fortran_order': False, "
                                          "'shape': %s, }",
                                          shape));
    fail_unless_equals_string(g_strchomp(header), path);
    values = g_memdup2(data + 10 + length, n * 4);
    g_free(header);
    g_free(path);
    g_free(data);
    return values;
}

static void check_npy(const gchar *folder, const gchar *name, const gchar *shape, gsize n,
                      const gfloat *expected)
{
    gfloat *values = read_npy(folder, name, shape, n);

    for (gsize i = 0; i < n; i++)
        fail_unless(values[i] == expected[i], "%s: value %u is %g, not %g", name, (guint)i,
                    values[i], expected[i]);
    g_free(values);
}

GST_START_TEST(test_tensor_dir)
{
    const gfloat map[] = {1, 2, 3, 4, 5, 6}, embedding[] = {0.1f, -1e-30f};
    gchar *maps = g_build_filename(dir, "new", "maps", NULL);
    GstHarness *harness = make_harness(make_element("tensor-dir", maps, NULL));
    GstConvnextResult *other = make_result("m");
    GstBuffer *frame = make_frame(make_full_result());
    const gsize three[] = {3};
    GDir *folder;
    guint files = 0;

    push(harness, make_frame(NULL));
    add_tensor(other, "stage3", 1, three, map + 3);
    gst_buffer_add_convnext_meta(frame, other, 0);
    gst_convnext_result_unref(other);
    push(harness, frame);
    gst_harness_teardown(harness);

    check_npy("new/maps", "convnext-1-stage3.npy", "(1, 2, 1, 3)", 6, map);
    check_npy("new/maps", "convnext-1-stage4.npy", "(1, 2, 1, 3)", 6, map);
    check_npy("new/maps", "convnext-1-embedding.npy", "(1, 1, 1, 2)", 2, embedding);
    check_npy("new/maps", "convnext-1-stage3-1.npy", "(3,)", 3, map + 3);
    folder = g_dir_open(maps, 0, NULL);
    while (g_dir_read_name(folder))
        files++;
    g_dir_close(folder);
    fail_unless_equals_int(files, 5);
    g_free(maps);
}
GST_END_TEST

/* A stream's name is no path. */
GST_START_TEST(test_stream_with_slash)
{
    const gfloat map[] = {1, 2, 3, 4, 5, 6};
    GstHarness *harness = make_harness(make_element("tensor-dir", dir, "stream", "../a/b", NULL));

    push(harness, make_frame(make_full_result()));
    gst_harness_teardown(harness);
    check_npy(".", ".._a_b-0-stage3.npy", "(1, 2, 1, 3)", 6, map);
}
GST_END_TEST

/* Exactly one error of that code, whose message holds each of the texts. */
static void check_error(GstBus *bus, GstResourceError code, const gchar *text, const gchar *reason)
{
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    GError *error = NULL;

    fail_unless(message != NULL, "no error was posted");
    gst_message_parse_error(message, &error, NULL);
    fail_unless(g_error_matches(error, GST_RESOURCE_ERROR, code), "other code: %s", error->message);
    fail_unless(strstr(error->message, text) != NULL, "%s: %s", text, error->message);
    fail_unless(strstr(error->message, reason) != NULL, "%s: %s", reason, error->message);
    g_error_free(error);
    gst_message_unref(message);
    fail_unless(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR) == NULL, "a second error was posted");
}

/* The element, taken, does not start. */
static void check_no_start(GstElement *element, const gchar *text, const gchar *reason)
{
    GstBus *bus = gst_bus_new();

    gst_element_set_bus(element, bus);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED),
                           GST_STATE_CHANGE_FAILURE);
    check_error(bus, GST_RESOURCE_ERROR_OPEN_WRITE, text, reason);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
}

GST_START_TEST(test_bad_location)
{
    gchar *missing = g_build_filename(dir, "missing", "lines", NULL);

    check_no_start(make_element("location", dir, NULL), dir, g_strerror(EISDIR));
    check_no_start(make_element("location", missing, NULL), missing, g_strerror(ENOENT));
    g_free(missing);
}
GST_END_TEST

GST_START_TEST(test_bad_tensor_dir)
{
    gchar *file = in_dir("file"), *below = g_build_filename(file, "maps", NULL);

    fail_unless(g_file_set_contents(file, "", 0, NULL));
    check_no_start(make_element("tensor-dir", file, NULL), file, g_strerror(ENOTDIR));
    check_no_start(make_element("tensor-dir", below, NULL), below, g_strerror(ENOTDIR));
    g_free(below);
    g_free(file);
}
GST_END_TEST

/* The element, taken, refuses a frame with one error. */
static void check_no_write(GstElement *element, GstResourceError code, const gchar *text,
                           const gchar *reason)
{
    GstHarness *harness = make_harness(element);
    GstBus *bus = gst_bus_new();

    gst_element_set_bus(element, bus);
    fail_unless_equals_int(gst_harness_push(harness, make_frame(make_full_result())),
                           GST_FLOW_ERROR);
    check_error(bus, code, text, reason);
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
    gst_harness_teardown(harness);
}

GST_START_TEST(test_disk_full)
{
    check_no_write(make_element("location", "/dev/full", NULL), GST_RESOURCE_ERROR_NO_SPACE_LEFT,
                   "\"/dev/full\"", g_strerror(ENOSPC));
}
GST_END_TEST

GST_START_TEST(test_tensor_dir_vanishes)
{
    gchar *maps = in_dir("maps");
    GstElement *element = make_element("tensor-dir", maps, NULL);

    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_PAUSED),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(g_rmdir(maps), 0);
    check_no_write(element, GST_RESOURCE_ERROR_WRITE, "convnext-0-stage3.npy", g_strerror(ENOENT));
    g_free(maps);
}
GST_END_TEST

/* Puts a pipe in the place of standard output; returns the end to read from. *saved: the old one,
 * for restore_stdout. */
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

/* The reader is gone, as with "| head -1": an error, no signal. */
GST_START_TEST(test_broken_pipe)
{
    int saved, reader = pipe_stdout(&saved);

    close(reader);
    check_no_write(make_element("location", "-", NULL), GST_RESOURCE_ERROR_WRITE, "standard output",
                   g_strerror(EPIPE));
    restore_stdout(saved);
}
GST_END_TEST

static GstConvnextResult *make_long_result(const gchar *model)
{
    const gsize dims[] = {1, 1, 1, 3000};
    gfloat *values = g_new0(gfloat, dims[3]);
    GstConvnextResult *result = make_result(model);

    add_tensor(result, GST_CONVNEXT_TENSOR_LOGITS, 4, dims, values);
    g_free(values);
    return result;
}

static gpointer push_until_refused(gpointer harness)
{
    GstFlowReturn flow;

    do
        flow = gst_harness_push(harness, make_frame(make_long_result("m")));
    while (flow == GST_FLOW_OK);
    return GINT_TO_POINTER(flow);
}

/* Two elements wait, one for a reader that never reads, one for its turn; both stop. The first one
 * to be stopped is each of them in turn. */
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
GST_END_TEST

#define SHARED_LINES 200

static gpointer push_many(gpointer name)
{
    GstHarness *harness = make_harness(make_element("location", "-", "stream", name, NULL));

    for (guint i = 0; i < SHARED_LINES; i++)
        push(harness, make_frame(make_long_result(name)));
    gst_harness_teardown(harness);
    return NULL;
}

/* Long lines of two elements on one pipe do not mix. */
GST_START_TEST(test_shared_stdout)
{
    int saved, reader = pipe_stdout(&saved);
    FILE *lines = fdopen(reader, "r");
    const gchar *names[] = {"a", "b"};
    GThread *threads[2];
    gchar *line = NULL;
    size_t size = 0;

    for (guint i = 0; i < 2; i++)
        threads[i] = g_thread_new(NULL, push_many, (gpointer)names[i]);
    for (guint i = 0; i < 2 * SHARED_LINES; i++) {
        JsonNode *node;
        JsonObject *object;

        fail_unless(getline(&line, &size, lines) > 0);
        node = json_from_string(line, NULL);
        fail_unless(node && JSON_NODE_HOLDS_OBJECT(node), "lines are mixed: %s", line);
        object = json_node_get_object(node);
        fail_unless_equals_string(json_object_get_string_member(object, "stream"),
                                  json_object_get_string_member(object, "model"));
        json_node_unref(node);
    }
    for (guint i = 0; i < 2; i++)
        g_thread_join(threads[i]);
    free(line);
    restore_stdout(saved);
    fclose(lines);
}
GST_END_TEST

GST_START_TEST(test_properties)
{
    GstElement *element = gst_element_factory_make("convnextpublish", NULL);
    gchar *location, *stream, *tensor_dir;

    g_object_get(element, "location", &location, "stream", &stream, "tensor-dir", &tensor_dir,
                 NULL);
    fail_unless_equals_string(location, "-");
    fail_unless(stream == NULL && tensor_dir == NULL);
    g_free(location);

    g_object_set(element, "location", "x", "stream", "", "tensor-dir", "y", NULL);
    g_object_get(element, "location", &location, "stream", &stream, "tensor-dir", &tensor_dir,
                 NULL);
    fail_unless_equals_string(location, "x");
    fail_unless(stream == NULL);
    fail_unless_equals_string(tensor_dir, "y");
    g_free(location);
    g_free(tensor_dir);
    gst_object_unref(element);
}
GST_END_TEST

static Suite *publish_suite(void)
{
    Suite *suite = suite_create("publish");
    TCase *tc = tcase_create("general");

    GST_ELEMENT_REGISTER(convnextpublish, NULL);
    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_properties);
    tcase_add_test(tc, test_line);
    tcase_add_test(tc, test_absent);
    tcase_add_test(tc, test_strings);
    tcase_add_test(tc, test_floats);
    tcase_add_test(tc, test_locale);
    tcase_add_test(tc, test_frames);
    tcase_add_test(tc, test_tensor_dir);
    tcase_add_test(tc, test_stream_with_slash);
    tcase_add_test(tc, test_bad_location);
    tcase_add_test(tc, test_bad_tensor_dir);
    tcase_add_test(tc, test_disk_full);
    tcase_add_test(tc, test_tensor_dir_vanishes);
    tcase_add_test(tc, test_broken_pipe);
    tcase_add_loop_test(tc, test_stalled_reader, 0, 2);
    tcase_add_test(tc, test_shared_stdout);
    return suite;
}

GST_CHECK_MAIN(publish)
