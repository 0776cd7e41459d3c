/* Writes timm's folder layout: a single config.json, in which model_args describe how the network
 * differs from the named architecture.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/export/writers.h"

extern const CnxExportWriter cnx_export_timm;
