/* The names of the classes: from text files, config files, and ImageNet's lists.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/json.h"

/* Reads labels from a file: text, one per line, or JSON. Instead, path may be a folder, whose
 * subfolders are the classes (cnx_label_folders()); or, if there is no such file and it has a
 * comma, the list of labels itself (cnx_label_list()). cnx_label_lines() says what the lines may
 * look like. JSON is a list of names; or an object from class number to name, or from name to class
 * number, bare or under a key such as "id2label"; the numbers begin at 0 or 1 and have no gaps. The
 * encoding is UTF-8, or UTF-16 with a byte order mark. If the number of labels is not count, the
 * model's number of classes, the error is CNX_ERROR_MISMATCH; a file that can be read in two ways
 * is CNX_ERROR_CORRUPT. Returns a NULL terminated array (g_strfreev) or NULL with error. */
char **cnx_labels_read(const char *path, guint count, GError **error);

/* The same for text [size], the contents of a file. file is for messages. */
char **cnx_labels_parse(const char *text, gsize size, guint count, const char *file,
                        GError **error);

/* Reads labels [count] from the member under key of a config file: an array of names, or an object
 * whose keys are class numbers. The numbers may have gaps; if there are count of them, they name
 * the outputs in ascending order. Names may be numbers. descriptions maps names to the texts to use
 * instead, and is ignored where it has no string; NULL allowed. Labels are printable. An absent or
 * null key leaves *labels unchanged. */
gboolean cnx_labels_read_json(const CnxJson *json, const char *key, JsonObject *descriptions,
                              guint count, char ***labels);

/* ImageNet's names by index. count is the size of one of its sets of classes: 1000, 11821 or 21841.
 * The names come from a list in the user's data folder, where pipelines/imagenet-labels.sh installs
 * it, or in one of the system's. Returns NULL without error if there is no list. Free with
 * g_strfreev. */
char **cnx_labels_imagenet(guint count, GError **error);

/* Every path that cnx_labels_imagenet() may read, whether it exists or not, NULL terminated. Free
 * with g_strfreev. */
char **cnx_labels_imagenet_files(void);
