/* Fuzz target: a valid network whose head's tensors were changed, up to its packed weights and a
 * run. The first byte selects the network (head_seeds.h), the second how it is opened; changes of
 * one tensor each follow. Neither file nor backbone are read anew, which the target `head` does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "model/base/encode.h"
#include "model/base/memory.h"
#include "model/heads/detector_network.h"
#include "model/heads/segmenter_config.h"
#include "model/heads/segmenter_network.h"
#include "model/network/products.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/head_files.h"
#include "tests/fuzz/head_run.h"
#include "tests/fuzz/head_seeds.h"

#define CHANGES_MAX 16
#define ELEMENTS_MAX (1u << 16) /* of a changed tensor */

/* Bits of the second byte */
enum {
    KIND_CONFIG = 1, /* with the network's config.json */
    KIND_RUN = 2,    /* it runs */
    KIND_BF16 = 4,   /* the precision */
    KIND_LEVEL = 8,  /* kernels of at most AVX2, not the fastest */
};

typedef struct Changes {
    const HeadSeed *seed;
    GHashTable *tensors; /* as in CnxHeadTensors */
    CnxTensor tensor[CHANGES_MAX];
    guint count;
} Changes;

/* Numbers of a changed tensor, all of the same bytes: small, zero, NaN, huge or NaN, negative. */
static const guint8 *pool(guint choice)
{
    static const guint8 bytes[] = {0x2c, 0, 0xff, 0x7b, 0xac};
    static guint8 pools[G_N_ELEMENTS(bytes)][ELEMENTS_MAX * sizeof(double)];
    const guint i = choice % G_N_ELEMENTS(bytes);

    if (bytes[i] != pools[i][0])
        memset(pools[i], bytes[i], sizeof pools[i]);
    return pools[i];
}

/* Makes the tensor one that a file could hold after its shape or dtype changed. FALSE if it would
 * be too large. */
static gboolean settle(CnxTensor *tensor)
{
    guint64 elements = 1;

    for (guint i = 0; i < tensor->rank; i++) {
        if (tensor->shape[i] > ELEMENTS_MAX)
            return FALSE;
        elements = MIN(elements * tensor->shape[i], ELEMENTS_MAX + 1);
    }
    if (elements > ELEMENTS_MAX)
        return FALSE;
    tensor->elements = (gsize)elements;
    tensor->size = tensor->elements * cnx_dtype_size(tensor->dtype);
    tensor->data = pool(0);
    return TRUE;
}

static void set_rank(CnxTensor *tensor, guint rank)
{
    for (guint i = tensor->rank; i < rank; i++)
        tensor->shape[i] = 1;
    tensor->rank = rank;
}

/* Column-major, as a transposed matrix is saved. */
static void transpose(CnxTensor *tensor)
{
    guint64 stride = 1;

    tensor->strided = TRUE;
    for (guint i = 0; i < tensor->rank; i++) {
        tensor->strides[i] = stride;
        stride *= tensor->shape[i];
    }
}

/* The name with another number in place of its nth one, or of its last. Free with g_free. */
static char *renumber(const char *name, guint nth, guint number)
{
    const char *at = NULL;

    for (const char *c = name; *c != '\0'; c++)
        if (g_ascii_isdigit(*c) && (c == name || !g_ascii_isdigit(c[-1])) && (!at || nth-- > 0))
            at = c;
    if (!at)
        return g_strdup(name);
    const gsize digits = strspn(at, "0123456789");
    return g_strdup_printf("%.*s%u%s", (int)(at - name), name, number, at + digits);
}

/* Lets the tensor be found under another name as well, or only there. */
static void add_name(Changes *changes, const char *old, char *name, CnxTensor *tensor,
                     gboolean move)
{
    if (move)
        g_hash_table_remove(changes->tensors, old);
    g_hash_table_insert(changes->tensors, name, tensor);
}

static void change_tensor(Changes *changes, FuzzReader *reader)
{
    const GPtrArray *names = changes->seed->names;
    const char *name = names->pdata[fuzz_uint(reader, 2) % names->len];
    const guint kind = fuzz_choice(reader, 8);
    const CnxTensor *old = g_hash_table_lookup(changes->tensors, name);
    CnxTensor *tensor = &changes->tensor[changes->count];

    if (!old)
        return;
    *tensor = *old;
    switch (kind) {
    case 0:
        g_hash_table_remove(changes->tensors, name);
        return;
    case 1: {
        guint64 *size = &tensor->shape[fuzz_choice(reader, MAX(tensor->rank, 1))];
        *size = fuzz_hostile(reader, (guint32)*size);
        break;
    }
    case 2:
        set_rank(tensor, fuzz_choice(reader, CNX_MAX_RANK + 1));
        break;
    case 3:
        tensor->dtype = fuzz_choice(reader, CNX_DTYPE_OTHER + 1);
        break;
    case 4:
        add_name(changes, name, renumber(name, fuzz_choice(reader, 4), fuzz_byte(reader) % 16),
                 tensor, fuzz_choice(reader, 2));
        break;
    case 5:
        add_name(changes, name, g_strdup(names->pdata[fuzz_uint(reader, 2) % names->len]), tensor,
                 fuzz_choice(reader, 2));
        break;
    default:
        break;
    }
    if ((kind == 1 || kind == 2 || kind == 3 || kind == 6) && !settle(tensor))
        return;
    if (kind == 6)
        tensor->data = pool(fuzz_byte(reader));
    if (kind == 7)
        transpose(tensor);
    changes->count++;
    if (kind != 4 && kind != 5)
        g_hash_table_insert(changes->tensors, g_strdup(name), tensor);
}

