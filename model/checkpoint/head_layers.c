/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/head_layers.h"

#include <stdlib.h>
#include <string.h>

#define MAX_VISITS 100000 /* of the search for an order */

/* Collecting the layers */

static void layer_free(gpointer data)
{
    CnxHeadLayer *layer = data;

    g_free(layer->path);
    g_free(layer);
}

static CnxHeadLayer *layer_at(GPtrArray *layers, const char *path, guint level)
{
    for (guint i = 0; i < layers->len; i++)
        if (!strcmp(((CnxHeadLayer *)layers->pdata[i])->path, path))
            return layers->pdata[i];
    CnxHeadLayer *layer = g_new0(CnxHeadLayer, 1);
    layer->path = g_strdup(path);
    layer->level = level;
    g_ptr_array_add(layers, layer);
    return layer;
}

static CnxHeadRole role_of(const char *canonical)
{
    if (!canonical)
        return CNX_HEAD_ROLE_OWN;
    if (g_str_has_prefix(canonical, "norm."))
        return CNX_HEAD_ROLE_NORM;
    return g_str_has_prefix(canonical, "head.0.") ? CNX_HEAD_ROLE_HIDDEN : CNX_HEAD_ROLE_OUTPUT;
}

/* Puts a part into its layer, if it is one of those that layers have. */
static void add_part(GPtrArray *layers, const CnxNaming *naming, CnxPart *part)
{
    static const char *const leaves[] = {"weight", "bias", "running_mean", "running_var"};
    guint level;
    g_autofree char *path = cnx_naming_outside(naming, part->tensor->name, &level);
    char *dot = path ? strrchr(path, '.') : NULL;

    if (!dot)
        return;
    *dot = '\0';
    for (guint i = 0; i < G_N_ELEMENTS(leaves); i++) {
        if (strcmp(dot + 1, leaves[i]))
            continue;
        CnxHeadLayer *layer = layer_at(layers, path, level);
        CnxPart **places[] = {&layer->weight, &layer->bias, &layer->mean, &layer->variance};
        if (*places[i]) {
            layer->twin = part;
            layer->twin_of = *places[i];
        }
        *places[i] = part;
        if (layer->role == CNX_HEAD_ROLE_OWN)
            layer->role = role_of(part->canonical);
    }
}

/* The only dimension that is not 1; 0 if there are several, or the dtype is no float. */
static guint64 length_of(const CnxPart *part)
{
    const CnxTensor *t = part ? part->tensor : NULL;
    guint wide = 0;

    if (!t || t->dtype == CNX_DTYPE_OTHER)
        return 0;
    for (guint i = 0; i < t->rank; i++)
        wide += t->shape[i] != 1;
    return wide <= 1 && t->rank >= 1 ? t->elements : 0;
}

/* [out, in], perhaps with dimensions of 1 behind it. */
static gboolean is_matrix(const CnxPart *part)
{
    const CnxTensor *t = part ? part->tensor : NULL;

    return t && t->dtype != CNX_DTYPE_OTHER && t->rank >= 2 && t->elements > 0 &&
           t->elements == t->shape[0] * t->shape[1];
}

static void set_known(CnxHeadLayer *layer, CnxHeadKind kind, guint64 inputs, guint64 outputs)
{
    layer->kind = kind;
    layer->is_known = TRUE;
    layer->inputs = inputs;
    layer->outputs = outputs;
}

/* Decides what the layer is. A norm without a bias is only known as the last norm of the body. */
static void classify(CnxHeadLayer *layer)
{
    const guint64 mean = length_of(layer->mean), weight = length_of(layer->weight);
    const gboolean vectors = weight > 0 && weight == length_of(layer->bias);

    if (layer->mean || layer->variance) {
        if (mean > 0 && mean == length_of(layer->variance) &&
            ((!layer->weight && !layer->bias) || (vectors && weight == mean)))
            set_known(layer, CNX_HEAD_BATCH_NORM, mean, mean);
    } else if (layer->weight && weight > 0 && layer->weight->tensor->rank != 2) {
        if (vectors || (!layer->bias && layer->role == CNX_HEAD_ROLE_NORM))
            set_known(layer, CNX_HEAD_NORM, weight, weight);
    } else if (is_matrix(layer->weight)) {
        set_known(layer, CNX_HEAD_LINEAR, layer->weight->tensor->shape[1],
                  layer->weight->tensor->shape[0]);
    }
    if (!layer->is_known)
        layer->kind = layer->role == CNX_HEAD_ROLE_NORM ? CNX_HEAD_NORM : CNX_HEAD_LINEAR;
}

GPtrArray *cnx_head_layers_new(const CnxNaming *naming, CnxPart *parts, guint count)
{
    GPtrArray *layers = g_ptr_array_new_with_free_func(layer_free);

    for (guint i = 0; i < count; i++)
        if (!parts[i].reason &&
            (!parts[i].canonical || g_str_has_prefix(parts[i].canonical, "norm.") ||
             g_str_has_prefix(parts[i].canonical, "head.")))
            add_part(layers, naming, &parts[i]);
    for (guint i = layers->len; i-- > 0;) {
        CnxHeadLayer *layer = layers->pdata[i];

        classify(layer);
        if (!layer->is_known && layer->role == CNX_HEAD_ROLE_OWN)
            g_ptr_array_remove_index(layers, i);
    }
    return layers;
}

