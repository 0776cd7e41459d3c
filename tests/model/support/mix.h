/* The tensors of a fixture together with others, as one file in the temporary folder.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"
#include "tests/model/support/folder.h"

typedef struct Mix {
    CnxContainer *container;
    GArray *tensors;  /* CnxTensor */
    GPtrArray *names; /* owned */
    guint own;        /* tensors of the fixture, which come first */
} Mix;

Mix mix_open(const char *fixture);
void mix_clear(Mix *mix);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Mix, mix_clear)

CnxTensor *mix_tensor(const Mix *mix, guint i);

/* shape ends with a 0. values NULL: zeros. */
void mix_add(Mix *mix, const char *name, const guint64 *shape, const float *values);
void mix_rename(Mix *mix, guint i, char *name); /* takes the name */

/* Removes all but the tensors of the fixture. */
void mix_reset(Mix *mix);
void mix_write(const Mix *mix);
