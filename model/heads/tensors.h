/* The tensors of a head: found by name, checked, and read as the rows of a layer with its batch
 * norm folded in.
 *
 * A head's tensors are those of the checkpoint that its backbone does not use. Their names are
 * taken without wrappers (model/dialect/wrappers.h) and without what precedes the head in the file:
 * "model." in Lightning's checkpoints.
 *
 *   y = (W x + b - mean) / sqrt(var + eps) weight + bias = W' x + b'
 *
 * A batch norm in front of a 1x1 convolution is folded likewise: x is (x - mean) / .. weight +
 * bias.
 *
 * Every error is one sentence that names the file and the tensor.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"

#define CNX_HEAD_BATCH_NORM_EPS 1e-5 /* PyTorch's default, which no library here changes */

typedef struct CnxHeadTensors {
    const char *file;    /* for messages; borrowed */
    char *prefix;        /* of the names in the file; "" if there is none */
    GHashTable *tensors; /* name behind the prefix -> const CnxTensor *, of the checkpoint */
    GHashTable *used;    /* the names that were read or, with the value NULL, ignored */
    guint64 bytes;       /* of the tensors that were asked for */
    gsize data_size;     /* cnx_checkpoint_data_size() */
} CnxHeadTensors;

/* The prefix of a head that shows itself by a tensor whose name ends in witness: "model." for
 * "model.decode_head.conv_seg.weight" and "decode_head.conv_seg.weight". Free with g_free. NULL
 * without error if there is no such tensor, and with error if there are several, which belong to
 * different networks. */
char *cnx_head_find(const CnxCheckpoint *checkpoint, const char *file, const char *witness,
                    GError **error);

/* Lists the tensors behind the prefix, which is copied. The checkpoint must outlive self. Clear
 * self in either case. */
gboolean cnx_head_tensors_init(CnxHeadTensors *self, const CnxCheckpoint *checkpoint,
                               const char *file, const char *prefix, GError **error);
void cnx_head_tensors_clear(CnxHeadTensors *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CnxHeadTensors, cnx_head_tensors_clear)

/* The names in the files of all tensors that were read, NULL-terminated (g_strfreev). */
char **cnx_head_list_read(const CnxHeadTensors *self);

/* NULL if there is no such tensor. */
const CnxTensor *cnx_head_tensor(const CnxHeadTensors *self, const char *name);

/* Likewise, with a name that is composed: cnx_head_has(&tensors, "%s.bias", module). */
gboolean cnx_head_has(const CnxHeadTensors *self, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The tensor of this shape. A 0 in shape fits any size and receives it. Trailing dimensions of 1
 * are ignored, on either side. NULL with error if it is missing, has another shape or holds no
 * numbers, or if those asked for have more bytes than the file, since they share a storage: layers
 * that were checked take memory in proportion to the file. */
const CnxTensor *cnx_head_need(CnxHeadTensors *self, const char *name, guint rank, guint64 *shape,
                               GError **error);

/* Reads all numbers of a tensor, [elements]. NULL with error, also if one is not finite. Free with
 * g_free. */
float *cnx_head_read_numbers(const CnxHeadTensors *self, const CnxTensor *tensor, GError **error);

/* Reads [count] numbers of the tensor NAME as above. NULL with error, also if one of them is not
 * finite. Free with g_free. */
float *cnx_head_read_vector(CnxHeadTensors *self, const char *name, guint count, GError **error);

/* A convolution, or a linear layer, and the batch norm behind it. */
typedef struct CnxHeadLayer {
    const char *module; /* of the convolution: "decode_head.bottleneck.conv" */
    const char *norm;   /* of the batch norm; NULL: none */
    guint n, k;         /* outputs, inputs; 0: any, receives the file's */
    guint side;         /* of the kernel: 1 or 3 */
    gboolean no_bias;   /* the convolution may lack a bias although no batch norm follows */
    const char *before; /* the batch norm in front of it, with side 1; NULL: none */
    gboolean is_linear; /* a linear layer, which has matrices, of side 1 */
} CnxHeadLayer;

/* Checks the shapes of the layer's tensors and fills in n and k. Reads no numbers. FALSE with
 * error, also if the convolution has neither a bias nor the norm behind it. */
gboolean cnx_head_layer_check(CnxHeadTensors *self, CnxHeadLayer *layer, GError **error);

/* Whether a batch norm, or what is left of one, follows the convolution; or it should, since the
 * convolution has no bias either. */
gboolean cnx_head_has_norm(const CnxHeadTensors *self, const char *module, const char *norm);

/* The numbers of a layer. */
typedef struct CnxHeadRows {
    float *weight; /* [n, k, side, side] */
    float *bias;   /* [n] */
} CnxHeadRows;

/* Reads a layer that was checked. FALSE with error if memory runs out, a number is not finite or a
 * variance is negative. Clear rows in either case. */
gboolean cnx_head_layer_read(CnxHeadTensors *self, const CnxHeadLayer *layer, CnxHeadRows *rows,
                             GError **error);
void cnx_head_rows_clear(CnxHeadRows *rows);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CnxHeadRows, cnx_head_rows_clear)

/* Marks the tensors whose names begin with module as read: they do not change the result. */
void cnx_head_ignore(CnxHeadTensors *self, const char *module);

/* FALSE with error if a tensor whose name begins with module and which the network could use was
 * not read: the head has a layer that this version does not know. family: for the message. */
gboolean cnx_head_check_used(const CnxHeadTensors *self, const char *module, const char *family,
                             GError **error);
