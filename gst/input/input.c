/* From the frames of given caps to the inputs of an engine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/input/input.h"

#include "model/base/isa.h"
#include "model/preprocess/preprocess.h"

struct GstConvnextInput {
    GstConvnextEngine *engine;
    GstVideoInfo caps;
    GstConvnextGeometry geometry; /* that frame and preprocess are for */
    GstConvnextFrame *frame;      /* NULL, as preprocess: a buffer had a geometry that failed */
    CnxPreprocess *preprocess;
    guint width, height; /* of the input */
    CnxIsa level;
    GstBuffer *mapped; /* that frame has mapped, to: */
    CnxImage image;
};

static void drop_geometry(GstConvnextInput *self)
{
    g_clear_pointer(&self->preprocess, cnx_preprocess_free);
    g_clear_pointer(&self->frame, gst_convnext_frame_free);
}

static gboolean plan_geometry(GstConvnextInput *self, const GstConvnextGeometry *geometry,
                              GError **error)
{
    drop_geometry(self);
    self->geometry = *geometry;
    self->frame = gst_convnext_frame_new(&self->caps, geometry, error);
    if (self->frame)
        self->preprocess = cnx_preprocess_new(gst_convnext_engine_recipe(self->engine),
                                              gst_convnext_frame_info(self->frame), error);
    if (self->preprocess) {
        cnx_preprocess_size(self->preprocess, &self->width, &self->height);
        if (gst_convnext_engine_make_ready(self->engine, self->width, self->height, error))
            return TRUE;
    }
    drop_geometry(self);
    return FALSE;
}

GstConvnextInput *gst_convnext_input_new(GstConvnextEngine *engine, const GstVideoInfo *caps,
                                         GError **error)
{
    GstConvnextInput *self = g_new0(GstConvnextInput, 1);
    guint width = GST_VIDEO_INFO_WIDTH(caps), height = GST_VIDEO_INFO_HEIGHT(caps);
    GstConvnextGeometry whole = {width, height, 0, 0, width, height};

    self->engine = gst_convnext_engine_ref(engine);
    self->caps = *caps;
    if (!cnx_isa_get(&self->level, error) || !plan_geometry(self, &whole, error))
        g_clear_pointer(&self, gst_convnext_input_free);
    return self;
}

void gst_convnext_input_free(GstConvnextInput *self)
{
    if (!self)
        return;
    drop_geometry(self);
    gst_convnext_engine_unref(self->engine);
    g_free(self);
}

GstConvnextEngine *gst_convnext_input_engine(const GstConvnextInput *self)
{
    return self->engine;
}

char *gst_convnext_input_describe(const GstConvnextInput *self)
{
    static const char *const matrices[] = {
        [CNX_MATRIX_BT601] = "BT.601",
        [CNX_MATRIX_BT709] = "BT.709",
        [CNX_MATRIX_BT2020] = "BT.2020",
    };
    const CnxImageInfo *info = gst_convnext_frame_info(self->frame);

    return g_strdup_printf("%ux%u %s read as %s (YUV as %s, %s range), pixel aspect ratio %u/%u, "
                           "region %u,%u %ux%u, to an input of %ux%u",
                           info->width, info->height, GST_VIDEO_INFO_NAME(&self->caps),
                           gst_convnext_frame_format(self->frame), matrices[info->matrix],
                           info->full_range ? "full" : "limited", info->par_n, info->par_d, info->x,
                           info->y, info->w, info->h, self->width, self->height);
}

const GstVideoInfo *gst_convnext_input_caps(const GstConvnextInput *self)
{
    return &self->caps;
}

/* For formats that are converted this is most of the work: a frame that is signed and then looked
 * at is mapped once. */
static gboolean map(GstConvnextInput *self, GstBuffer *buffer, GError **error)
{
    GstConvnextGeometry geometry;

    if (self->mapped == buffer)
        return TRUE;
    gst_convnext_geometry(&self->caps, buffer, &geometry);
    if (!self->frame || !gst_convnext_geometry_equal(&geometry, &self->geometry))
        if (!plan_geometry(self, &geometry, error))
            return FALSE;
    if (!gst_convnext_frame_map(self->frame, buffer, &self->image, error))
        return FALSE;
    self->mapped = buffer;
    return TRUE;
}

