/* The pictures and their classes: from folders, from NAME=GLOB, and from an earlier run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define TEACH_ERROR g_quark_from_static_string("teach")

/* Sets the error. Returns FALSE. */
gboolean teach_fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

typedef struct TeachPicture {
    char *path;
    char *label;
    char *hash;       /* SHA-256 of the file, in hexadecimal */
    float *embedding; /* NULL until it is known */
} TeachPicture;

typedef struct TeachSet {
    GPtrArray *pictures; /* TeachPicture *, owned */
    GHashTable *labels;  /* of the classes, also of those without a picture */
    GHashTable *hashes;  /* hash -> TeachPicture */
    guint kept;          /* pictures found again that the set had before */
} TeachSet;

TeachSet *teach_set_new(void);
void teach_set_free(TeachSet *set); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TeachSet, teach_set_free)

/* Takes path, hash and embedding (NULL allowed) of a picture. FALSE with error if a picture of
 * another class has the same bytes. One of the same class with the same bytes is freed. */
gboolean teach_set_add(TeachSet *set, char *path, const char *label, char *hash, float *embedding,
                       GError **error);

/* Adds the pictures of sources: one folder with a folder for each class, as torchvision's
 * ImageFolder reads it, or several NAME=GLOB. Prints a line for each picture that cannot be read.
 * FALSE with error if the sources are invalid. */
gboolean teach_set_collect(TeachSet *set, char **sources, GError **error);

/* Removes the pictures without an embedding. */
void teach_set_drop_unknown(TeachSet *set);

/* Sorts the classes by name and the pictures by class, then by hash: an order that depends neither
 * on names of files nor on the run that found them. Returns the labels, NULL terminated, to be
 * freed with g_strfreev, and sets *y to the class of each picture, to be freed with g_free. NULL
 * with error if there are fewer than 2 classes, or fewer than 2 pictures in one. */
char **teach_set_classes(TeachSet *set, guint **y, GError **error);
