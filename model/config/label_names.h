/* Labels that are given without a labels file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"

/* The names of the subfolders of path, sorted by code point: the classes of torchvision's
 * ImageFolder (find_classes() in torchvision/datasets/folder.py). As there, links to folders and
 * hidden folders count, files do not. A number of subfolders other than count is
 * CNX_ERROR_MISMATCH. Returns a NULL terminated array (g_strfreev) or NULL with error. */
char **cnx_label_folders(const char *path, guint count, GError **error);

/* The labels between the commas of text, without blanks around them. An empty label is
 * CNX_ERROR_CORRUPT, a number of labels other than count CNX_ERROR_MISMATCH. Returns a NULL
 * terminated array (g_strfreev) or NULL with error. */
char **cnx_label_list(const char *text, guint count, GError **error);