/* Names that say an order */

static gsize component_length(const char *path)
{
    return strcspn(path, ".");
}

/* Advances both past the components that they have in common. */
static void skip_common(const char **a, const char **b)
{
    gsize length;

    while (**a && (length = component_length(*a)) == component_length(*b) &&
           !strncmp(*a, *b, length)) {
        *a += length + ((*a)[length] == '.');
        *b += length + ((*b)[length] == '.');
    }
}

/* Splits the number off the end of a component, such as "fc2". -1: it has none. */
static gint64 number_of(const char *component, gsize *stem)
{
    const gsize length = component_length(component);

    *stem = length;
    while (*stem > 0 && g_ascii_isdigit(component[*stem - 1]))
        (*stem)--;
    return *stem < length && length - *stem <= 9 ? atoi(component + *stem) : -1;
}

/* The norm of the body by its own name, not one that is numbered in a Sequential. */
static gboolean is_last_norm(const CnxHeadLayer *layer)
{
    return layer->role == CNX_HEAD_ROLE_NORM && layer->kind == CNX_HEAD_NORM &&
           !g_ascii_isdigit(layer->path[strlen(layer->path) - 1]);
}

int cnx_head_layers_compare(const CnxHeadLayer *a, const CnxHeadLayer *b)
{
    const char *x = a->path, *y = b->path;
    gsize stem_x, stem_y;

    if (a->level != b->level)
        return a->level > b->level ? -1 : 1;
    if (a->role != CNX_HEAD_ROLE_OWN && b->role != CNX_HEAD_ROLE_OWN && a->role != b->role)
        return a->role < b->role ? -1 : 1;
    if (is_last_norm(a) != is_last_norm(b))
        return is_last_norm(a) ? -1 : 1;
    skip_common(&x, &y);
    const gint64 m = number_of(x, &stem_x), n = number_of(y, &stem_y);
    if (stem_x != stem_y || strncmp(x, y, stem_x) || m == n)
        return 0;
    return m < n ? -1 : 1;
}

int cnx_head_layers_gap(const CnxHeadLayer *a, const CnxHeadLayer *b)
{
    const char *x = a->path, *y = b->path;
    gsize stem_x, stem_y;

    skip_common(&x, &y);
    const gint64 m = number_of(x, &stem_x), n = number_of(y, &stem_y);
    if (stem_x > 0 || stem_y > 0 || m < 0 || n <= m || strchr(x, '.'))
        return -1;
    for (y += component_length(y); *y == '.'; y += 2) /* the first layer of a nested Sequential */
        if (y[1] != '0' || (y[2] && y[2] != '.'))
            return -1;
    return (int)MIN(n - m - 1, G_MAXINT);
}

/* The search for an order */

typedef struct Search {
    const GPtrArray *layers;
    guint order[CNX_HEAD_STEPS + 1], found[CNX_HEAD_STEPS + 1];
    gboolean is_used[CNX_HEAD_STEPS + 1];
    guint depth, solutions, visits;
} Search;

static const CnxHeadLayer *layer_of(const Search *s, guint i)
{
    return s->layers->pdata[i];
}

/* Whether no unused layer must run before layer i. */
static gboolean is_next(const Search *s, guint i)
{
    for (guint k = 0; k < s->layers->len; k++)
        if (k != i && !s->is_used[k] && cnx_head_layers_compare(layer_of(s, k), layer_of(s, i)) < 0)
            return FALSE;
    return TRUE;
}

static void search_from(Search *s, guint64 width)
{
    if (s->depth == s->layers->len) {
        if (s->solutions++ == 0)
            memcpy(s->found, s->order, sizeof s->found);
        return;
    }
    for (guint i = 0; i < s->layers->len && s->solutions < 2; i++) {
        if (s->is_used[i] || layer_of(s, i)->inputs != width || !is_next(s, i))
            continue;
        if (++s->visits > MAX_VISITS) {
            s->solutions = 2;
            return;
        }
        s->is_used[i] = TRUE;
        s->order[s->depth++] = i;
        search_from(s, layer_of(s, i)->outputs);
        s->depth--;
        s->is_used[i] = FALSE;
    }
}

guint cnx_head_layers_sort(GPtrArray *layers, guint64 width)
{
    Search s = {.layers = layers};

    search_from(&s, width);
    if (s.solutions == 0)
        return 0;
    g_autofree gpointer *sorted = g_new(gpointer, layers->len + 1);
    for (guint i = 0; i < layers->len; i++)
        sorted[i] = layers->pdata[s.found[i]];
    if (layers->len > 0)
        memcpy(layers->pdata, sorted, layers->len * sizeof *sorted);
    return s.solutions;
}
