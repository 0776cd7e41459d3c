/* The values in a Python pickle, as inert data.
 *
 * The graph of values may be cyclic and may share nodes, so code that walks it must limit its
 * depth.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/tensor.h"
#include "model/containers/strings.h"

typedef enum CnxPyKind {
    CNX_PY_NONE,
    CNX_PY_BOOL,
    CNX_PY_INT, /* up to 64 bits; a longer one is CNX_PY_BYTES, little endian */
    CNX_PY_FLOAT,
    CNX_PY_TEXT, /* str, and Python 2's str if it is valid UTF-8 */
    CNX_PY_BYTES,
    CNX_PY_LIST, /* also tuple, set, frozenset */
    CNX_PY_DICT, /* also its subclasses; keys and values alternate */
    CNX_PY_GLOBAL,
    CNX_PY_OBJECT, /* any other object: its class, and the arguments of the call that made it */
    CNX_PY_STORAGE,
    CNX_PY_TENSOR,
} CnxPyKind;

typedef struct CnxPy CnxPy;
typedef struct CnxPyStorage CnxPyStorage;

typedef struct CnxPyTensor CnxPyTensor;

/* How a quantised tensor's integers q become numbers: (q - zero point) * scale. */
typedef struct CnxPyQuantiser {
    double scale; /* of all elements, if scales is NULL */
    gint64 zero_point;
    const CnxPyTensor *scales, *zero_points; /* of each index of dimension 0 */
} CnxPyQuantiser;

struct CnxPyTensor {
    CnxPyStorage *storage;
    CnxDtype dtype;
    const char *stored;              /* see CnxTensor */
    guint item;                      /* bytes per element */
    const CnxPyQuantiser *quantiser; /* NULL: not quantised */
    guint64 offset;                  /* elements */
    guint rank;
    guint64 shape[CNX_MAX_RANK];
    guint64 strides[CNX_MAX_RANK]; /* elements */
};

/* A PyTorch storage. Several tensors may share one. In legacy files a reference may cover only a
 * part (view) of a storage; in other files the view is the whole storage. */
struct CnxPyStorage {
    CnxDtype dtype;
    const char *stored;    /* see CnxTensor */
    guint item;            /* bytes per element */
    const char *key;       /* name of the bytes in the file */
    guint64 elements;      /* of the whole storage */
    guint64 view_offset;   /* elements before the view */
    guint64 view_elements; /* elements in the view */
    const guint8 *data;    /* NULL until the file's reader locates the bytes */
    CnxPyStorage *next;    /* list of all storages of a pickle, last one first */
};

struct CnxPy {
    CnxPyKind kind : 8;
    guint mark : 8;        /* initially 0; for code that walks the graph */
    guint count, capacity; /* of items in a LIST, DICT or OBJECT */
    union {
        gint64 integer; /* INT and BOOL */
        double number;
        struct {
            const char *text; /* TEXT, BYTES: points into the file, not NUL-terminated; GLOBAL:
                                 "module.name", NUL-terminated */
            gsize length;
        };
        struct {
            CnxPy **items;
            CnxPy *class; /* OBJECT: a GLOBAL or another OBJECT; DICT: the metadata of a state
                             dict, a DICT whose keys are the names of modules, or NULL */
        };
        CnxPyStorage *storage;
        CnxPyTensor *tensor;
    };
};

/* A zeroed value in strings, or NULL when memory runs out. */
CnxPy *cnx_py_new(CnxStrings *strings, CnxPyKind kind);

/* Appends to a LIST, DICT or OBJECT; FALSE when memory runs out. */
gboolean cnx_py_append(CnxStrings *strings, CnxPy *to, CnxPy *item);

/* The value under a text key; NULL if there is none or dict is not a DICT. */
CnxPy *cnx_py_get(const CnxPy *dict, const char *key);
gboolean cnx_py_is_text(const CnxPy *value, const char *text);
gboolean cnx_py_is_global(const CnxPy *value, const char *name); /* "module.name" */

/* "collections.OrderedDict", "int", ...; for messages. */
const char *cnx_py_type_name(const CnxPy *value);
