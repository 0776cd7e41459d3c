/* Writing folders in tests, and comparing what was written with what it was written from.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/export/export.h"

#define KEEP CNX_DTYPE_OTHER /* as dtype: none is asked for */

extern char *exporting_folder; /* temporary */
extern char *exporting_target; /* a place in it, for what is written */

/* Makes the folder; removes it, which must be empty by then. */
void exporting_begin(void);
void exporting_end(void);

char *exporting_fixture(const char *name); /* its path */
CnxCheckpoint *exporting_open(const char *path);

/* To the target. */
gboolean exporting_write(const CnxCheckpoint *source, CnxExportLayout layout, CnxDtype dtype,
                         GPtrArray *notes, GError **error);

void exporting_remove(const char *path); /* a folder with its files */
void exporting_assert_nothing_left(void);

/* Of this code, and with this word in its sentence; frees it. */
void exporting_check_error(GError **error, CnxError code, const char *word);

/* Everything that both layouts can say. */
void exporting_compare(const CnxConfig *a, const CnxConfig *b);
