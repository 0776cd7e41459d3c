/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector_layer.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUTS_MAX (1u << 20) /* of a layer; published: 1024 */
#define DELTAS 4u              /* of a box */

/* Finding a layer */

static gboolean is_stacked(const CnxLayerSource *s)
{
    return s->order == CNX_LAYER_STACKED || s->order == CNX_LAYER_ROTATED;
}

static gboolean detect_unpooled(CnxLayerVisit *v, CnxLayerSource *s)
{
    g_autofree char *weight = g_strconcat(s->module, ".weight", NULL);
    g_autofree char *bias = g_strconcat(s->module, ".bias", NULL);
    guint64 shape[] = {s->k, 0, 2, 2};

    if (!cnx_head_need(v->tensors, weight, 4, shape, v->error) ||
        !cnx_head_need(v->tensors, bias, 1, shape + 1, v->error))
        return FALSE;
    s->n = (guint)shape[1];
    return TRUE;
}

static gboolean detect_stored(CnxLayerVisit *v, CnxLayerSource *s)
{
    CnxHeadLayer first = {s->module, s->norm, s->n, s->k, s->side, FALSE, NULL, s->is_linear};

    if (!cnx_head_layer_check(v->tensors, &first, v->error))
        return FALSE;
    s->n = first.n;
    s->k = first.k;
    if (!is_stacked(s))
        return TRUE;
    CnxHeadLayer second = {s->second, NULL, s->second_n, s->k, s->side, FALSE, NULL, s->is_linear};
    return cnx_head_layer_check(v->tensors, &second, v->error);
}

static guint outputs_of(const CnxLayerSource *s)
{
    if (s->order == CNX_LAYER_UNPOOLED)
        return 4 * s->n;
    return s->n + (is_stacked(s) ? s->second_n : 0) - (s->order == CNX_LAYER_ROTATED ? DELTAS : 0);
}

static gboolean detect_layer(CnxLayerVisit *v, CnxLayerSource *s)
{
    if (!(s->order == CNX_LAYER_UNPOOLED ? detect_unpooled(v, s) : detect_stored(v, s)))
        return FALSE;
    if (s->n > OUTPUTS_MAX) {
        g_set_error(v->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: layer \"%s%s\" has %u outputs, expected at most %u", v->tensors->file,
                    v->tensors->prefix, s->module, s->n, OUTPUTS_MAX);
        return FALSE;
    }
    *s->conv = (CnxConv){.n = outputs_of(s),
                         .k = s->k,
                         .side = s->side,
                         .dilation = 1,
                         .form = s->exact ? CNX_FORM_FLOAT : v->form,
                         .act = s->act};
    if (s->side == 3)
        s->conv->way = cnx_conv_choose(s->conv->n, s->conv->k, 1, s->conv->form);
    return TRUE;
}

/* Packing a layer */

/* Appends m rows to n rows of k columns. */
static void stack_rows(CnxHeadRows *rows, const float *weight, const float *bias, gsize n, gsize m,
                       gsize k)
{
    rows->weight = g_renew(float, rows->weight, (n + m) * k);
    rows->bias = g_renew(float, rows->bias, n + m);
    memcpy(rows->weight + n * k, weight, m * k * sizeof *rows->weight);
    memcpy(rows->bias + n, bias, m * sizeof *rows->bias);
}

/* Moves the first of n rows behind the others. */
static void rotate_rows(CnxHeadRows *rows, gsize n, gsize k)
{
    g_autofree float *weight = g_memdup2(rows->weight, k * sizeof *weight);
    const float bias = rows->bias[0];

    memmove(rows->weight, rows->weight + k, (n - 1) * k * sizeof *rows->weight);
    memmove(rows->bias, rows->bias + 1, (n - 1) * sizeof *rows->bias);
    stack_rows(rows, weight, &bias, n - 1, 1, k);
}

/* weight: [n, channels, pixels] to [n, pixels, channels] */
static void permute_rows(float *weight, gsize n, gsize channels, gsize pixels)
{
    const gsize k = channels * pixels;
    g_autofree float *row = g_new(float, k);

    for (gsize o = 0; o < n; o++, weight += k) {
        memcpy(row, weight, k * sizeof *row);
        for (gsize c = 0; c < channels; c++)
            for (gsize p = 0; p < pixels; p++)
                weight[p * channels + c] = row[c * pixels + p];
    }
}

