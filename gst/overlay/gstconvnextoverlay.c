/* The element `convnextoverlay`: properties and buffers. scene.c decides what is drawn.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-convnextoverlay
 * @title: convnextoverlay
 * @short_description: draws results into the frames
 * @see_also: convnext, convnextdetect, convnextsegment
 *
 * Draws what the elements in front of it have attached to a frame: a panel with the state of the
 * stream, the best classes with bars and the age of the results; the boxes and labels of objects;
 * masks; and with #GstConvnextOverlay:heatmap which places the best class comes from. Objects may
 * come from `convnextdetect`, or from any element that writes #GstVideoRegionOfInterestMeta or,
 * from GStreamer 1.24, GstAnalyticsODMtd; an object that several of them describe is drawn once.
 *
 * Text and lines scale with the frame. The element draws into raw frames of almost every format, in
 * place; frames without anything to draw pass without a copy.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 filesrc location=clip.mp4 ! decodebin ! convnext ! convnextoverlay ! videoconvert
 * ! autovideosink
 * ]|
 * Shows a film with the classes of each frame.
 *
 * |[
 * gst-launch-1.0 filesrc location=cat.png ! pngdec ! videoconvert ! convnext outputs=classes+cam !
 *   convnextoverlay heatmap=true ! pngenc ! filesink location=heat.png
 * ]|
 * Draws which parts of a picture the best class comes from.
 */
#include "gst/overlay/gstconvnextoverlay.h"

#include "gst/overlay/painting.h"
#include "gst/overlay/scene.h"

GST_DEBUG_CATEGORY_STATIC(gst_convnext_overlay_debug);
#define GST_CAT_DEFAULT gst_convnext_overlay_debug

#define DEFAULT_SHOW                                                                        \
    (GST_CONVNEXT_OVERLAY_CLASSES | GST_CONVNEXT_OVERLAY_STATE | GST_CONVNEXT_OVERLAY_AGE | \
     GST_CONVNEXT_OVERLAY_OBJECTS | GST_CONVNEXT_OVERLAY_MASKS)
#define DEFAULT_POSITION GST_CONVNEXT_OVERLAY_TOP_LEFT
#define DEFAULT_FONT "Sans"
#define DEFAULT_TOP_K 5

enum { PROP_0, PROP_SHOW, PROP_POSITION, PROP_FONT, PROP_LABELS, PROP_TOP_K, PROP_HEATMAP };

struct _GstConvnextOverlay {
    GstBaseTransform parent;
    GstConvnextOverlaySettings settings; /* under the object lock */

    /* Belongs to the streaming thread. */
    GstConvnextScene *scene;           /* for the caps; NULL if their frames cannot be drawn into */
    GstConvnextOverlaySettings active; /* of the current frame */
    gboolean draws;                    /* something into the current frame */
    gboolean is_warned;                /* that there is no map for the heatmap, since start */
};

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));

G_DEFINE_FINAL_TYPE(GstConvnextOverlay, gst_convnext_overlay, GST_TYPE_BASE_TRANSFORM)

GST_ELEMENT_REGISTER_DEFINE(convnextoverlay, "convnextoverlay", GST_RANK_NONE,
                            GST_TYPE_CONVNEXT_OVERLAY)

static GType show_get_type(void)
{
    static gsize type;
    static const GFlagsValue values[] = {
        {GST_CONVNEXT_OVERLAY_CLASSES, "The best classes, and those of a mask, with bars",
         "classes"},
        {GST_CONVNEXT_OVERLAY_STATE, "The state, if results are smoothed", "state"},
        {GST_CONVNEXT_OVERLAY_AGE, "The age of a result of an earlier frame", "age"},
        {GST_CONVNEXT_OVERLAY_OBJECTS, "Boxes and labels of detected objects", "objects"},
        {GST_CONVNEXT_OVERLAY_MASKS, "Masks of frames and objects", "masks"},
        {GST_CONVNEXT_OVERLAY_REGIONS, "The part of the frame that a network saw", "regions"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_flags_register_static("GstConvnextOverlayShow", values));
    return type;
}

static GType position_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_OVERLAY_TOP_LEFT, "Upper left corner", "top-left"},
        {GST_CONVNEXT_OVERLAY_TOP_RIGHT, "Upper right corner", "top-right"},
        {GST_CONVNEXT_OVERLAY_BOTTOM_LEFT, "Lower left corner", "bottom-left"},
        {GST_CONVNEXT_OVERLAY_BOTTOM_RIGHT, "Lower right corner", "bottom-right"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextOverlayPosition", values));
    return type;
}

/* Properties */

static void clear_settings(GstConvnextOverlaySettings *settings)
{
    g_clear_pointer(&settings->font, g_free);
    g_clear_pointer(&settings->labels, g_hash_table_unref);
}

