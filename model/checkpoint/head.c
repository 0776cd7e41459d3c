/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/head.h"

#include <string.h>

#include "model/checkpoint/head_order.h"
#include "model/dialect/extras.h"

#define WIDTH_MAX (1u << 16)   /* values of a hidden layer */
#define CLASSES_MAX (1u << 24) /* published: 21841 */

/* The activations */

/* Modules without tensors between layer i and the next one, of which one may be an activation; 0:
 * the activation is known. */
static int count_unknown(const CnxHeadReading *r, guint i)
{
    const CnxHeadLayer *layer = cnx_head_layer(r, i);

    return layer->role == CNX_HEAD_ROLE_HIDDEN || r->is_fastai
               ? 0
               : cnx_head_layers_gap(layer, cnx_head_layer(r, i + 1));
}

static guint find_linear(const CnxHeadReading *r, guint i)
{
    while (i < r->layers->len && cnx_head_layer(r, i)->kind != CNX_HEAD_LINEAR)
        i++;
    return i;
}

/* The layers behind which an unknown activation may be; all are behind the first linear layer. If
 * the numbers leave no place between two linear layers, they are more likely those of a ModuleList
 * whose activation is a function, so each place counts. *is_single: there is at most one place
 * between two linear layers. Returns the number of places. */
static guint find_gaps(const CnxHeadReading *r, guint gaps[CNX_HEAD_STEPS], gboolean *is_single)
{
    guint count = 0, next;

    *is_single = TRUE;
    for (guint i = find_linear(r, 0); i < r->layers->len; i = next) {
        const gboolean is_known =
            r->is_fastai || cnx_head_layer(r, i)->role == CNX_HEAD_ROLE_HIDDEN;
        const guint before = count;

        next = find_linear(r, i + 1);
        for (guint k = i; k < next && k + 1 < r->layers->len; k++)
            if (count_unknown(r, k) != 0)
                gaps[count++] = k;
        if (count == before && next < r->layers->len && !is_known)
            for (guint k = i; k < next; k++)
                gaps[count++] = k;
        *is_single &= count <= before + 1;
    }
    return count;
}

/* The head of the library's network, and another one on its outputs. */
static gboolean fail_stacked(const CnxHeadReading *r, const CnxHeadLayer *layer,
                             const CnxHeadLayer *next)
{
    g_autofree char *name = cnx_quote(cnx_head_main_part(layer)->tensor->name);
    g_autofree char *kind =
        g_strdup_printf("a second head, on the outputs of the head %s: keep only one, or set "
                        "head-activation to the activation between them",
                        name);

    return cnx_head_fail_layer(r, next, kind);
}

/* Whether a tensor outside the body belongs to no layer: an activation such as PReLU has one too.
 */
static gboolean has_stranger(const CnxHeadReading *r)
{
    for (guint i = 0; i < r->source->count; i++) {
        const CnxPart *part = &r->source->parts[i];
        gboolean is_found = part->canonical || part->reason;

        for (guint k = 0; k < r->layers->len && !is_found; k++) {
            const CnxHeadLayer *layer = cnx_head_layer(r, k);

            is_found = part == layer->weight || part == layer->bias || part == layer->mean ||
                       part == layer->variance;
        }
        if (!is_found)
            return TRUE;
    }
    return FALSE;
}

static gboolean fail_unknown(const CnxHeadReading *r, const guint *gaps, guint count,
                             gboolean is_single)
{
    const CnxHeadLayer *layer = cnx_head_layer(r, gaps[0]), *next = cnx_head_layer(r, gaps[0] + 1);
    g_autofree char *a = cnx_head_describe_layer(layer), *b = cnx_head_describe_layer(next),
                    *words = cnx_head_act_words();
    g_autofree char *each =
        is_single ? g_strdup(count > 1 ? ", one for all places or a comma-separated list" : "")
                  : g_strdup_printf(", as a comma-separated list for %u places", count);

    if (layer->role == CNX_HEAD_ROLE_OUTPUT && cnx_head_layers_gap(layer, next) < 0)
        return fail_stacked(r, layer, next);
    if (has_stranger(r))
        return TRUE; /* refused later */
    return cnx_head_fail(r, CNX_ERROR_UNSUPPORTED,
                         "the file does not record which activation is between the layers %s and "
                         "%s of the head: set head-activation to %s%s",
                         a, b, words, each);
}

/* A 1x1 convolution before the pooling gives the same as behind it only if it is the last layer. */
static gboolean check_convolutions(const CnxHeadReading *r)
{
    for (guint i = r->first; i + 1 < r->layers->len; i++)
        if (cnx_head_layer(r, i)->kind == CNX_HEAD_LINEAR &&
            cnx_head_layer(r, i)->role == CNX_HEAD_ROLE_OWN &&
            cnx_head_layer(r, i)->weight->tensor->rank > 2)
            return cnx_head_fail_layer(
                r, cnx_head_layer(r, i),
                "a convolution, and the file does not record whether it runs before the pooling");
    return TRUE;
}

