/* What a head is: its family, its classes, its input, and what had to be assumed about it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"
#include "model/config/recipe.h"
#include "model/containers/dataset.h"
#include "simd/scaling.h"

typedef struct CnxHeadInfo {
    const char *family;    /* "UPerNet", "Mask R-CNN"; static */
    const char *library;   /* whose names the tensors have: "transformers", "smp"; static */
    guint classes;         /* without background that the network does not predict */
    char **labels;         /* [classes], NULL-terminated; NULL if the classes have no names */
    guint8 *palette;       /* [classes][3], RGB; NULL if the checkpoint has none */
    gboolean multi_label;  /* the classes do not exclude each other: sigmoid, not softmax. TRUE for
                              a segmenter of one class */
    CnxOrigin labels_from; /* of a segmenter: the source of labels */
    CnxDecision decision;  /* of a segmenter: how the classes' scores make the mask */
    CnxRecipe recipe;      /* how a frame becomes the input */
    guint width, height;   /* the input's size by default, pixels; 0: it follows from the frame */
    char **assumed;        /* "key=value" for each value that the files do not say; NULL-terminated,
                              never NULL */
    char **tensors; /* names in the files of the tensors that the head reads; NULL-terminated,
                       NULL before they are read */
    char *ignored;  /* a sentence about files of another model beside the weights; or NULL */

    /* Of a segmenter */
    guint stride;       /* input pixels per pixel of the logits */
    CnxScaling scaling; /* of the library's final upsampling, from the logits to the input's size */
    gboolean twice;     /* the library interpolates to the input's size first: to the frame's size,
                           if at all, from there; FALSE: from the logits at once (DINOv3) */
} CnxHeadInfo;

CnxHeadInfo *cnx_head_info_new(void);
void cnx_head_info_free(CnxHeadInfo *info); /* also frees the members; NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxHeadInfo, cnx_head_info_free)

/* Adds "key=value" to the assumed values. */
void cnx_head_info_assume(CnxHeadInfo *info, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Adds a sentence to `ignored`: about a file or a value that belongs to another model. */
void cnx_head_info_ignore(CnxHeadInfo *info, const char *sentence);

/* Adds the names and colours in the checkpoint itself, unless the info has some. Those of a dataset
 * with another number of classes, such as that of the pretraining, are ignored with a sentence.
 * file: of the weights, for this sentence. */
void cnx_head_info_add_dataset(CnxHeadInfo *info, const CnxDataset *dataset, const char *file);
