/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/parametrised.h"

#include <string.h>

#include "model/base/text.h"

#define PRUNE ": call torch.nn.utils.prune.remove() before saving"
#define REMOVE                                                                         \
    ": call torch.nn.utils.parametrize.remove_parametrizations(), or the function of " \
    "torch.nn.utils that removes the norm, before saving"
#define PARAMETRIZATIONS "parametrizations."

/* The parts of one weight; NULL for those that the file lacks. */
typedef struct Parts {
    CnxEntry *base, *mask, *g, *u, *v;
    const char *stem; /* with `length` bytes: the weight's name */
    gsize length;
    const char *suffix; /* the rest of the weight's name */
} Parts;

/* The mask may consist of integers. */
static gboolean are_readable(const Parts *p)
{
    const CnxEntry *const all[] = {p->base, p->g, p->u, p->v};

    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        if (all[i] && (!cnx_entry_is_float(all[i]) || all[i]->tensor.elements == 0))
            return FALSE;
    return !p->mask || cnx_entry_is_readable(p->mask);
}

static gboolean refuse(const CnxEntries *entries, const Parts *p, const char *fault)
{
    CnxEntry *const others[] = {p->mask, p->g, p->u, p->v};
    gboolean found = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(others); i++)
        if (others[i]) {
            others[i]->fault = fault;
            found = TRUE;
        }
    if (!found)
        p->base->fault = fault;
    return cnx_entries_rename(entries, p->base, p->stem, p->length, p->suffix);
}

static gboolean compose(const CnxEntries *entries, const Parts *p, const CnxFormula *formula)
{
    cnx_entries_use(entries, p->mask);
    cnx_entries_use(entries, p->g);
    cnx_entries_use(entries, p->u);
    cnx_entries_use(entries, p->v);
    return cnx_entries_compose(entries, p->base, formula) &&
           cnx_entries_rename(entries, p->base, p->stem, p->length, p->suffix);
}

static gboolean compose_mask(const CnxEntries *entries, const Parts *p)
{
    if (!are_readable(p) || !cnx_entry_has_shape_of(p->mask, &p->base->tensor))
        return refuse(entries, p, "is the mask of a pruned weight of another shape" PRUNE);
    const CnxFormula f = {.kind = CNX_FORMULA_MASK, .base = p->base->tensor, .a = p->mask->tensor};
    return compose(entries, p, &f);
}

/* Which norms g [.., 1, n, 1, ..] or [] scales. FALSE if its shape is no such. */
static gboolean find_norms(const CnxTensor *v, const CnxTensor *g, CnxFormulaIndex *index)
{
    gboolean flat = g->rank == 0; /* one norm for the whole weight */
    guint found = 0;

    *index = (CnxFormulaIndex){.inner = v->elements, .count = 1};
    if (!flat && g->rank != v->rank)
        return FALSE;
    for (guint i = 0; i < g->rank; i++) {
        flat |= v->shape[i] == 1;
        if (g->shape[i] == 1)
            continue;
        if (g->shape[i] != v->shape[i] || found++)
            return FALSE;
        index->count = g->shape[i];
        index->inner = 1;
        for (guint k = i + 1; k < v->rank; k++)
            index->inner *= v->shape[k];
    }
    return found || flat;
}

/* p->base: the direction v. */
static gboolean compose_weight_norm(const CnxEntries *entries, const Parts *p)
{
    CnxFormula f = {.kind = CNX_FORMULA_WEIGHT_NORM, .base = p->base->tensor, .a = p->g->tensor};

    if (!are_readable(p) || !find_norms(&f.base, &f.a, &f.index))
        return refuse(entries, p, "is the norm of a weight of another shape (weight_norm)" REMOVE);
    return compose(entries, p, &f);
}

/* The weight is a matrix [out, all others]. */
static gboolean compose_spectral_norm(const CnxEntries *entries, const Parts *p)
{
    const CnxFormula f = {.kind = CNX_FORMULA_SPECTRAL_NORM,
                          .base = p->base->tensor,
                          .a = p->u->tensor,
                          .b = p->v->tensor,
                          .index = {.inner = p->base->tensor.elements, .count = 1}};

    if (!are_readable(p) || f.base.rank < 2 || f.a.rank != 1 || f.b.rank != 1 ||
        f.a.elements != f.base.shape[0] || f.b.elements != f.base.elements / f.base.shape[0])
        return refuse(entries, p,
                      "belongs to a weight with spectral_norm along another dimension than the "
                      "first one" REMOVE);
    return compose(entries, p, &f);
}

