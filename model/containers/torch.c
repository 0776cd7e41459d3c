/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/torch.h"

#include <string.h>

#define KEY_MAX 255 /* bytes of a storage's key, in practice a number */

typedef struct Class {
    const char *name; /* without its module */
    CnxDtype dtype;
    const char *stored; /* see CnxTensor */
    guint item;
} Class;

static const Class storage_classes[] = {
    {"FloatStorage", CNX_DTYPE_F32, "F32", 4},
    {"HalfStorage", CNX_DTYPE_F16, "F16", 2},
    {"BFloat16Storage", CNX_DTYPE_BF16, "BF16", 2},
    {"DoubleStorage", CNX_DTYPE_F64, "F64", 8},
    {"LongStorage", CNX_DTYPE_OTHER, "I64", 8},
    {"IntStorage", CNX_DTYPE_OTHER, "I32", 4},
    {"ShortStorage", CNX_DTYPE_OTHER, "I16", 2},
    {"CharStorage", CNX_DTYPE_OTHER, "I8", 1},
    {"ByteStorage", CNX_DTYPE_OTHER, "U8", 1},
    {"BoolStorage", CNX_DTYPE_OTHER, "BOOL", 1},
    {"UntypedStorage", CNX_DTYPE_OTHER, "U8", 1},
    {"ComplexFloatStorage", CNX_DTYPE_OTHER, "C64", 8},
    {"ComplexDoubleStorage", CNX_DTYPE_OTHER, "C128", 16},
    {"QInt8Storage", CNX_DTYPE_OTHER, "I8", 1},
    {"QUInt8Storage", CNX_DTYPE_OTHER, "U8", 1},
    {"QInt32Storage", CNX_DTYPE_OTHER, "I32", 4},
    {"QUInt4x2Storage", CNX_DTYPE_OTHER, "U4", 1},
    {"QUInt2x4Storage", CNX_DTYPE_OTHER, "U2", 1},
};

