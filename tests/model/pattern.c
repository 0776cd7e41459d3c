/* Names of tensors by the patterns of a dialect: numbers count from 0 or 1, are even or odd, and
 * have no leading zeros.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dialect/pattern.h"

#include <glib.h>

static const struct {
    const char *from, *to, *name, *renamed;
} cases[] = {
    {"stages.#.blocks.#.", "s#.b#.", "stages.0.blocks.12.weight", "s0.b12.weight"},
    {"stages.#.blocks.#.", "s#.b#.", "stages.0.blocks.0.bias", "s0.b0.bias"},
    {"stages.#.blocks.#.", "s#.b#.", "stages.0.blocks.0.gamma", NULL},
    {"stages.#.blocks.#.", "s#.b#.", "stages.00.blocks.0.weight", NULL},
    {"stages.#.blocks.#.", "s#.b#.", "stages.0.blocks.01.weight", NULL},
    {"stages.#.blocks.#.", "s#.b#.", "stages.0.blocks.weight", NULL},
    {"stages.#.blocks.#.", "s#.b#.", "stages.0.blocks.1234567.weight", NULL},
    {"stages.#.gamma", "s#.gamma", "stages.3.gamma", "s3.gamma"},
    {"stages.#.gamma", "s#.gamma", "stages.3.gamma.weight", NULL},
    {"norms.stage+.", "outnorm#.", "norms.stage1.weight", "outnorm0.weight"},
    {"norms.stage+.", "outnorm#.", "norms.stage0.weight", NULL},
    {"features.@.", "s#.", "features.3.weight", "s1.weight"},
    {"features.@.", "s#.", "features.2.weight", NULL},
    {"features.%.", "down#.", "features.2.weight", "down1.weight"},
    {"features.%.", "down#.", "features.3.weight", NULL},
    {"s#.b#.", "features.@.#.", "s1.b4.weight", "features.3.4.weight"},
};

static void test_rename(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *renamed = cnx_pattern_rename(cases[i].from, cases[i].to, cases[i].name);

        g_test_message("%s", cases[i].name);
        g_assert_cmpstr(renamed, ==, cases[i].renamed);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pattern/rename", test_rename);
    return g_test_run();
}
