/* The tensors of a file while they are composed: each is a tensor of the network, a part of another
 * one, or the part of a form that cannot be computed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"
#include "model/forms/formula.h"

typedef struct CnxEntry {
    CnxTensor tensor;
    const char *original; /* the tensor's name in the file */
    const char *fault;    /* a predicate: why the tensor cannot be used; or NULL */
    gboolean is_part;     /* of the formula of another tensor */
} CnxEntry;

typedef struct CnxEntries {
    CnxEntry *entries; /* [count], sorted by original name */
    guint count;
    GHashTable *by_name; /* name -> CnxEntry *, without parts */
    CnxStrings *strings;
    CnxBudget *budget;  /* pays for strings and config files */
    const char *folder; /* of the file, for its config files; NULL: none */
    const char *file;   /* for messages */
    GError **error;
} CnxEntries;

/* Sets error to CNX_ERROR_OUT_OF_MEMORY and returns FALSE. */
gboolean cnx_entries_fail_memory(const CnxEntries *self);

/* The tensor with the first `length` bytes of stem, and suffix behind them, as its name; NULL if
 * there is none. */
CnxEntry *cnx_entries_find(const CnxEntries *self, const char *stem, gsize length,
                           const char *suffix);

/* Gives a tensor another name, of the same form, unless the name is taken. */
gboolean cnx_entries_rename(const CnxEntries *self, CnxEntry *entry, const char *stem, gsize length,
                            const char *suffix);

/* Replaces the entry's tensor by the result of formula. */
gboolean cnx_entries_compose(const CnxEntries *self, CnxEntry *entry, const CnxFormula *formula);

/* Removes a tensor that has become a part of another one. NULL is allowed. */
void cnx_entries_use(const CnxEntries *self, CnxEntry *part);

/* Whether the tensor's numbers can be read, and whether they are floating-point numbers. */
gboolean cnx_entry_is_readable(const CnxEntry *entry);
gboolean cnx_entry_is_float(const CnxEntry *entry);

/* Whether both have the same shape. */
gboolean cnx_entry_has_shape_of(const CnxEntry *entry, const CnxTensor *other);
