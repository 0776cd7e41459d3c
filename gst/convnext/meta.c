/* A GstConvnextMeta has no tags: it says what a frame shows, so all elements that copy metadata
 * keep it. Its region depends on the size and the orientation of the frame. A companion with the
 * tags for both follows the region: elements that scale call its transform function, and elements
 * that change the frame without a way to tell metadata how, drop it. A GstConvnextMeta on a buffer
 * without its companion has no region.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/meta.h"

#include "gst/convnext/region.h"

typedef struct GstConvnextRegionMeta {
    GstMeta meta;
    gsize id; /* that of the GstConvnextMeta, its owner */
    GstConvnextRegion
        region; /* the rectangle is that of the last transform; the owner has it too */
} GstConvnextRegionMeta;

GType gst_convnext_meta_api_get_type(void)
{
    static const char *tags[] = {NULL};
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, gst_meta_api_type_register("GstConvnextMetaAPI", tags));
    return type;
}

static GType region_meta_api_get_type(void)
{
    static const char *tags[] = {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR,
                                 GST_META_TAG_VIDEO_ORIENTATION_STR, NULL};
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, gst_meta_api_type_register("GstConvnextRegionMetaAPI", tags));
    return type;
}

static GstConvnextMeta *find_owner(GstBuffer *buffer, gsize id)
{
    gpointer state = NULL;
    GstConvnextMeta *meta;

    while ((meta = gst_buffer_iterate_convnext_meta(buffer, &state)))
        if (meta->id == id)
            return meta;
    return NULL;
}

static GstConvnextRegionMeta *find_companion(GstBuffer *buffer, gsize id)
{
    gpointer state = NULL;
    GstMeta *meta;

    while ((meta = gst_buffer_iterate_meta_filtered(buffer, &state, region_meta_api_get_type())))
        if (((GstConvnextRegionMeta *)meta)->id == id)
            return (GstConvnextRegionMeta *)meta;
    return NULL;
}

/* The companion */

/* The rectangle of a GstVideoCropMeta; width 0 without one. */
static GstVideoRectangle crop_of(GstBuffer *buffer)
{
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);

    return crop ? (GstVideoRectangle){(int)crop->x, (int)crop->y, (int)crop->width,
                                      (int)crop->height}
                : (GstVideoRectangle){0};
}

static gboolean region_meta_init(GstMeta *meta, gpointer params, GstBuffer *buffer)
{
    GstConvnextRegionMeta *self = (GstConvnextRegionMeta *)meta;

    self->id = 0;
    self->region = (GstConvnextRegion){0};
    return TRUE;
}

static gboolean region_meta_transform(GstBuffer *dest, GstMeta *meta, GstBuffer *buffer,
                                      GQuark type, gpointer data);

static GstConvnextRegionMeta *add_companion(GstBuffer *buffer, gsize id,
                                            const GstConvnextRegion *region)
{
    static gsize info;

    if (g_once_init_enter(&info))
        g_once_init_leave(
            &info, (gsize)gst_meta_register(region_meta_api_get_type(), "GstConvnextRegionMeta",
                                            sizeof(GstConvnextRegionMeta), region_meta_init, NULL,
                                            region_meta_transform));
    GstConvnextRegionMeta *self =
        (GstConvnextRegionMeta *)gst_buffer_add_meta(buffer, (const GstMetaInfo *)info, NULL);

    if (self) {
        self->id = id;
        self->region = *region;
    }
    return self;
}

/* The region now: the fields of the owner may have been written since it was added. FALSE if it is
 * unknown. */
static gboolean read_region(const GstConvnextRegionMeta *self, const GstConvnextMeta *owner,
                            GstConvnextRegion *region)
{
    const GstVideoRectangle rect = {(int)owner->x, (int)owner->y, (int)owner->width,
                                    (int)owner->height};

    *region = self->region;
    gst_convnext_region_move(region, &rect);
    return rect.w > 0 && rect.h > 0;
}

static void write_rect(GstConvnextMeta *owner, const GstVideoRectangle *rect)
{
    owner->x = (guint)rect->x;
    owner->y = (guint)rect->y;
    owner->width = (guint)rect->w;
    owner->height = (guint)rect->h;
}

/* The owner is transformed after its companion, which was added first. If an element changes the
 * order, it is there already. */
