/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/torch.h"

#include <string.h>

#define KEY_MAX 255 /* bytes of a storage's key, in practice a number */

static const struct {
    const char *name; /* of the class, without its module */
    CnxDtype dtype;
    guint item;
} storage_classes[] = {
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

/* FALSE unless the value is a non-negative integer. */
static gboolean size_of(const CnxPy *value, guint64 *size)
{
    if (value->kind != CNX_PY_INT || value->integer < 0)
        return FALSE;
    *size = (guint64)value->integer;
    return TRUE;
}

/* Reads a tuple or torch.Size of at most CNX_MAX_RANK sizes. */
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

/* *end: one past the last element of the storage that the tensor uses. FALSE if it overflows. */
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
static CnxPy *rebuild_tensor(CnxStrings *strings, CnxPy *arguments, const char **fault)
{
    CnxPy *value = cnx_py_new(strings, CNX_PY_TENSOR);
    CnxPyTensor *t = cnx_strings_take(strings, sizeof *t);
    guint strides;
    guint64 end;

    if (!value || !t)
        return NULL;
    *t = (CnxPyTensor){0};
    value->tensor = t;
    if (arguments->count < 4 || arguments->items[0]->kind != CNX_PY_STORAGE ||
        !size_of(arguments->items[1], &t->offset)) {
        *fault = "a tensor without a storage and an offset";
        return NULL;
    }
    t->storage = arguments->items[0]->storage;
    if (!sizes_of(arguments->items[2], t->shape, &t->rank) ||
        !sizes_of(arguments->items[3], t->strides, &strides) || strides != t->rank) {
        *fault = "a tensor whose shape and strides are not two lists of at most 8 sizes";
        return NULL;
    }
    if (!tensor_end(t, &end) || end > t->storage->view_elements) {
        *fault = "a tensor that extends beyond its storage";
        return NULL;
    }
    return value;
}

static CnxPy *make_object(CnxStrings *strings, CnxPy *class, CnxPy *arguments)
{
    CnxPy *value = cnx_py_new(strings, CNX_PY_OBJECT);

    if (!value)
        return NULL;
    value->class = class;
    value->items = arguments->items; /* shared: neither value is appended to */
    value->count = arguments->count;
    return value;
}

/* OrderedDict(), or OrderedDict([[key, value], ...]) as Python 2 writes it. */
static CnxPy *make_dict(CnxStrings *strings, const CnxPy *arguments)
{
    CnxPy *dict = cnx_py_new(strings, CNX_PY_DICT);
    const CnxPy *pairs = arguments->count ? arguments->items[0] : NULL;

    if (!dict || !pairs || pairs->kind != CNX_PY_LIST)
        return dict;
    for (guint i = 0; i < pairs->count; i++) {
        const CnxPy *pair = pairs->items[i];

        if (pair->kind != CNX_PY_LIST || pair->count != 2)
            continue;
        if (!cnx_py_append(strings, dict, pair->items[0]) ||
            !cnx_py_append(strings, dict, pair->items[1]))
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

CnxPy *cnx_torch_call(CnxStrings *strings, CnxPy *function, CnxPy *arguments, const char **fault)
{
    *fault = NULL;
    /* A subclass of Tensor: (rebuild function, class, its arguments, state). */
    if (cnx_py_is_global(function, "torch._tensor._rebuild_from_type_v2") &&
        arguments->count >= 3 && arguments->items[2]->kind == CNX_PY_LIST) {
        function = arguments->items[0];
        arguments = arguments->items[2];
    }
    if (is_dict_class(function))
        return make_dict(strings, arguments);
    if (cnx_py_is_global(function, "torch._utils._rebuild_tensor_v2") ||
        cnx_py_is_global(function, "torch._utils._rebuild_tensor"))
        return rebuild_tensor(strings, arguments, fault);
    if ((cnx_py_is_global(function, "torch._utils._rebuild_parameter") ||
         cnx_py_is_global(function, "torch._utils._rebuild_parameter_with_state")) &&
        arguments->count >= 1 && arguments->items[0]->kind == CNX_PY_TENSOR)
        return arguments->items[0];
    return make_object(strings, function, arguments);
}

/* Sets dtype and item from torch.FloatStorage, torch.cuda.FloatStorage, and so on. FALSE for any
 * other class. */
static gboolean read_storage_class(const CnxPy *class, CnxPyStorage *storage)
{
    const char *dot;

    if (class->kind != CNX_PY_GLOBAL || strncmp(class->text, "torch.", 6) ||
        !(dot = strrchr(class->text, '.')))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(storage_classes); i++)
        if (!strcmp(dot + 1, storage_classes[i].name)) {
            storage->dtype = storage_classes[i].dtype;
            storage->item = storage_classes[i].item;
            return TRUE;
        }
    return FALSE;
}

/* A view in a legacy file: (key, offset, elements). It has the dtype of its storage, so offset and
 * elements count the storage's elements. */
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
static CnxPy *make_storage(CnxStrings *strings, CnxPyStorage **storages, const CnxPy *id,
                           const char **fault)
{
    CnxPyStorage *s = cnx_strings_take(strings, sizeof *s);
    CnxPy *value = cnx_py_new(strings, CNX_PY_STORAGE), **items = id->items;

    if (!s || !value)
        return NULL;
    *s = (CnxPyStorage){0};
    if (!read_storage_class(items[1], s)) {
        *fault = "a storage of an unknown class";
        return NULL;
    }
    if (items[2]->kind != CNX_PY_TEXT || items[2]->length > KEY_MAX ||
        !size_of(items[4], &s->elements) || s->elements > G_MAXSIZE / s->item) {
        *fault = "a storage without a valid key and size";
        return NULL;
    }
    s->view_elements = s->elements;
    if (id->count > 5 && items[5]->kind != CNX_PY_NONE && !read_view(items[5], s)) {
        *fault = "a view that extends beyond its storage";
        return NULL;
    }
    s->key = cnx_strings_copy(strings, items[2]->text, items[2]->length);
    if (!s->key)
        return NULL;
    s->next = *storages;
    *storages = s;
    value->storage = s;
    return value;
}

CnxPy *cnx_torch_persistent(CnxStrings *strings, CnxPyStorage **storages, CnxPy *id,
                            const char **fault)
{
    *fault = NULL;
    if (id->kind == CNX_PY_LIST && id->count >= 2 && cnx_py_is_text(id->items[0], "module"))
        return id->items[1];
    if (id->kind == CNX_PY_LIST && id->count >= 5 && cnx_py_is_text(id->items[0], "storage"))
        return make_storage(strings, storages, id, fault);
    *fault = "a persistent reference that is not a storage";
    return NULL;
}