static gboolean set_acts(CnxHeadReading *r)
{
    CnxHeadStep *steps = r->config->head.steps;
    const guint output = r->config->head.output;
    CnxHeadAct acts[CNX_HEAD_STEPS];
    guint gaps[CNX_HEAD_STEPS], given = 0;
    gboolean is_single;
    const guint count = find_gaps(r, gaps, &is_single);
    const char *text = r->source->activation;

    for (guint i = r->first; i < r->layers->len; i++) {
        const CnxHeadLayer *layer = cnx_head_layer(r, i);

        if (layer->role == CNX_HEAD_ROLE_HIDDEN)
            steps[i - r->first].act = CNX_HEAD_ACT_GELU;
        else if (r->is_fastai && layer->kind == CNX_HEAD_LINEAR && i - r->first < output)
            steps[i - r->first].act = CNX_HEAD_ACT_RELU;
    }
    if (text && !cnx_head_parse_acts(text, acts, &given, r->error))
        return FALSE;
    if (given == 0)
        return count == 0 ? check_convolutions(r) : fail_unknown(r, gaps, count, is_single);
    is_single |= given == 1 && acts[0] == CNX_HEAD_ACT_NONE;
    if (given != count && (given > 1 || count == 0 || !is_single))
        return cnx_head_fail(
            r, CNX_ERROR_SETTINGS,
            "head-activation is \"%s\", but the head has %u place%s with an unknown activation",
            text, count, count == 1 ? "" : "s");
    for (guint i = 0; i < count; i++)
        steps[gaps[i] - r->first].act = acts[given > 1 ? i : 0];
    return check_convolutions(r);
}

/* The description */

/* Networks whose forward pass always has a last norm. */
static gboolean check_norm(const CnxHeadReading *r)
{
    const CnxDialect dialect = r->source->naming->dialect;
    gboolean has_output = FALSE, has_stock = FALSE;

    for (guint i = 0; i < r->layers->len; i++) {
        has_output |= cnx_head_layer(r, i)->kind == CNX_HEAD_LINEAR;
        has_stock |= cnx_head_layer(r, i)->role == CNX_HEAD_ROLE_OUTPUT;
    }
    if (r->config->final_norm || !has_output || dialect == CNX_DIALECT_TORCHVISION ||
        (dialect == CNX_DIALECT_TIMM && !has_stock))
        return TRUE;
    g_autofree char *name = cnx_naming_original(r->source->naming, "norm.weight");
    return cnx_head_fail(r, CNX_ERROR_NOT_CONVNEXT,
                         "has no tensor \"%s\", which a ConvNeXt needs before its head", name);
}

/* Describes step i, which is layer i behind the last norm of the body. */
static gboolean set_step(CnxHeadReading *r, guint i)
{
    const CnxHeadLayer *layer = cnx_head_layer(r, r->first + i);
    CnxHead *head = &r->config->head;
    CnxHeadStep *step = &head->steps[i];
    const guint before = i > 0 ? step[-1].outputs : (guint)r->channels * (1 + head->concat);
    const CnxTensor *t = cnx_head_main_part(layer)->tensor;
    const guint64 outputs = layer->kind != CNX_HEAD_LINEAR ? before : t->rank ? t->shape[0] : 0;
    const guint max = i == head->output ? CLASSES_MAX : WIDTH_MAX;

    if (outputs < 1 || outputs > max) {
        g_autofree char *name = cnx_quote(t->name);

        return cnx_head_fail(r, CNX_ERROR_UNSUPPORTED,
                             "tensor %s has %" G_GUINT64_FORMAT " outputs, expected 1 to %u", name,
                             outputs, max);
    }
    *step = (CnxHeadStep){.kind = layer->kind,
                          .inputs = before,
                          .outputs = (guint)outputs,
                          .bias = layer->bias || layer->role == CNX_HEAD_ROLE_HIDDEN,
                          .affine = layer->weight != NULL};
    return TRUE;
}

/* The last linear layer, unless it is the hidden layer of a network without classes. */
static guint find_output(const CnxHeadReading *r)
{
    for (guint i = r->layers->len; i-- > r->first;)
        if (cnx_head_layer(r, i)->kind == CNX_HEAD_LINEAR)
            return (cnx_head_layer(r, i)->role == CNX_HEAD_ROLE_HIDDEN ? r->layers->len : i) -
                   r->first;
    return r->layers->len - r->first;
}

static void bind_part(const CnxHeadReading *r, CnxPart *part, const char *module, const char *leaf)
{
    if (!part)
        return;
    g_autofree char *name = g_strconcat(module, leaf, NULL);
    part->canonical = g_string_chunk_insert(r->source->names, name);
    g_hash_table_insert(r->source->tensors, g_steal_pointer(&name), (gpointer)part->tensor);
}

static void bind_layer(const CnxHeadReading *r, const CnxHeadLayer *layer, const char *module)
{
    bind_part(r, layer->weight, module, "weight");
    bind_part(r, layer->bias, module, "bias");
    bind_part(r, layer->mean, module, "running_mean");
    bind_part(r, layer->variance, module, "running_var");
}

