/* A checkpoint, opened and understood: its config, and its tensors under canonical names.
 *
 * The canonical names, with shapes after squeezing (i: stage 0..3, j: block):
 *
 *   stem.conv.{weight [C0,3,P,P], bias [C0]}       stem.norm.{weight,bias [C0]}
 *   stem.conv0.{weight [M,3,3,3], bias [M]}        stem.conv1.{weight [C0,M,3,3], bias [C0]}
 *   down{i}.norm.{weight,bias [C(i-1)]}            down{i}.conv.{weight [Ci,C(i-1),2,2], bias [Ci]}
 *   s{i}.b{j}.dw.{weight [Ci,1,K,K], bias [Ci]}    s{i}.b{j}.norm.{weight,bias [Ci]}
 *   s{i}.b{j}.pw1.{weight [4Ci,Ci], bias [4Ci]}    s{i}.b{j}.pw2.{weight [Ci,4Ci], bias [Ci]}
 *   s{i}.b{j}.gamma [Ci]                           s{i}.b{j}.grn.{gamma,beta [4Ci]}
 *   norm.{weight,bias [C3]}                        head.hidden.{weight [H,C3], bias [H]}
 *   head.{weight [N,C3 or H], bias [N]}            outnorm{i}.{weight,bias [Ci]}
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"
#include "model/containers/container.h"

typedef struct CnxCheckpoint CnxCheckpoint;

/* path: a checkpoint of any format (model/containers/container.h), its index, or a folder that
 * holds one and config files. Every tensor that the architecture needs is present once and has the
 * shape it must have. wanted: which of two sets of weights is meant, where the file has two.
 * Returns NULL and sets error (domain CNX_ERROR) otherwise. */
CnxCheckpoint *cnx_checkpoint_open(const char *path, CnxWeightSet wanted, GError **error);

/* Unmaps the file; NULL allowed. Config and tensors die with it. */
void cnx_checkpoint_close(CnxCheckpoint *checkpoint);

const CnxConfig *cnx_checkpoint_config(const CnxCheckpoint *checkpoint);

/* Hands the config over to the caller, who frees it. */
CnxConfig *cnx_checkpoint_steal_config(CnxCheckpoint *checkpoint);

/* The format that the weights came in: "safetensors", "PyTorch zip", "PyTorch legacy". */
const char *cnx_checkpoint_container(const CnxCheckpoint *checkpoint);

/* The paths of the files that hold the weights, up to NULL. */
const char *const *cnx_checkpoint_files(const CnxCheckpoint *checkpoint);

/* A tensor of those files and its place in the network. */
typedef struct CnxPart {
    const CnxTensor *tensor; /* as in the file */
    const char *canonical;   /* NULL: it has none, and is ignored */
} CnxPart;

/* [count], in the order of their names. */
const CnxPart *cnx_checkpoint_parts(const CnxCheckpoint *checkpoint, guint *count);

/* By canonical name; NULL when the architecture has no such tensor. */
const CnxTensor *cnx_checkpoint_tensor(const CnxCheckpoint *checkpoint, const char *canonical);
