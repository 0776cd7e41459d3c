/* Packing walks the network twice: first to count, then to fill. Matrices are converted some rows
 * at a time, in scratch buffers, so that packing takes hardly more than the packed weights.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/memory.h"

#define PACKED_FIXED ((gsize)40 << 20)  /* bytes that any network may take, besides the budget */
#define CHUNK_FLOATS ((gsize)256 << 10) /* to convert at a time, if they are whole panels */

typedef struct Packer {
    const CnxCheckpoint *checkpoint;
    const CnxKernels *kernels;
    CnxForm form;    /* of the blocks and the downsampling layers */
    CnxArena arena;  /* base NULL: the first walk, which counts */
    gsize largest;   /* floats of the largest chunk, found while counting */
    gsize widest;    /* the same of the convolutions that are permuted */
    float *stored;   /* [largest], rows of a tensor as they are in the file */
    float *permuted; /* [widest], rows of a convolution's weight as (out, kh, kw, in) */
} Packer;

static gboolean is_counting(const Packer *p)
{
    return p->arena.base == NULL;
}

G_GNUC_PRINTF(2, 3)
static const CnxTensor *find_tensor(Packer *p, const char *format, ...)
{
    g_autofree char *name = NULL;
    va_list args;

    va_start(args, format);
    name = g_strdup_vprintf(format, args);
    va_end(args);
    return cnx_checkpoint_tensor(p->checkpoint, name);
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

/* The vectors as floats; each may be NULL. */
typedef struct Folded {
    float *in_weight, *in_bias, *out_scale;
} Folded;

static void folded_clear(Folded *folded)
{
    g_free(folded->in_weight);
    g_free(folded->in_bias);
    g_free(folded->out_scale);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Folded, folded_clear)

static Folded load_folds(const Folds *folds)
{
    return (Folded){load_vector(folds->in_weight), load_vector(folds->in_bias),
                    load_vector(folds->out_scale)};
}

/* Folds into rows first to first + n - 1. w: [n, taps, in], bias: [n], of these rows. */
static void fold_vectors(const Folded *folded, float *w, float *bias, gsize first, gsize n,
                         gsize in, gsize taps)
{
    for (gsize o = 0; o < n; o++) {
        const double scale = folded->out_scale ? folded->out_scale[first + o] : 1.0;
        double b = bias[o];

        for (gsize t = 0; t < taps; t++, w += in) {
            for (gsize i = 0; i < in; i++) {
                const double v = w[i];

                if (folded->in_bias)
                    b += v * folded->in_bias[i];
                w[i] = (float)(scale * (folded->in_weight ? v * folded->in_weight[i] : v));
            }
        }
        bias[o] = (float)(scale * b);
    }
}

/* The rows of the next chunk of a matrix with rows of k floats, if n are left: whole panels and,
 * at the end, at least one. */
static gsize chunk_rows(gsize panel, gsize n, gsize k)
{
    const gsize rows = MAX(CHUNK_FLOATS / k / panel, 1) * panel;

    return n < rows + panel ? n : rows;
}

/* While counting: makes room for the chunks of a matrix [n, k] of which a row is stored in the file
 * as `stored` floats. */
static void measure_chunks(Packer *p, gsize panel, gsize n, gsize k, gsize stored,
                           gboolean is_permuted)
{
    const gsize rows = MIN(n, chunk_rows(panel, n, k) + panel);

    p->largest = MAX(p->largest, rows * stored);
    p->widest = MAX(p->widest, is_permuted ? rows * k : 1);
}

static gsize panel_of(const Packer *p, CnxForm form)
{
    return (gsize)cnx_products(p->kernels, form).panel;
}

/* Takes memory for a layer from the arena and copies its bias, but does not pack its weights. */
static CnxLinear take_linear(Packer *p, CnxForm form, const CnxTensor *bias, gsize n, gsize k)
{
    const gsize bytes = cnx_products(p->kernels, form).packed_size((int)n, (int)k);

    return (CnxLinear){.n = (int)n,
                       .k = (int)k,
                       .packed = CNX_TAKE(&p->arena, bytes / sizeof(float)),
                       .bias = pack_vector(p, bias, n),
                       .form = form};
}

/* Packs rows of the weights from row `first` on. w: [rows, k] */
static void pack_rows(const Packer *p, const CnxLinear *linear, gsize first, const float *w,
                      gsize rows)
{
    const CnxProducts kernels = cnx_products(p->kernels, linear->form);
    char *packed = (char *)linear->packed; /* in the arena */

    kernels.pack(packed + kernels.packed_size((int)first, linear->k), w, (int)rows, linear->k);
}

gboolean cnx_weights_may_be_rounded(const char *canonical, gsize k)
{
    return k <= CNX_GEMM_INT8_K &&
           (g_str_has_prefix(canonical, "down") || g_str_has_suffix(canonical, ".pw1.weight") ||
            g_str_has_suffix(canonical, ".pw2.weight"));
}

/* name: the module of the weight, which is [n, in, taps] in the file. */
static CnxLinear pack_linear(Packer *p, const char *name, gsize n, gsize in, gsize taps,
                             Folds folds)
{
    const gsize k = in * taps;
    g_autofree char *canonical = g_strconcat(name, ".weight", NULL);
    const CnxTensor *weight = cnx_checkpoint_tensor(p->checkpoint, canonical);
    const CnxForm form = cnx_weights_may_be_rounded(canonical, k) ? p->form : CNX_FORM_FLOAT;
    const gsize panel = panel_of(p, form);
    const CnxLinear linear = take_linear(p, form, find_tensor(p, "%s.bias", name), n, k);

    g_assert(weight && weight->elements == n * k);
    measure_chunks(p, panel, n, k, k, taps > 1);
    if (is_counting(p))
        return linear;
    g_auto(Folded) folded = load_folds(&folds);
    for (gsize o = 0, rows; o < n; o += rows) {
        float *w = p->stored;

        rows = chunk_rows(panel, n - o, k);
        cnx_tensor_range_to_float(weight, o * k, rows * k, w);
        if (taps > 1) {
            permute_taps(p->permuted, w, rows, in, taps);
            w = p->permuted;
        }
        fold_vectors(&folded, w, (float *)linear.bias + o, o, rows, in, taps);
        pack_rows(p, &linear, o, w, rows);
    }
    return linear;
}

static CnxLinear pack_unfolded(Packer *p, const char *name, gsize n, gsize in, gsize taps)
{
    return pack_linear(p, name, n, in, taps, (Folds){NULL});
}

/* Turns a convolution of greyscale images, [n, taps] in the file, into one of RGB images: it reads
 * their luma as Pillow defines it. */
static CnxLinear pack_grey(Packer *p, const char *name, gsize n, gsize taps)
{
    static const double luma[] = {0.299, 0.587, 0.114};
    const CnxTensor *weight = find_tensor(p, "%s.weight", name);
    const gsize k = 3 * taps, panel = panel_of(p, CNX_FORM_FLOAT);
    const CnxLinear linear = take_linear(p, CNX_FORM_FLOAT, find_tensor(p, "%s.bias", name), n, k);

    g_assert(weight && weight->elements == n * taps);
    measure_chunks(p, panel, n, k, taps, TRUE);
    for (gsize o = 0, rows; o < n && !is_counting(p); o += rows) {
        rows = chunk_rows(panel, n - o, k);
        cnx_tensor_range_to_float(weight, o * taps, rows * taps, p->stored);
        for (gsize i = 0; i < rows * k; i++)
            p->permuted[i] = (float)(p->stored[i / 3] * luma[i % 3]);
        pack_rows(p, &linear, o, p->permuted, rows);
    }
    return linear;
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

/* [c, k k] to [k k, c] */
static const float *pack_depthwise(Packer *p, const CnxTensor *weight, gsize c, gsize k)
{
    const gsize taps = k * k;
    float *dst = CNX_TAKE(&p->arena, taps, c);

    g_assert(weight && weight->elements == taps * c);
    measure_chunks(p, 1, c, taps, taps, FALSE);
    for (gsize first = 0, rows; dst && first < c; first += rows) {
        rows = chunk_rows(1, c - first, taps);
        cnx_tensor_range_to_float(weight, first * taps, rows * taps, p->stored);
        for (gsize tap = 0; tap < taps; tap++) {
            float *to = dst + tap * c + first;

            for (gsize ch = 0; ch < rows; ch++)
                to[ch] = p->stored[ch * taps + tap];
        }
    }
    return dst;
}

static void pack_block(Packer *p, CnxBlock *block, const CnxConfig *config, guint i, guint j)
{
    const gsize c = config->dims[i];
    const CnxTensor *grn_gamma = find_tensor(p, "s%u.b%u.grn.gamma", i, j);
    const CnxTensor *dw = find_tensor(p, "s%u.b%u.dw.weight", i, j);
    g_autofree char *pw1 = g_strdup_printf("s%u.b%u.pw1", i, j);
    g_autofree char *pw2 = g_strdup_printf("s%u.b%u.pw2", i, j);

    block->dw_weight = pack_depthwise(p, dw, c, config->kernels[i]);
    block->dw_bias = pack_vector(p, find_tensor(p, "s%u.b%u.dw.bias", i, j), c);
    block->pw1 = pack_linear(p, pw1, 4 * c, c, 1,
                             (Folds){.in_weight = find_tensor(p, "s%u.b%u.norm.weight", i, j),
                                     .in_bias = find_tensor(p, "s%u.b%u.norm.bias", i, j)});
    block->pw2 = pack_linear(p, pw2, c, 4 * c, 1,
                             (Folds){.in_bias = find_tensor(p, "s%u.b%u.grn.beta", i, j),
                                     .out_scale = find_tensor(p, "s%u.b%u.gamma", i, j)});
    if (grn_gamma)
        block->grn_gamma = pack_vector(p, grn_gamma, 4 * c);
}

static void pack_stage(Packer *p, CnxStage *stage, const CnxConfig *config, guint i)
{
    const gsize c = config->dims[i], before = config->dims[i > 0 ? i - 1 : 0];
    g_autofree char *down = g_strdup_printf("down%u.conv", i);
    Folds folds = {.in_weight = find_tensor(p, "down%u.norm.weight", i),
                   .in_bias = find_tensor(p, "down%u.norm.bias", i)};

    if ((i > 0 || config->first_down) && cnx_config_stride(config, i) == 1) {
        /* The normed map is padded with zeros, so nothing of the norm can be folded. */
        stage->down_norm = (CnxNorm){pack_vector(p, folds.in_weight, before),
                                     pack_vector(p, folds.in_bias, before)};
        folds = (Folds){NULL};
    }
    if (i > 0 || config->first_down)
        stage->down = pack_linear(p, down, c, before, 4, folds);
    for (guint j = 0; j < stage->depth; j++) {
        pack_block(p, &stage->blocks[j], config, i, j);
        if (!is_counting(p))
            cnx_checkpoint_release_pages(p->checkpoint);
    }
    if (config->output_norm[i])
        stage->output_norm = pack_output_norm(p, i, c);
}

/* Loads a vector of a batch norm; a missing one is `instead`. Free with g_free. */
static float *load_filled(Packer *p, const char *module, const char *leaf, gsize c, float instead)
{
    float *v = load_vector(find_tensor(p, "%s%s", module, leaf));

    if (v)
        return v;
    v = g_new(float, c);
    for (gsize i = 0; i < c; i++)
        v[i] = instead;
    return v;
}

/* y = (x - mean) / sqrt(variance + eps) * weight + bias as a scale and a shift. */
static CnxNorm pack_batch_norm(Packer *p, const char *module, gsize c)
{
    float *scale = CNX_TAKE(&p->arena, c), *shift = CNX_TAKE(&p->arena, c);

    if (!is_counting(p)) {
        g_autofree float *weight = load_filled(p, module, "weight", c, 1);
        g_autofree float *bias = load_filled(p, module, "bias", c, 0);
        g_autofree float *mean = load_filled(p, module, "running_mean", c, 0);
        g_autofree float *variance = load_filled(p, module, "running_var", c, 1);

        for (gsize i = 0; i < c; i++) {
            const double factor = weight[i] / sqrt(variance[i] + CNX_HEAD_EPS);

            scale[i] = (float)factor;
            shift[i] = (float)(bias[i] - mean[i] * factor);
        }
    }
    return (CnxNorm){scale, shift};
}

static CnxHeadWeights pack_head_layer(Packer *p, const CnxHead *head, guint i)
{
    const CnxHeadStep *step = &head->steps[i];
    char module[CNX_HEAD_NAME_SIZE];
    CnxHeadWeights layer = {.linear = {0}};

    cnx_head_module(head, i, module);
    if (step->kind == CNX_HEAD_BATCH_NORM) {
        layer.norm = pack_batch_norm(p, module, step->inputs);
        return layer;
    }
    module[strlen(module) - 1] = '\0'; /* without the dot */
    if (step->kind == CNX_HEAD_NORM)
        layer.norm = pack_norm(p, module, step->inputs);
    else
        layer.linear = pack_unfolded(p, module, step->outputs, step->inputs, 1);
    return layer;
}

static void pack_network(Packer *p, CnxWeights *weights, const CnxConfig *config)
{
    pack_stem(p, weights, config);
    for (guint i = 0; i < config->stages; i++)
        pack_stage(p, &weights->stage[i], config, i);
    if (config->final_norm)
        weights->norm = pack_norm(p, "norm", config->dims[config->stages - 1]);
    for (guint i = 0; i < config->head.count; i++)
        weights->head[i] = pack_head_layer(p, &config->head, i);
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

gsize cnx_weights_size(const CnxCheckpoint *checkpoint, const CnxKernels *kernels, CnxForm form)
{
    g_autoptr(CnxWeights) weights = NULL;
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    Packer packer = {.checkpoint = checkpoint, .kernels = kernels, .form = form};
    gsize bytes;

    weights = new_weights(config);
    pack_network(&packer, weights, config);
    return cnx_arena_bytes(&packer.arena, &bytes) ? bytes : G_MAXSIZE;
}

/* Padding can make the packed weights much larger than the file. */
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
                            CnxForm form, GError **error)
{
    g_autoptr(CnxWeights) weights = NULL;
    g_autofree float *stored = NULL, *permuted = NULL;
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    Packer packer = {.checkpoint = checkpoint, .kernels = kernels, .form = form};

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
