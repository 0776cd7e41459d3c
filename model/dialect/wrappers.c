/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dialect/wrappers.h"

#include <string.h>

/* Each wrapper holds the wrapped module under this name and computes the same. */
static const char *const wrappers[] = {
    "module",                     /* DataParallel, DistributedDataParallel, AveragedModel */
    "_orig_mod",                  /* torch.compile */
    "_checkpoint_wrapped_module", /* activation checkpointing */
    "_fsdp_wrapped_module",       /* FullyShardedDataParallel */
    "_fpw_module",                /* the same in fairscale */
    "_forward_module",            /* Lightning Fabric */
    "_original_module",           /* Lightning Fabric */
    "_module",                    /* Opacus */
    "base_layer",                 /* PEFT: the layer beside its adapter */
    "modules_to_save.default",    /* PEFT: a layer that is trained as a whole */
};

/* The length of the wrapper and its dot at the beginning of name; 0 if there is none. */
static gsize wrapper_length(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(wrappers); i++) {
        const gsize length = strlen(wrappers[i]);

        if (!strncmp(name, wrappers[i], length) && name[length] == '.')
            return length + 1;
    }
    return 0;
}

char *cnx_wrappers_strip(const char *name)
{
    GString *out = g_string_sized_new(strlen(name));
    gsize length;

    while (*name) {
        while ((length = wrapper_length(name)) > 0)
            name += length;
        length = strcspn(name, ".");
        length += name[length] == '.';
        g_string_append_len(out, name, (gssize)length);
        name += length;
    }
    return g_string_free(out, FALSE);
}
