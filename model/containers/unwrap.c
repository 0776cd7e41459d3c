/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/unwrap.h"

#include <string.h>

#include "model/containers/state_dict.h"

#define DEPTH_MAX 8
#define MEMBERS_MAX 64 /* of a list or tuple, that are searched for state dicts */
#define NETWORK_MIN 32 /* tensors of a network; ConvNeXts have more */
#define KEYS_SHOWN 6   /* in messages */

/* The keys under which training tools save the state dict. */
static const char *const raw_keys[] = {"state_dict",  "model", "module",  "model_state_dict",
                                       "model_state", "net",   "network", "weights",
                                       "params",      NULL};
static const char *const ema_keys[] = {
    "state_dict_ema",       "model_ema", "ema_state_dict", "ema", "params_ema",
    "model_ema_state_dict", NULL};

enum { UNKNOWN, LEADS_NOWHERE, LEADS_TO_TENSORS }; /* mark of a dict or list */

static gboolean is_dict(const CnxPy *value)
{
    return value && value->kind == CNX_PY_DICT;
}

static gboolean has_tensors(const CnxPy *dict)
{
    for (guint i = 0; i + 1 < dict->count; i += 2)
        if (dict->items[i]->kind == CNX_PY_TEXT && cnx_state_dict_is_tensor(dict->items[i + 1]))
            return TRUE;
    return FALSE;
}

static gboolean leads_to_tensors(CnxPy *value, int depth);

/* The first key whose value is, or wraps, a state dict; NULL if there is none. */
static const char *find_wrapper(const CnxPy *dict, const char *const *keys, int depth)
{
    for (; *keys; keys++) {
        CnxPy *value = cnx_py_get(dict, *keys);

        if (value && leads_to_tensors(value, depth))
            return *keys;
    }
    return NULL;
}

/* The first member of a list that is or wraps a state dict, and *other, the next one; NULL if there
 * is none. */
static CnxPy *find_member(const CnxPy *list, int depth, CnxPy **other)
{
    CnxPy *found = NULL;

    *other = NULL;
    for (guint i = 0; i < MIN(list->count, MEMBERS_MAX) && !*other; i++) {
        CnxPy *member = list->items[i];

        if (member == found || !leads_to_tensors(member, depth))
            continue;
        if (found)
            *other = member;
        else
            found = member;
    }
    return found;
}

static gboolean search_value(CnxPy *value, int depth)
{
    CnxPy *other;

    if (is_dict(value) && has_tensors(value))
        return TRUE;
    if (depth == 0)
        return FALSE;
    if (value->kind == CNX_PY_LIST)
        return find_member(value, depth - 1, &other) != NULL;
    return find_wrapper(value, raw_keys, depth - 1) || find_wrapper(value, ema_keys, depth - 1);
}

/* Whether value is a state dict or wraps one. Its mark remembers the answer, because the graph may
 * reach the same value many times. */
static gboolean leads_to_tensors(CnxPy *value, int depth)
{
    if (!is_dict(value) && value->kind != CNX_PY_LIST)
        return FALSE;
    if (value->mark == UNKNOWN) {
        value->mark = LEADS_NOWHERE;
        if (search_value(value, depth))
            value->mark = LEADS_TO_TENSORS;
    }
    return value->mark == LEADS_TO_TENSORS;
}

static gboolean is_wrapper(const char *key)
{
    return g_strv_contains(raw_keys, key) || g_strv_contains(ema_keys, key);
}

#define SAVE "load it in PyTorch and save its state_dict()"

/* Fails with a description of the value that is not a state dict. */
static gboolean fail_value(const CnxStateDict *u, const CnxPy *value)
{
    if (!is_dict(value)) {
        g_autofree char *type = cnx_quote(cnx_py_type_name(value));

        return cnx_state_dict_fail(
            u, "is a pickled Python object of type %s, not a state dict: " SAVE, type);
    }
    if (cnx_py_get(value, "ds_version"))
        return cnx_state_dict_fail(u,
                                   "is a part of a DeepSpeed checkpoint without the weights: run "
                                   "zero_to_fp32.py from the checkpoint folder and use the result");
    g_autoptr(GString) keys = g_string_new(NULL);
    guint shown = 0;
    for (guint i = 0; i + 1 < value->count && shown < KEYS_SHOWN; i += 2) {
        const CnxPy *key = value->items[i], *member = value->items[i + 1];

        if (key->kind != CNX_PY_TEXT)
            continue;
        g_autofree char *text =
            g_utf8_make_valid(key->text, (gssize)MIN(key->length, CNX_STATE_NAME_MAX));
        g_autofree char *name = cnx_quote(text);
        if (member->kind == CNX_PY_OBJECT && is_wrapper(text)) {
            g_autofree char *type = cnx_quote(cnx_py_type_name(member));

            return cnx_state_dict_fail(
                u,
                "has a pickled Python object of type %s under its key %s, not a "
                "state dict: " SAVE,
                type, name);
        }
        g_string_append_printf(keys, shown++ ? ", %s" : "%s", name);
    }
    return cnx_state_dict_fail(u, "is a dict without tensors (keys: %s), expected a state dict",
                               shown ? keys->str : "none");
}

