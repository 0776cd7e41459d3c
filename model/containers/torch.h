/* The calls and references by which torch.save writes tensors into a pickle.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/pickle.h"

/* What `function(*arguments)` is: a dict, a tensor, or an inert object. arguments: LIST. NULL with
 * *what when it cannot be ("a tensor whose ..."), with *what NULL when memory is short. */
CnxPy *cnx_torch_call(CnxStrings *pool, CnxPy *function, CnxPy *arguments, const char **what);

/* What a persistent id stands for: a STORAGE, or an inert class of old files. As above. */
CnxPy *cnx_torch_persistent(CnxPickle *pickle, CnxPy *id, const char **what);
