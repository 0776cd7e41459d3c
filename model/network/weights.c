/* Packing walks the network twice: first to count, then to fill. Tensors are converted one at a
 * time, in scratch buffers of the size of the largest tensor and of the largest convolution.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/weights.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/memory.h"

#define PACKED_FIXED ((gsize)40 << 20) /* bytes that any network may take, besides the budget */

typedef struct Packer {
    const CnxCheckpoint *checkpoint;
    const CnxKernels *kernels;
    CnxArena arena;  /* base NULL: the first walk, which counts */
    gsize largest;   /* elements of the largest tensor, found while counting */
    gsize widest;    /* the same of the convolutions that are permuted */
    float *stored;   /* [largest], a tensor as it is in the file */
    float *permuted; /* [widest], a convolution's weight as (out, kh, kw, in) */
} Packer;

static gboolean is_counting(const Packer *p)
{
    return p->arena.base == NULL;
}

G_GNUC_PRINTF(2, 3)
static const CnxTensor *find_tensor(Packer *p, const char *format, ...)
{
    g_autofree char *name = NULL;
    const CnxTensor *tensor;
    va_list args;

    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    tensor = cnx_checkpoint_tensor(p->checkpoint, name);
    if (tensor)
        p->largest = MAX(p->largest, tensor->elements);
    return tensor;
}

/* Copies a tensor; writes zeros if it is NULL, for a missing bias. */
static const float *pack_vector(Packer *p, const CnxTensor *tensor, gsize elements)
{
    float *dst = CNX_TAKE(&p->arena, elements);

    g_assert(!tensor || tensor->elements == elements);
    if (dst && tensor)
        cnx_tensor_to_float(tensor, dst);
    else if (dst)
        memset(dst, 0, elements * sizeof *dst);
    return dst;
}

static CnxNorm pack_norm(Packer *p, const char *name, gsize c)
{
    return (CnxNorm){pack_vector(p, find_tensor(p, "%s.weight", name), c),
                     pack_vector(p, find_tensor(p, "%s.bias", name), c)};
}

static CnxNorm pack_output_norm(Packer *p, guint i, gsize c)
{
    return (CnxNorm){pack_vector(p, find_tensor(p, "outnorm%u.weight", i), c),
                     pack_vector(p, find_tensor(p, "outnorm%u.bias", i), c)};
}

/* A new copy of a vector as floats; NULL if tensor is NULL. */
static float *load_vector(const CnxTensor *tensor)
{
    float *v;

    if (!tensor)
        return NULL;
    v = g_new(float, tensor->elements);
    cnx_tensor_to_float(tensor, v);
    return v;
}

/* dst[o, tap, i] = src[o, i, tap] */
static void permute_taps(float *dst, const float *src, gsize out, gsize in, gsize taps)
{
    for (gsize o = 0; o < out; o++, dst += in * taps, src += in * taps)
        for (gsize i = 0; i < in; i++)
            for (gsize t = 0; t < taps; t++)
                dst[t * in + i] = src[i * taps + t];
}

/* Vectors to fold into a linear layer y = W x + b. Each may be NULL. */
typedef struct Folds {
    const CnxTensor *in_weight; /* [in]: x = in_weight x' + in_bias, at each tap */
    const CnxTensor *in_bias;   /* [in] */
    const CnxTensor *out_scale; /* [n]: y' = out_scale y */
} Folds;

/* w: [n, taps, in] */
static void fold_vectors(float *w, float *bias, gsize n, gsize in, gsize taps, const Folds *folds)
{
    g_autofree float *in_weight = load_vector(folds->in_weight);
    g_autofree float *in_bias = load_vector(folds->in_bias);
    g_autofree float *out_scale = load_vector(folds->out_scale);

    for (gsize o = 0; o < n; o++) {
        const double scale = out_scale ? out_scale[o] : 1.0;
        double b = bias[o];

        for (gsize t = 0; t < taps; t++, w += in) {
            for (gsize i = 0; i < in; i++) {
                const double v = w[i];

                if (in_bias)
                    b += v * in_bias[i];
                w[i] = (float)(scale * (in_weight ? v * in_weight[i] : v));
            }
        }
        bias[o] = (float)(scale * b);
    }
}

