/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/adapters.h"

#include <string.h>

#include "model/base/text.h"
#include "model/forms/adapter_config.h"

#define A "lora_A."
#define IA3 "ia3_l."
#define SAVED "modules_to_save."

/* The part of name that begins with `word` at the beginning of a component; NULL if it has none. */
static const char *find_word(const char *name, const char *word)
{
    for (const char *at = name; at; at = cnx_name_rest(at))
        if (g_str_has_prefix(at, word))
            return at;
    return NULL;
}

/* The weight or bias ("weight") of the layer whose name is the first `length` bytes of name. */
static CnxEntry *find_base(const CnxEntries *entries, const char *name, gsize length,
                           const char *parameter)
{
    g_autofree char *wrapped = g_strconcat("base_layer.", parameter, NULL);
    CnxEntry *base = cnx_entries_find(entries, name, length, wrapped);

    return base ? base : cnx_entries_find(entries, name, length, parameter);
}

/* base [out, in, ...], a [r, in, ...], b [out, r, 1, ...] */
static gboolean do_fit(const CnxTensor *base, const CnxTensor *a, const CnxTensor *b)
{
    if (base->rank < 2 || a->rank != base->rank || b->rank != base->rank || a->elements == 0 ||
        base->elements == 0)
        return FALSE;
    for (guint i = 1; i < base->rank; i++)
        if (a->shape[i] != base->shape[i])
            return FALSE;
    return b->shape[0] == base->shape[0] && b->shape[1] == a->shape[0] &&
           b->elements == b->shape[0] * b->shape[1];
}

/* The norms of the rows of a layer with DoRA; NULL if the file lacks them. adapter: "NAME.weight".
 */
static CnxEntry *find_magnitude(const CnxEntries *entries, const char *name, gsize length,
                                const char *adapter)
{
    g_autofree char *module = g_strconcat("lora_magnitude_vector.", adapter, NULL);
    CnxEntry *found = cnx_entries_find(entries, name, length, module);

    if (found || !g_str_has_suffix(module, ".weight"))
        return found;
    module[strlen(module) - strlen(".weight")] = '\0'; /* PEFT before 0.10 */
    return cnx_entries_find(entries, name, length, module);
}

/* Scales the rows of a weight with a LoRA to the magnitude. */
static gboolean compose_magnitude(const CnxEntries *entries, CnxEntry *base, CnxEntry *magnitude)
{
    const gsize rows = base->tensor.shape[0];
    const CnxFormula f = {.kind = CNX_FORMULA_WEIGHT_NORM,
                          .base = base->tensor,
                          .a = magnitude->tensor,
                          .index = {.inner = base->tensor.elements / rows, .count = rows}};

    cnx_entries_use(entries, magnitude);
    return cnx_entries_compose(entries, base, &f);
}

#define MERGE ": call merge_and_unload() of PEFT before saving"

/* a: M.lora_A.NAME.weight; at: its part from "lora_A" on. *fault: why it cannot be composed. */
static gboolean compose_lora(const CnxEntries *entries, CnxEntry *a, const char *at,
                             const CnxAdapterConfig *config, const char **fault)
{
    const char *name = a->original, *adapter = at + strlen(A);
    const gsize length = (gsize)(at - name);
    g_autofree char *b_name = g_strconcat("lora_B.", adapter, NULL);
    g_autofree char *layer = g_strndup(name, length ? length - 1 : 0);
    CnxEntry *b = cnx_entries_find(entries, name, length, b_name);
    CnxEntry *base = find_base(entries, name, length, "weight"), *magnitude = NULL;
    const gboolean dora = cnx_adapter_config_is_dora(config);
    double scale;

    if (dora)
        magnitude = find_magnitude(entries, name, length, adapter);
    *fault = NULL;
    if (!base)
        *fault = "belongs to a LoRA for a layer that the file does not have" MERGE;
    else if (!b || !cnx_entry_is_float(a) || !cnx_entry_is_float(b) || !cnx_entry_is_float(base) ||
             !do_fit(&base->tensor, &a->tensor, &b->tensor))
        *fault = "belongs to a LoRA whose shapes do not fit those of its layer" MERGE;
    else if (dora && (!magnitude || !cnx_entry_is_float(magnitude) ||
                      magnitude->tensor.elements != base->tensor.shape[0]))
        *fault = "belongs to a DoRA without magnitudes that fit its layer" MERGE;
    else
        *fault = cnx_adapter_config_scale(config, layer, a->tensor.shape[0], &scale);
    if (*fault)
        return TRUE;
    const CnxFormula f = {.kind = CNX_FORMULA_LORA,
                          .base = base->tensor,
                          .a = a->tensor,
                          .b = b->tensor,
                          .factor = scale};
    cnx_entries_use(entries, a);
    cnx_entries_use(entries, b);
    return cnx_entries_compose(entries, base, &f) &&
           (!magnitude || compose_magnitude(entries, base, magnitude));
}

/* Whether ia3 multiplies the outputs of a layer (and its bias) or the inputs. FALSE if its shape
 * does not show it, as in a depthwise convolution. */
