/* Reacts to changes of state, and switches to another model while the video plays. See README.md.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/convnext/convnext.h>
#include <stdio.h>

typedef struct App {
    GMainLoop *loop;
    GstElement *convnext;
    const char *label; /* of the state on which the other model takes over */
    const char *other; /* model */
    GError *error;
} App;

static void on_state(App *app, const GstStructure *fields)
{
    const char *new = gst_structure_get_string(fields, "new"); /* NULL: no label */
    guint64 time = 0;

    gst_structure_get_uint64(fields, "stream-time", &time);
    printf("%.1f s: %s\n", (double)time / GST_SECOND, new ? new : "unknown");
    if (g_strcmp0(new, app->label) == 0)
        g_object_set(app->convnext, "model", app->other, NULL); /* loads in a thread of its own */
}

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer data)
{
    App *app = data;
    const GstStructure *fields = gst_message_get_structure(message);

    if (gst_message_has_name(message, "convnext-state-changed"))
        on_state(app, fields);
    else if (gst_message_has_name(message, "convnext-model-updated"))
        printf("now %s\n", gst_structure_get_string(fields, "variant"));
    else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
        gst_message_parse_error(message, &app->error, NULL);
    else if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING) /* the old model continues */
        gst_message_parse_warning(message, &app->error, NULL);
    if (app->error || GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS)
        g_main_loop_quit(app->loop);
    return G_SOURCE_CONTINUE;
}

static void run(App *app, GstElement *pipeline)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    const guint watch = gst_bus_add_watch(bus, on_message, app);

    app->convnext = gst_bin_get_by_name(GST_BIN(pipeline), "net");
    app->loop = g_main_loop_new(NULL, FALSE);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_main_loop_run(app->loop);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    g_source_remove(watch);
    g_main_loop_unref(app->loop);
    gst_object_unref(app->convnext);
}

int main(int argc, char **argv)
{
    App app = {NULL};
    g_autofree char *line = NULL;

    gst_init(&argc, &argv);
    if (argc != 4) {
        fprintf(stderr, "usage: states SOURCE LABEL MODEL\n");
        return 2;
    }
    app.label = argv[2];
    app.other = argv[3];
    line = g_strdup_printf("%s ! convnext name=net smoothing=majority smoothing-time=1000000000 "
                           "! fakesink sync=true",
                           argv[1]);
    g_autoptr(GstElement) pipeline = gst_parse_launch(line, &app.error);
    if (!app.error)
        run(&app, pipeline);
    if (app.error)
        fprintf(stderr, "states: %s\n", app.error->message);
    return app.error ? 1 : 0;
}
