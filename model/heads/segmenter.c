/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/segmenter.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/memory.h"
#include "model/config/labels.h"
#include "model/heads/loading.h"
#include "model/heads/recognise.h"
#include "model/heads/segmenter_config.h"
#include "model/heads/segmenter_network.h"
#include "model/network/weights.h"

/* State of load_segmenter() */
typedef struct Loading {
    CnxHeadLoading base;
    CnxSegmenter *self;
    gboolean is_other; /* config.json is that of another model */
} Loading;

static void loading_clear(Loading *l)
{
    cnx_head_loading_clear(&l->base);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loading, loading_clear)

static void segmenter_free(CnxShared *shared)
{
    g_autofree CnxSegmenter *self = (CnxSegmenter *)shared;

    cnx_model_unref(self->backbone);
    cnx_head_info_free(self->info);
    free(self->memory);
    g_free(self->head);
}

static char *make_key(gconstpointer request)
{
    return cnx_head_key(request, "segmenter|");
}

static gboolean may_use(const CnxShared *shared, gconstpointer data, GError **error)
{
    const CnxSegmenter *self = (const CnxSegmenter *)shared;

    return cnx_head_is_allowed(data, cnx_model_config(self->backbone), cnx_segmenter_memory(self),
                               error);
}

static gboolean choose_kernels(Loading *l)
{
    if (!cnx_head_choose_kernels(&l->base))
        return FALSE;
    l->self->kernels = l->base.kernels;
    return TRUE;
}

/* Recognises the family and sets its numbers and the info. */
static gboolean describe_head(Loading *l)
{
    CnxSegmenter *self = l->self;
    g_autofree char *prefix = NULL;

    self->family =
        cnx_recognise_segmenter(l->base.checkpoint, l->base.file, &prefix, l->base.error);
    if (!self->family || !cnx_head_tensors_init(&l->base.tensors, l->base.checkpoint, l->base.file,
                                                prefix, l->base.error))
        return FALSE;
    self->head = g_malloc0(self->family->size);
    self->info =
        cnx_segmenter_describe(self->family, self->head, l->base.checkpoint, &l->base.tensors,
                               l->base.request->path, &l->is_other, l->base.error);
    return self->info != NULL;
}

static gboolean fail_memory(const Loading *l)
{
    g_set_error(l->base.error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "%s: not enough memory for the weights of its %s", l->base.file,
                l->self->family->name);
    return FALSE;
}

/* Checks the shapes of all layers and sets the size. */
static gboolean count_head(Loading *l)
{
    CnxSegmenter *self = l->self;
    CnxHeadPacker packer = {&l->base.tensors, self->kernels, cnx_head_form(&l->base), NULL, 0,
                            l->base.error};

    if (!self->family->pack(self->head, &packer) ||
        !cnx_head_check_used(&l->base.tensors, "decode_head.", self->family->name, l->base.error) ||
        !cnx_head_check_used(&l->base.tensors, "decoder.", self->family->name, l->base.error) ||
        !cnx_head_check_used(&l->base.tensors, "segmentation_model.1.", self->family->name,
                             l->base.error) ||
        !cnx_head_check_used(&l->base.tensors, "segmentation_head.", self->family->name,
                             l->base.error))
        return FALSE;
    self->size = packer.size;
    return TRUE;
}

/* Asks whether as much memory is allowed, and packs. */
static gboolean pack_head(Loading *l)
{
    CnxSegmenter *self = l->self;
    CnxHeadPacker packer = {&l->base.tensors, self->kernels, cnx_head_form(&l->base), NULL, 0,
                            l->base.error};
    const gsize backbone = cnx_weights_size(l->base.checkpoint, self->kernels, l->base.form);
    gsize all;

    if (!g_size_checked_add(&all, backbone, self->size))
        return fail_memory(l);
    if (!cnx_head_is_allowed(l->base.request, cnx_checkpoint_config(l->base.checkpoint), all,
                             l->base.error))
        return FALSE;
    self->memory = cnx_memory_new(self->size);
    if (!self->memory)
        return fail_memory(l);
    packer.memory = self->memory;
    if (!self->family->pack(self->head, &packer))
        return FALSE;
    g_assert(packer.size == self->size);
    self->info->tensors = cnx_head_list_read(&l->base.tensors);
    cnx_checkpoint_release_pages(l->base.checkpoint);
    return TRUE;
}

static gboolean open_backbone(Loading *l)
{
    l->self->backbone = cnx_head_open_backbone(&l->base);
    return l->self->backbone != NULL;
}

/* One attempt. NULL with error. *is_other: as in cnx_segmenter_describe(). */
static CnxSegmenter *load(const CnxHeadRequest *request, gboolean *is_other, GError **error)
{
    g_auto(Loading) l = {{.request = request, .error = error}, g_new0(CnxSegmenter, 1), FALSE};
    const gboolean is_loaded = choose_kernels(&l) && cnx_head_open_checkpoint(&l.base) &&
                               describe_head(&l) && count_head(&l) && pack_head(&l) &&
                               open_backbone(&l);

    *is_other = l.is_other;
    if (is_loaded)
        return l.self;
    segmenter_free(&l.self->shared);
    return NULL;
}

/* A config.json of another model is not read at all: neither by the head nor by the backbone. */
static CnxShared *load_segmenter(gconstpointer data, GError **error)
{
    CnxHeadRequest request = *(const CnxHeadRequest *)data;
    CnxOpenOptions options = *request.options;
    g_autoptr(GError) cause = NULL, second = NULL;
    gboolean is_other;
    CnxSegmenter *self = load(&request, &is_other, &cause);

    if (!self && is_other) {
        options.no_config = TRUE;
        request.options = &options;
        self = load(&request, &is_other, &second);
        if (self)
            cnx_head_info_ignore(self->info, cause->message);
    }
    if (!self)
        g_propagate_error(error, g_steal_pointer(&cause));
    return self ? &self->shared : NULL;
}

static const CnxSharedClass segmenter_class = {make_key, load_segmenter, may_use, segmenter_free};

CnxSegmenter *cnx_segmenter_open(const char *path, const CnxOpenOptions *options,
                                 CnxModelCheckFn *check, gpointer user_data, GError **error)
{
    const CnxHeadRequest request = {path, options, check, user_data};
    g_autoptr(GError) cause = NULL;
    CnxShared *shared = cnx_shared_open(&segmenter_class, &request, &cause);

    if (!shared)
        g_propagate_error(error, g_steal_pointer(&cause));
    return (CnxSegmenter *)shared;
}

CnxSegmenter *cnx_segmenter_ref(CnxSegmenter *self)
{
    cnx_shared_ref(&self->shared);
    return self;
}

void cnx_segmenter_unref(CnxSegmenter *self)
{
    if (self)
        cnx_shared_unref(&self->shared);
}

CnxModel *cnx_segmenter_backbone(const CnxSegmenter *self)
{
    return self->backbone;
}

const CnxHeadInfo *cnx_segmenter_info(const CnxSegmenter *self)
{
    return self->info;
}

gsize cnx_segmenter_memory(const CnxSegmenter *self)
{
    return cnx_model_memory(self->backbone) + self->size;
}
