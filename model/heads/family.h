/* A family of segmentation heads: how it is recognised, read and run. A new family is a file with a
 * CnxFamily and a row in recognise.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/json.h"
#include "model/heads/info.h"
#include "model/heads/packer.h"

/* What a head is read from */
typedef struct CnxHeadSource {
    const CnxConfig *backbone;
    CnxHeadTensors *tensors;
    const CnxJson *json; /* the config.json that describes the whole network; NULL: none */
    GError **error;      /* not NULL; json reports to it too */
} CnxHeadSource;

#define CNX_HEAD_POOL_MAX 64u /* bins of a pooling module per side */

typedef struct CnxFamily {
    const char *name;    /* "UPerNet" */
    const char *library; /* whose names its tensors have: "transformers" */
    const char *model;   /* its "model_type" or "_model_class" in config.json; NULL: no config */
    const char *witness; /* end of the name of a tensor that identifies the family */
    gsize size;          /* bytes of a head */
    gboolean is_mm;      /* the frame keeps its shape, and OpenCV resizes it */
    gboolean whole;      /* input sides must be multiples of the last stage's stride */
    /* The keys that config.json may have besides those of all families, NULL-terminated; NULL: any,
     * since the library writes many that do not concern the network. */
    const char *const *keys;
    /* Sets the numbers of the zeroed head, and classes, scaling, twice and stride of the info, from
     * names, shapes and config; FALSE with error if they contradict each other. */
    gboolean (*describe)(gpointer head, const CnxHeadSource *source, CnxHeadInfo *info);
    /* Reads the layers; runs twice, see packer.h. */
    gboolean (*pack)(gpointer head, CnxHeadPacker *packer);
    /* stages: [CNX_STAGES] of the backbone. Returns the logits. */
    CnxHeadMap (*forward)(gconstpointer head, CnxSteps *steps, const CnxHeadMap *stages);
    /* The stages that forward reads, as CnxOutput flags. */
    CnxOutput (*outputs)(gconstpointer head);
} CnxFamily;

/* The stride of a stage in pixels of the input. */
guint cnx_family_stride(const CnxConfig *backbone, guint stage);

/* Sets an error that begins with the file. FALSE. */
gboolean cnx_family_fail(const CnxHeadSource *source, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* FALSE with error if the config has another number than the weights. */
gboolean cnx_family_check_number(const CnxHeadSource *source, const char *key, guint weights);

/* FALSE with error if the config has another list than the weights: [count]. */
gboolean cnx_family_check_list(const CnxHeadSource *source, const char *key, const guint *weights,
                               guint count);

/* FALSE with error if the config has a key that neither the family nor all families know. */
gboolean cnx_family_check_keys(const CnxFamily *family, const CnxHeadSource *source);

/* What the heads of smp share: checks the classes and sets multi_label from "activation". Refuses
 * another upsampling than `upsampling`; 0: the family has none. norm: the name of a tensor that a
 * decoder with batch norms has, which "decoder_use_norm" must fit; NULL: the family always has
 * them. */
gboolean cnx_family_check_smp(const CnxHeadSource *source, guint upsampling, const char *norm,
                              CnxHeadInfo *info);

/* The key "decoder_interpolation" of smp, by default nearest. */
gboolean cnx_family_read_scaling(const CnxHeadSource *source, CnxHeadInfo *info,
                                 CnxScaling *scaling);

extern const CnxFamily cnx_smp_unet, cnx_smp_fpn, cnx_smp_segformer, cnx_smp_deeplab;
extern const CnxFamily cnx_dinov3_linear;
extern const CnxFamily cnx_upernet_transformers, cnx_upernet_mmseg, cnx_upernet_smp;
