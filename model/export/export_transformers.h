/* Writes transformers' folder layout: config.json of ConvNextForImageClassification or
 * ConvNextV2ForImageClassification, or of the Backbone or Model class for a network without a
 * classifier, and preprocessor_config.json.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/export/writers.h"

extern const CnxExportWriter cnx_export_transformers;
