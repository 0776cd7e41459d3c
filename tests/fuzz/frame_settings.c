/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/frame_settings.h"

#include "gst/element/gstconvnext.h"

typedef struct Setting {
    const char *name, *value;
} Setting;

/* Of the element's engine, which takes long to open again: set before it starts. Not crop=none,
 * with which the input of a picture of one row has gigabytes. */
static const Setting engine_settings[] = {
    {"region", "objects"}, {"outputs", "classes+logits+embedding"},
    {"crop", "squash"},    {"crop", "border"},
    {"precision", "int8"}, {"outputs", "stage4"},
    {"outputs", "logits"}, {"crop", "center"},
};
/* Set at any time. */
static const Setting frame_settings[] = {
    {"activation", "sigmoid"},
    {"activation", "none"},
    {"activation", "auto"},
    {"top-k", "1"},
    {"top-k", "2147483647"},
    {"threshold", "1"},
    {"threshold", "0"},
    {"orientation", "auto"},
    {"orientation", "90r"},
    {"orientation", "180"},
    {"orientation", "ul-lr"},
    {"orientation", "ur-ll"},
    {"orientation", "horiz"},
    {"roi", "0.25,0.25,0.5,0.5"},
    {"roi", "0.999,0,0.001,1"},
    {"roi", "1,1,2,3"},
    {"roi", "0,0,2147483647,1"},
    {"roi", "nan,0,1,1"},
    {"roi", ""},
    {"object-class", "car"},
    {"object-class", ""},
    {"object-margin", "10"},
    {"object-margin", "0"},
    {"min-object-size", "8"},
    {"min-object-size", "1"},
    {"max-objects", "2"},
    {"max-objects", "0"},
    {"reclassify-interval", "3"},
    {"reclassify-interval", "0"},
    {"reclassify-growth", "1000"},
    {"mode", "latest"},
    {"mode", "sync"},
    {"interval", "2"},
    {"interval", "1"},
    {"min-period", "9223372036854775807"},
    {"min-period", "0"},
    {"change-threshold", "0.02"},
    {"change-threshold", "0"},
    {"max-age", "9223372036854775807"},
    {"carry", "false"},
    {"carry", "true"},
    {"qos", "false"},
    {"smoothing", "majority"},
    {"smoothing", "exponential"},
    {"smoothing", "none"},
    {"smoothing-window", "3"},
    {"smoothing-count", "2"},
    {"smoothing-alpha", "1"},
    {"post-messages", "true"},
    {"smoothing-time", "1"},
    {"smoothing-time", "200000000"},
    {"smoothing-time", "3600000000000"},
    {"smoothing-time", "0"},
    {"smoothing-enter", "0.8"},
    {"smoothing-enter", "1e-300"},
    {"smoothing-enter", "0"},
    {"smoothing-leave", "0.3"},
    {"smoothing-leave", "1"},
    {"smoothing-leave", "0"},
};
/* The same for each input: the model, and what it may use of the machine. */
static const char *const fixed_settings[] = {
    "cpu-affinity", "head-activation", "input-height", "input-size", "input-width", "labels",
    "max-memory",   "model",           "threads",      "weights",    NULL};
static gboolean is_chosen(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(engine_settings); i++)
        if (g_str_equal(engine_settings[i].name, name))
            return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(frame_settings); i++)
        if (g_str_equal(frame_settings[i].name, name))
            return TRUE;
    return FALSE;
}

void frame_settings_check(GObject *element)
{
    guint n;
    g_autofree GParamSpec **specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element), &n);

    for (guint i = 0; i < n; i++)
        if (specs[i]->owner_type == GST_TYPE_CONVNEXT && specs[i]->flags & G_PARAM_WRITABLE &&
            !is_chosen(specs[i]->name) && !g_strv_contains(fixed_settings, specs[i]->name))
            g_error("no input sets the property %s", specs[i]->name);
}

static void set(FuzzReader *reader, GstElement *element, const Setting *settings, guint count)
{
    const Setting *setting = &settings[fuzz_choice(reader, count)];

    gst_util_set_object_arg(G_OBJECT(element), setting->name, setting->value);
}

void frame_settings_set_engine(FuzzReader *reader, GstElement *element)
{
    set(reader, element, engine_settings, G_N_ELEMENTS(engine_settings));
}

void frame_settings_set(FuzzReader *reader, GstElement *element)
{
    set(reader, element, frame_settings, G_N_ELEMENTS(frame_settings));
}
