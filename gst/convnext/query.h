/* The query with which convnextpublish asks for a convnext in front of it. Not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The structure of a GST_QUERY_CUSTOM that goes upstream. convnext answers with the field, a
 * guint64: the number of results that it has attached to frames since start. */
#define GST_CONVNEXT_QUERY_RESULTS "convnext-results"
#define GST_CONVNEXT_QUERY_ATTACHED "attached"
