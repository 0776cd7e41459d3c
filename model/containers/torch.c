/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/torch.h"

#include <string.h>

#define KEY_MAX 255 /* bytes of a storage's name, a number in practice */

static const struct {
    const char *name; /* of the class, behind its module */
    CnxDtype dtype;
    guint item;
} storages[] = {
    {"FloatStorage", CNX_DTYPE_F32, 4},      {"HalfStorage", CNX_DTYPE_F16, 2},
    {"BFloat16Storage", CNX_DTYPE_BF16, 2},  {"DoubleStorage", CNX_DTYPE_F64, 8},
    {"LongStorage", CNX_DTYPE_OTHER, 8},     {"IntStorage", CNX_DTYPE_OTHER, 4},
    {"ShortStorage", CNX_DTYPE_OTHER, 2},    {"CharStorage", CNX_DTYPE_OTHER, 1},
    {"ByteStorage", CNX_DTYPE_OTHER, 1},     {"BoolStorage", CNX_DTYPE_OTHER, 1},
    {"UntypedStorage", CNX_DTYPE_OTHER, 1},  {"ComplexFloatStorage", CNX_DTYPE_OTHER, 8},
    {"QInt8Storage", CNX_DTYPE_OTHER, 1},    {"QUInt8Storage", CNX_DTYPE_OTHER, 1},
    {"QInt32Storage", CNX_DTYPE_OTHER, 4},   {"QUInt4x2Storage", CNX_DTYPE_OTHER, 1},
    {"QUInt2x4Storage", CNX_DTYPE_OTHER, 1}, {"ComplexDoubleStorage", CNX_DTYPE_OTHER, 16},
};

/* The value is a non-negative integer. */
static gboolean size_of(const CnxPy *value, guint64 *size)
{
    if (value->kind != CNX_PY_INT || value->integer < 0)
        return FALSE;
    *size = (guint64)value->integer;
    return TRUE;
}

/* A tuple, or a torch.Size of one: at most CNX_MAX_RANK sizes. */
static gboolean sizes_of(const CnxPy *value, guint64 *sizes, guint *count)
{
    if (value->kind == CNX_PY_OBJECT && cnx_py_is_global(value->class, "torch.Size") &&
        value->count == 1)
        value = value->items[0];
    if (value->kind != CNX_PY_LIST || value->count > CNX_MAX_RANK)
        return FALSE;
    *count = value->count;
    for (guint i = 0; i < value->count; i++)
        if (!size_of(value->items[i], &sizes[i]))
            return FALSE;
    return TRUE;
}

/* One past the last element of the storage that the tensor touches. */
static gboolean tensor_end(const CnxPyTensor *t, guint64 *end)
{
    guint64 step;

    *end = t->offset;
    for (guint i = 0; i < t->rank; i++)
        if (t->shape[i] == 0)
            return TRUE;
    for (guint i = 0; i < t->rank; i++)
        if (!g_uint64_checked_mul(&step, t->shape[i] - 1, t->strides[i]) ||
            !g_uint64_checked_add(end, *end, step))
            return FALSE;
    return g_uint64_checked_add(end, *end, 1);
}

/* arguments: storage, offset, size, stride, ... */
static CnxPy *rebuild_tensor(CnxStrings *pool, CnxPy *arguments, const char **what)
{
    CnxPy *value = cnx_py_new(pool, CNX_PY_TENSOR);
    CnxPyTensor *t = cnx_strings_take(pool, sizeof *t);
    guint strides;
    guint64 end;

    if (!value || !t)
        return NULL;
    *t = (CnxPyTensor){0};
    value->tensor = t;
    if (arguments->count < 4 || arguments->items[0]->kind != CNX_PY_STORAGE ||
        !size_of(arguments->items[1], &t->offset)) {
        *what = "a tensor without storage and offset";
        return NULL;
    }
    t->storage = arguments->items[0]->storage;
    if (!sizes_of(arguments->items[2], t->shape, &t->rank) ||
        !sizes_of(arguments->items[3], t->strides, &strides) || strides != t->rank) {
        *what = "a tensor whose shape and strides are not two lists of up to 8 sizes";
        return NULL;
    }
    if (!tensor_end(t, &end) || end > t->storage->view_elements) {
        *what = "a tensor that reaches beyond its storage";
        return NULL;
    }
    return value;
}

static CnxPy *inert(CnxStrings *pool, CnxPy *class, CnxPy *arguments)
{
    CnxPy *value = cnx_py_new(pool, CNX_PY_OBJECT);

    if (!value)
        return NULL;
    value->class = class;
    value->items = arguments->items; /* shared: neither side appends to what the other reads */
    value->count = arguments->count;
    return value;
}

