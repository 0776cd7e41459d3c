/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/head_order.h"

#include <string.h>

CnxHeadLayer *cnx_head_layer(const CnxHeadReading *r, guint i)
{
    return r->layers->pdata[i];
}

gboolean cnx_head_fail(const CnxHeadReading *r, CnxError code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(r->error, CNX_ERROR, code, "%s: %s", r->source->file, what);
    return FALSE;
}

CnxPart *cnx_head_main_part(const CnxHeadLayer *layer)
{
    return layer->weight ? layer->weight : layer->bias ? layer->bias : layer->mean;
}

char *cnx_head_describe_layer(const CnxHeadLayer *layer)
{
    const CnxTensor *t = cnx_head_main_part(layer)->tensor;
    g_autofree char *name = cnx_quote(t->name), *shape = cnx_shape_text(t->rank, t->shape);

    return g_strdup_printf("%s of shape %s", name, shape);
}

gboolean cnx_head_fail_layer(const CnxHeadReading *r, const CnxHeadLayer *layer, const char *kind)
{
    g_autofree char *text = cnx_head_describe_layer(layer);

    return cnx_head_fail(r, CNX_ERROR_UNSUPPORTED,
                         "tensor %s is not part of a %s ConvNeXt: it looks like %s", text,
                         cnx_dialect_name(r->source->naming->dialect), kind);
}

/* Whether all layers are those of the library's own network; their shapes are checked later. */
static gboolean is_stock(const CnxHeadReading *r)
{
    guint seen[4] = {0};

    for (guint i = 0; i < r->layers->len; i++) {
        const CnxHeadLayer *layer = cnx_head_layer(r, i);
        const CnxHeadKind kind =
            layer->role == CNX_HEAD_ROLE_NORM ? CNX_HEAD_NORM : CNX_HEAD_LINEAR;

        if (layer->role == CNX_HEAD_ROLE_OWN || layer->kind != kind || seen[layer->role]++)
            return FALSE;
    }
    return TRUE;
}

static int compare_roles(gconstpointer a, gconstpointer b)
{
    return (int)(*(CnxHeadLayer *const *)a)->role - (int)(*(CnxHeadLayer *const *)b)->role;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const CnxHeadLayer *x = *(CnxHeadLayer *const *)a, *y = *(CnxHeadLayer *const *)b;
    const int order = cnx_head_layers_compare(x, y);
    const int stock = (x->role == CNX_HEAD_ROLE_OWN) - (y->role == CNX_HEAD_ROLE_OWN);

    return order ? order : stock ? stock : strcmp(x->path, y->path);
}

/* Whether the layer at this path is the first of the head of a learner of fastai, which is a
 * Sequential of the body and the head: "1.2", beside a body in "0.". */
static gboolean begins_learner(const CnxHeadReading *r, const char *path)
{
    const gsize length = strlen(path);
    const char *prefix = r->source->naming->prefix;

    return length >= 3 && !strcmp(path + length - 3, "1.2") && strlen(prefix) + 1 >= length &&
           !strncmp(prefix, path, length - 3) && g_str_has_prefix(prefix + length - 3, "0.");
}

/* fastai's head is a pooling, a flattening, and for each linear layer a batch norm, a dropout if it
 * has a rate, the layer without bias, and ReLU unless it is the last. One more batch norm may end
 * it. */
static gboolean has_learner_layers(const CnxHeadReading *r, guint first)
{
    const guint last = r->layers->len - 1;
    guint64 width = cnx_head_layer(r, first)->inputs;

    if (width != r->channels && width != 2 * r->channels)
        return FALSE;
    for (guint i = first; i <= last; i++) {
        const CnxHeadLayer *layer = cnx_head_layer(r, i);
        const gboolean is_linear = (i - first) % 2 == 1;
        const int gap = i > first ? cnx_head_layers_gap(cnx_head_layer(r, i - 1), layer) : 1;

        if (layer->kind != (is_linear ? CNX_HEAD_LINEAR : CNX_HEAD_BATCH_NORM) ||
            layer->inputs != width ||
            (is_linear ? layer->bias || gap < 0 || gap > 1 : gap != (i < last)))
            return FALSE;
        width = layer->outputs;
    }
    return last > first;
}

