/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/simd/check.h"

/* Whether this thread has configured tiles, emulated or real, and has not released them. */
bool check_tiles_are_configured(const CnxKernels *k);
