/* Jobs for a queue (model/serve/queue.h) with known outputs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/serve/queue.h"

#define SIDE 64 /* of the inputs */
#define PICTURES 5

/* [SIDE, SIDE, 3] each. */
extern float asking_pictures[PICTURES][SIDE * SIDE * 3];

/* Loads a small network and computes its outputs for the pictures. Returns the network, which
 * asking_free() releases. */
CnxModel *asking_init(void);
void asking_free(void);

/* A new client for the logits of the network. */
CnxClient *asking_client(guint threads);

/* Runs n pictures as one job, from picture `first` on and cyclically, and compares the outputs.
 * FALSE with error as cnx_client_run(). */
gboolean asking(CnxClient *client, guint first, guint n, GError **error);
