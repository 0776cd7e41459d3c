/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/element/engines.h"

#include "gst/element/tensorcaps.h"
#include "gst/stream/messages.h"

GST_DEBUG_CATEGORY_EXTERN(gst_convnext_debug);
#define GST_CAT_DEFAULT gst_convnext_debug

/* Takes engine. Returns the previous one, which the caller owns. */
static GstConvnextEngine *swap_engine(GstConvnextElement *self, GstConvnextEngine *engine,
                                      guint version)
{
    GST_OBJECT_LOCK(self);
    GstConvnextEngine *old = self->engine;
    self->engine = engine;
    self->opened_version = version;
    GST_OBJECT_UNLOCK(self);
    return old;
}

void gst_convnext_replace_engine(GstConvnextElement *self, GstConvnextEngine *engine, guint version)
{
    gst_convnext_engine_unref(swap_engine(self, engine, version));
}

gboolean gst_convnext_check_class(GstConvnextElement *self, GstMessageType type)
{
    g_autoptr(GstConvnextEngine) engine = NULL;
    g_autoptr(GError) error = NULL;

    GST_OBJECT_LOCK(self);
    const char *label = self->settings.frame.scoring.klass;
    if (self->engine && self->opened_version == self->engine_version)
        engine = gst_convnext_engine_ref(self->engine);
    GST_OBJECT_UNLOCK(self);
    if (!engine || gst_convnext_engine_check_class(engine, label, &error))
        return TRUE;
    gst_convnext_post_error(GST_ELEMENT(self), type, error, "choosing the objects");
    return FALSE;
}

gboolean gst_convnext_open_engine(GstConvnextElement *self)
{
    GstConvnextEngineSettings settings;
    g_autoptr(GError) error = NULL;

    GST_OBJECT_LOCK(self);
    gst_convnext_engine_settings_copy(&settings, &self->settings.engine);
    guint version = self->engine_version;
    GST_OBJECT_UNLOCK(self);
    GstConvnextEngine *engine = gst_convnext_engine_open(&settings, &error);
    gst_convnext_engine_settings_clear(&settings);
    if (!engine) {
        gst_convnext_post_error(GST_ELEMENT(self), GST_MESSAGE_ERROR, error, "opening the model");
        return FALSE;
    }
    gst_convnext_announce_engine(GST_ELEMENT(self), engine, &self->precision_remark);
    gst_convnext_replace_engine(self, engine, version);
    return TRUE;
}

/* Changes while playing: the reload opens another engine, while the current one runs. If that
 * fails, the current one stays */

static void warn_of_reload(GstConvnextElement *self, const GError *error)
{
    gst_convnext_post_error(GST_ELEMENT(self), GST_MESSAGE_WARNING, error,
                            "changing the model while playing; the current one continues");
}

/* In the reload's thread. */
void gst_convnext_on_reload_done(const GError *error, gpointer data)
{
    GstConvnextElement *self = data;

    if (error) {
        warn_of_reload(self, error);
        return;
    }
    GST_OBJECT_LOCK(self);
    self->reload_is_ready = TRUE;
    GST_OBJECT_UNLOCK(self);
}

GstConvnextEngine *gst_convnext_take_reloaded(GstConvnextElement *self, GstConvnextInput **input,
                                              guint *version)
{
    GST_OBJECT_LOCK(self);
    self->reload_is_ready = FALSE;
    GST_OBJECT_UNLOCK(self);
    return gst_convnext_reload_take(self->reload, input, version);
}

/* Holds the object lock throughout, so that of two threads the one with the newer settings requests
 * last, and no request follows stop, which would affect the next stream. */
void gst_convnext_request_reload(GstConvnextElement *self)
{
    g_autoptr(GError) error = NULL;

    GST_OBJECT_LOCK(self);
    if (self->is_streaming && self->engine_version != self->requested_version) {
        self->requested_version = self->engine_version;
        gst_convnext_reload_request(self->reload, &self->settings.engine, self->engine_version,
                                    &error);
    }
    GST_OBJECT_UNLOCK(self);
    if (error)
        warn_of_reload(self, error);
}

/* Posts that the engine runs as of this frame. */
static void announce_update(GstConvnextElement *self, guint64 frame)
{
    gst_convnext_announce_engine(GST_ELEMENT(self), self->engine, &self->precision_remark);
    gst_convnext_post_updated(GST_ELEMENT(self), self->engine, frame);
}

void gst_convnext_adopt_engine(GstConvnextElement *self, GstConvnextEngine *engine, guint version)
{
    gst_convnext_replace_engine(self, engine, version);
    announce_update(self, 0); /* the first frame of the next start, which checks the class */
}

void gst_convnext_switch_engine(GstConvnextElement *self, GstConvnextEngine *engine,
                                GstConvnextInput *input, guint version)
{
    guint64 frame = gst_convnext_stream_change_model(
        self->stream, input, gst_convnext_engine_same_classes(engine, self->engine));
    GstConvnextEngine *old = swap_engine(self, engine, version);
    gboolean is_same_caps = gst_convnext_tensor_caps_equal(engine, old);

    g_clear_pointer(&self->refusal, g_free);
    gst_convnext_engine_cancel(old, TRUE); /* a job in the background stops waiting */
    gst_convnext_reload_retire(self->reload, old);
    /* Not in vain: during a flush, GstBaseTransform warns that nothing was negotiated. */
    if (!is_same_caps)
        gst_base_transform_reconfigure_src(GST_BASE_TRANSFORM(self));
    announce_update(self, frame);
    gst_convnext_check_class(self, GST_MESSAGE_WARNING);
}

void gst_convnext_follow_reload(GstConvnextElement *self)
{
    GstConvnextInput *input;
    guint version;
    GstConvnextEngine *next = gst_convnext_take_reloaded(self, &input, &version);

    if (next)
        gst_convnext_switch_engine(self, next, input, version);
}

void gst_convnext_refuse_caps(GstConvnextElement *self, GstMessageType type, const GError *error)
{
    if (type == GST_MESSAGE_ERROR) {
        if (g_strcmp0(self->refusal, error->message) == 0)
            return;
        g_free(self->refusal);
        self->refusal = g_strdup(error->message);
    }
    gst_convnext_post_error(GST_ELEMENT(self), type, error, "preparing for new caps");
}

GstConvnextInput *gst_convnext_make_input(GstConvnextElement *self, GstConvnextEngine *engine,
                                          const GstVideoInfo *info, GstMessageType type)
{
    g_autoptr(GError) error = NULL;

    GST_OBJECT_LOCK(self);
    const GstConvnextRoi roi = self->settings.frame.roi;
    GST_OBJECT_UNLOCK(self);
    GstConvnextInput *input = gst_convnext_input_new(engine, info, &error);
    if (input && !gst_convnext_input_set_roi(input, &roi, &error))
        g_clear_pointer(&input, gst_convnext_input_free);
    if (!input) {
        gst_convnext_refuse_caps(self, type, error);
        return NULL;
    }
    g_clear_pointer(&self->refusal, g_free);
    g_autofree char *description = gst_convnext_input_describe(input);
    GST_INFO_OBJECT(self, "%s", description);
    return input;
}