static GHashTable *copy_tensors(const HeadSeed *seed)
{
    GHashTable *tensors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = 0; i < seed->names->len; i++)
        g_hash_table_insert(tensors, g_strdup(seed->names->pdata[i]),
                            g_hash_table_lookup(seed->tensors.tensors, seed->names->pdata[i]));
    return tensors;
}

static const CnxKernels *kernels_of(guint kind)
{
    const CnxKernels *kernels = NULL;

    for (guint level = kind & KIND_LEVEL ? CNX_ISA_AVX2 : CNX_ISA_COUNT - 1; !kernels; level--)
        kernels = cnx_kernels_get(level);
    return kernels;
}

static CnxForm form_of(const CnxKernels *kernels, guint kind)
{
    return cnx_products_form(kernels, kind & KIND_BF16 ? CNX_PRECISION_BF16 : CNX_PRECISION_FP32);
}

/* Counts the weights, or packs them if self has memory. */
static gboolean pack_segmenter(CnxSegmenter *self, CnxHeadTensors *tensors, CnxForm form,
                               GError **error)
{
    static const char *const parts[] = {"decode_head.", "decoder.", "segmentation_model.1.",
                                        "segmentation_head."};
    CnxHeadPacker packer = {tensors, self->kernels, form, self->memory, 0, error};

    if (!self->family->pack(self->head, &packer))
        return FALSE;
    g_assert_true(!self->memory || packer.size == self->size);
    self->size = packer.size;
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        if (!cnx_head_check_used(tensors, parts[i], self->family->name, error))
            return FALSE;
    return TRUE;
}

static void try_segmenter(const HeadSeed *seed, CnxHeadTensors *tensors, guint kind)
{
    g_autofree gpointer head = g_malloc0(seed->family->size);
    CnxSegmenter self = {.shared = {.references = 1},
                         .backbone = seed->backbone,
                         .kernels = kernels_of(kind),
                         .family = seed->family,
                         .head = head};
    const CnxForm form = form_of(self.kernels, kind);
    GError *error = NULL;

    self.info = cnx_segmenter_describe(seed->family, head, seed->checkpoint, tensors, folder_path(),
                                       NULL, &error);
    gboolean ok = self.info && pack_segmenter(&self, tensors, form, &error);
    if (ok) {
        self.memory = cnx_memory_new(self.size);
        ok = pack_segmenter(&self, tensors, form, &error);
    }
    head_files_check_error(ok, error);
    if (ok)
        head_files_check(self.info);
    if (ok && kind & KIND_RUN)
        head_run_segmenter(&self);
    free(self.memory);
    cnx_head_info_free(self.info);
}

static gboolean read_detector(CnxDetector *self, const HeadSeed *seed, CnxHeadTensors *tensors,
                              CnxForm form, GError **error)
{
    CnxDetectorShape shape;

    if (!cnx_detector_weights_detect(&self->weights, tensors, self->rules, form, &shape, error))
        return FALSE;
    self->info->classes = shape.classes;
    if (!cnx_detector_config_read(&self->config, &shape, cnx_checkpoint_config(seed->checkpoint),
                                  folder_path(), FUZZ_FILE, TRUE, self->info, error))
        return FALSE;
    for (const char *const *part = self->rules->names.parts; *part; part++)
        if (!cnx_head_check_used(tensors, *part, "detector", error))
            return FALSE;
    return TRUE;
}

static void try_detector(const HeadSeed *seed, CnxHeadTensors *tensors, guint kind)
{
    CnxDetector self = {.shared = {.references = 1},
                        .model = seed->backbone,
                        .kernels = kernels_of(kind),
                        .info = cnx_head_info_new(),
                        .rules = seed->rules};
    const CnxForm form = form_of(self.kernels, kind);
    GError *error = NULL;
    gboolean ok = read_detector(&self, seed, tensors, form, &error);

    if (ok) {
        const gsize size = cnx_detector_weights_size(&self.weights, self.rules, self.kernels);

        ok = cnx_detector_weights_pack(&self.weights, tensors, self.rules, self.kernels, &error);
        g_assert_true(!ok || self.weights.memory_size == size);
    }
    head_files_check_error(ok, error);
    if (ok)
        head_files_check(self.info);
    if (ok && kind & KIND_RUN)
        head_run_detector(&self);
    cnx_detector_weights_clear(&self.weights);
    cnx_head_info_free(self.info);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static const HeadSeed *config_of; /* whose config.json is there; NULL: none */
    FuzzReader reader = {data, size};
    guint count;
    const HeadSeed *seeds = head_seeds(&count), *seed = &seeds[fuzz_byte(&reader) % count];
    const guint kind = fuzz_byte(&reader);
    const HeadSeed *config = kind & KIND_CONFIG ? seed : NULL;
    Changes changes = {.seed = seed};

    if (!seed->family && !seed->rules)
        return 0;
    if (config != config_of)
        folder_write("config.json", (const guint8 *)seed->config,
                     config ? strlen(seed->config) : 0);
    config_of = config;
    g_autoptr(GHashTable) table = changes.tensors = copy_tensors(seed);
    while (reader.left > 0 && changes.count < CHANGES_MAX)
        change_tensor(&changes, &reader);
    g_autoptr(GHashTable) used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    CnxHeadTensors tensors = {.file = FUZZ_FILE,
                              .prefix = seed->tensors.prefix,
                              .tensors = table,
                              .used = used,
                              .data_size = 4 * seed->tensors.data_size};
    if (seed->family)
        try_segmenter(seed, &tensors, kind);
    else
        try_detector(seed, &tensors, kind);
    return 0;
}