static gboolean region_meta_transform(GstBuffer *dest, GstMeta *meta, GstBuffer *buffer,
                                      GQuark type, gpointer data)
{
    const GstConvnextRegionMeta *self = (GstConvnextRegionMeta *)meta;
    const GstConvnextMeta *owner = find_owner(buffer, self->id);
    const GstVideoRectangle crop = crop_of(buffer);
    GstConvnextRegion region;

    if (!owner || !read_region(self, owner, &region) ||
        !gst_convnext_region_transform(&region, &crop, type, data) ||
        !add_companion(dest, self->id, &region))
        return FALSE;
    GstConvnextMeta *copy = find_owner(dest, self->id);
    if (copy)
        write_rect(copy, &region.rect);
    return TRUE;
}

/* GstConvnextMeta */

/* Of the stream at a buffer; reference counted and immutable. */
typedef struct MetaState {
    char *label; /* or NULL */
    double score;
    GstClockTime age;
} MetaState;

static void clear_state(gpointer data)
{
    g_free(((MetaState *)data)->label);
}

static void drop_state(GstConvnextMeta *self)
{
    if (self->state)
        g_atomic_rc_box_release_full(self->state, clear_state);
    self->state = NULL;
}

static gboolean meta_init(GstMeta *meta, gpointer params, GstBuffer *buffer)
{
    GstConvnextMeta *self = (GstConvnextMeta *)meta;

    self->result = NULL;
    self->age = 0;
    self->x = self->y = self->width = self->height = 0;
    self->id = 0;
    self->state = NULL;
    return TRUE;
}

static void meta_free(GstMeta *meta, GstBuffer *buffer)
{
    GstConvnextMeta *self = (GstConvnextMeta *)meta;

    drop_state(self);
    g_clear_pointer(&self->result, gst_convnext_result_unref);
}

static GstConvnextMeta *add_meta(GstBuffer *buffer, GstConvnextResult *result, GstClockTime age,
                                 gsize id)
{
    GstConvnextMeta *meta =
        (GstConvnextMeta *)gst_buffer_add_meta(buffer, GST_CONVNEXT_META_INFO, NULL);

    if (!meta)
        return NULL;
    meta->result = gst_convnext_result_ref(result);
    meta->age = age;
    meta->id = id;
    return meta;
}

/* Whatever happens to a frame, its result stays. */
static gboolean meta_transform(GstBuffer *dest, GstMeta *meta, GstBuffer *buffer, GQuark type,
                               gpointer data)
{
    GstConvnextMeta *self = (GstConvnextMeta *)meta;
    GstConvnextMeta *copy = add_meta(dest, self->result, self->age, self->id);
    const GstConvnextRegionMeta *companion = find_companion(dest, self->id);

    if (copy && companion)
        write_rect(copy, &companion->region.rect);
    if (copy && self->state)
        copy->state = g_atomic_rc_box_acquire(self->state);
    return copy != NULL;
}

const GstMetaInfo *gst_convnext_meta_get_info(void)
{
    static gsize info;

    if (g_once_init_enter(&info))
        g_once_init_leave(&info,
                          (gsize)gst_meta_register(GST_CONVNEXT_META_API_TYPE, "GstConvnextMeta",
                                                   sizeof(GstConvnextMeta), meta_init, meta_free,
                                                   meta_transform));
    return (const GstMetaInfo *)info;
}

GstConvnextMeta *gst_buffer_add_convnext_meta(GstBuffer *buffer, GstConvnextResult *result,
                                              GstClockTime age)
{
    static gsize last_id;
    GstConvnextRegion region = {.change = GST_CONVNEXT_NO_CHANGE};
    guint x, y, width, height;
    gsize id;
    GstConvnextMeta *meta;

    g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);

    id = (gsize)g_atomic_pointer_add(&last_id, 1) + 1;
    region.crop = crop_of(buffer);
    gst_convnext_result_get_frame_size(result, &region.width, &region.height);
    gst_convnext_result_get_region(result, &x, &y, &width, &height);
    region.rect = (GstVideoRectangle){(int)x, (int)y, (int)width, (int)height};
    if (!add_companion(buffer, id, &region))
        return NULL;
    meta = add_meta(buffer, result, GST_CLOCK_TIME_IS_VALID(age) ? age : 0, id);
    if (meta)
        write_rect(meta, &region.rect);
    return meta;
}

