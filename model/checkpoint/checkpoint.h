/* An open checkpoint: its config, and its tensors by canonical name.
 *
 * Canonical names, with shapes after squeezing (i: stage 0..3, j: block):
 *
 *   stem.conv.{weight [C0,3,P,P], bias [C0]}       stem.norm.{weight,bias [C0]}
 *   stem.conv0.{weight [M,3,3,3], bias [M]}        stem.conv1.{weight [C0,M,3,3], bias [C0]}
 *   down{i}.norm.{weight,bias [C(i-1)]}            down{i}.conv.{weight [Ci,C(i-1),2,2], bias [Ci]}
 *   s{i}.b{j}.dw.{weight [Ci,1,K,K], bias [Ci]}    s{i}.b{j}.norm.{weight,bias [Ci]}
 *   s{i}.b{j}.pw1.{weight [4Ci,Ci], bias [4Ci]}    s{i}.b{j}.pw2.{weight [Ci,4Ci], bias [Ci]}
 *   s{i}.b{j}.gamma [Ci]                           s{i}.b{j}.grn.{gamma,beta [4Ci]}
 *   norm.{weight,bias [C3]}                        outnorm{i}.{weight,bias [Ci]}
 *   head.{weight [N,C3], bias [N]}, the last linear layer of the head
 *   head.{k}.{weight,bias,running_mean,running_var}, the other steps k of the head
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"
#include "model/containers/container.h"

typedef struct CnxCheckpoint CnxCheckpoint;

/* path: a checkpoint of any format (model/containers/container.h), its index, or a folder with a
 * checkpoint and config files. requested_set: which weights to read from a file with raw and
 * averaged ones. Checks that every tensor that the architecture needs occurs once and has the right
 * shape, and that every other one has a known reason to be ignored. On failure returns NULL and
 * sets error (domain CNX_ERROR). */
CnxCheckpoint *cnx_checkpoint_open(const char *path, CnxWeightSet requested_set, GError **error);

/* The same for callers that know more about the checkpoint. */
CnxCheckpoint *cnx_checkpoint_open_with(const char *path, const CnxOpenOptions *options,
                                        GError **error);

/* Also unmaps the file and frees the config; NULL allowed. */
void cnx_checkpoint_close(CnxCheckpoint *checkpoint);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxCheckpoint, cnx_checkpoint_close)

const CnxConfig *cnx_checkpoint_config(const CnxCheckpoint *checkpoint);

/* Transfers ownership of the config to the caller. */
CnxConfig *cnx_checkpoint_steal_config(CnxCheckpoint *checkpoint);

/* Format of the weights: "safetensors", "PyTorch zip" or "PyTorch legacy". */
const char *cnx_checkpoint_container(const CnxCheckpoint *checkpoint);

/* The classes that the file names beside the weights; empty if it names none. */
const CnxDataset *cnx_checkpoint_dataset(const CnxCheckpoint *checkpoint);

/* NULL-terminated paths of the files that hold the weights. */
const char *const *cnx_checkpoint_files(const CnxCheckpoint *checkpoint);

/* Bytes of these files. *budget: bytes that their model may take (CnxBudget). */
gsize cnx_checkpoint_size(const CnxCheckpoint *checkpoint, gsize *budget);

/* The bytes that tensors which share no storage can have together (cnx_container_data_size). */
gsize cnx_checkpoint_data_size(const CnxCheckpoint *checkpoint);

/* Lets the system take back the memory of the tensors that were read. */
void cnx_checkpoint_release_pages(const CnxCheckpoint *checkpoint);

/* A tensor of the checkpoint and its place in the network. */
typedef struct CnxPart {
    const CnxTensor *tensor; /* as in the file, or composed (model/forms/forms.h) */
    const char *canonical;   /* NULL if the network does not use the tensor */
    const char *reason;      /* why not: "belongs to the loss", ...; NULL with a canonical name */
    const char *fault;       /* why the tensor cannot be used, while the checkpoint is opened */
} CnxPart;

/* [count], sorted by the tensors' names. */
const CnxPart *cnx_checkpoint_parts(const CnxCheckpoint *checkpoint, guint *count);

/* Lines that say how the network's tensors were composed from those of the file: "2 tensors with a
 * LoRA of scale 2 added". NULL-terminated; free with g_strfreev. */
char **cnx_checkpoint_forms(const CnxCheckpoint *checkpoint);

/* Looks up a tensor by canonical name; NULL if the architecture has no such tensor. */
const CnxTensor *cnx_checkpoint_tensor(const CnxCheckpoint *checkpoint, const char *canonical);
