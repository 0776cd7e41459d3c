/* Finds out which family of segmentation heads a checkpoint has, by the names of its tensors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/family.h"

/* The family, and *prefix, which precedes the names of its tensors (g_free). NULL with error if the
 * checkpoint has no head, several, or one of a network that this version cannot run; the sentence
 * names it. */
const CnxFamily *cnx_recognise_segmenter(const CnxCheckpoint *checkpoint, const char *file,
                                         char **prefix, GError **error);

/* The name of the head that the tensors belong to, whether this version runs it or not: "UPerNet",
 * "a Mask2Former"; NULL if there is none, or a detector's. Static. */
const char *cnx_recognise_head(const CnxCheckpoint *checkpoint);

/* Whether there are tensors of a detector's head. */
gboolean cnx_recognise_detector(const CnxCheckpoint *checkpoint);