static gboolean find_axis(const CnxTensor *base, const CnxTensor *ia3, gboolean *outputs)
{
    const guint64 n = ia3->elements;

    if (base->rank < 2 || ia3->rank != base->rank || base->elements == 0)
        return FALSE;
    if (base->rank == 2) { /* [out,1] or [1,in] */
        *outputs = ia3->shape[0] == base->shape[0] && ia3->shape[1] == 1;
        return base->elements > 1 &&
               (*outputs || (ia3->shape[0] == 1 && ia3->shape[1] == base->shape[1]));
    }
    *outputs = n == base->shape[0]; /* [1,n,1,1] */
    return ia3->shape[1] == n && base->shape[1] > 1 && base->shape[0] != base->shape[1] &&
           (*outputs || n == base->shape[1]);
}

static gboolean scale_axis(const CnxEntries *entries, CnxEntry *base, const CnxTensor *ia3,
                           gsize count, gsize inner)
{
    const CnxFormula f = {.kind = CNX_FORMULA_IA3,
                          .base = base->tensor,
                          .a = *ia3,
                          .index = {.inner = inner, .count = count},
                          .factor = 1};

    return cnx_entries_compose(entries, base, &f);
}

/* ia3: M.ia3_l.NAME */
static gboolean compose_ia3(const CnxEntries *entries, CnxEntry *ia3, const char *at)
{
    const char *name = ia3->original;
    const gsize length = (gsize)(at - name);
    CnxEntry *base = find_base(entries, name, length, "weight"),
             *bias = find_base(entries, name, length, "bias");
    gboolean outputs;

    if (!base)
        ia3->fault = "belongs to an adapter (IA3) for a layer that the file does not have" MERGE;
    else if (!cnx_entry_is_float(ia3) || !cnx_entry_is_float(base) ||
             !find_axis(&base->tensor, &ia3->tensor, &outputs) ||
             (outputs && bias &&
              (!cnx_entry_is_float(bias) || bias->tensor.elements != ia3->tensor.elements)))
        ia3->fault = "belongs to an adapter (IA3) whose shape does not show whether it scales the "
                     "inputs or the outputs of its layer" MERGE;
    if (ia3->fault)
        return TRUE;
    const guint64 *shape = base->tensor.shape;
    const gsize row = base->tensor.elements / shape[0];
    cnx_entries_use(entries, ia3);
    if (!outputs)
        return scale_axis(entries, base, &ia3->tensor, shape[1], row / shape[1]);
    return scale_axis(entries, base, &ia3->tensor, shape[0], row) &&
           (!bias || scale_axis(entries, bias, &ia3->tensor, shape[0], 1));
}

/* M.modules_to_save.NAME.weight becomes M.weight. */
static gboolean rename_saved(const CnxEntries *entries, CnxEntry *entry, const char *at)
{
    const char *adapter = at + strlen(SAVED), *dot = strchr(adapter, '.');

    return !dot || cnx_entries_rename(entries, entry, entry->original,
                                      (gsize)(at - entry->original), dot + 1);
}

/* Whether the name of the adapter, at the beginning of `adapter`, is that of the first one. */
static gboolean is_first(const char **first, const char *adapter)
{
    const gsize length = strcspn(adapter, ".");

    if (!*first)
        *first = adapter;
    return length == strcspn(*first, ".") && !strncmp(*first, adapter, length);
}

static gboolean compose_entry(const CnxEntries *entries, CnxEntry *entry,
                              const CnxAdapterConfig *config, const char **first)
{
    const char *a = find_word(entry->original, A), *ia3 = find_word(entry->original, IA3),
               *saved = find_word(entry->original, SAVED);

    if ((a && !is_first(first, a + strlen(A))) || (ia3 && !is_first(first, ia3 + strlen(IA3)))) {
        entry->fault = "belongs to one of several adapters in the file" MERGE;
        return TRUE;
    }
    if (a)
        return compose_lora(entries, entry, a, config, &entry->fault);
    if (ia3)
        return compose_ia3(entries, entry, ia3);
    return !saved || rename_saved(entries, entry, saved);
}

static gboolean is_adapter(const CnxEntry *entry)
{
    return find_word(entry->original, "lora_") || find_word(entry->original, "ia3_");
}

gboolean cnx_adapters_compose(const CnxEntries *entries)
{
    g_auto(CnxAdapterConfig) config = {0};
    const char *first = NULL; /* the name of an adapter */
    gboolean found = FALSE;

    for (guint i = 0; i < entries->count && !found; i++)
        found = find_word(entries->entries[i].original, A) != NULL;
    if (found &&
        !cnx_adapter_config_load(&config, entries->folder, entries->budget, entries->error))
        return FALSE;
    for (guint i = 0; i < entries->count; i++)
        if (!entries->entries[i].is_part &&
            !compose_entry(entries, &entries->entries[i], &config, &first))
            return FALSE;
    return TRUE;
}

const CnxEntry *cnx_adapters_alone(const CnxEntries *entries)
{
    const CnxEntry *first = NULL;

    for (guint i = 0; i < entries->count; i++) {
        const CnxEntry *entry = &entries->entries[i];

        if (!is_adapter(entry))
            continue;
        if (entry->is_part) /* it has been composed with its weight */
            return NULL;
        first = first ? first : entry;
    }
    return first;
}
