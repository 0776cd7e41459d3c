/* Models for benchmarks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/model.h"

/* The precision with this name. Exits with a message if the name is unknown. */
CnxPrecision bench_precision(const char *name);

/* Opens name: a checkpoint, or the name of a seeded network (timm-convnext_atto,
 * torchvision-convnext_tiny, ...), at this precision. Sets *load_ms, if not NULL, to the time it
 * took. Exits with a message if that fails. */
CnxModel *bench_open_model(const char *name, CnxPrecision precision, double *load_ms);
