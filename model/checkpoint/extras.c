/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/extras.h"

#include <string.h>

#include "model/dialect/extras.h"
#include "model/forms/tools.h"

#define BATCH_NORM "the statistics of a batch norm"

static gboolean fail_extra(const CnxExtras *x, const CnxTensor *tensor, const char *what,
                           GError **error)
{
    g_autofree char *name = cnx_quote(tensor->name);
    g_autofree char *shape = cnx_shape_text(tensor->rank, tensor->shape);

    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: tensor %s of shape %s is not part of a %s ConvNeXt: it looks like %s", x->file,
                name, shape, cnx_dialect_name(x->naming->dialect), what);
    return FALSE;
}

/* fault: a predicate. */
static gboolean fail_form(const CnxExtras *x, const CnxTensor *tensor, const char *fault,
                          GError **error)
{
    g_autofree char *name = cnx_quote(tensor->name);
    g_autofree char *shape = cnx_shape_text(tensor->rank, tensor->shape);

    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED, "%s: tensor %s of shape %s %s", x->file,
                name, shape, fault);
    return FALSE;
}

/* Whether a tensor is the statistics of a batch norm in place of a norm of the body. Those of the
 * head are read with it. */
static gboolean is_batch_norm_of_body(const CnxExtras *x, const CnxTensor *tensor)
{
    const char *leaf = strrchr(tensor->name, '.');

    if (!leaf || (!g_str_equal(leaf, ".running_mean") && !g_str_equal(leaf, ".running_var")))
        return FALSE;
    g_autofree char *module = g_strndup(tensor->name, (gsize)(leaf - tensor->name));
    g_autofree char *weight = g_strconcat(module, ".weight", NULL);
    g_autofree char *canonical = cnx_naming_canonical(x->naming, weight);
    return canonical && !g_str_has_prefix(canonical, "head.") &&
           !g_str_has_prefix(canonical, "norm.");
}

gboolean cnx_extras_sort(const CnxExtras *x, CnxNormalisation *normalisation, GError **error)
{
    guint company = 0;

    for (guint i = 0; i < x->count; i++)
        company |= cnx_extras_company(x->naming, x->parts[i].tensor->name);
    for (guint i = 0; i < x->count; i++) {
        CnxPart *part = &x->parts[i];

        if (part->fault)
            return fail_form(x, part->tensor, part->fault, error);
        if (part->canonical)
            continue;
        part->reason = cnx_extras_reason(x->naming, part->tensor, company);
        if (!part->reason && cnx_normalisation_add(normalisation, x->naming, part->tensor))
            part->reason = "is in the input recipe";
        const char *fault = part->reason ? NULL : cnx_tools_recognise(part->tensor->name);
        if (fault)
            return fail_form(x, part->tensor, fault, error);
        if (is_batch_norm_of_body(x, part->tensor))
            return fail_extra(x, part->tensor, BATCH_NORM, error);
        if (part->reason)
            g_debug("%s: tensor %s is not used: it %s", x->file, part->tensor->name, part->reason);
    }
    return TRUE;
}

/* A matrix [out, in], perhaps with dimensions of 1 behind it. */
static gboolean is_matrix(const CnxTensor *t)
{
    return t->rank >= 2 && t->elements == t->shape[0] * t->shape[1];
}

static const char *describe_extra(const CnxTensor *t)
{
    guint wide = 0; /* dimensions other than 1 */

    if (g_str_has_suffix(t->name, ".running_mean") || g_str_has_suffix(t->name, ".running_var"))
        return BATCH_NORM;
    if (t->elements == 1)
        return "a learned scalar, such as the exponent of a pooling (GeM)";
    for (guint i = 0; i < t->rank; i++)
        wide += t->shape[i] != 1;
    if (wide == 1)
        return "a norm, a scale or a bias";
    return is_matrix(t) ? "a linear layer" : "a convolution or an embedding";
}

/* The weight of the layer if tensor is its bias, because a weight shows more; or tensor. */
static const CnxTensor *find_weight(const CnxExtras *x, const CnxTensor *tensor)
{
    if (!g_str_has_suffix(tensor->name, "bias"))
        return tensor;
    g_autofree char *module = g_strndup(tensor->name, strlen(tensor->name) - strlen("bias"));
    g_autofree char *weight = g_strconcat(module, "weight", NULL);
    for (guint i = 0; i < x->count; i++)
        if (!x->parts[i].canonical && !x->parts[i].reason &&
            !strcmp(x->parts[i].tensor->name, weight))
            return x->parts[i].tensor;
    return tensor;
}

gboolean cnx_extras_check(const CnxExtras *x, GError **error)
{
    for (guint i = 0; i < x->count; i++) {
        if (x->parts[i].canonical || x->parts[i].reason)
            continue;
        const CnxTensor *t = find_weight(x, x->parts[i].tensor);
        return fail_extra(x, t, describe_extra(t), error);
    }
    return TRUE;
}