/* Dtypes that torch.save names beside an untyped storage. */
static const Class dtypes[] = {
    {"float8_e4m3fn", CNX_DTYPE_F8_E4M3, "F8_E4M3", 1},
    {"float8_e5m2", CNX_DTYPE_F8_E5M2, "F8_E5M2", 1},
    {"float8_e4m3fnuz", CNX_DTYPE_F8_E4M3FNUZ, "F8_E4M3FNUZ", 1},
    {"float8_e5m2fnuz", CNX_DTYPE_F8_E5M2FNUZ, "F8_E5M2FNUZ", 1},
    {"float8_e8m0fnu", CNX_DTYPE_OTHER, "F8_E8M0", 1},
    {"float4_e2m1fn_x2", CNX_DTYPE_OTHER, "F4", 1},
    {"float32", CNX_DTYPE_F32, "F32", 4},
    {"float16", CNX_DTYPE_F16, "F16", 2},
    {"bfloat16", CNX_DTYPE_BF16, "BF16", 2},
    {"float64", CNX_DTYPE_F64, "F64", 8},
    {"int8", CNX_DTYPE_OTHER, "I8", 1},
    {"uint8", CNX_DTYPE_OTHER, "U8", 1},
    {"bool", CNX_DTYPE_OTHER, "BOOL", 1},
    {"int16", CNX_DTYPE_OTHER, "I16", 2},
    {"int32", CNX_DTYPE_OTHER, "I32", 4},
    {"int64", CNX_DTYPE_OTHER, "I64", 8},
    {"uint16", CNX_DTYPE_OTHER, "U16", 2},
    {"uint32", CNX_DTYPE_OTHER, "U32", 4},
    {"uint64", CNX_DTYPE_OTHER, "U64", 8},
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

static gboolean fits_storage(const CnxPyTensor *t)
{
    guint64 end, bytes;

    return tensor_end(t, &end) && g_uint64_checked_mul(&bytes, end, t->item) &&
           bytes <= t->storage->view_elements * t->storage->item;
}

/* Whether the stored numbers are those of a view whose negation is pending, which only its metadata
 * say. */
static gboolean is_negated(const CnxPy *arguments, guint metadata)
{
    return arguments->count > metadata && arguments->items[metadata]->kind == CNX_PY_DICT &&
           arguments->items[metadata]->count > 0;
}

/* arguments: storage, offset, size, stride, ... class NULL: the storage's. */
static CnxPy *rebuild_tensor(CnxStrings *strings, CnxPy *arguments, const Class *class,
                             const char **fault)
{
    CnxPy *value = cnx_py_new(strings, CNX_PY_TENSOR);
    CnxPyTensor *t = cnx_strings_take(strings, sizeof *t);
    guint strides;

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
    t->dtype = class ? class->dtype : t->storage->dtype;
    t->stored = class ? class->stored : t->storage->stored;
    t->item = class ? class->item : t->storage->item;
    if (!sizes_of(arguments->items[2], t->shape, &t->rank) ||
        !sizes_of(arguments->items[3], t->strides, &strides) || strides != t->rank) {
        *fault = "a tensor whose shape and strides are not two lists of at most 8 sizes";
        return NULL;
    }
    if (is_negated(arguments, class ? 7 : 6)) {
        *fault = "a view whose negation is pending: call resolve_neg() before saving";
        return NULL;
    }
    if (!fits_storage(t)) {
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

/* The row of a class or dtype, "torch.FloatStorage" or "torch.float32"; NULL for any other. */
static const Class *find_class(const CnxPy *value, const Class *classes, guint count)
{
    const char *dot;

    if (value->kind != CNX_PY_GLOBAL || strncmp(value->text, "torch.", 6) ||
        !(dot = strrchr(value->text, '.')))
        return NULL;
    for (guint i = 0; i < count; i++)
        if (!strcmp(dot + 1, classes[i].name))
            return &classes[i];
    return NULL;
}

/* arguments: storage, offset, size, stride, requires_grad, hooks, dtype, ... */
static CnxPy *rebuild_typed(CnxStrings *strings, CnxPy *function, CnxPy *arguments,
                            const char **fault)
{
    const Class *class = arguments->count >= 7
                             ? find_class(arguments->items[6], dtypes, G_N_ELEMENTS(dtypes))
                             : NULL;

    return class ? rebuild_tensor(strings, arguments, class, fault)
                 : make_object(strings, function, arguments);
}

/* The scales or zero points of n channels, or NULL. */
static const CnxPyTensor *channels_of(const CnxPy *value, guint64 n)
{
    return value->kind == CNX_PY_TENSOR && value->tensor->rank == 1 && value->tensor->shape[0] == n
               ? value->tensor
               : NULL;
}

/* scheme: (per_tensor_affine, scale, zero_point) or (per_channel_affine, scales, zero_points, 0).
 * FALSE for any other. */
static gboolean read_scheme(const CnxPy *scheme, const CnxPyTensor *t, CnxPyQuantiser *q)
{
    CnxPy **items = scheme->items;

    if (scheme->kind != CNX_PY_LIST || scheme->count < 3)
        return FALSE;
    if (cnx_py_is_global(items[0], "torch.per_tensor_affine")) {
        q->scale = items[1]->kind == CNX_PY_FLOAT ? items[1]->number : 0;
        q->zero_point = items[2]->kind == CNX_PY_INT ? items[2]->integer : 0;
        return items[1]->kind == CNX_PY_FLOAT && items[2]->kind == CNX_PY_INT;
    }
    if (!cnx_py_is_global(items[0], "torch.per_channel_affine") || scheme->count < 4 ||
        items[3]->kind != CNX_PY_INT || items[3]->integer != 0 || t->rank < 1)
        return FALSE;
    q->scales = channels_of(items[1], t->shape[0]);
    q->zero_points = channels_of(items[2], t->shape[0]);
    return q->scales && q->zero_points;
}

/* arguments: storage, offset, size, stride, scheme, ... */
static CnxPy *rebuild_quantised(CnxStrings *strings, CnxPy *function, CnxPy *arguments,
                                const char **fault)
{
    CnxPy *value = rebuild_tensor(strings, arguments, NULL, fault);
    CnxPyQuantiser *q = cnx_strings_take(strings, sizeof *q);

    if (!value || !q)
        return NULL;
    *q = (CnxPyQuantiser){0};
    if (arguments->count < 5 || !read_scheme(arguments->items[4], value->tensor, q))
        return make_object(strings, function, arguments);
    value->tensor->quantiser = q;
    return value;
}

/* The part of a distributed tensor in this file if it is the whole tensor; otherwise NULL.
 * arguments: rebuild function, class, (class, dtype, size, ...), (None, attributes). */
static CnxPy *whole_local_tensor(const CnxPy *arguments)
{
    const CnxPy *made = arguments->items[2];
    const CnxPy *state = arguments->count > 3 ? arguments->items[3] : NULL;
    guint64 shape[CNX_MAX_RANK];
    CnxPy *local = NULL;
    guint rank;

    if (state && state->kind == CNX_PY_LIST && state->count == 2)
        state = state->items[1];
    if (state && state->kind == CNX_PY_DICT && state->count >= 2 &&
        cnx_py_is_text(state->items[0], "_local_tensor"))
        local = state->items[1];
    if (!local || local->kind != CNX_PY_TENSOR || made->count < 3 ||
        !sizes_of(made->items[2], shape, &rank) || rank != local->tensor->rank ||
        memcmp(shape, local->tensor->shape, rank * sizeof *shape))
        return NULL;
    return local;
}

/* A subclass of Tensor that holds other tensors. */
static CnxPy *rebuild_wrapper(CnxStrings *strings, CnxPy *arguments)
{
    CnxPy *class = arguments->items[1], *local = NULL;

    if (class->kind == CNX_PY_GLOBAL && g_str_has_suffix(class->text, ".DTensor"))
        local = whole_local_tensor(arguments);
    return local ? local : make_object(strings, class, arguments->items[2]);
}

CnxPy *cnx_torch_call(CnxStrings *strings, CnxPy *function, CnxPy *arguments, const char **fault)
{
    *fault = NULL;
    /* A subclass of Tensor: (rebuild function, class, its arguments, state). */
    if (cnx_py_is_global(function, "torch._tensor._rebuild_from_type_v2") &&
        arguments->count >= 3 && arguments->items[2]->kind == CNX_PY_LIST) {
        if (cnx_py_is_global(arguments->items[0], "torch._utils._rebuild_wrapper_subclass"))
            return rebuild_wrapper(strings, arguments);
        function = arguments->items[0];
        arguments = arguments->items[2];
    }
    if (is_dict_class(function))
        return make_dict(strings, arguments);
    if (cnx_py_is_global(function, "torch._utils._rebuild_tensor_v2") ||
        cnx_py_is_global(function, "torch._utils._rebuild_tensor"))
        return rebuild_tensor(strings, arguments, NULL, fault);
    if (cnx_py_is_global(function, "torch._utils._rebuild_tensor_v3"))
        return rebuild_typed(strings, function, arguments, fault);
    if (cnx_py_is_global(function, "torch._utils._rebuild_qtensor"))
        return rebuild_quantised(strings, function, arguments, fault);
    if ((cnx_py_is_global(function, "torch._utils._rebuild_parameter") ||
         cnx_py_is_global(function, "torch._utils._rebuild_parameter_with_state")) &&
        arguments->count >= 1 &&
        (arguments->items[0]->kind == CNX_PY_TENSOR || arguments->items[0]->kind == CNX_PY_OBJECT))
        return arguments->items[0];
    return make_object(strings, function, arguments);
}

/* torch.FloatStorage, torch.cuda.FloatStorage, and so on. FALSE for any other class. */
static gboolean read_storage_class(const CnxPy *value, CnxPyStorage *storage)
{
    const Class *class = find_class(value, storage_classes, G_N_ELEMENTS(storage_classes));

    if (!class)
        return FALSE;
    storage->dtype = class->dtype;
    storage->stored = class->stored;
    storage->item = class->item;
    return TRUE;
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