/* entry: M.w_orig */
static gboolean compose_original(const CnxEntries *entries, CnxEntry *entry)
{
    const char *name = entry->original;
    const gsize length = strlen(name) - strlen("_orig");
    const Parts p = {.base = entry,
                     .mask = cnx_entries_find(entries, name, length, "_mask"),
                     .g = cnx_entries_find(entries, name, length, "_g"),
                     .u = cnx_entries_find(entries, name, length, "_u"),
                     .v = cnx_entries_find(entries, name, length, "_v"),
                     .stem = name,
                     .length = length,
                     .suffix = ""};

    if (p.mask && !p.g && !p.u && !p.v)
        return compose_mask(entries, &p);
    if (!p.mask && !p.g && p.u && p.v)
        return compose_spectral_norm(entries, &p);
    return refuse(entries, &p,
                  "belongs to a weight that is both pruned and normalised, or that lacks a part: "
                  "call torch.nn.utils.prune.remove() and the functions in torch.nn.utils that "
                  "remove norms before saving");
}

/* entry: M.w_g */
static gboolean compose_old_norm(const CnxEntries *entries, CnxEntry *entry)
{
    const char *name = entry->original;
    const gsize length = strlen(name) - strlen("_g");
    const Parts p = {.base = cnx_entries_find(entries, name, length, "_v"),
                     .g = entry,
                     .stem = name,
                     .length = length,
                     .suffix = ""};

    if (!p.base || cnx_entries_find(entries, name, length, "_orig") ||
        cnx_entries_find(entries, name, length, ""))
        return TRUE;
    return compose_weight_norm(entries, &p);
}

/* Collects the parts of M.parametrizations.w, and refuses others than those of the two norms.
 * entry: M.parametrizations.w.original or .original0. rest: "w.original". */
static gboolean compose_new(const CnxEntries *entries, CnxEntry *entry, const char *rest)
{
    const char *name = entry->original, *leaf = strrchr(name, '.');
    const gsize prefix = (gsize)(leaf + 1 - name); /* M.parametrizations.w. */
    g_autofree char *parameter = g_strndup(rest, (gsize)(leaf - rest));
    CnxEntry *first = entry, *end = entries->entries + entries->count;
    Parts p = {.stem = name,
               .length = (gsize)(rest - name) - strlen(PARAMETRIZATIONS),
               .suffix = parameter,
               .base = entry};
    gboolean known = TRUE;

    while (first > entries->entries && !strncmp(first[-1].original, name, prefix))
        first--;
    for (; first < end && !strncmp(first->original, name, prefix); first++) {
        const char *part = first->original + prefix;
        const gboolean two = !strcmp(leaf, ".original0");

        if (first == entry && two)
            p.g = first;
        else if (!strcmp(part, "original1") && two)
            p.base = first;
        else if (!strcmp(part, "0._u") && !two)
            p.u = first;
        else if (!strcmp(part, "0._v") && !two)
            p.v = first;
        else if (first != entry)
            known = FALSE;
    }
    if (known && p.g && p.base != entry)
        return compose_weight_norm(entries, &p);
    if (known && p.u && p.v)
        return compose_spectral_norm(entries, &p);
    return refuse(entries, &p,
                  "belongs to a parametrization other than weight_norm or spectral_norm, or to "
                  "several of them: call torch.nn.utils.parametrize.remove_parametrizations() "
                  "before saving");
}

/* The part of name behind "parametrizations."; NULL if it has none. */
static const char *find_parametrization(const char *name)
{
    for (const char *at = name; at; at = cnx_name_rest(at))
        if (g_str_has_prefix(at, PARAMETRIZATIONS))
            return at + strlen(PARAMETRIZATIONS);
    return NULL;
}

static gboolean compose_entry(const CnxEntries *entries, CnxEntry *entry)
{
    const char *name = entry->original, *rest = find_parametrization(name);

    if (rest)
        return (!g_str_has_suffix(rest, ".original") && !g_str_has_suffix(rest, ".original0")) ||
               compose_new(entries, entry, rest);
    if (g_str_has_suffix(name, "_orig"))
        return compose_original(entries, entry);
    return !g_str_has_suffix(name, "_g") || compose_old_norm(entries, entry);
}

gboolean cnx_parametrised_compose(const CnxEntries *entries)
{
    for (guint i = 0; i < entries->count; i++)
        if (!entries->entries[i].is_part && !entries->entries[i].fault &&
            !compose_entry(entries, &entries->entries[i]))
            return FALSE;
    return TRUE;
}
