/* Tensors that no table of names has: harmless ones are ignored with a reason, the others refuse
 * the file. Wrapper words inside names change nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/base/text.h"
#include "tests/model/support/mix.h"
#include "tests/model/support/small.h"

static const guint64 vector[] = {8, 0}, matrix[] = {5, 20, 0}, one[] = {1, 0};

/* The beginnings of a used tensor's name, as far as its digits do not repeat one of seen. */
static void add_levels(GHashTable *levels, const char *name)
{
    for (const char *p = name; p; p = cnx_name_rest(p)) {
        char *level = g_strndup(name, (gsize)(p - name)), *key = g_strdup(level);

        for (char *c = key; *c; c++)
            if (g_ascii_isdigit(*c))
                *c = '#';
        if (g_hash_table_contains(levels, key)) {
            g_free(key);
            g_free(level);
        } else {
            g_hash_table_insert(levels, key, level);
        }
    }
}

/* key: with "#" for numbers; value: one such beginning of a name, empty or with a dot at its end.
 */
static GHashTable *levels_of(const char *fixture)
{
    g_autofree char *path = g_strconcat(FIXTURES "/networks/", fixture, "/model.safetensors", NULL);
    g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, NULL);
    GHashTable *levels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    guint count;

    g_assert_nonnull(checkpoint);
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);
    for (guint i = 0; i < count; i++)
        if (parts[i].canonical)
            add_levels(levels, parts[i].tensor->name);
    return levels;
}

/* One foreign tensor at each level of the names of each fixture. */
static void test_foreign(void)
{
    static const char *const leaves[] = {"foreign.weight", "attention.bias", "scale"};
    guint tried = 0;

    for (guint i = 0; i < G_N_ELEMENTS(small); i++) {
        if (small[i].path)
            continue;
        g_autoptr(GHashTable) levels = levels_of(small[i].name);
        g_auto(Mix) mix = mix_open(small[i].name);
        GHashTableIter iter;
        gpointer level;

        g_hash_table_iter_init(&iter, levels);
        while (g_hash_table_iter_next(&iter, NULL, &level)) {
            g_autofree char *name =
                g_strconcat(level, leaves[tried++ % G_N_ELEMENTS(leaves)], NULL);
            g_autofree char *quoted = g_strdup_printf("tensor \"%s\" of shape [8] ", name);

            mix_add(&mix, name, vector, NULL);
            mix_write(&mix);
            folder_check_file_refused(quoted);
            mix_reset(&mix);
        }
    }
    g_assert_cmpuint(tried, >, 400);
    g_test_message("%u", tried);
    folder_clear();
}

static const struct {
    const char *fixture, *name, *reason;
} harmless[] = {
    {"facebook-v1", "num_batches_tracked", "counts the batches"},
    {"facebook-v1", "stages.0.0.norm.num_batches_tracked", "counts the batches"},
    {"timm-v1", "stages.0.blocks.0.conv_dw.total_ops", "counts the operations"},
    {"timm-v1", "criterion.weight", "the loss"},
    {"timm-v1", "module.loss_fn.weight", "the loss"},
    {"timm-v1", "ce_loss.weight", "the loss"},
    {"timm-v1", "train_acc.total", "a metric"},
    {"timm-v1", "lr_scheduler.rate", "state of the training"},
    {"timm-v1", "class_weights", "the loss"},
    {"timm-v1", "val_metrics.f1.total", "a metric"},
    {"openmmlab-v1", "backbone.optimizer.state", "state of the training"},
    {"openmmlab-v1", "optimizer.state", "state of the training"},
    {"transformers-v1", "n_averaged", "averaged weights"},
    {"transformers-v1", "decay", "averaged weights"},
    {"transformers-upernet", "auxiliary_head.convs.0.conv.weight", "segmentation or detection"},
    {"openmmlab-dense", "neck.lateral_convs.0.conv.weight", "segmentation or detection"},
    {"facebook-fcmae", "mask_token", "the pre-training"},
    {"timm-v1", "head.fc.original_module.weight", "PEFT"},
    {"open-clip-linear", "logit_bias", "the text tower"},
};

static void test_harmless(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(harmless); i++) {
        g_auto(Mix) mix = mix_open(harmless[i].fixture);
        const CnxPart *found = NULL;
        guint count;

        for (guint k = mix.own; k-- > 0;) /* the fixture may have it */
            if (g_str_equal(mix_tensor(&mix, k)->name, harmless[i].name))
                g_array_remove_index(mix.tensors, k);
        mix_add(&mix, harmless[i].name, one, NULL);
        mix_write(&mix);
        g_autoptr(CnxCheckpoint) checkpoint = folder_open(TRUE);
        const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);
        for (guint k = 0; k < count; k++)
            if (g_str_equal(parts[k].tensor->name, harmless[i].name))
                found = &parts[k];
        g_assert_nonnull(found);
        g_assert_null(found->canonical);
        if (!strstr(found->reason, harmless[i].reason))
            g_error("%s: %s", harmless[i].name, found->reason);
    }
    folder_clear();
}