/* Whether this is a learner of fastai; the layers are then in their order. Removes a last norm of
 * the body, whose feature maps fastai takes before it. */
static gboolean detect_fastai(CnxHeadReading *r)
{
    const guint first = r->layers->len > 0 && cnx_head_layer(r, 0)->role == CNX_HEAD_ROLE_NORM;

    if (r->layers->len < first + 2 || !begins_learner(r, cnx_head_layer(r, first)->path) ||
        !has_learner_layers(r, first))
        return FALSE;
    CnxHeadLayer *norm = first ? cnx_head_layer(r, 0) : NULL;
    if (!norm || g_str_has_suffix(norm->path, "norm_pre"))
        return TRUE;
    CnxPart *parts[] = {norm->weight, norm->bias};
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (parts[i]) {
            parts[i]->canonical = NULL;
            parts[i]->reason = "is a norm that fastai does not run";
        }
    g_ptr_array_remove_index(r->layers, 0);
    return TRUE;
}

/* Why the layers follow each other in no order, or in several */

static gboolean reads_body(const CnxHeadReading *r, const CnxHeadLayer *layer)
{
    return layer->kind == CNX_HEAD_LINEAR && layer->inputs == r->channels;
}

/* Fails if two linear layers read the body. */
static gboolean check_second(const CnxHeadReading *r)
{
    const CnxHeadLayer *first = NULL;

    for (guint i = 0; i < r->layers->len; i++) {
        const CnxHeadLayer *layer = cnx_head_layer(r, i);

        if (!reads_body(r, layer) || layer->outputs == layer->inputs)
            continue;
        if (first) {
            g_autofree char *name = cnx_quote(cnx_head_main_part(first)->tensor->name);
            g_autofree char *kind =
                g_strdup_printf("a second head, parallel to the head %s: keep only one", name);

            return cnx_head_fail_layer(r, layer, kind);
        }
        first = layer;
    }
    return TRUE;
}

/* Whether the body or another layer yields the values that the layer reads. */
static gboolean is_fed(const CnxHeadReading *r, const CnxHeadLayer *layer)
{
    for (guint i = 0; i < r->layers->len; i++)
        if (cnx_head_layer(r, i) != layer && cnx_head_layer(r, i)->outputs == layer->inputs)
            return TRUE;
    return layer->inputs == r->channels;
}

/* Fails if a layer reads what no other one yields; a linear layer is the best example. */
static gboolean check_fed(const CnxHeadReading *r)
{
    const CnxHeadLayer *other = NULL;

    for (guint i = 0; i < r->layers->len; i++) {
        const CnxHeadLayer *layer = cnx_head_layer(r, i);

        if (!is_fed(r, layer) &&
            (!other || (layer->kind == CNX_HEAD_LINEAR && other->kind != CNX_HEAD_LINEAR)))
            other = layer;
    }
    if (!other)
        return TRUE;
    g_autofree char *kind =
        other->inputs == 2 * r->channels
            ? g_strdup_printf(
                  "a head on two poolings of the %" G_GUINT64_FORMAT
                  " channels of the network, but the file does not record which poolings",
                  r->channels)
            : g_strdup_printf("a layer of %" G_GUINT64_FORMAT
                              " inputs in the head, but the network has %" G_GUINT64_FORMAT
                              " channels",
                              other->inputs, r->channels);
    return cnx_head_fail_layer(r, other, kind);
}

