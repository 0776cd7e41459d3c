/* Full-size networks of tests/fixtures/make_full.py, made from their seed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/container.h"

/* Writes the network to a new temporary folder. base: path of the fixture without ".tensors".
 * expected: the fixture's tensors. Returns the folder; remove it with full_delete(). */
char *full_make(const char *base, CnxContainer *expected);
void full_delete(char *folder); /* frees it too */