/* Tensors that the sentence describes. */
static const struct {
    const char *fixture, *name;
    guint64 shape[5];
    const char *word;
} recognised[] = {
    {"timm-test", "head.global_pool.p", {1}, "a learned scalar, such as the exponent of a pooling"},
    {"timm-test", "stages.1.blocks.1.fc.weight", {12, 12, 1, 1}, "a linear layer"},
    {"timm-test", "stages.0.blocks.0.norm.running_mean", {8}, "the statistics of a batch norm"},
    {"timm-test", "stages.0.blocks.0.mlp.fc1.lora_A", {4, 8}, "an adapter (LoRA)"},
    {"timm-test", "stages.0.blocks.0.mlp.fc1.lora_A.default.weight", {4, 8}, "merge_and_unload()"},
    {"timm-test", "stages.0.blocks.0.mlp.fc1.weight_mask", {32, 8}, "prune.remove()"},
    {"timm-test", "fc.weight", {5, 20}, "a second head, parallel to the head \"head.fc.weight\""},
    {"timm-test", "fc.weight", {5, 10}, "a second head, on the outputs of the head \"head.fc.w"},
    {"transformers-v1", "head.1.weight", {5, 35}, "a second head, parallel to the head \"classifi"},
    {"openmmlab-v1", "neck.p", {1}, "a learned scalar"},
    {"openmmlab-v1", "stn.conv.weight", {8, 3, 3, 3}, "a convolution"},
    {"timm-v1", "decoder.weight", {5, 32}, "a second head"},
    {"timm-v1", "metric_fc.weight", {5, 32}, "a second head"},
    {"timm-v1", "glossy.weight", {8}, "a norm, a scale or a bias"},
    {"timm-v1", "mean", {3}, "the normalisation of the input, but has no std beside it"},
    {"timm-v1", "std", {3, 1, 1}, "the normalisation of the input, but has no mean beside it"},
    {"timm-v1", "mean", {1, 1, 3}, "a norm, a scale or a bias"},
    {"timm-v1", "stages.0.mean", {3}, "a norm, a scale or a bias"},
};

static void test_recognised(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(recognised); i++) {
        g_auto(Mix) mix = mix_open(recognised[i].fixture);
        g_autofree char *named = g_strdup_printf("tensor \"%s\" ", recognised[i].name);

        mix_add(&mix, recognised[i].name, recognised[i].shape, NULL);
        mix_write(&mix);
        folder_check_file_refused(named);
        folder_check_file_refused(recognised[i].word);
    }
    folder_clear();
}

/* Of a layer, the sentence names the weight and not the bias. */
static void test_weight(void)
{
    g_auto(Mix) mix = mix_open("timm-v1");

    mix_add(&mix, "fc.bias", vector, NULL);
    mix_add(&mix, "fc.weight", matrix, NULL);
    mix_write(&mix);
    folder_check_file_refused("tensor \"fc.weight\" of shape [5,20] ");
    folder_clear();
}

/* A single integer counts something; several could be quantised weights. */
static void test_integers(void)
{
    for (guint elements = 1; elements <= 2; elements++) {
        g_auto(Mix) mix = mix_open("facebook-dense"); /* has no other F32 */
        g_autofree char *path = folder_path("model.safetensors"), *contents = NULL;
        gsize length;

        mix_add(&mix, "stages.0.0.codes", (const guint64[]){elements, 0}, NULL);
        mix_write(&mix);
        g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
        char *dtype = g_strstr_len(contents + 8, (gssize)length - 8, "\"F32\"");
        g_assert_nonnull(dtype);
        dtype[1] = 'I';
        g_assert_true(g_file_set_contents(path, contents, (gssize)length, NULL));
        if (elements == 1)
            cnx_checkpoint_close(folder_open(TRUE));
        else
            folder_check_file_refused("tensor \"stages.0.0.codes\" of shape [2] ");
    }
    folder_clear();
}

/* Two heads of the same name at two levels. */
static void test_two_heads(void)
{
    g_auto(Mix) mix = mix_open("facebook-v1");

    for (guint i = 0; i < mix.own; i++)
        mix_rename(&mix, i, g_strconcat("backbone.", mix_tensor(&mix, i)->name, NULL));
    mix_add(&mix, "head.weight", (const guint64[]){3, 32, 0}, NULL);
    mix_add(&mix, "head.bias", (const guint64[]){3, 0}, NULL);
    mix_write(&mix);
    folder_check_file_refused("tensor \"head.weight\" of shape [3,32] ");
    folder_check_file_refused("a second head, parallel to the head \"backbone.head.weight\"");
    folder_clear();
}

/* Inserts the word behind this many dots of each name. */
static void add_wrapper(Mix *mix, const char *word, guint dots)
{
    for (guint i = 0; i < mix->own; i++) {
        const char *name = mix_tensor(mix, i)->name, *rest = name;

        for (guint k = 0; k < dots && strchr(rest, '.'); k++)
            rest = strchr(rest, '.') + 1;
        mix_rename(mix, i, g_strdup_printf("%.*s%s.%s", (int)(rest - name), name, word, rest));
    }
}

