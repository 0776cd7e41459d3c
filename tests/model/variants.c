/* Every published network: cnx_parts_foreach lists the tensors that the library's network has
 * (tests/fixtures/variants.inc, made by make_variants.py), and their names and shapes are enough to
 * detect the architecture.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/checkpoint/architecture.h"
#include "model/checkpoint/head.h"
#include "model/checkpoint/parts.h"
#include "model/config/variant.h"

typedef struct Variant {
    CnxDialect dialect;
    const char *name;
    guint classes, tensors;
    guint64 parameters;
    const char *digest;
} Variant;

#define VARIANT(dialect, name, classes, tensors, parameters, digest) \
    {CNX_DIALECT_##dialect, name, classes, tensors, parameters, digest},

static const Variant variants[] = {
#include "tests/fixtures/variants.inc"
};

/* facebookresearch's isotropic networks. */
static const struct {
    const char *name;
    guint depth, dim;
} isotropic[] = {{"small", 18, 384}, {"base", 18, 768}, {"large", 36, 1024}};

static gboolean is_isotropic(const Variant *v)
{
    return g_str_has_prefix(v->name, "convnext_isotropic_");
}

static void set_isotropic(CnxConfig *config, const char *size)
{
    config->stages = 1;
    config->patch = 16;
    config->stem_norm = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(isotropic); i++)
        if (g_str_equal(size, isotropic[i].name)) {
            config->depths[0] = isotropic[i].depth;
            config->dims[0] = isotropic[i].dim;
        }
    config->layer_scale = g_str_equal(size, "large");
}

/* Channels between the convolutions of timm's overlapping stems. */
static guint stem_width(const char *name, guint dim)
{
    return g_str_has_prefix(name, "convnext_zepto") || g_str_has_prefix(name, "convnext_nano")
               ? dim
               : (dim / 2 + 4) / 8 * 8;
}

static CnxConfig *make_config(const Variant *v)
{
    CnxConfig *config = cnx_config_new();
    CnxPublished published;

    config->classes = v->classes;
    config->final_norm = TRUE;
    config->grn = g_str_has_prefix(v->name, "convnextv2_");
    config->layer_scale = !config->grn;
    if (is_isotropic(v)) {
        set_isotropic(config, v->name + strlen("convnext_isotropic_"));
        cnx_head_set_plain(&config->head, config->dims[0], 0, v->classes, TRUE);
        return config;
    }
    g_assert_true(cnx_variant_lookup(v->name, &published));
    memcpy(config->depths, published.depths, sizeof config->depths);
    memcpy(config->dims, published.dims, sizeof config->dims);
    config->norm = published.norm;
    config->head_norm_first = g_str_has_suffix(v->name, "_hnf");
    cnx_head_set_plain(&config->head, published.dims[CNX_STAGES - 1],
                       g_str_has_suffix(v->name, "_mlp") ? 1536 : 0, v->classes, TRUE);
    if (g_str_has_suffix(v->name, "_ols")) {
        config->stem =
            g_str_has_prefix(v->name, "convnext_zepto") ? CNX_STEM_OVERLAP_ACT : CNX_STEM_OVERLAP;
        config->stem_width = stem_width(v->name, config->dims[0]);
    }
    if (g_str_equal(v->name, "test_convnext3"))
        memcpy(config->kernels, (guint[]){7, 5, 5, 3}, sizeof config->kernels);
    return config;
}