/* [k, n, 2, 2] to [2, 2, n, k] */
static gboolean read_unpooled(CnxLayerVisit *v, const CnxLayerSource *s, CnxHeadRows *rows)
{
    const gsize n = s->n, k = s->k;
    g_autofree char *weight = g_strconcat(s->module, ".weight", NULL);
    g_autofree char *bias = g_strconcat(s->module, ".bias", NULL);
    g_autofree float *stored =
        cnx_head_read_numbers(v->tensors, cnx_head_tensor(v->tensors, weight), v->error);
    g_autofree float *values =
        stored ? cnx_head_read_vector(v->tensors, bias, s->n, v->error) : NULL;

    if (!values)
        return FALSE;
    rows->weight = g_new(float, 4 * n * k);
    rows->bias = g_new(float, 4 * n);
    for (gsize tap = 0; tap < 4; tap++)
        for (gsize o = 0; o < n; o++) {
            for (gsize i = 0; i < k; i++)
                rows->weight[(tap * n + o) * k + i] = stored[(i * n + o) * 4 + tap];
            rows->bias[tap * n + o] = values[o];
        }
    return TRUE;
}

static gboolean read_rows(CnxLayerVisit *v, const CnxLayerSource *s, CnxHeadRows *rows)
{
    const CnxHeadLayer first = {s->module, s->norm, s->n, s->k, s->side, FALSE, NULL, s->is_linear};
    const CnxHeadLayer second = {s->second, NULL,  s->second_n, s->k,
                                 s->side,   FALSE, NULL,        s->is_linear};
    const gsize left_out = s->order == CNX_LAYER_ROTATED ? DELTAS : 0;
    g_auto(CnxHeadRows) other = {NULL, NULL};

    if (s->order == CNX_LAYER_UNPOOLED)
        return read_unpooled(v, s, rows);
    if (!cnx_head_layer_read(v->tensors, &first, rows, v->error) ||
        (is_stacked(s) && !cnx_head_layer_read(v->tensors, &second, &other, v->error)))
        return FALSE;
    if (s->order == CNX_LAYER_ROTATED)
        rotate_rows(rows, s->n, s->k);
    if (is_stacked(s))
        stack_rows(rows, other.weight + left_out * s->k, other.bias + left_out, s->n,
                   s->second_n - left_out, s->k);
    if (s->order == CNX_LAYER_FLATTENED)
        permute_rows(rows->weight, s->n, s->channels, s->k / s->channels);
    return TRUE;
}

/* Measures or packs a layer that was found. */
static gboolean pack_layer(CnxLayerVisit *v, CnxLayerSource *s)
{
    CnxConv *conv = s->conv;
    const gsize bytes = cnx_conv_packed_size(v->kernels, conv);
    float *packed = CNX_TAKE(&v->arena, (bytes + sizeof(float) - 1) / sizeof(float));
    float *bias = CNX_TAKE(&v->arena, conv->n);
    g_auto(CnxHeadRows) rows = {NULL, NULL};

    if (v->pass == CNX_LAYER_MEASURE)
        return TRUE;
    s->k = conv->k;
    if (!is_stacked(s))
        s->n = s->order == CNX_LAYER_UNPOOLED ? conv->n / 4 : conv->n;
    if (!read_rows(v, s, &rows))
        return FALSE;
    cnx_conv_pack(v->kernels, conv, packed, rows.weight, (gsize)conv->k * conv->side * conv->side);
    memcpy(bias, rows.bias, conv->n * sizeof *bias);
    conv->bias = bias;
    return TRUE;
}

gboolean cnx_layer_visit(CnxLayerVisit *v, CnxLayerSource s)
{
    return v->pass == CNX_LAYER_DETECT ? detect_layer(v, &s) : pack_layer(v, &s);
}

guint cnx_layer_outputs(const CnxHeadTensors *tensors, const char *module)
{
    g_autofree char *name = g_strconcat(module, ".weight", NULL);
    const CnxTensor *tensor = cnx_head_tensor(tensors, name);

    return tensor && tensor->rank > 0 ? (guint)MIN(tensor->shape[0], OUTPUTS_MAX) : 0;
}