static CnxConfig *config_of(const Mix *mix)
{
    mix_write(mix);
    g_autoptr(CnxCheckpoint) checkpoint = folder_open(TRUE);
    return cnx_checkpoint_steal_config(checkpoint);
}

static void test_wrappers(void)
{
    static const char *const words[] = {
        "module",     "_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module",
        "base_layer", "_module",   "modules_to_save.default",    "_orig_mod.module",
    };

    for (guint i = 0; i < G_N_ELEMENTS(small); i++) {
        if (small[i].path)
            continue;
        for (guint level = 0; level < 5; level++) {
            g_auto(Mix) mix = mix_open(small[i].name);

            g_test_message("%s, level %u", small[i].name, level);
            g_autoptr(CnxConfig) a = config_of(&mix);
            add_wrapper(&mix, words[(i + level) % G_N_ELEMENTS(words)], level);
            g_autoptr(CnxConfig) b = config_of(&mix);
            g_assert_cmpstr(a->variant, ==, b->variant);
            g_assert_cmpuint(a->dialect, ==, b->dialect);
            g_assert_cmpuint(a->parameters, ==, b->parameters);
            g_assert_cmpuint(a->stem, ==, b->stem);
            g_assert_cmpuint(a->head_norm_first, ==, b->head_norm_first);
            g_assert_cmpuint(a->classes, ==, b->classes);
            g_assert_cmpuint(a->projection, ==, b->projection);
        }
    }
    folder_clear();
}

static const float half[] = {0.5f, 0.4f, 0.3f}, quarter[] = {0.25f, 0.2f, 0.1f},
                   half_bytes[] = {127.5f, 102, 76.5f}, quarter_bytes[] = {63.75f, 51, 25.5f},
                   zeros[] = {0, 0, 0};

static void put_buffers(const char *mean, const char *std, guint rank, const float *m,
                        const float *s)
{
    static const guint64 shapes[][5] = {{3}, {3, 1, 1}, {1, 3, 1, 1}};
    g_auto(Mix) mix = mix_open("transformers-v1");

    mix_add(&mix, mean, shapes[rank], m);
    mix_add(&mix, std, shapes[rank], s);
    mix_write(&mix);
}

static void check_recipe(void)
{
    g_autoptr(CnxCheckpoint) checkpoint = folder_open(FALSE);
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);

    g_assert_cmpint(config->origin[CNX_ITEM_MEAN], ==, CNX_ORIGIN_WEIGHTS);
    g_assert_cmpint(config->origin[CNX_ITEM_STD], ==, CNX_ORIGIN_WEIGHTS);
    for (guint c = 0; c < 3; c++) {
        g_assert_cmpfloat_with_epsilon(config->recipe.mean[c], half[c], 1e-6);
        g_assert_cmpfloat_with_epsilon(config->recipe.std[c], quarter[c], 1e-6);
    }
}

#define PREPROCESSOR "{\"image_processor_type\":\"ConvNextImageProcessor\",\"size\":224,"

static void test_normalisation(void)
{
    put_buffers("mean", "std", 0, half, quarter);
    check_recipe();
    put_buffers("normalize.mean", "normalize.std", 1, half, quarter);
    check_recipe();
    put_buffers("module.pixel_mean", "module.pixel_std", 2, half_bytes, quarter_bytes);
    check_recipe();
    folder_write("preprocessor_config.json", PREPROCESSOR "\"do_normalize\":false}");
    put_buffers("mean", "std", 1, half, quarter);
    check_recipe();
    folder_write("preprocessor_config.json",
                 PREPROCESSOR "\"image_mean\":[0.5,0.4,0.3],\"image_std\":[0.25,0.2,0.1]}");
    check_recipe();
    folder_write("preprocessor_config.json",
                 PREPROCESSOR "\"image_mean\":[0.5,0.5,0.5],\"image_std\":[0.25,0.2,0.1]}");
    folder_check_refused("tensor \"mean\" normalises with mean 0.5 0.4 0.3, but "
                         "preprocessor_config.json with mean 0.5 0.5 0.5");
    folder_clear();
    put_buffers("mean", "std", 0, half, quarter_bytes);
    folder_check_refused("neither pixels from 0 to 1 nor from 0 to 255");
    put_buffers("mean", "std", 0, half, zeros);
    folder_check_refused("not all of its values are positive");
    put_buffers("a.mean", "b.std", 0, half, quarter);
    folder_check_refused("has no std beside it");
    folder_clear();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/extras/foreign", test_foreign);
    g_test_add_func("/extras/harmless", test_harmless);
    g_test_add_func("/extras/recognised", test_recognised);
    g_test_add_func("/extras/weight", test_weight);
    g_test_add_func("/extras/integers", test_integers);
    g_test_add_func("/extras/two-heads", test_two_heads);
    g_test_add_func("/extras/wrappers", test_wrappers);
    g_test_add_func("/extras/normalisation", test_normalisation);
    const int status = g_test_run();
    folder_delete();
    return status;
}
