/* Requests to model/serve/queue.h whose answers are known.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/serve/queue.h"

#define SIDE 64 /* of an input */
#define PICTURES 5

/* [SIDE, SIDE, 3] each. */
extern float asking_pictures[PICTURES][SIDE * SIDE * 3];

/* Loads a small network and computes the answers; free gives all back. Returns the network. */
CnxModel *asking_init(void);
void asking_free(void);

/* A new client of the network, for logits. */
CnxClient *asking_client(guint threads);

/* Runs the n pictures from number first on, round and round, and compares the answers. */
gboolean asking(CnxClient *client, guint first, guint n, GError **error);
