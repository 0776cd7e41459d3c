/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/forms.h"

#include <stdlib.h>
#include <string.h>

#include "model/forms/adapters.h"
#include "model/forms/parametrised.h"
#include "model/forms/quantised.h"

static void entries_clear(CnxEntries *entries)
{
    g_clear_pointer(&entries->by_name, g_hash_table_unref);
    g_clear_pointer(&entries->entries, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CnxEntries, entries_clear)

static gboolean fill_entries(CnxEntries *entries, const CnxTensor *tensors)
{
    entries->entries = g_try_new0(CnxEntry, MAX(entries->count, 1));
    if (!entries->entries)
        return cnx_entries_fail_memory(entries);
    for (guint i = 0; i < entries->count; i++) {
        entries->entries[i].tensor = tensors[i];
        entries->entries[i].original = tensors[i].name;
        g_hash_table_insert(entries->by_name, (gpointer)tensors[i].name, &entries->entries[i]);
    }
    return TRUE;
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp(((const CnxEntry *)a)->tensor.name, ((const CnxEntry *)b)->tensor.name);
}

static gboolean collect_tensors(CnxForms *forms, CnxEntries *entries)
{
    forms->tensors = g_try_new(CnxTensor, MAX(entries->count, 1));
    forms->faults = g_try_new(const char *, MAX(entries->count, 1));
    if (!forms->tensors || !forms->faults)
        return cnx_entries_fail_memory(entries);
    const CnxEntry *adapter = cnx_adapters_alone(entries);
    forms->adapter = adapter ? adapter->original : NULL;
    if (entries->count)
        qsort(entries->entries, entries->count, sizeof *entries->entries, compare_entries);
    for (guint i = 0; i < entries->count; i++) {
        if (entries->entries[i].is_part)
            continue;
        forms->tensors[forms->count] = entries->entries[i].tensor;
        forms->faults[forms->count++] = entries->entries[i].fault;
    }
    return TRUE;
}

gboolean cnx_forms_compose(CnxForms *forms, CnxContainer *container, const char *folder,
                           const char *file, GError **error)
{
    g_auto(CnxEntries) entries = {.by_name = g_hash_table_new(g_str_hash, g_str_equal),
                                  .strings = cnx_container_strings(container),
                                  .budget = cnx_container_budget(container),
                                  .folder = folder,
                                  .file = file,
                                  .error = error};
    const CnxTensor *tensors = cnx_container_tensors(container, &entries.count);

    *forms = (CnxForms){0};
    return fill_entries(&entries, tensors) && cnx_quantised_compose(&entries) &&
           cnx_parametrised_compose(&entries) && cnx_adapters_compose(&entries) &&
           collect_tensors(forms, &entries);
}

void cnx_forms_clear(CnxForms *forms)
{
    g_clear_pointer(&forms->tensors, g_free);
    g_clear_pointer(&forms->faults, g_free);
    forms->count = 0;
}

struct CnxFormsSummary {
    guint counts[CNX_FORMULAS];
    double lowest, highest; /* scales of LoRAs */
};

CnxFormsSummary *cnx_forms_summary_new(void)
{
    return g_new0(CnxFormsSummary, 1);
}

void cnx_forms_summary_add(CnxFormsSummary *summary, const CnxTensor *tensor)
{
    for (const CnxFormula *f = cnx_formula_of(tensor); f; f = cnx_formula_of(&f->base)) {
        const gboolean first = summary->counts[f->kind]++ == 0;

        if (f->kind != CNX_FORMULA_LORA)
            continue;
        summary->lowest = first ? f->factor : MIN(summary->lowest, f->factor);
        summary->highest = first ? f->factor : MAX(summary->highest, f->factor);
    }
}

static char *describe_loras(const CnxFormsSummary *summary)
{
    if (summary->lowest == summary->highest)
        return g_strdup_printf("with a LoRA of scale %.6g added", summary->lowest);
    return g_strdup_printf("with LoRAs of scales from %.6g to %.6g added", summary->lowest,
                           summary->highest);
}

char **cnx_forms_summary_end(CnxFormsSummary *summary)
{
    static const char *const texts[CNX_FORMULAS] = {
        [CNX_FORMULA_MASK] = "multiplied by the masks of pruning",
        [CNX_FORMULA_SCALE] = "multiplied by the scales of quantisation",
        [CNX_FORMULA_IA3] = "multiplied by IA3",
        [CNX_FORMULA_WEIGHT_NORM] = "made from a norm and a direction (weight norm)",
        [CNX_FORMULA_SPECTRAL_NORM] = "divided by the spectral norm",
    };
    g_autoptr(GPtrArray) lines = g_ptr_array_new();

    for (guint kind = 0; kind < CNX_FORMULAS; kind++) {
        if (summary->counts[kind] == 0)
            continue;
        g_autofree char *text =
            kind == CNX_FORMULA_LORA ? describe_loras(summary) : g_strdup(texts[kind]);
        g_ptr_array_add(lines,
                        g_strdup_printf("%u %s %s", summary->counts[kind],
                                        summary->counts[kind] == 1 ? "tensor" : "tensors", text));
    }
    g_ptr_array_add(lines, NULL);
    g_free(summary);
    return (char **)g_ptr_array_free(g_steal_pointer(&lines), FALSE);
}
