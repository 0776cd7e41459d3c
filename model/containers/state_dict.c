/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/state_dict.h"

#include <string.h>

#define PACKED "_packed_params._packed_params"
#define SCALE "_scale"
#define ZERO_POINT "_zero_point"

gboolean cnx_state_dict_fail(const CnxStateDict *self, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(self->error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT, "%s: %s", self->file, what);
    return FALSE;
}

static gboolean fail_memory(const CnxStateDict *self)
{
    g_set_error(self->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY, "%s: not enough memory",
                self->file);
    return FALSE;
}

/* Whether the elements are adjacent, in row-major order. */
static gboolean is_contiguous(const CnxPyTensor *t)
{
    guint64 step = 1;

    for (guint i = t->rank; i-- > 0;) {
        if (t->shape[i] != 1 && t->strides[i] != step)
            return FALSE;
        step *= t->shape[i];
    }
    return TRUE;
}

/* name: owned by the container. */
static gboolean add_tensor(const CnxStateDict *self, const char *name, const CnxPyTensor *t)
{
    CnxPyStorage *s = t->storage;
    CnxTensor out = {.name = name, .dtype = t->dtype, .stored = t->stored, .rank = t->rank};
    const guint64 room = s->view_elements * s->item / t->item;

    out.elements = 1;
    for (guint i = 0; i < t->rank; i++)
        if (!g_uint64_checked_mul(&out.elements, out.elements, t->shape[i]))
            out.elements = G_MAXSIZE;
    /* With strides of 0, a small file could describe a huge tensor. */
    if (out.elements > room) {
        g_autofree char *quoted = cnx_quote(name);

        g_set_error(self->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: tensor %s has more elements (%" G_GSIZE_FORMAT
                    ") than its storage (%" G_GUINT64_FORMAT "): save a contiguous copy",
                    self->file, quoted, out.elements, room);
        return FALSE;
    }
    if (!s->data && !self->find(s, self->user_data, self->error))
        return FALSE;
    memcpy(out.shape, t->shape, sizeof out.shape);
    memcpy(out.strides, t->strides, sizeof out.strides);
    out.strided = !is_contiguous(t);
    out.size = out.elements * t->item;
    out.data = s->data + s->view_offset * s->item + t->offset * t->item;
    return cnx_container_add(self->container, &out, self->file, self->error);
}

/* The name of another tensor, with suffix in place of its last cut bytes; NULL if memory runs out.
 */
static const char *make_name(const CnxStateDict *self, const char *name, gsize cut,
                             const char *suffix)
{
    g_autofree char *text = g_strdup_printf("%.*s%s", (int)(strlen(name) - cut), name, suffix);

    return cnx_strings_copy(cnx_container_strings(self->container), text, strlen(text));
}

/* A tensor of one number of 8 bytes, little endian. */
static gboolean add_number(const CnxStateDict *self, const char *name, const char *suffix,
                           CnxDtype dtype, const char *stored, guint64 bits)
{
    guint8 *data = cnx_strings_take(cnx_container_strings(self->container), sizeof bits);
    CnxTensor t = {.name = make_name(self, name, 0, suffix),
                   .dtype = dtype,
                   .stored = stored,
                   .elements = 1,
                   .data = data,
                   .size = sizeof bits};

    if (!data || !t.name)
        return fail_memory(self);
    bits = GUINT64_TO_LE(bits);
    memcpy(data, &bits, sizeof bits);
    return cnx_container_add(self->container, &t, self->file, self->error);
}

static gboolean add_channels(const CnxStateDict *self, const char *name, const char *suffix,
                             const CnxPyTensor *channels)
{
    const char *whole = make_name(self, name, 0, suffix);

    return whole ? add_tensor(self, whole, channels) : fail_memory(self);
}

static gboolean add_quantised(const CnxStateDict *self, const char *name, const CnxPyTensor *t)
{
    const CnxPyQuantiser *q = t->quantiser;
    guint64 scale;

    if (!add_tensor(self, name, t))
        return FALSE;
    if (!q)
        return TRUE;
    if (q->scales)
        return add_channels(self, name, SCALE, q->scales) &&
               add_channels(self, name, ZERO_POINT, q->zero_points);
    memcpy(&scale, &q->scale, sizeof scale);
    return add_number(self, name, SCALE, CNX_DTYPE_F64, "F64", scale) &&
           add_number(self, name, ZERO_POINT, CNX_DTYPE_OTHER, "I64", (guint64)q->zero_point);
}

/* Tensors of a class that only its library can read, by the end of its name; the last row matches
 * any. */
static const struct {
    const char *module, *class, *advice;
} foreign[] = {
    {"", ".DTensor",
     "a part of a tensor that is distributed over several processes (FSDP2): save the result of "
     "get_model_state_dict() of torch.distributed.checkpoint with full_state_dict=True"},
    {"", ".ShardedTensor",
     "a part of a tensor that is distributed over several processes (FSDP): save the state_dict() "
     "that FSDP makes with StateDictType.FULL_STATE_DICT"},
    {"", "._rebuild_qtensor",
     "a quantised tensor with a scheme other than per tensor or per channel: save the state_dict() "
     "of the model before quantisation"},
    {"torch._utils._rebuild_sparse", "", "a sparse tensor: call to_dense() before saving"},
    {"torch._utils._rebuild_nested", "", "a nested tensor, which no ConvNeXt has"},
    {"torch._utils._rebuild_meta", "",
     "a tensor without data (device meta): load the weights before saving"},
    {"torchao.", "Tensor",
     "a quantised tensor of torchao: call dequantize() of the weights before saving, or save the "
     "state_dict() of the model before quantize_()"},
    {"optimum.quanto.", "Tensor",
     "a quantised tensor of optimum-quanto: save the state_dict() of the model before quantize()"},
    {"transformer_engine.", "Tensor",
     "a tensor of TransformerEngine: call dequantize() of the weights before saving"},
    {"", "Tensor",
     "a custom subclass of Tensor: convert it to a plain tensor in PyTorch before saving"},
};

/* The row of foreign for value; -1 if it is no such tensor. */
static int find_foreign(const CnxPy *value)
{
    const char *type = value->kind == CNX_PY_OBJECT ? cnx_py_type_name(value) : "";

    for (guint i = 0; i < G_N_ELEMENTS(foreign); i++)
        if (g_str_has_prefix(type, foreign[i].module) && g_str_has_suffix(type, foreign[i].class))
            return (int)i;
    return -1;
}

gboolean cnx_state_dict_is_tensor(const CnxPy *value)
{
    return value->kind == CNX_PY_TENSOR || find_foreign(value) >= 0;
}

static gboolean check_value(const CnxStateDict *self, const char *name, const CnxPy *value)
{
    const int row = find_foreign(value);

    if (row < 0)
        return TRUE;
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    g_autofree char *quoted = cnx_quote(valid), *class = cnx_quote(cnx_py_type_name(value));
    g_set_error(self->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: has under %s an object of type %s, %s", self->file, quoted, class,
                foreign[row].advice);
    return FALSE;
}

/* packed: (weight, bias) of the layer, where the bias may be None. */
static gboolean add_packed(const CnxStateDict *self, const char *name, const CnxPy *packed)
{
    const char *weight = make_name(self, name, strlen(PACKED), "weight"),
               *bias = make_name(self, name, strlen(PACKED), "bias");

    if (!weight || !bias)
        return fail_memory(self);
    if (packed->kind != CNX_PY_LIST || packed->count != 2 ||
        packed->items[0]->kind != CNX_PY_TENSOR) {
        g_autofree char *quoted = cnx_quote(name);

        g_set_error(
            self->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
            "%s: has under %s the packed parameters of a quantised layer (torch.ao.quantization) "
            "in an unknown form: save the state_dict() of the model before quantisation",
            self->file, quoted);
        return FALSE;
    }
    return add_quantised(self, weight, packed->items[0]->tensor) &&
           (packed->items[1]->kind != CNX_PY_TENSOR ||
            add_quantised(self, bias, packed->items[1]->tensor));
}

static gboolean add_value(const CnxStateDict *self, const char *name, const CnxPy *value)
{
    if (value->kind != CNX_PY_TENSOR)
        return g_str_has_suffix(name, PACKED) ? add_packed(self, name, value)
                                              : check_value(self, name, value);
    const char *copy = make_name(self, name, 0, "");
    return copy ? add_quantised(self, copy, value->tensor) : fail_memory(self);
}

/* Values of other kinds are settings and statistics. */
static gboolean may_be_tensor(const CnxPy *value)
{
    return value->kind == CNX_PY_TENSOR || value->kind == CNX_PY_OBJECT ||
           value->kind == CNX_PY_LIST;
}

/* Whether module, a key of the metadata, is the second parametrization of a weight, or a later one:
 * "M.parametrizations.weight.1". It may have no tensors that would show it. */
static gboolean is_second_parametrization(const CnxPy *module)
{
    g_autofree char *name = g_strndup(module->text, module->length);
    const char *word = strstr(name, "parametrizations."), *dot = strrchr(name, '.');

    return word && dot > word + strlen("parametrizations.") && g_ascii_isdigit(dot[1]) &&
           strcmp(dot, ".0");
}

static gboolean check_metadata(const CnxStateDict *self, const CnxPy *dict)
{
    const CnxPy *metadata = dict->class;

    for (guint i = 0; metadata && i + 1 < metadata->count; i += 2) {
        const CnxPy *key = metadata->items[i];

        if (key->kind != CNX_PY_TEXT || key->length > CNX_STATE_NAME_MAX ||
            !is_second_parametrization(key))
            continue;
        g_autofree char *text = g_strndup(key->text, key->length);
        g_autofree char *name = cnx_quote(text);
        g_set_error(self->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has a weight with several parametrizations (module %s): call "
                    "torch.nn.utils.parametrize.remove_parametrizations() before saving",
                    self->file, name);
        return FALSE;
    }
    return TRUE;
}

gboolean cnx_state_dict_add(const CnxStateDict *self, const CnxPy *dict, const char *prefix)
{
    const gsize length = strlen(prefix);

    if (!check_metadata(self, dict))
        return FALSE;
    for (guint i = 0; i + 1 < dict->count; i += 2) {
        const CnxPy *key = dict->items[i], *value = dict->items[i + 1];
        char name[2 * CNX_STATE_NAME_MAX + 2];

        if (key->kind != CNX_PY_TEXT || !may_be_tensor(value))
            continue;
        if (key->length > CNX_STATE_NAME_MAX)
            return cnx_state_dict_fail(self, "has a tensor with a name of more than %d bytes",
                                       CNX_STATE_NAME_MAX);
        memcpy(name, prefix, length);
        memcpy(name + length, key->text, key->length);
        name[length + key->length] = '\0';
        if (!add_value(self, name, value))
            return FALSE;
    }
    return TRUE;
}
