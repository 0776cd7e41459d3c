/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/recognise.h"

#include <string.h>

#include "model/dialect/wrappers.h"

static const CnxFamily *const families[] = {
    &cnx_upernet_transformers, &cnx_upernet_mmseg, &cnx_upernet_smp,   &cnx_smp_unet, &cnx_smp_fpn,
    &cnx_smp_segformer,        &cnx_smp_deeplab,   &cnx_dinov3_linear,
};

/* Heads that this version cannot run, or that another element runs: by a part of a name, between
 * dots or at its ends. The first match counts. */
static const struct {
    const char *part, *head, *advice;
} others[] = {
    {"roi_heads", "a Faster or Mask R-CNN", "use convnextdetect"},
    {"roi_head", "a Faster or Mask R-CNN", "use convnextdetect"},
    {"rpn", "a Faster R-CNN", "use convnextdetect"},
    {"rpn_head", "a Faster R-CNN", "use convnextdetect"},
    {"head.classification_head", "a RetinaNet", NULL},
    {"sem_seg_head.predictor", "a Mask2Former of detectron2", NULL},
    {"task_mlp", "a OneFormer", NULL},
    {"model.pixel_level_module", "a Mask2Former", NULL},
    {"transformer_module", "a Mask2Former", NULL},
    {"class_labels_classifier", "a DETR", NULL},
    {"bbox_predictor", "a DETR", NULL},
    {"class_embed", "a DETR", NULL},
    {"bbox_embed", "a DETR", NULL},
    {"decoder.blocks.x_0_0", "a Unet++ of smp", NULL},
    {"decoder.aspp.convs", "a DeepLabV3 of smp", NULL},
    {"decoder.gau3", "a PAN of smp", NULL},
    {"decoder.psp", "a PSPNet of smp", NULL},
    {"decoder.pab", "an MAnet of smp", NULL},
    {"decoder.blocks", "a Linknet of smp", NULL},
    {"decode_head", "a decode_head", NULL},
    {"segmentation_head", "a segmentation head", NULL},
};

static gboolean has_part(const char *name, const char *part)
{
    const gsize length = strlen(part);

    for (const char *at = name; (at = strstr(at, part)); at++)
        if ((at == name || at[-1] == '.') && (at[length] == '.' || at[length] == '\0'))
            return TRUE;
    return FALSE;
}

/* The index of the head in others, and one of its tensors; -1 if there is none. */
static int find_other(const CnxCheckpoint *checkpoint, const char **witness)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);
    int best = -1;

    for (guint i = 0; i < count; i++) {
        g_autofree char *name =
            parts[i].canonical ? NULL : cnx_wrappers_strip(parts[i].tensor->name);
        const int end = best < 0 ? (int)G_N_ELEMENTS(others) : best;

        for (int k = 0; name && k < end; k++)
            if (has_part(name, others[k].part)) {
                *witness = parts[i].tensor->name;
                best = k;
                break;
            }
    }
    return best;
}

static const CnxFamily *fail_other(const CnxCheckpoint *checkpoint, const char *file,
                                   GError **error)
{
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    const char *witness = NULL;
    const int other = find_other(checkpoint, &witness);

    if (other >= 0) {
        g_autofree char *name = cnx_quote(witness);

        g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has the head of %s (tensor %s), %s", file, others[other].head, name,
                    others[other].advice ? others[other].advice
                                         : "which this version cannot run; convnext runs its "
                                           "backbone");
    } else if (config->classes > 0) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has no decode_head: it is a classifier; use convnext", file);
    } else {
        g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has no decode_head: it is a backbone without a head; use convnext", file);
    }
    return NULL;
}

const CnxFamily *cnx_recognise_segmenter(const CnxCheckpoint *checkpoint, const char *file,
                                         char **prefix, GError **error)
{
    const CnxFamily *family = NULL;

    *prefix = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
        g_autoptr(GError) cause = NULL;
        g_autofree char *found = cnx_head_find(checkpoint, file, families[i]->witness, &cause);

        if (cause) {
            g_clear_pointer(prefix, g_free);
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        if (found && family) {
            g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: has two heads (tensors \"%s%s\" and \"%s%s\"): keep only one", file,
                        *prefix, family->witness, found, families[i]->witness);
            g_clear_pointer(prefix, g_free);
            return NULL;
        }
        if (found) {
            family = families[i];
            *prefix = g_steal_pointer(&found);
        }
    }
    return family ? family : fail_other(checkpoint, file, error);
}

const char *cnx_recognise_head(const CnxCheckpoint *checkpoint)
{
    const char *witness;
    int other;

    for (guint i = 0; i < G_N_ELEMENTS(families); i++) {
        g_autofree char *prefix = cnx_head_find(checkpoint, "", families[i]->witness, NULL);

        if (prefix)
            return families[i]->name;
    }
    other = find_other(checkpoint, &witness);
    return other >= 0 && !others[other].advice ? others[other].head : NULL;
}

gboolean cnx_recognise_detector(const CnxCheckpoint *checkpoint)
{
    const char *witness;
    const int other = find_other(checkpoint, &witness);

    return other >= 0 && others[other].advice;
}