/* weight: [n, in, taps] as in the file. */
static CnxLinear pack_linear(Packer *p, const CnxTensor *weight, const CnxTensor *bias, gsize n,
                             gsize in, gsize taps, Folds folds)
{
    const gsize k = in * taps;
    float *packed = CNX_TAKE(&p->arena, p->kernels->gemm_packed_size((int)n, (int)k));
    float *b = (float *)pack_vector(p, bias, n), *w = p->stored;

    g_assert(weight && weight->elements == n * k);
    p->widest = MAX(p->widest, taps > 1 ? n * k : 1);
    if (!is_counting(p)) {
        cnx_tensor_to_float(weight, w);
        if (taps > 1) {
            permute_taps(p->permuted, w, n, in, taps);
            w = p->permuted;
        }
        fold_vectors(w, b, n, in, taps, &folds);
        p->kernels->gemm_pack(packed, w, (int)n, (int)k);
    }
    return (CnxLinear){(int)n, (int)k, packed, b};
}

static CnxLinear pack_unfolded(Packer *p, const char *name, gsize n, gsize in, gsize taps)
{
    return pack_linear(p, find_tensor(p, "%s.weight", name), find_tensor(p, "%s.bias", name), n, in,
                       taps, (Folds){NULL});
}

/* Turns a convolution of greyscale images, [n, taps] in the file, into one of RGB images: it reads
 * their luma as Pillow defines it. */
static CnxLinear pack_grey(Packer *p, const char *name, gsize n, gsize taps)
{
    static const double luma[] = {0.299, 0.587, 0.114};
    const CnxTensor *weight = find_tensor(p, "%s.weight", name);
    float *packed = CNX_TAKE(&p->arena, p->kernels->gemm_packed_size((int)n, (int)(3 * taps)));
    const float *bias = pack_vector(p, find_tensor(p, "%s.bias", name), n);

    g_assert(weight && weight->elements == n * taps);
    p->widest = MAX(p->widest, 3 * n * taps);
    if (!is_counting(p)) {
        cnx_tensor_to_float(weight, p->stored);
        for (gsize i = 0; i < 3 * n * taps; i++)
            p->permuted[i] = (float)(p->stored[i / 3] * luma[i % 3]);
        p->kernels->gemm_pack(packed, p->permuted, (int)n, (int)(3 * taps));
    }
    return (CnxLinear){(int)n, (int)(3 * taps), packed, bias};
}

static CnxLinear pack_first(Packer *p, const CnxConfig *config, const char *name, gsize n,
                            gsize taps)
{
    return config->channels == 1 ? pack_grey(p, name, n, taps) : pack_unfolded(p, name, n, 3, taps);
}

static void pack_stem(Packer *p, CnxWeights *weights, const CnxConfig *config)
{
    const gsize c = config->dims[0], mid = config->stem_width;

    if (config->stem == CNX_STEM_PATCH) {
        weights->stem[0] =
            pack_first(p, config, "stem.conv", c, (gsize)config->patch * config->patch);
    } else {
        weights->stem[0] = pack_first(p, config, "stem.conv0", mid, 9);
        weights->stem[1] = pack_unfolded(p, "stem.conv1", c, mid, 9);
    }
    if (config->stem_norm)
        weights->stem_norm = pack_norm(p, "stem.norm", c);
}

/* [c, taps] to [taps, c] */
static const float *pack_depthwise(Packer *p, const CnxTensor *weight, gsize c, gsize taps)
{
    float *dst = CNX_TAKE(&p->arena, taps, c);

    g_assert(weight && weight->elements == taps * c);
    if (dst) {
        cnx_tensor_to_float(weight, p->stored);
        permute_taps(dst, p->stored, 1, c, taps);
    }
    return dst;
}