/* Of a property with labels; NULL for an empty list. */
static GHashTable *read_labels(const GValue *value)
{
    const guint n = gst_value_array_get_size(value);
    GHashTable *labels;

    if (n == 0)
        return NULL;
    labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < n; i++) {
        const char *label = g_value_get_string(gst_value_array_get_value(value, i));

        if (label)
            g_hash_table_add(labels, g_strdup(label));
    }
    return labels;
}

static void write_labels(GValue *value, GHashTable *labels)
{
    GHashTableIter iter;
    gpointer label;

    if (!labels)
        return;
    g_hash_table_iter_init(&iter, labels);
    while (g_hash_table_iter_next(&iter, &label, NULL)) {
        GValue item = G_VALUE_INIT;

        g_value_init(&item, G_TYPE_STRING);
        g_value_set_string(&item, label);
        gst_value_array_append_and_take_value(value, &item);
    }
}

static void set_font(GstConvnextOverlaySettings *settings, const char *font)
{
    g_free(settings->font);
    settings->font = g_strdup(font && *font ? font : DEFAULT_FONT);
}

static void set_labels(GstConvnextOverlaySettings *settings, const GValue *value)
{
    g_clear_pointer(&settings->labels, g_hash_table_unref);
    settings->labels = read_labels(value);
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
    GstConvnextOverlay *self = GST_CONVNEXT_OVERLAY(object);
    GstConvnextOverlaySettings *settings = &self->settings;

    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_SHOW:
        settings->show = g_value_get_flags(value);
        break;
    case PROP_POSITION:
        settings->position = (GstConvnextOverlayPosition)g_value_get_enum(value);
        break;
    case PROP_FONT:
        set_font(settings, g_value_get_string(value));
        break;
    case PROP_LABELS:
        set_labels(settings, value);
        break;
    case PROP_TOP_K:
        settings->top_k = g_value_get_uint(value);
        break;
    case PROP_HEATMAP:
        settings->heatmap = g_value_get_boolean(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
    GST_OBJECT_UNLOCK(self);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    GstConvnextOverlay *self = GST_CONVNEXT_OVERLAY(object);
    const GstConvnextOverlaySettings *settings = &self->settings;

    GST_OBJECT_LOCK(self);
    switch (id) {
    case PROP_SHOW:
        g_value_set_flags(value, settings->show);
        break;
    case PROP_POSITION:
        g_value_set_enum(value, settings->position);
        break;
    case PROP_FONT:
        g_value_set_string(value, settings->font);
        break;
    case PROP_LABELS:
        write_labels(value, settings->labels);
        break;
    case PROP_TOP_K:
        g_value_set_uint(value, settings->top_k);
        break;
    case PROP_HEATMAP:
        g_value_set_boolean(value, settings->heatmap);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
    GST_OBJECT_UNLOCK(self);
}

/* Frames */

static gboolean set_caps(GstBaseTransform *transform, GstCaps *incaps, GstCaps *outcaps)
{
    GstConvnextOverlay *self = GST_CONVNEXT_OVERLAY(transform);
    GstVideoInfo info;

    if (!gst_video_info_from_caps(&info, incaps)) {
        GST_ERROR_OBJECT(self, "not raw video: %" GST_PTR_FORMAT, incaps);
        return FALSE;
    }
    gst_convnext_scene_free(self->scene);
    self->scene = gst_convnext_scene_new(&info);
    if (!self->scene)
        GST_ELEMENT_WARNING(
            self, STREAM, FORMAT,
            ("nothing can be drawn into frames of the format %s: put videoconvert in front of "
             "convnextoverlay",
             GST_VIDEO_INFO_NAME(&info)),
            (NULL));
    return TRUE;
}

static gboolean start(GstBaseTransform *transform)
{
    GST_CONVNEXT_OVERLAY(transform)->is_warned = FALSE;
    return TRUE;
}

static gboolean stop(GstBaseTransform *transform)
{
    GstConvnextOverlay *self = GST_CONVNEXT_OVERLAY(transform);

    g_clear_pointer(&self->scene, gst_convnext_scene_free);
    return TRUE;
}

/* Frames are drawn into where they are, so downstream decides on pools and strides. A frame that is
 * cropped by metadata has another size than its caps. */
static gboolean propose_allocation(GstBaseTransform *transform, GstQuery *decide, GstQuery *query)
{
    guint i;

    if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(transform), query))
        return FALSE;
    if (gst_query_find_allocation_meta(query, GST_VIDEO_CROP_META_API_TYPE, &i))
        gst_query_remove_nth_allocation_meta(query, i);
    return TRUE;
}

