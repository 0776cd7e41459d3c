/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/segmenter.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/config/labels.h"
#include "model/heads/recognise.h"
#include "model/heads/segmenter_config.h"
#include "model/heads/segmenter_network.h"
#include "model/network/products.h"
#include "model/network/weights.h"

/* What to open */
typedef struct Request {
    const char *path;
    const CnxOpenOptions *options;
    CnxModelCheckFn *check; /* may be NULL */
    gpointer user_data;
} Request;

/* State of load_segmenter() */
typedef struct Loading {
    const Request *request;
    CnxSegmenter *self;
    CnxCheckpoint *checkpoint;
    CnxHeadTensors tensors;
    CnxForm form; /* of the backbone's products */
    char *file;   /* for messages */
    char *key;    /* of the model, when the checkpoint was opened */
    GError **error;
} Loading;

static void loading_clear(Loading *l)
{
    cnx_head_tensors_clear(&l->tensors);
    cnx_checkpoint_close(l->checkpoint);
    g_free(l->file);
    g_free(l->key);
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

static char *make_key(gconstpointer data)
{
    const Request *request = data;
    g_autofree char *key = cnx_model_key(request->path, request->options);

    return key ? g_strconcat("segmenter|", key, NULL) : NULL;
}

static gboolean is_allowed(const Request *request, const CnxConfig *config, gsize weights,
                           GError **error)
{
    return !request->check || request->check(config, weights, request->user_data, error);
}

static gboolean may_use(const CnxShared *shared, gconstpointer data, GError **error)
{
    const CnxSegmenter *self = (const CnxSegmenter *)shared;

    return is_allowed(data, cnx_model_config(self->backbone), cnx_segmenter_memory(self), error);
}

static gboolean choose_kernels(Loading *l)
{
    if (!cnx_conv_check(l->error) ||
        !cnx_model_find_form(l->request->options->precision, &l->form, l->error))
        return FALSE;
    l->self->kernels = cnx_isa_kernels(l->error);
    return l->self->kernels != NULL;
}

static gboolean open_checkpoint(Loading *l)
{
    const Request *request = l->request;

    l->key = cnx_model_key(request->path, request->options);
    l->checkpoint = cnx_checkpoint_open_with(request->path, request->options, l->error);
    if (!l->checkpoint)
        return FALSE;
    l->file = g_filename_display_name(cnx_checkpoint_files(l->checkpoint)[0]);
    return TRUE;
}

/* Recognises the family and sets its numbers and the info. */
static gboolean describe_head(Loading *l)
{
    CnxSegmenter *self = l->self;
    g_autofree char *prefix = NULL;

    self->family = cnx_recognise_segmenter(l->checkpoint, l->file, &prefix, l->error);
    if (!self->family ||
        !cnx_head_tensors_init(&l->tensors, l->checkpoint, l->file, prefix, l->error))
        return FALSE;
    self->head = g_malloc0(self->family->size);
    self->info = cnx_segmenter_describe(self->family, self->head, l->checkpoint, &l->tensors,
                                        l->request->path, l->error);
    return self->info != NULL;
}

/* int8 is the backbone's alone: the head's products stay in fp32. */
static CnxForm head_form(const Loading *l)
{
    return l->form == CNX_FORM_INT8 ? cnx_products_form(l->self->kernels, CNX_PRECISION_FP32)
                                    : l->form;
}

static gboolean fail_memory(const Loading *l)
{
    g_set_error(l->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "%s: not enough memory for the weights of its %s", l->file, l->self->family->name);
    return FALSE;
}

/* Checks the shapes of all layers and sets the size. */
static gboolean count_head(Loading *l)
{
    CnxSegmenter *self = l->self;
    CnxHeadPacker packer = {&l->tensors, self->kernels, head_form(l), NULL, 0, l->error};

    if (!self->family->pack(self->head, &packer) ||
        !cnx_head_check_used(&l->tensors, "decode_head.", self->family->name, l->error) ||
        !cnx_head_check_used(&l->tensors, "decoder.", self->family->name, l->error) ||
        !cnx_head_check_used(&l->tensors, "segmentation_model.1.", self->family->name, l->error) ||
        !cnx_head_check_used(&l->tensors, "segmentation_head.", self->family->name, l->error))
        return FALSE;
    self->size = packer.size;
    return TRUE;
}

/* Asks whether as much memory is allowed, and packs. */
static gboolean pack_head(Loading *l)
{
    CnxSegmenter *self = l->self;
    CnxHeadPacker packer = {&l->tensors, self->kernels, head_form(l), NULL, 0, l->error};
    const gsize backbone = cnx_weights_size(l->checkpoint, self->kernels, l->form);
    gsize all;

    if (!g_size_checked_add(&all, backbone, self->size))
        return fail_memory(l);
    if (!is_allowed(l->request, cnx_checkpoint_config(l->checkpoint), all, l->error))
        return FALSE;
    self->memory = cnx_memory_new(self->size);
    if (!self->memory)
        return fail_memory(l);
    packer.memory = self->memory;
    if (!self->family->pack(self->head, &packer))
        return FALSE;
    g_assert(packer.size == self->size);
    cnx_checkpoint_release_pages(l->checkpoint);
    return TRUE;
}

/* The backbone is opened as a model of its own, so that an element that runs only the backbone
 * shares its weights. */
static gboolean open_backbone(Loading *l)
{
    const Request *request = l->request;
    g_autofree char *key = NULL;

    l->self->backbone = cnx_model_open_with(request->path, request->options, NULL, NULL, l->error);
    if (!l->self->backbone)
        return FALSE;
    key = cnx_model_key(request->path, request->options);
    if (g_strcmp0(key, l->key) == 0)
        return TRUE;
    g_set_error(l->error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: changed while it was read", l->file);
    return FALSE;
}

static CnxShared *load_segmenter(gconstpointer data, GError **error)
{
    g_auto(Loading) l = {.request = data, .self = g_new0(CnxSegmenter, 1), .error = error};

    if (choose_kernels(&l) && open_checkpoint(&l) && describe_head(&l) && count_head(&l) &&
        pack_head(&l) && open_backbone(&l))
        return &l.self->shared;
    segmenter_free(&l.self->shared);
    return NULL;
}

static const CnxSharedClass segmenter_class = {make_key, load_segmenter, may_use, segmenter_free};

CnxSegmenter *cnx_segmenter_open(const char *path, const CnxOpenOptions *options,
                                 CnxModelCheckFn *check, gpointer user_data, GError **error)
{
    const Request request = {path, options, check, user_data};
    g_autoptr(GError) cause = NULL;
    CnxShared *shared = cnx_shared_open(&segmenter_class, &request, &cause);

    if (!shared)
        g_propagate_error(error, g_steal_pointer(&cause));
    return (CnxSegmenter *)shared;
}

CnxHeadInfo *cnx_segmenter_inspect(const CnxCheckpoint *checkpoint, const char *path,
                                   const CnxOpenOptions *options, gsize *weights, GError **error)
{
    const Request request = {path, options, NULL, NULL};
    g_autoptr(GError) cause = NULL;
    g_auto(Loading) l = {.request = &request, .self = g_new0(CnxSegmenter, 1), .error = &cause};
    CnxHeadInfo *info = NULL;

    *weights = 0;
    if (cnx_recognise_head(checkpoint)) {
        l.checkpoint = (CnxCheckpoint *)checkpoint; /* borrowed */
        l.file = g_filename_display_name(cnx_checkpoint_files(checkpoint)[0]);
        if (choose_kernels(&l) && describe_head(&l) && count_head(&l)) {
            info = g_steal_pointer(&l.self->info);
            *weights = l.self->size;
        } else {
            g_propagate_error(error, g_steal_pointer(&cause));
        }
        l.checkpoint = NULL;
    }
    segmenter_free(&l.self->shared);
    return info;
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