/* Detects the naming from the tensors that identify the library and the kind of network. */
static void detect_naming(CnxNaming *naming, const Variant *v, const CnxConfig *config)
{
    static const char *const witnesses[] = {
        [CNX_DIALECT_TIMM] = "stages.0.blocks.0.conv_dw.weight",
        [CNX_DIALECT_TORCHVISION] = "features.1.0.block.0.weight",
        [CNX_DIALECT_FACEBOOK] = "stages.0.0.dwconv.weight",
    };
    const char *witness = v->dialect == CNX_DIALECT_TRANSFORMERS
                              ? (config->grn ? "convnextv2.encoder.stages.0.layers.0.dwconv.weight"
                                             : "convnext.encoder.stages.0.layers.0.dwconv.weight")
                          : is_isotropic(v) ? "blocks.0.dwconv.weight"
                                            : witnesses[v->dialect];
    const CnxTensor tensors[] = {{.name = witness},
                                 {.name = config->head_norm_first            ? "norm_pre.weight"
                                          : config->stem == CNX_STEM_OVERLAP ? "stem.2.weight"
                                          : config->stem == CNX_STEM_OVERLAP_ACT
                                              ? "stem.3.weight"
                                              : "stem.0.weight"}};
    GError *error = NULL;

    cnx_naming_detect(naming, tensors, G_N_ELEMENTS(tensors), "a list of names", &error);
    g_assert_no_error(error);
    g_assert_cmpint(naming->dialect, ==, v->dialect);
}

typedef struct Listing {
    CnxNaming naming;
    GPtrArray *lines;    /* "NAME[A,B]" */
    GHashTable *tensors; /* canonical name -> CnxTensor */
    GPtrArray *owned;    /* the same tensors */
    GArray *parts;       /* CnxPart */
    GStringChunk *names; /* those that the head gets */
    guint64 parameters;
} Listing;

static gboolean list_tensor(const char *canonical, guint rank, const guint64 *shape,
                            gpointer user_data)
{
    Listing *l = user_data;
    CnxTensor *t = g_new0(CnxTensor, 1);
    GString *line = g_string_new(NULL);

    t->name = cnx_naming_original(&l->naming, canonical);
    t->rank = rank;
    t->elements = 1;
    g_string_printf(line, "%s[", t->name);
    for (guint i = 0; i < rank; i++) {
        t->shape[i] = shape[i];
        t->elements *= shape[i];
        g_string_append_printf(line, i > 0 ? ",%" G_GUINT64_FORMAT : "%" G_GUINT64_FORMAT,
                               shape[i]);
    }
    g_string_append_c(line, ']');
    g_ptr_array_add(l->lines, g_string_free(line, FALSE));
    l->parameters += t->elements;

    g_autofree char *back = cnx_naming_canonical(&l->naming, t->name);
    g_assert_cmpstr(back, ==, canonical);
    gpointer key = g_strdup(canonical);
    g_hash_table_insert(l->tensors, key, t);
    g_ptr_array_add(l->owned, t);
    const CnxPart part = {.tensor = t, .canonical = key};
    g_array_append_val(l->parts, part);
    return TRUE;
}

