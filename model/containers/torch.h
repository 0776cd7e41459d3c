/* The calls and references with which torch.save writes tensors into a pickle.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/pickle_values.h"

/* The value of function(*arguments): a dict, a tensor, or an inert object. arguments: LIST. Returns
 * NULL if the value is invalid, with a description in *fault ("a tensor whose ..."), or if memory
 * runs out, with *fault NULL. */
CnxPy *cnx_torch_call(CnxStrings *strings, CnxPy *function, CnxPy *arguments, const char **fault);

/* The value that a persistent id refers to: a STORAGE, which is also prepended to *storages, or
 * an inert class of a legacy file. Errors as above. */
CnxPy *cnx_torch_persistent(CnxStrings *strings, CnxPyStorage **storages, CnxPy *id,
                            const char **fault);
