/* Runs convnext-inspect and checks what it prints. inspect.c has main() and these functions,
 * inspect_heads.c the tests of segmentation and detection heads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

extern char *folder; /* temporary */

typedef struct Output {
    char *out, *err;
    int status;
} Output;

Output run(const char *const *arguments);
#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

void output_clear(Output *output);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Output, output_clear)

/* Fails unless the status is 0 and standard error empty. */
void assert_ok(const Output *output);

/* Fails unless the only line is this sentence. Takes ownership of the members of the output. */
void check_failure(Output output, const char *sentence);

JsonObject *parse(const char *text);

/* Removes a folder with exactly these files, which end with NULL. */
void remove_folder(const char *path, const char *const *files);

void add_tests_of_heads(void);