/* Dilated, with zeros between the taps: [c, k k] to [wide wide, c], wide = dilation (k - 1) + 1. */
static const float *pack_dilated(Packer *p, const CnxTensor *weight, gsize c, gsize k, gsize wide)
{
    const gsize dilation = k > 1 ? (wide - 1) / (k - 1) : 1;
    float *dst = CNX_TAKE(&p->arena, wide * wide, c);

    if (dst) {
        cnx_tensor_to_float(weight, p->stored);
        memset(dst, 0, wide * wide * c * sizeof *dst);
        for (gsize tap = 0; tap < k * k; tap++)
            for (gsize ch = 0; ch < c; ch++)
                dst[(tap / k * wide + tap % k) * dilation * c + ch] = p->stored[ch * k * k + tap];
    }
    return dst;
}

static void pack_block(Packer *p, const CnxStage *stage, CnxBlock *block, const CnxConfig *config,
                       guint i, guint j)
{
    const gsize c = config->dims[i], kernel = config->kernels[i];
    const CnxTensor *grn_gamma = find_tensor(p, "s%u.b%u.grn.gamma", i, j);
    const CnxTensor *dw = find_tensor(p, "s%u.b%u.dw.weight", i, j);

    block->dw_weight = stage->kernel > kernel ? pack_dilated(p, dw, c, kernel, stage->kernel)
                                              : pack_depthwise(p, dw, c, kernel * kernel);
    block->dw_bias = pack_vector(p, find_tensor(p, "s%u.b%u.dw.bias", i, j), c);
    block->pw1 = pack_linear(p, find_tensor(p, "s%u.b%u.pw1.weight", i, j),
                             find_tensor(p, "s%u.b%u.pw1.bias", i, j), 4 * c, c, 1,
                             (Folds){.in_weight = find_tensor(p, "s%u.b%u.norm.weight", i, j),
                                     .in_bias = find_tensor(p, "s%u.b%u.norm.bias", i, j)});
    block->pw2 = pack_linear(p, find_tensor(p, "s%u.b%u.pw2.weight", i, j),
                             find_tensor(p, "s%u.b%u.pw2.bias", i, j), c, 4 * c, 1,
                             (Folds){.in_bias = find_tensor(p, "s%u.b%u.grn.beta", i, j),
                                     .out_scale = find_tensor(p, "s%u.b%u.gamma", i, j)});
    if (grn_gamma)
        block->grn_gamma = pack_vector(p, grn_gamma, 4 * c);
}

static void pack_stage(Packer *p, CnxStage *stage, const CnxConfig *config, guint i)
{
    const gsize c = config->dims[i], before = config->dims[i > 0 ? i - 1 : 0];
    Folds folds = {.in_weight = find_tensor(p, "down%u.norm.weight", i),
                   .in_bias = find_tensor(p, "down%u.norm.bias", i)};

    stage->kernel = config->dilations[i] * (config->kernels[i] - 1) + 1;
    if ((i > 0 || config->first_down) && cnx_config_stride(config, i) == 1) {
        /* The normed map is padded with zeros, so nothing of the norm can be folded. */
        stage->down_norm = (CnxNorm){pack_vector(p, folds.in_weight, before),
                                     pack_vector(p, folds.in_bias, before)};
        folds = (Folds){NULL};
    }
    if (i > 0 || config->first_down)
        stage->down = pack_linear(p, find_tensor(p, "down%u.conv.weight", i),
                                  find_tensor(p, "down%u.conv.bias", i), c, before, 4, folds);
    for (guint j = 0; j < stage->depth; j++) {
        pack_block(p, stage, &stage->blocks[j], config, i, j);
        if (!is_counting(p))
            cnx_checkpoint_release_pages(p->checkpoint);
    }
    if (config->output_norm[i])
        stage->output_norm = pack_output_norm(p, i, c);
}

