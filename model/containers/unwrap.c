/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/unwrap.h"

#include <string.h>

#define DEPTH_MAX 8
#define NAME_MAX_LENGTH 1024 /* bytes of a tensor's name or of a wrapper's key */
#define KEYS_SHOWN 6         /* in messages */

/* The keys under which training tools save the state dict. */
static const char *const raw_keys[] = {"state_dict",  "model", "module",  "model_state_dict",
                                       "model_state", "net",   "network", "weights",
                                       "params",      NULL};
static const char *const ema_keys[] = {
    "state_dict_ema",       "model_ema", "ema_state_dict", "ema", "params_ema",
    "model_ema_state_dict", NULL};

typedef struct Unwrapping {
    CnxContainer *container;
    CnxStorageFinder find;
    gpointer user_data;
    const char *file;
    GError **error;
} Unwrapping;

enum { UNKNOWN, LEADS_NOWHERE, LEADS_TO_TENSORS }; /* a dict's mark */

static gboolean is_dict(const CnxPy *value)
{
    return value && value->kind == CNX_PY_DICT;
}

static gboolean has_tensors(const CnxPy *dict)
{
    for (guint i = 0; i + 1 < dict->count; i += 2)
        if (dict->items[i]->kind == CNX_PY_TEXT && dict->items[i + 1]->kind == CNX_PY_TENSOR)
            return TRUE;
    return FALSE;
}

static gboolean leads_to_tensors(CnxPy *dict, int depth);

/* The first key whose value is, or wraps, a state dict; NULL if there is none. */
static const char *find_wrapper(const CnxPy *dict, const char *const *keys, int depth)
{
    for (; *keys; keys++) {
        CnxPy *value = cnx_py_get(dict, *keys);

        if (is_dict(value) && leads_to_tensors(value, depth))
            return *keys;
    }
    return NULL;
}

/* Whether dict is a state dict or wraps one. Its mark remembers the answer, because the graph may
 * reach the same dict many times. */
static gboolean leads_to_tensors(CnxPy *dict, int depth)
{
    if (dict->mark == UNKNOWN) {
        dict->mark = LEADS_NOWHERE;
        if (has_tensors(dict) || (depth > 0 && (find_wrapper(dict, raw_keys, depth - 1) ||
                                                find_wrapper(dict, ema_keys, depth - 1))))
            dict->mark = LEADS_TO_TENSORS;
    }
    return dict->mark == LEADS_TO_TENSORS;
}

static gboolean is_wrapper(const char *key)
{
    return g_strv_contains(raw_keys, key) || g_strv_contains(ema_keys, key);
}

G_GNUC_PRINTF(2, 3)
static gboolean fail_state_dict(const Unwrapping *u, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(u->error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT, "%s: %s", u->file, what);
    return FALSE;
}

#define SAVE "load it in PyTorch and save its state_dict()"