static int compare_lines(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *digest_lines(GPtrArray *lines)
{
    g_ptr_array_sort(lines, compare_lines);
    g_ptr_array_add(lines, NULL);
    g_autofree char *text = g_strjoinv("\n", (char **)lines->pdata);
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
}

static void tensor_free(gpointer tensor)
{
    g_free((char *)((CnxTensor *)tensor)->name);
    g_free(tensor);
}

static gboolean detect(const Listing *l, CnxConfig *config, GError **error)
{
    const CnxHeadSource head = {.parts = (CnxPart *)l->parts->data,
                                .count = l->parts->len,
                                .naming = &l->naming,
                                .tensors = l->tensors,
                                .names = l->names,
                                .file = "a list of tensors"};

    return cnx_head_read(&head, config, error) &&
           cnx_architecture_detect(l->tensors, &l->naming, "a list of tensors", config, error);
}

static void check_detected(const Variant *v, const Listing *l)
{
    CnxConfig *config = cnx_config_new();
    CnxPublished published;
    GError *error = NULL;

    detect(l, config, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(config->variant, ==, v->name);
    g_assert_cmpuint(config->classes, ==, v->classes);
    if (!is_isotropic(v) && cnx_variant_lookup(v->name, &published) &&
        v->dialect == CNX_DIALECT_TIMM) {
        g_assert_cmpint(config->norm, ==, published.norm);
        g_assert_cmpint(config->act, ==, published.act);
        g_assert_cmpfloat(config->eps, ==, published.eps);
    }
    cnx_config_free(config);
}

/* The tensors of a network under their names in the variant's library. */
static Listing make_listing(const Variant *v, const CnxConfig *config)
{
    Listing l = {.lines = g_ptr_array_new_with_free_func(g_free),
                 .tensors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
                 .owned = g_ptr_array_new_with_free_func(tensor_free),
                 .parts = g_array_new(FALSE, FALSE, sizeof(CnxPart)),
                 .names = g_string_chunk_new(1024)};

    detect_naming(&l.naming, v, config);
    cnx_parts_foreach(config, list_tensor, &l);
    return l;
}

static void clear_listing(Listing *l)
{
    g_ptr_array_unref(l->lines);
    g_array_unref(l->parts);
    g_hash_table_unref(l->tensors);
    g_ptr_array_unref(l->owned);
    g_string_chunk_free(l->names);
    cnx_naming_clear(&l->naming);
}

static void test_variant(gconstpointer data)
{
    const Variant *v = data;
    CnxConfig *config = make_config(v);
    Listing l = make_listing(v, config);

    g_assert_cmpuint(l.lines->len, ==, v->tensors);
    g_assert_cmpuint(l.parameters, ==, v->parameters);
    g_autofree char *digest = digest_lines(l.lines);
    g_assert_cmpstr(digest, ==, v->digest);
    check_detected(v, &l);
    clear_listing(&l);
    cnx_config_free(config);
}

/* Kernels of 31 x 31, the largest, but not of 33 x 33. */
static void test_kernels(void)
{
    static const Variant atto = {CNX_DIALECT_TIMM, "convnext_atto", 10, 0, 0, NULL};

    for (guint side = 31; side <= 33; side += 2) {
        g_autoptr(GError) error = NULL;
        CnxConfig *config = make_config(&atto), *found = cnx_config_new();

        config->kernels[1] = side;
        Listing l = make_listing(&atto, config);
        const gboolean detected = detect(&l, found, &error);
        g_assert_true(detected == (side == 31));
        if (detected)
            g_assert_cmpuint(found->kernels[1], ==, 31);
        else
            g_assert_nonnull(strstr(error->message, "33x33 kernel"));
        clear_listing(&l);
        cnx_config_free(config);
        cnx_config_free(found);
    }
}

/* What timm's names imply and the tensors do not show. */
static void test_invisible(void)
{
    static const struct {
        const char *name;
        double eps;
        CnxAct act;
        CnxNormKind norm;
    } names[] = {
        {"convnext_tiny.fb_in22k", 1e-6, CNX_ACT_GELU, CNX_NORM_LAYER},
        {"convnext_xlarge.fb_in22k", 1e-6, CNX_ACT_GELU, CNX_NORM_LAYER},
        {"convnext_xxlarge.clip_laion2b_soup", 1e-5, CNX_ACT_GELU, CNX_NORM_LAYER},
        {"convnext_atto_rms", 1e-6, CNX_ACT_GELU, CNX_NORM_RMS},
        {"convnext_zepto_rms_ols", 1e-6, CNX_ACT_GELU, CNX_NORM_SIMPLE},
        {"test_convnext.r160_in1k", 1e-5, CNX_ACT_GELU_TANH, CNX_NORM_LAYER},
        {"test_convnext3.r160_in1k", 1e-5, CNX_ACT_SILU, CNX_NORM_LAYER},
    };

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        CnxPublished published;

        g_test_message("%s", names[i].name);
        g_assert_true(cnx_variant_lookup(names[i].name, &published));
        g_assert_cmpfloat(published.eps, ==, names[i].eps);
        g_assert_cmpint(published.act, ==, names[i].act);
        g_assert_cmpint(published.norm, ==, names[i].norm);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/variants/invisible", test_invisible);
    g_test_add_func("/variants/kernels", test_kernels);
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autofree char *path =
            g_strdup_printf("/variants/%s/%s-%u", cnx_dialect_name(variants[i].dialect),
                            variants[i].name, variants[i].classes);

        g_test_add_data_func(path, &variants[i], test_variant);
    }
    return g_test_run();
}