void gst_convnext_input_release(GstConvnextInput *self)
{
    if (self->mapped)
        gst_convnext_frame_unmap(self->frame);
    self->mapped = NULL;
}

gboolean gst_convnext_input_sign(GstConvnextInput *self, GstBuffer *buffer, CnxThumbnail *thumbnail,
                                 GError **error)
{
    if (!map(self, buffer, error))
        return FALSE;
    cnx_thumbnail_make(thumbnail, self->level, gst_convnext_frame_info(self->frame), &self->image);
    return TRUE;
}

static void fill_whole(GstConvnextInput *self, GstConvnextJob *request)
{
    cnx_preprocess_run(self->preprocess, &self->image, gst_convnext_job_input(request, 0), NULL);
    request->regions[0] = (GstConvnextRegion){
        .w = GST_VIDEO_INFO_WIDTH(&self->caps), .h = GST_VIDEO_INFO_HEIGHT(&self->caps), .id = -1};
}

/* Each object has its own geometry, from frame to frame. */
static gboolean fill_object(GstConvnextInput *self, const GstConvnextDetection *object,
                            GstConvnextJob *request, guint i, GError **error)
{
    CnxImageInfo info = *gst_convnext_frame_info(self->frame);

    info.x = object->place.x;
    info.y = object->place.y;
    info.w = object->place.w;
    info.h = object->place.h;
    CnxPreprocess *preprocess =
        cnx_preprocess_new(gst_convnext_engine_recipe(self->engine), &info, error);
    if (!preprocess)
        return FALSE;
    cnx_preprocess_run(preprocess, &self->image, gst_convnext_job_input(request, i), NULL);
    cnx_preprocess_free(preprocess);
    request->regions[i] = object->region;
    return TRUE;
}

/* objects NULL: the whole frame. */
static gboolean fill(GstConvnextInput *self, GstBuffer *buffer, const GPtrArray *objects,
                     GstConvnextJob *request, GError **error)
{
    if (!map(self, buffer, error))
        return FALSE;
    gboolean filled = gst_convnext_job_resize(request, objects ? objects->len : 1, self->width,
                                              self->height, error);
    if (filled && !objects)
        fill_whole(self, request);
    for (guint i = 0; objects && i < objects->len && filled; i++)
        filled = fill_object(self, g_ptr_array_index(objects, i), request, i, error);
    gst_convnext_input_release(self);
    return filled;
}

static gboolean prepare(GstConvnextInput *self, GstBuffer *buffer, const GPtrArray *objects,
                        const GstConvnextSettings *settings, GstConvnextJob *request,
                        GError **error)
{
    GstClockTime start = gst_util_get_timestamp();

    if (!fill(self, buffer, objects, request, error)) {
        request->n = 0;
        return FALSE;
    }
    /* Where the picture lies in memory is nobody's business downstream: the caps' frame is. */
    request->frame_width = GST_VIDEO_INFO_WIDTH(&self->caps);
    request->frame_height = GST_VIDEO_INFO_HEIGHT(&self->caps);
    request->pts = GST_BUFFER_PTS(buffer);
    request->scoring = settings->scoring;
    request->preprocess_time = gst_util_get_timestamp() - start;
    return TRUE;
}

gboolean gst_convnext_input_prepare(GstConvnextInput *self, GstBuffer *buffer,
                                    const GstConvnextSettings *settings, GstConvnextJob *request,
                                    GError **error)
{
    return prepare(self, buffer, NULL, settings, request, error);
}

gboolean gst_convnext_input_prepare_objects(GstConvnextInput *self, GstBuffer *buffer,
                                            const GPtrArray *objects,
                                            const GstConvnextSettings *settings,
                                            GstConvnextJob *request, GError **error)
{
    return prepare(self, buffer, objects, settings, request, error);
}