static void pack_network(Packer *p, CnxWeights *weights, const CnxConfig *config)
{
    const gsize last = config->dims[config->stages - 1];
    const gsize outputs = config->projection > 0 ? config->projection : config->classes;

    pack_stem(p, weights, config);
    for (guint i = 0; i < config->stages; i++)
        pack_stage(p, &weights->stage[i], config, i);
    if (config->final_norm)
        weights->norm = pack_norm(p, "norm", last);
    if (config->hidden > 0)
        weights->hidden = pack_unfolded(p, "head.hidden", config->hidden, last, 1);
    if (outputs > 0)
        weights->head =
            pack_unfolded(p, "head", outputs, config->hidden > 0 ? config->hidden : last, 1);
}

static CnxWeights *new_weights(const CnxConfig *config)
{
    CnxWeights *weights = g_new0(CnxWeights, 1);

    for (guint i = 0; i < config->stages; i++) {
        weights->stage[i].depth = config->depths[i];
        weights->stage[i].blocks = g_new0(CnxBlock, config->depths[i]);
    }
    return weights;
}

gsize cnx_weights_size(const CnxCheckpoint *checkpoint, const CnxKernels *kernels)
{
    g_autoptr(CnxWeights) weights = NULL;
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    Packer packer = {.checkpoint = checkpoint, .kernels = kernels};
    gsize bytes;

    weights = new_weights(config);
    pack_network(&packer, weights, config);
    return cnx_arena_bytes(&packer.arena, &bytes) ? bytes : G_MAXSIZE;
}

/* Dilated kernels and padding can make the packed weights much larger than the file. */
static gboolean check_size(const CnxCheckpoint *checkpoint, const Packer *p, GError **error)
{
    gsize budget, packed, needed;
    const gsize size = cnx_checkpoint_size(checkpoint, &budget);

    if (!cnx_arena_bytes(&p->arena, &packed) ||
        !g_size_checked_add(&needed, packed, (p->largest + p->widest) * sizeof(float)))
        needed = G_MAXSIZE;
    if (needed <= budget || needed - budget <= PACKED_FIXED)
        return TRUE;
    g_autofree char *file = g_filename_display_name(cnx_checkpoint_files(checkpoint)[0]);
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: packing the weights of a %s takes %" G_GSIZE_FORMAT
                " bytes of memory, expected at most %" G_GSIZE_FORMAT
                " for a checkpoint of %" G_GSIZE_FORMAT " bytes",
                file, cnx_checkpoint_config(checkpoint)->variant, needed, budget + PACKED_FIXED,
                size);
    return FALSE;
}

CnxWeights *cnx_weights_new(const CnxCheckpoint *checkpoint, const CnxKernels *kernels,
                            GError **error)
{
    g_autoptr(CnxWeights) weights = NULL;
    g_autofree float *stored = NULL, *permuted = NULL;
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    Packer packer = {.checkpoint = checkpoint, .kernels = kernels};

    weights = new_weights(config);
    pack_network(&packer, weights, config);
    if (!check_size(checkpoint, &packer, error))
        return NULL;
    if (cnx_arena_bytes(&packer.arena, &weights->memory_size))
        weights->memory = cnx_memory_new(weights->memory_size);
    packer.stored = stored = g_try_new(float, packer.largest);
    packer.permuted = permuted = g_try_new(float, packer.widest);
    if (!weights->memory || !stored || !permuted) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "not enough memory for the weights of %s: %" G_GSIZE_FORMAT " bytes are needed",
                    config->variant, weights->memory_size);
        return NULL;
    }
    packer.arena = (CnxArena){.base = weights->memory};
    pack_network(&packer, weights, config);
    return g_steal_pointer(&weights);
}

void cnx_weights_free(CnxWeights *weights)
{
    if (!weights)
        return;
    for (guint i = 0; i < CNX_STAGES; i++)
        g_free(weights->stage[i].blocks);
    free(weights->memory);
    g_free(weights);
}
