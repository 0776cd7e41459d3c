/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/loading.h"

#include "model/base/isa.h"
#include "model/dense/conv.h"
#include "model/network/products.h"

void cnx_head_loading_clear(CnxHeadLoading *l)
{
    cnx_head_tensors_clear(&l->tensors);
    cnx_checkpoint_close(l->checkpoint);
    g_free(l->file);
    g_free(l->key);
}

char *cnx_head_key(const CnxHeadRequest *request, const char *prefix)
{
    g_autofree char *key = cnx_model_key(request->path, request->options);

    return key ? g_strconcat(prefix, key, NULL) : NULL;
}

gboolean cnx_head_is_allowed(const CnxHeadRequest *request, const CnxConfig *config, gsize weights,
                             GError **error)
{
    return !request->check || request->check(config, weights, request->user_data, error);
}

gboolean cnx_head_choose_kernels(CnxHeadLoading *l)
{
    if (!cnx_conv_check(l->error) ||
        !cnx_model_find_form(l->request->options->precision, &l->form, l->error))
        return FALSE;
    l->kernels = cnx_isa_kernels(l->error);
    return l->kernels != NULL;
}

gboolean cnx_head_open_checkpoint(CnxHeadLoading *l)
{
    const CnxHeadRequest *request = l->request;

    l->key = cnx_model_key(request->path, request->options);
    l->checkpoint = cnx_checkpoint_open_with(request->path, request->options, l->error);
    if (!l->checkpoint)
        return FALSE;
    l->file = g_filename_display_name(cnx_checkpoint_files(l->checkpoint)[0]);
    return TRUE;
}

CnxForm cnx_head_form(const CnxHeadLoading *l)
{
    return l->form == CNX_FORM_INT8 ? cnx_products_form(l->kernels, CNX_PRECISION_FP32) : l->form;
}

CnxModel *cnx_head_open_backbone(const CnxHeadLoading *l)
{
    const CnxHeadRequest *request = l->request;
    g_autoptr(CnxModel) model =
        cnx_model_open_with(request->path, request->options, NULL, NULL, l->error);
    g_autofree char *key = NULL;

    if (!model)
        return NULL;
    key = cnx_model_key(request->path, request->options);
    if (g_strcmp0(key, l->key) == 0)
        return g_steal_pointer(&model);
    g_set_error(l->error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: changed while it was read", l->file);
    return NULL;
}