GstConvnextMeta *gst_buffer_get_convnext_meta(GstBuffer *buffer)
{
    g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
    return (GstConvnextMeta *)gst_buffer_get_meta(buffer, GST_CONVNEXT_META_API_TYPE);
}

GstConvnextMeta *gst_buffer_iterate_convnext_meta(GstBuffer *buffer, gpointer *state)
{
    g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
    return (GstConvnextMeta *)gst_buffer_iterate_meta_filtered(buffer, state,
                                                               GST_CONVNEXT_META_API_TYPE);
}

GList *gst_buffer_list_convnext_metas(GstBuffer *buffer)
{
    GList *list = NULL;
    gpointer state = NULL;
    GstConvnextMeta *meta;

    g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
    while ((meta = gst_buffer_iterate_convnext_meta(buffer, &state)))
        list = g_list_prepend(list, meta);
    return g_list_reverse(list);
}

GstConvnextResult *gst_convnext_meta_get_result(GstConvnextMeta *meta)
{
    g_return_val_if_fail(meta, NULL);
    return gst_convnext_result_ref(meta->result);
}

void gst_convnext_meta_set_state(GstConvnextMeta *meta, const char *label, double score,
                                 GstClockTime age)
{
    MetaState *state;

    g_return_if_fail(meta);
    drop_state(meta);
    meta->state = state = g_atomic_rc_box_new(MetaState);
    *state = (MetaState){g_strdup(label), score, age};
}

gboolean gst_convnext_meta_get_state(GstConvnextMeta *meta, const char **label, double *score,
                                     GstClockTime *age)
{
    const MetaState none = {0};
    const MetaState *state;

    g_return_val_if_fail(meta, FALSE);
    state = meta->state ? meta->state : &none;
    if (label)
        *label = state->label;
    if (score)
        *score = state->score;
    if (age)
        *age = state->age;
    return meta->state != NULL;
}

/* The region in the frame that the caps and the crop describe. FALSE, with a region of
 * 0, if it is unknown. */
static gboolean locate(GstBuffer *buffer, const GstConvnextMeta *meta, guint frame_width,
                       guint frame_height, GstConvnextRegion *region)
{
    const GstVideoRectangle crop = crop_of(buffer);
    const GstConvnextRegionMeta *companion = find_companion(buffer, meta->id);

    if (companion && read_region(companion, meta, region) &&
        gst_convnext_region_locate(region, &crop, (int)frame_width, (int)frame_height))
        return TRUE;
    *region = (GstConvnextRegion){0};
    return FALSE;
}

gboolean gst_buffer_get_convnext_region(GstBuffer *buffer, GstConvnextMeta *meta, guint frame_width,
                                        guint frame_height, guint *x, guint *y, guint *width,
                                        guint *height)
{
    GstConvnextRegion region;
    gboolean is_known;

    g_return_val_if_fail(GST_IS_BUFFER(buffer), FALSE);
    g_return_val_if_fail(meta, FALSE);

    is_known = locate(buffer, meta, frame_width, frame_height, &region);
    if (x)
        *x = (guint)region.rect.x;
    if (y)
        *y = (guint)region.rect.y;
    if (width)
        *width = (guint)region.rect.w;
    if (height)
        *height = (guint)region.rect.h;
    return is_known;
}

gboolean gst_buffer_get_convnext_view(GstBuffer *buffer, GstConvnextMeta *meta, guint frame_width,
                                      guint frame_height, GstConvnextView *view)
{
    GstConvnextRegion region;

    g_return_val_if_fail(GST_IS_BUFFER(buffer), FALSE);
    g_return_val_if_fail(meta && view, FALSE);

    if (!locate(buffer, meta, frame_width, frame_height, &region) ||
        !gst_convnext_result_get_view(meta->result, view))
        return FALSE;
    gst_convnext_view_follow(view, &region.change);
    return TRUE;
}

gboolean gst_buffer_locate_convnext_box(GstBuffer *buffer, GstConvnextMeta *meta, guint frame_width,
                                        guint frame_height, double *x, double *y, double *width,
                                        double *height)
{
    GstConvnextRegion region;

    g_return_val_if_fail(GST_IS_BUFFER(buffer), FALSE);
    g_return_val_if_fail(meta && x && y && width && height, FALSE);

    if (!locate(buffer, meta, frame_width, frame_height, &region))
        return FALSE;
    gst_convnext_change_box(&region.change, x, y, width, height);
    return TRUE;
}
