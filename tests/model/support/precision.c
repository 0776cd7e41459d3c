/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/precision.h"

#include <float.h>
#include <math.h>

#include "model/base/isa.h"
#include "model/network/forward.h"
#include "model/network/products.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/networks.h"

const CnxKernels *precision_kernels(void)
{
    CnxIsa level;

    if (compare_level_lacks())
        return NULL;
    return cnx_isa_get(&level, NULL) ? cnx_kernels_get(level) : NULL;
}

const PrecisionForm *precision_forms(void)
{
    static PrecisionForm forms[] = {
        {CNX_FORM_BF16, "bf16", 0.06, 0.3},
        {CNX_FORM_INT8, "int8", 0.15, 2.5}, /* with activations of 8 bits */
    };

    if (precision_kernels()->gemm_int8_top == 127)
        forms[1].bound = 0.3;
    return forms;
}

gboolean precision_has_kernels(CnxForm form)
{
    const CnxKernels *kernels = precision_kernels(), *c = cnx_kernels_get(CNX_ISA_C);

    return kernels == c || form == CNX_FORM_FLOAT ||
           cnx_products(kernels, form).multiply != cnx_products(c, form).multiply;
}

CnxModel *precision_open(const char *path, CnxForm form)
{
    GError *error = NULL;
    CnxModel *model = cnx_model_open_form(path, precision_kernels(), form, &error);

    g_assert_no_error(error);
    return model;
}

/* The difference from the fp32 value; NaN if only one of them is finite or NaN. */
static double difference(float fp32, float value)
{
    if (isfinite(fp32))
        return isfinite(value) ? fabs((double)value - fp32) : (double)NAN;
    return (isnan(fp32) ? isnan(value) : !isfinite(value)) ? 0 : (double)NAN;
}

/* The standard deviation of the finite values; not 0 */
static double deviation_of(const CnxMap *map)
{
    const gsize n = networks_count(map);
    double sum = 0, squares = 0, finite = 0, mean;

    for (gsize i = 0; i < n; i++) {
        if (isfinite(map->data[i])) {
            sum += map->data[i];
            finite++;
        }
    }
    mean = sum / MAX(finite, 1);
    for (gsize i = 0; i < n; i++)
        if (isfinite(map->data[i]))
            squares += (map->data[i] - mean) * (map->data[i] - mean);
    return MAX(sqrt(squares / MAX(finite, 1)), FLT_MIN);
}

static PrecisionErrors compare_maps(const CnxMap *fp32, const CnxMap *map)
{
    const gsize n = networks_count(fp32);
    const double deviation = deviation_of(fp32);
    double worst = 0, relative = 0, total = 0;

    g_assert_cmpuint(networks_count(map), ==, n);
    for (gsize i = 0; i < n; i++) {
        const double v = fp32->data[i], d = difference(fp32->data[i], map->data[i]);
        const double r = isfinite(v) ? d / MAX(fabs(v), deviation) : d;

        worst = d <= worst ? worst : d; /* keeps NaN */
        relative = r <= relative ? relative : r;
        total += d * d;
    }
    return (PrecisionErrors){worst / deviation, relative, sqrt(total / (double)n) / deviation};
}

PrecisionErrors precision_compare(const CnxOutputs *fp32, const CnxOutputs *outputs)
{
    const CnxMap *const rights[] = {&fp32->stage[0], &fp32->stage[1],  &fp32->stage[2],
                                    &fp32->stage[3], &fp32->embedding, &fp32->logits};
    const CnxMap *const maps[] = {&outputs->stage[0], &outputs->stage[1],  &outputs->stage[2],
                                  &outputs->stage[3], &outputs->embedding, &outputs->logits};
    PrecisionErrors all = {0};

    for (guint i = 0; i < G_N_ELEMENTS(maps); i++) {
        if (!rights[i]->data)
            continue;
        const PrecisionErrors e = compare_maps(rights[i], maps[i]);

        all.worst = e.worst <= all.worst ? all.worst : e.worst;
        all.relative = e.relative <= all.relative ? all.relative : e.relative;
        all.mean = e.mean;
    }
    return all;
}
