/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/entries.h"

#include <string.h>

gboolean cnx_entries_fail_memory(const CnxEntries *self)
{
    g_set_error(self->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "%s: not enough memory for its list of tensors", self->file);
    return FALSE;
}

CnxEntry *cnx_entries_find(const CnxEntries *self, const char *stem, gsize length,
                           const char *suffix)
{
    g_autofree char *name = g_strdup_printf("%.*s%s", (int)length, stem, suffix);

    return g_hash_table_lookup(self->by_name, name);
}

gboolean cnx_entries_rename(const CnxEntries *self, CnxEntry *entry, const char *stem, gsize length,
                            const char *suffix)
{
    g_autofree char *name = g_strdup_printf("%.*s%s", (int)length, stem, suffix);

    if (g_hash_table_contains(self->by_name, name))
        return TRUE;
    const char *copy = cnx_strings_copy(self->strings, name, strlen(name));
    if (!copy)
        return cnx_entries_fail_memory(self);
    g_hash_table_remove(self->by_name, entry->tensor.name);
    entry->tensor.name = copy;
    g_hash_table_insert(self->by_name, (gpointer)copy, entry);
    return TRUE;
}

gboolean cnx_entries_compose(const CnxEntries *self, CnxEntry *entry, const CnxFormula *formula)
{
    CnxFormula *f = cnx_formula_new(formula, self->strings);

    if (!f)
        return cnx_entries_fail_memory(self);
    cnx_formula_apply(f, &entry->tensor);
    return TRUE;
}

void cnx_entries_use(const CnxEntries *self, CnxEntry *part)
{
    if (!part || part->is_part)
        return;
    g_hash_table_remove(self->by_name, part->tensor.name);
    part->is_part = TRUE;
}

gboolean cnx_entry_is_float(const CnxEntry *entry)
{
    return entry->tensor.dtype != CNX_DTYPE_OTHER;
}

gboolean cnx_entry_is_readable(const CnxEntry *entry)
{
    return cnx_entry_is_float(entry) || cnx_tensor_is_integer(&entry->tensor);
}

gboolean cnx_entry_has_shape_of(const CnxEntry *entry, const CnxTensor *other)
{
    const CnxTensor *t = &entry->tensor;

    return t->rank == other->rank && !memcmp(t->shape, other->shape, t->rank * sizeof *t->shape);
}