static void take_settings(GstConvnextOverlay *self)
{
    clear_settings(&self->active);
    GST_OBJECT_LOCK(self);
    self->active = self->settings;
    self->active.font = g_strdup(self->settings.font);
    if (self->active.labels)
        g_hash_table_ref(self->active.labels); /* never changed, only replaced */
    GST_OBJECT_UNLOCK(self);
}

static void check_heatmap(GstConvnextOverlay *self)
{
    if (!self->scene->lacks_cam || self->is_warned)
        return;
    self->is_warned = TRUE;
    GST_ELEMENT_WARNING(self, STREAM, FAILED,
                        ("heatmap is true, but results come without a class activation map: set "
                         "outputs=classes+cam on convnext"),
                        (NULL));
}

/* Decides what is drawn before the frame is copied, so that one without anything passes. */
static GstFlowReturn prepare_output_buffer(GstBaseTransform *transform, GstBuffer *input,
                                           GstBuffer **output)
{
    GstConvnextOverlay *self = GST_CONVNEXT_OVERLAY(transform);

    self->draws = FALSE;
    if (self->scene) {
        take_settings(self);
        self->draws = gst_convnext_scene_build(self->scene, input, &self->active);
        check_heatmap(self);
    }
    *output = self->draws && !gst_buffer_is_writable(input) ? gst_buffer_copy(input) : input;
    return GST_FLOW_OK;
}

static GstFlowReturn transform_ip(GstBaseTransform *transform, GstBuffer *buffer)
{
    GstConvnextOverlay *self = GST_CONVNEXT_OVERLAY(transform);

    if (self->draws)
        gst_convnext_paint_buffer(self->scene->canvas, &self->scene->info, buffer);
    return GST_FLOW_OK;
}

static void finalize(GObject *object)
{
    GstConvnextOverlay *self = GST_CONVNEXT_OVERLAY(object);

    clear_settings(&self->settings);
    clear_settings(&self->active);
    G_OBJECT_CLASS(gst_convnext_overlay_parent_class)->finalize(object);
}

static void install_properties(GObjectClass *klass)
{
    const GParamFlags flags =
        G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING;

    g_object_class_install_property(
        klass, PROP_SHOW,
        g_param_spec_flags("show", "Show", "What is drawn", show_get_type(), DEFAULT_SHOW, flags));
    g_object_class_install_property(
        klass, PROP_POSITION,
        g_param_spec_enum("position", "Position", "Corner with the state and the classes",
                          position_get_type(), DEFAULT_POSITION, flags));
    g_object_class_install_property(
        klass, PROP_FONT,
        g_param_spec_string("font", "Font",
                            "Pango font description, for example \"Sans Bold\"; its size is "
                            "ignored, because text scales with the frame",
                            DEFAULT_FONT, flags));
    g_object_class_install_property(
        klass, PROP_LABELS,
        gst_param_spec_array("labels", "Labels",
                             "Draw only classes, states, objects and masks with these labels, for "
                             "example <person, car>; an empty list means all",
                             g_param_spec_string("label", "Label", "A label", NULL, flags), flags));
    g_object_class_install_property(
        klass, PROP_TOP_K,
        g_param_spec_uint("top-k", "Top k", "Maximum number of classes of a result, best first", 0,
                          100, DEFAULT_TOP_K, flags));
    g_object_class_install_property(
        klass, PROP_HEATMAP,
        g_param_spec_boolean("heatmap", "Heatmap",
                             "Draw which places the best class comes from; needs "
                             "outputs=classes+cam of convnext",
                             FALSE, flags));
}

static void gst_convnext_overlay_class_init(GstConvnextOverlayClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

    GST_DEBUG_CATEGORY_INIT(gst_convnext_overlay_debug, "convnextoverlay", 0,
                            "ConvNeXt results drawn into frames");

    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    install_properties(object_class);

    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "ConvNeXt results drawn into frames", "Filter/Editor/Video",
        "Draws the classes, states, objects and masks that are attached to frames",
        "The gst-convnext developers");

    transform_class->start = start;
    transform_class->stop = stop;
    transform_class->set_caps = set_caps;
    transform_class->propose_allocation = propose_allocation;
    transform_class->prepare_output_buffer = prepare_output_buffer;
    transform_class->transform_ip = transform_ip;
}

static void gst_convnext_overlay_init(GstConvnextOverlay *self)
{
    self->settings = (GstConvnextOverlaySettings){.show = DEFAULT_SHOW,
                                                  .position = DEFAULT_POSITION,
                                                  .font = g_strdup(DEFAULT_FONT),
                                                  .top_k = DEFAULT_TOP_K};
    gst_base_transform_set_in_place(GST_BASE_TRANSFORM(self), TRUE);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}
