/* Exports folders in tests and compares them with their sources.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/export/export.h"

#define KEEP CNX_DTYPE_OTHER /* pass as dtype to keep the stored dtypes */

extern char *exporting_folder; /* temporary */
extern char *exporting_target; /* the folder to export to, inside exporting_folder */

/* Make and remove exporting_folder, which must be empty at the end. */
void exporting_begin(void);
void exporting_end(void);

char *exporting_fixture(const char *name); /* path of a fixture; free with g_free */
CnxCheckpoint *exporting_open(const char *path);

/* Exports to exporting_target. */
gboolean exporting_write(const CnxCheckpoint *source, CnxExportLayout layout, CnxDtype dtype,
                         GPtrArray *notes, GError **error);

void exporting_remove(const char *path); /* a folder with its files */
void exporting_assert_nothing_left(void);

/* Checks that the error has this code and its message contains this word, and clears it. */
void exporting_check_error(GError **error, CnxError code, const char *word);

/* Compares everything that both layouts can express. */
void exporting_compare(const CnxConfig *a, const CnxConfig *b);