/* Fails with a description of the value that is not a state dict. */
static gboolean fail_value(const Unwrapping *u, const CnxPy *value)
{
    if (!is_dict(value)) {
        g_autofree char *type = cnx_quote(cnx_py_type_name(value));

        return fail_state_dict(u, "is a pickled Python object of type %s, not a state dict: " SAVE,
                               type);
    }
    g_autoptr(GString) keys = g_string_new(NULL);
    guint shown = 0;
    for (guint i = 0; i + 1 < value->count && shown < KEYS_SHOWN; i += 2) {
        const CnxPy *key = value->items[i], *member = value->items[i + 1];

        if (key->kind != CNX_PY_TEXT)
            continue;
        g_autofree char *text =
            g_utf8_make_valid(key->text, (gssize)MIN(key->length, NAME_MAX_LENGTH));
        g_autofree char *name = cnx_quote(text);
        if (member->kind == CNX_PY_OBJECT && is_wrapper(text)) {
            g_autofree char *type = cnx_quote(cnx_py_type_name(member));

            return fail_state_dict(u,
                                   "has a pickled Python object of type %s under its key %s, not a "
                                   "state dict: " SAVE,
                                   type, name);
        }
        g_string_append_printf(keys, shown++ ? ", %s" : "%s", name);
    }
    return fail_state_dict(u, "is a dict without tensors (keys: %s), expected a state dict",
                           shown ? keys->str : "none");
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

static gboolean add_tensor(const Unwrapping *u, const char *name, const CnxPyTensor *t)
{
    CnxPyStorage *s = t->storage;
    CnxTensor out = {.name = name, .dtype = s->dtype, .rank = t->rank, .elements = 1};

    for (guint i = 0; i < t->rank; i++)
        if (!g_uint64_checked_mul(&out.elements, out.elements, t->shape[i]))
            out.elements = G_MAXSIZE;
    /* With strides of 0, a small file could describe a huge tensor. */
    if (out.elements > s->view_elements) {
        g_autofree char *quoted = cnx_quote(name);

        g_set_error(u->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: tensor %s has more elements (%" G_GSIZE_FORMAT
                    ") than its storage (%" G_GUINT64_FORMAT "): save a contiguous copy",
                    u->file, quoted, out.elements, s->view_elements);
        return FALSE;
    }
    if (!s->data && !u->find(s, u->user_data, u->error))
        return FALSE;
    memcpy(out.shape, t->shape, sizeof out.shape);
    memcpy(out.strides, t->strides, sizeof out.strides);
    out.strided = !is_contiguous(t);
    out.size = out.elements * s->item;
    out.data = s->data + (s->view_offset + t->offset) * s->item;
    return cnx_container_add(u->container, &out, u->file, u->error);
}

/* Adds the tensors of dict with prefix ("" or "backbone.") before their names. */
static gboolean add_tensors(const Unwrapping *u, const CnxPy *dict, const char *prefix)
{
    for (guint i = 0; i + 1 < dict->count; i += 2) {
        const CnxPy *key = dict->items[i], *value = dict->items[i + 1];

        if (key->kind != CNX_PY_TEXT || value->kind != CNX_PY_TENSOR)
            continue;
        char name[2 * NAME_MAX_LENGTH + 2];
        gsize length = strlen(prefix);
        if (key->length > NAME_MAX_LENGTH)
            return fail_state_dict(u, "has a tensor with a name of more than %d bytes",
                                   NAME_MAX_LENGTH);
        memcpy(name, prefix, length);
        memcpy(name + length, key->text, key->length);
        char *copy =
            cnx_strings_copy(cnx_container_strings(u->container), name, length + key->length);
        if (!copy) {
            g_set_error(u->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY, "%s: not enough memory",
                        u->file);
            return FALSE;
        }
        if (!add_tensor(u, copy, value->tensor))
            return FALSE;
    }
    return TRUE;
}

/* Adds the tensors of a dict of state dicts: {"backbone": {...}, "head": {...}}. */
static gboolean add_members(const Unwrapping *u, const CnxPy *dict)
{
    gboolean found = FALSE;

    for (guint i = 0; i + 1 < dict->count; i += 2) {
        const CnxPy *key = dict->items[i], *value = dict->items[i + 1];

        if (key->kind != CNX_PY_TEXT || key->length > NAME_MAX_LENGTH || !is_dict(value) ||
            !has_tensors(value))
            continue;
        g_autofree char *name = g_strndup(key->text, key->length);
        g_autofree char *prefix = g_strconcat(name, ".", NULL);
        found = TRUE;
        if (!add_tensors(u, value, prefix))
            return FALSE;
    }
    return found || fail_value(u, dict);
}

/* The key of the wrapper to follow; NULL if there is none. Sets *set if the key implies it. */
static const char *choose_wrapper(const Unwrapping *u, const CnxPy *dict, CnxWeightSet *set)
{
    const char *raw = find_wrapper(dict, raw_keys, DEPTH_MAX);
    const char *ema = find_wrapper(dict, ema_keys, DEPTH_MAX);

    /* mmengine swaps them: averaged weights are "state_dict", raw ones "ema_state_dict". */
    if (raw && ema && !strcmp(ema, "ema_state_dict") && cnx_py_get(dict, "message_hub")) {
        const char *swapped = raw;

        raw = ema;
        ema = swapped;
    }
    if (raw && ema)
        *set = cnx_container_requested_set(u->container) == CNX_WEIGHT_SET_EMA ? CNX_WEIGHT_SET_EMA
                                                                               : CNX_WEIGHT_SET_RAW;
    else if (ema)
        *set = CNX_WEIGHT_SET_EMA;
    if (raw && ema)
        return *set == CNX_WEIGHT_SET_EMA ? ema : raw;
    return raw ? raw : ema;
}

gboolean cnx_unwrap(CnxContainer *container, const CnxPickle *pickle, CnxStorageFinder find,
                    gpointer user_data, const char *file, GError **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    const Unwrapping u = {container, find, user_data, file, error};
    CnxWeightSet set = CNX_WEIGHT_SET_AUTO;
    const CnxPy *dict = pickle->top;
    const char *key;

    if (!is_dict(dict))
        return fail_value(&u, dict);
    for (int depth = 0; depth < DEPTH_MAX && (key = choose_wrapper(&u, dict, &set)); depth++) {
        dict = cnx_py_get(dict, key);
        g_string_append_printf(path, path->len ? ".%s" : "%s", key);
    }
    cnx_container_set_weights(container, set, path->str);
    return has_tensors(dict) ? add_tensors(&u, dict, "") : add_members(&u, dict);
}