/* OrderedDict() or, of Python 2, OrderedDict([[key, value], ...]). */
static CnxPy *make_dict(CnxStrings *pool, const CnxPy *arguments)
{
    CnxPy *dict = cnx_py_new(pool, CNX_PY_DICT);
    const CnxPy *pairs = arguments->count ? arguments->items[0] : NULL;

    if (!dict || !pairs || pairs->kind != CNX_PY_LIST)
        return dict;
    for (guint i = 0; i < pairs->count; i++) {
        const CnxPy *pair = pairs->items[i];

        if (pair->kind != CNX_PY_LIST || pair->count != 2)
            continue;
        if (!cnx_py_append(pool, dict, pair->items[0]) ||
            !cnx_py_append(pool, dict, pair->items[1]))
            return NULL;
    }
    return dict;
}

static gboolean is_dict_class(const CnxPy *class)
{
    static const char *const names[] = {"collections.OrderedDict", "collections.defaultdict",
                                        "builtins.dict", "__builtin__.dict"};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (cnx_py_is_global(class, names[i]))
            return TRUE;
    return FALSE;
}

CnxPy *cnx_torch_call(CnxStrings *pool, CnxPy *function, CnxPy *arguments, const char **what)
{
    *what = NULL;
    /* A subclass of Tensor: (rebuild, class, arguments of rebuild, state). */
    if (cnx_py_is_global(function, "torch._tensor._rebuild_from_type_v2") &&
        arguments->count >= 3 && arguments->items[2]->kind == CNX_PY_LIST) {
        function = arguments->items[0];
        arguments = arguments->items[2];
    }
    if (is_dict_class(function))
        return make_dict(pool, arguments);
    if (cnx_py_is_global(function, "torch._utils._rebuild_tensor_v2") ||
        cnx_py_is_global(function, "torch._utils._rebuild_tensor"))
        return rebuild_tensor(pool, arguments, what);
    if ((cnx_py_is_global(function, "torch._utils._rebuild_parameter") ||
         cnx_py_is_global(function, "torch._utils._rebuild_parameter_with_state")) &&
        arguments->count >= 1 && arguments->items[0]->kind == CNX_PY_TENSOR)
        return arguments->items[0];
    return inert(pool, function, arguments);
}

/* The class of a storage: torch.FloatStorage, torch.cuda.FloatStorage, torch.storage....*/
static gboolean storage_class(const CnxPy *class, CnxPyStorage *storage)
{
    const char *dot;

    if (class->kind != CNX_PY_GLOBAL || strncmp(class->text, "torch.", 6) ||
        !(dot = strrchr(class->text, '.')))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(storages); i++)
        if (!strcmp(dot + 1, storages[i].name)) {
            storage->dtype = storages[i].dtype;
            storage->item = storages[i].item;
            return TRUE;
        }
    return FALSE;
}

/* (key, offset, elements) of a part of a storage, in old files. A storage cannot be a view of
 * another type: offsets and sizes are its elements. */
static gboolean read_view(const CnxPy *view, CnxPyStorage *storage)
{
    guint64 end;

    return view->kind == CNX_PY_LIST && view->count == 3 &&
           size_of(view->items[1], &storage->view_offset) &&
           size_of(view->items[2], &storage->view_elements) &&
           g_uint64_checked_add(&end, storage->view_offset, storage->view_elements) &&
           end <= storage->elements;
}

/* id: ("storage", class, key, location, elements[, view or None]). */
static CnxPy *make_storage(CnxPickle *pickle, const CnxPy *id, const char **what)
{
    CnxPyStorage *s = cnx_strings_take(pickle->pool, sizeof *s);
    CnxPy *value = cnx_py_new(pickle->pool, CNX_PY_STORAGE), **items = id->items;

    if (!s || !value)
        return NULL;
    *s = (CnxPyStorage){0};
    if (!storage_class(items[1], s)) {
        *what = "a storage of an unknown class";
        return NULL;
    }
    if (items[2]->kind != CNX_PY_TEXT || items[2]->length > KEY_MAX ||
        !size_of(items[4], &s->elements) || s->elements > G_MAXSIZE / s->item) {
        *what = "a storage without key and size";
        return NULL;
    }
    s->view_elements = s->elements;
    if (id->count > 5 && items[5]->kind != CNX_PY_NONE && !read_view(items[5], s)) {
        *what = "a view that its storage cannot have";
        return NULL;
    }
    s->key = cnx_strings_copy(pickle->pool, items[2]->text, items[2]->length);
    if (!s->key)
        return NULL;
    s->next = pickle->storages;
    pickle->storages = s;
    value->storage = s;
    return value;
}

CnxPy *cnx_torch_persistent(CnxPickle *pickle, CnxPy *id, const char **what)
{
    *what = NULL;
    if (id->kind == CNX_PY_LIST && id->count >= 2 && cnx_py_is_text(id->items[0], "module"))
        return id->items[1];
    if (id->kind == CNX_PY_LIST && id->count >= 5 && cnx_py_is_text(id->items[0], "storage"))
        return make_storage(pickle, id, what);
    *what = "a reference to something that is no storage";
    return NULL;
}
