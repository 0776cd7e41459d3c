/* Fuzz target: a camera list of convnext-watch. The input is the key file and the sources of the
 * command line, separated by bytes 0xff.
 *
 * The element convnext is one that has its properties and opens no model.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/rtsp/gstrtspurl.h>
#include <string.h>

#include "gst/settings/settings.h"
#include "pipelines/watch/list.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_gst.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/reader.h"

#define MAX_SOURCES 4

static void ignore_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec) {}

static void read_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    g_param_value_set_default(pspec, value);
}

static void class_init(gpointer klass, gpointer data)
{
    G_OBJECT_CLASS(klass)->set_property = ignore_property;
    G_OBJECT_CLASS(klass)->get_property = read_property;
    gst_convnext_settings_install(klass, GST_CONVNEXT_TASK_CLASSIFY, "default");
    gst_element_class_set_static_metadata(klass, "fuzz", "fuzz", "fuzz", "fuzz");
}

static void register_element(void)
{
    const GType type =
        g_type_register_static_simple(GST_TYPE_ELEMENT, "FuzzConvnext", sizeof(GstElementClass),
                                      class_init, sizeof(GstElement), NULL, 0);

    g_assert_true(gst_element_register(NULL, "convnext", GST_RANK_NONE, type));
}

typedef GstRTSPUrl RtspUrl;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RtspUrl, gst_rtsp_url_free)

/* No URI that is played contains a login. */
static void check_settings(const WatchSettings *settings)
{
    g_autoptr(RtspUrl) url = NULL;

    g_assert_true(settings->name && settings->source && settings->fingerprint);
    g_assert_true(watch_settings_equal(settings, settings));
    g_assert_cmpint(settings->min_delay, <=, settings->max_delay);
    g_assert_cmpint(settings->stall_timeout, >, 0);
    if (settings->uri && gst_rtsp_url_parse(settings->uri, &url) == GST_RTSP_OK)
        g_assert_true(!url->user && !url->passwd);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const guint8 *end = size ? memchr(data, 0xff, size) : NULL;
    const gsize length = end ? (gsize)(end - data) : size;
    FuzzReader reader = {data + length + (end != NULL), size - length - (end != NULL)};
    const char *const keys[] = {NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
    static gboolean is_ready;

    if (!is_ready) {
        fuzz_gst_init(TRUE);
        register_element();
        is_ready = TRUE;
    }
    for (guint i = 0; i < MAX_SOURCES && reader.left; i++)
        g_ptr_array_add(sources, fuzz_section(&reader));
    g_ptr_array_add(sources, NULL);
    g_autoptr(WatchList) list = watch_list_new(length ? memory_file(data, length) : NULL, keys,
                                               (char **)sources->pdata, &error);
    if (!list) {
        g_assert_true(error && *error->message);
        return 0;
    }
    g_assert_no_error(error);
    g_assert_cmpuint(list->cameras->len, >, 0);
    for (guint i = 0; i < list->cameras->len; i++)
        check_settings(list->cameras->pdata[i]);
    return 0;
}
