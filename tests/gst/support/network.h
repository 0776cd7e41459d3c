/* Small networks that tests write to temporary folders.
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

/* A new temporary folder in timm's layout: a ConvNeXt V1 with one block per stage, seeded random
 * weights and the labels "zero" to "five". */
char *network_new(void);

/* The same without a classifier head, and with `times` as many channels. */
char *network_new_backbone(void);
char *network_new_wide(guint times);

/* Replaces the classifier's bias of the first class, or of all. */
void network_set_bias(const char *folder, float bias);
void network_fill_bias(const char *folder, float bias);

/* Makes these the logits of every picture. */
void network_set_logits(const char *folder, const float logits[NETWORK_CLASSES]);

/* Adds members, such as "\"threshold\": 0.5", to config.json. */
void network_add_keys(const char *folder, const char *members);

/* Writes a file with this text to a folder. Returns its path; the caller owns it. */
char *network_add_file(const char *folder, const char *name, const char *text);

/* Deletes the folder and its files, and frees its name. */
void network_delete(char *folder);

/* A checked fixture: one network per test. */
extern char *network;
void network_setup(void);
void network_teardown(void);