/* Adds the tensors of a dict of state dicts: {"backbone": {...}, "head": {...}}. */
static gboolean add_members(const CnxStateDict *u, const CnxPy *dict)
{
    gboolean found = FALSE;

    for (guint i = 0; i + 1 < dict->count; i += 2) {
        const CnxPy *key = dict->items[i], *value = dict->items[i + 1];

        if (key->kind != CNX_PY_TEXT || key->length > CNX_STATE_NAME_MAX || !is_dict(value) ||
            !has_tensors(value))
            continue;
        g_autofree char *name = g_strndup(key->text, key->length);
        g_autofree char *prefix = g_strconcat(name, ".", NULL);
        found = TRUE;
        if (!cnx_state_dict_add(u, value, prefix))
            return FALSE;
    }
    return found || fail_value(u, dict);
}

/* Another key than `key` for raw weights, whose value is as large as a network; NULL if there is
 * none. */
static const char *find_rival(const CnxPy *dict, const char *key)
{
    const CnxPy *value = cnx_py_get(dict, key);

    for (const char *const *other = raw_keys; *other; other++) {
        const CnxPy *rival = cnx_py_get(dict, *other);
        guint tensors = 0;

        if (!rival || rival == value || !is_dict(rival))
            continue;
        for (guint i = 1; i < rival->count && tensors < NETWORK_MIN; i += 2)
            tensors += cnx_state_dict_is_tensor(rival->items[i]);
        if (tensors == NETWORK_MIN)
            return *other;
    }
    return NULL;
}

/* The key of the wrapper to follow; NULL if there is none. Sets *set if the key implies it. */
static const char *choose_wrapper(const CnxStateDict *u, const CnxPy *dict, CnxWeightSet *set)
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

/* The only member of a list that is or wraps a state dict, or NULL with error. */
static CnxPy *choose_member(const CnxStateDict *u, const CnxPy *list, GString *path)
{
    CnxPy *other, *member = find_member(list, DEPTH_MAX, &other);
    guint i = 0, k = 0;

    if (!member) {
        fail_value(u, list);
        return NULL;
    }
    while (list->items[i] != member)
        i++;
    while (other && list->items[k] != other)
        k++;
    if (other) {
        cnx_state_dict_fail(u,
                            "is a list with more than one state dict (members %u and %u): save "
                            "only one of them",
                            i, k);
        return NULL;
    }
    g_string_append_printf(path, "[%u]", i);
    return member;
}

/* The value inside one wrapper. value itself if it has none; NULL with error. */
static CnxPy *unwrap_once(const CnxStateDict *u, CnxPy *value, GString *path, CnxWeightSet *set)
{
    if (value->kind == CNX_PY_LIST)
        return choose_member(u, value, path);
    const char *key = choose_wrapper(u, value, set);
    if (!key)
        return value;
    const char *rival = g_strv_contains(raw_keys, key) ? find_rival(value, key) : NULL;
    if (rival) {
        cnx_state_dict_fail(u,
                            "has state dicts under both of its keys \"%s\" and \"%s\": save only "
                            "one of them",
                            key, rival);
        return NULL;
    }
    g_string_append_printf(path, path->len ? ".%s" : "%s", key);
    return cnx_py_get(value, key);
}

gboolean cnx_unwrap(CnxContainer *container, const CnxPickle *pickle, CnxStorageFinder find,
                    gpointer user_data, const char *file, GError **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    const CnxStateDict u = {container, find, user_data, file, error};
    CnxWeightSet set = CNX_WEIGHT_SET_AUTO;
    CnxPy *value = pickle->top, *outer = NULL;

    for (int depth = 0; depth < DEPTH_MAX && value != outer; depth++) {
        outer = value;
        value = unwrap_once(&u, outer, path, &set);
        if (!value)
            return FALSE;
    }
    cnx_container_set_weights(container, set, path->str);
    cnx_container_set_dataset(container, cnx_dataset_read(pickle->top));
    if (!is_dict(value))
        return fail_value(&u, value);
    return has_tensors(value) ? cnx_state_dict_add(&u, value, "") : add_members(&u, value);
}