/* In timm's network, the first layer of a Sequential in place of the head reads the feature maps.
 */
static gboolean reads_maps(const CnxHeadReading *r, const CnxHeadLayer *layer)
{
    return r->source->naming->dialect == CNX_DIALECT_TIMM &&
           layer->level == strlen(r->source->naming->prefix) &&
           !strcmp(layer->path + layer->level, "head.0");
}

/* Whether the layer norm is the library's own, perhaps at another place in torchvision's head; any
 * other one is a step of the head and has PyTorch's eps. */
static gboolean is_last_norm(const CnxHeadReading *r, const CnxHeadLayer *layer)
{
    const char *dot = strrchr(layer->path, '.');
    const gsize length = strlen("classifier");

    if (layer->kind != CNX_HEAD_NORM)
        return FALSE;
    if (layer->role == CNX_HEAD_ROLE_NORM || reads_maps(r, layer))
        return TRUE;
    return r->source->naming->dialect == CNX_DIALECT_TORCHVISION && dot &&
           (gsize)(dot - layer->path) >= length && !strncmp(dot - length, "classifier", length);
}

static void set_norm(CnxHeadReading *r)
{
    CnxConfig *config = r->config;
    const CnxHeadLayer *norm = r->layers->len ? cnx_head_layer(r, 0) : NULL;

    r->first = norm && is_last_norm(r, norm);
    config->final_norm = r->first;
    if (!r->first)
        return;
    config->head_norm_first = g_str_has_suffix(norm->path, "norm_pre") ||
                              (norm->role == CNX_HEAD_ROLE_OWN && reads_maps(r, norm));
    for (guint i = 1; i < r->layers->len && !config->head_norm_first; i++)
        config->norm_is_assumed |= cnx_head_layer(r, i)->role == CNX_HEAD_ROLE_OWN &&
                                   cnx_head_layer(r, i)->level < norm->level;
    bind_layer(r, norm, "norm.");
}

static gboolean set_steps(CnxHeadReading *r)
{
    CnxConfig *config = r->config;
    CnxHead *head = &config->head;

    head->concat = r->is_fastai && cnx_head_layer(r, r->first)->inputs != r->channels;
    head->count = r->layers->len - r->first;
    head->output = find_output(r);
    for (guint i = 0; i < head->count; i++)
        if (!set_step(r, i))
            return FALSE;
    if (head->output == head->count)
        return TRUE;
    *(r->source->naming->dialect == CNX_DIALECT_OPEN_CLIP ? &config->projection
                                                          : &config->classes) =
        head->steps[head->output].outputs;
    return TRUE;
}

/* Lists ignored matrices that read the body, and the first tensor of a dense head, for networks
 * without a classifier. */
static void note_unused(const CnxHeadReading *r)
{
    g_autoptr(GString) list = g_string_new(NULL);
    gboolean has_dense_head = FALSE;

    for (guint i = 0; i < r->source->count && r->config->head.output == r->config->head.count;
         i++) {
        const CnxPart *part = &r->source->parts[i];
        const CnxTensor *t = part->tensor;

        const gboolean is_dense = cnx_extras_is_dense_head(part->reason) && !has_dense_head;

        has_dense_head |= is_dense;
        if (!part->reason || (!is_dense && (t->rank != 2 || t->shape[1] != r->channels)))
            continue;
        g_autofree char *name = cnx_quote(t->name), *shape = cnx_shape_text(t->rank, t->shape);
        g_string_append_printf(list, "%s%s of shape %s, which %s", list->len ? ", and " : "", name,
                               shape, part->reason);
    }
    if (list->len)
        r->config->unused_heads = g_strdup(list->str);
}

static guint64 width_of_body(const CnxHeadSource *source)
{
    for (guint stage = CNX_STAGES; stage-- > 0;) {
        char name[48];

        g_snprintf(name, sizeof name, "s%u.b0.dw.weight", stage);
        const CnxTensor *dw = g_hash_table_lookup(source->tensors, name);
        if (dw && dw->rank)
            return dw->shape[0];
    }
    return 0;
}

gboolean cnx_head_read(const CnxHeadSource *source, CnxConfig *config, GError **error)
{
    g_autoptr(GPtrArray) layers = NULL;
    CnxHeadReading r = {
        .source = source, .channels = width_of_body(source), .config = config, .error = error};

    if (r.channels == 0 || r.channels > WIDTH_MAX)
        return TRUE; /* refused later */
    r.layers = layers = cnx_head_layers_new(source->naming, source->parts, source->count);
    if (!cnx_head_order(&r))
        return FALSE;
    set_norm(&r);
    if (!set_steps(&r) || !check_norm(&r) || !set_acts(&r))
        return FALSE;
    for (guint i = 0; i < config->head.count; i++) {
        char module[CNX_HEAD_NAME_SIZE];

        cnx_head_module(&config->head, i, module);
        bind_layer(&r, cnx_head_layer(&r, r.first + i), module);
    }
    note_unused(&r);
    return TRUE;
}
