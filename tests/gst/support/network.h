/* Small networks for the element's tests, written where a test wants them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define NETWORK_CLASSES 6
#define NETWORK_SIZE 64 /* side of the input */
#define NETWORK_DIMS  \
    {                 \
        8, 16, 24, 32 \
    }

/* A new temporary folder in timm's layout with a ConvNeXt V1 of one block a stage, seeded weights,
 * and the labels "zero" to "five". */
char *network_new(void);

/* The same without a classifier head, and with channels times the width. */
char *network_new_backbone(void);
char *network_new_wide(guint times);

/* The path of a file with this text in a folder; the caller owns it. */
char *network_add_file(const char *folder, const char *name, const char *text);

/* Deletes the folder with the files in it, and frees its name. */
void network_delete(char *folder);