static gboolean fail_order(const CnxHeadReading *r, gboolean is_several)
{
    g_autoptr(GString) list = g_string_new(NULL);

    if (!check_second(r) || !check_fed(r))
        return FALSE;
    for (guint i = 0; i < r->layers->len; i++) {
        g_autofree char *text = cnx_head_describe_layer(cnx_head_layer(r, i));

        g_string_append_printf(list, i ? ", %s" : "%s", text);
    }
    return cnx_head_fail(r, CNX_ERROR_UNSUPPORTED,
                         "the layers of the head have %s: %s; expected layers that are numbered in "
                         "one Sequential, or whose widths fit only one order",
                         is_several ? "more than one possible order" : "no possible order",
                         list->str);
}

/* A margin head normalises its weight and its input. */
static gboolean check_margin(const CnxHeadReading *r)
{
    static const char *const words[] = {"arc", "cosine", "cosface", "margin", "metric"};

    for (guint i = 0; i < r->layers->len; i++) {
        const CnxHeadLayer *layer = cnx_head_layer(r, i);
        g_autofree char *path = g_ascii_strdown(layer->path, -1);

        for (guint k = 0; layer->kind == CNX_HEAD_LINEAR && !layer->bias &&
                          layer->role == CNX_HEAD_ROLE_OWN && k < G_N_ELEMENTS(words);
             k++)
            if (strstr(path, words[k]))
                return cnx_head_fail_layer(
                    r, layer,
                    "a margin head (ArcFace, CosFace), whose weight and input are "
                    "normalised");
    }
    return TRUE;
}

/* A bottleneck that returns to the channels of the body multiplies them (a gate) or adds to them (a
 * residual branch), unless it is in one Sequential with the layer behind it. */
static gboolean check_branch(const CnxHeadReading *r)
{
    for (guint i = 0; i + 1 < r->layers->len; i++) {
        const CnxHeadLayer *layer = cnx_head_layer(r, i);

        if (layer->kind == CNX_HEAD_LINEAR && layer->outputs == r->channels &&
            layer->inputs != r->channels &&
            cnx_head_layers_gap(layer, cnx_head_layer(r, i + 1)) < 0)
            return cnx_head_fail_layer(r, layer,
                                       "a parallel branch, such as a gate or a residual block");
    }
    return TRUE;
}

/* In CLIP, layers other than the projection read embeddings that are scaled first. */
static void keep_projection(CnxHeadReading *r)
{
    for (guint i = r->layers->len; i-- > 0;)
        if (cnx_head_layer(r, i)->role == CNX_HEAD_ROLE_OWN)
            g_ptr_array_remove_index(r->layers, i);
}

static gboolean check_twins(const CnxHeadReading *r)
{
    for (guint i = 0; i < r->layers->len; i++) {
        const CnxHeadLayer *layer = cnx_head_layer(r, i);

        if (!layer->twin)
            continue;
        g_autofree char *a = cnx_quote(layer->twin->tensor->name);
        g_autofree char *b = cnx_quote(layer->twin_of->tensor->name);
        return cnx_head_fail(r, CNX_ERROR_NOT_CONVNEXT,
                             "tensors %s and %s map to the same part of the network", b, a);
    }
    return TRUE;
}

gboolean cnx_head_order(CnxHeadReading *r)
{
    if (r->source->naming->dialect == CNX_DIALECT_OPEN_CLIP)
        keep_projection(r);
    if (!check_twins(r))
        return FALSE;
    if (is_stock(r)) {
        g_ptr_array_sort(r->layers, compare_roles);
        return TRUE;
    }
    if (r->layers->len > CNX_HEAD_STEPS)
        return cnx_head_fail(r, CNX_ERROR_UNSUPPORTED,
                             "has %u layers in its head, expected at most %d", r->layers->len,
                             CNX_HEAD_STEPS);
    g_ptr_array_sort(r->layers, compare_names);
    r->is_fastai = detect_fastai(r);
    if (r->is_fastai)
        return TRUE;
    const guint orders = cnx_head_layers_sort(r->layers, r->channels);
    return orders == 1 ? check_margin(r) && check_branch(r) : fail_order(r, orders > 1);
}
