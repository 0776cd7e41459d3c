/* Python pickles as inert values: nothing is imported, called or executed.
 *
 * The reader is a machine with a stack and a memo, as the format asks for. What it makes is a graph
 * of the values below. Of everything that a pickle can ask Python to call, it knows the few calls
 * that make up a state dict of PyTorch (model/containers/torch.h); any other class, function or
 * object becomes a CNX_PY_OBJECT that holds its name and what it was given.
 *
 * The graph may be cyclic and share its parts: whoever walks it bounds the depth.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/tensor.h"
#include "model/containers/strings.h"

typedef enum CnxPyKind {
    CNX_PY_NONE,
    CNX_PY_BOOL,
    CNX_PY_INT, /* of 64 bits; longer ones are CNX_PY_BYTES, little endian */
    CNX_PY_FLOAT,
    CNX_PY_TEXT, /* str, and the bytes-or-text of Python 2 */
    CNX_PY_BYTES,
    CNX_PY_LIST, /* and tuple, set, frozenset */
    CNX_PY_DICT, /* and its subclasses: keys and values take turns */
    CNX_PY_GLOBAL,
    CNX_PY_OBJECT, /* anything else: its class, and the arguments of the call that made it */
    CNX_PY_STORAGE,
    CNX_PY_TENSOR,
} CnxPyKind;

typedef struct CnxPy CnxPy;
typedef struct CnxPyStorage CnxPyStorage;

typedef struct CnxPyTensor {
    CnxPyStorage *storage;
    guint64 offset; /* elements */
    guint rank;
    guint64 shape[CNX_MAX_RANK];
    guint64 strides[CNX_MAX_RANK]; /* elements */
} CnxPyTensor;

/* What the tensors' numbers are in */
struct CnxPyStorage {
    CnxDtype dtype;
    guint item;            /* bytes of one element */
    const char *key;       /* name of its bytes in the file */
    guint64 elements;      /* of the whole storage */
    guint64 view_offset;   /* elements from its begin that are not seen; 0 but for old files */
    guint64 view_elements; /* seen after these; all of them but for old files */
    const guint8 *data;    /* NULL until the file's reader finds the bytes */
    CnxPyStorage *next;    /* all of a pickle, last first */
};

struct CnxPy {
    CnxPyKind kind : 8;
    guint mark : 8;        /* 0; for whoever walks the graph */
    guint count, capacity; /* of items: LIST, DICT, OBJECT */
    union {
        gint64 integer; /* INT and BOOL */
        double number;
        struct {
            const char *text; /* TEXT, BYTES: in the file, no NUL; GLOBAL: "module.name", NUL */
            gsize length;
        };
        struct {
            CnxPy **items;
            CnxPy *class; /* OBJECT: a GLOBAL, or another OBJECT */
        };
        CnxPyStorage *storage;
        CnxPyTensor *tensor;
    };
};

typedef struct CnxPickle {
    CnxStrings *pool; /* of all of it */
    CnxPy *top;       /* the value that was pickled */
    CnxPyStorage *storages;
    gsize size; /* bytes that it takes in the file */
} CnxPickle;

/* Reads the pickle that begins at bytes [size], and which they must outlive. file: for messages.
 * Takes memory in proportion to size, at most 512 MB. Returns NULL and sets error:
 * CNX_ERROR_CORRUPT, _UNSUPPORTED, _OUT_OF_MEMORY. */
CnxPickle *cnx_pickle_read(const guint8 *bytes, gsize size, const char *file, GError **error);
void cnx_pickle_free(CnxPickle *pickle); /* NULL allowed */

/* The value under a text key; NULL where there is none, or dict is no DICT. */
CnxPy *cnx_py_get(const CnxPy *dict, const char *key);
gboolean cnx_py_is_text(const CnxPy *value, const char *text);
gboolean cnx_py_is_global(const CnxPy *value, const char *name); /* "module.name" */

/* "collections.OrderedDict", "int", ...: for messages. */
const char *cnx_py_type_name(const CnxPy *value);

/* For model/containers/torch.c: a zeroed value of the pool, or NULL. */
CnxPy *cnx_py_new(CnxStrings *pool, CnxPyKind kind);
/* Appends to LIST, DICT, OBJECT; FALSE when memory is short. */
gboolean cnx_py_append(CnxStrings *pool, CnxPy *to, CnxPy *item);
