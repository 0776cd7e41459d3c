/* The report as text for people.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "model/base/encode.h"
#include "pipelines/common/print.h"
#include "pipelines/inspect/inspect.h"

#define MAX_LABELS 5   /* more are abbreviated */
#define MAX_IGNORED 20 /* the same for tensors */

void report_line(const char *heading, const char *format, ...)
{
    g_autofree char *text = NULL, *clean = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    clean = print_clean(text, PRINT_MAX_LINE);
    printf("%-12s%s\n", heading, clean);
}

static const char *origin(const Report *report, CnxItem item)
{
    return cnx_origin_name(report->config->origin[item]);
}

static char *join(const guint *numbers, guint count)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, i ? ",%u" : "%u", numbers[i]);
    return g_string_free(text, FALSE);
}

static void print_file(const Report *report)
{
    const CnxConfig *config = report->config;

    const char *const *files = cnx_checkpoint_files(report->checkpoint);

    for (guint i = 0; files[i]; i++) {
        g_autofree char *file = g_filename_display_name(files[i]);

        report_line(i ? "" : "file", "%s", file);
    }
    g_autofree char *size = g_format_size(report->bytes);
    report_line("container", "%s, %s", cnx_checkpoint_container(report->checkpoint), size);
    if (*config->weights_key)
        report_line("weights", "under \"%s\" (%s)", config->weights_key,
                    cnx_weight_set_name(config->weight_set));
    if (config->ignored)
        report_line("ignored", "%s", config->ignored);
    report_line("dialect", "%s", cnx_dialect_name(config->dialect));
    report_line("variant", "%s", config->variant);
    report_line("parameters", "%" G_GUINT64_FORMAT ", stored as %s", config->parameters,
                cnx_dtype_name(config->dtype));
}

static void print_stem(const CnxConfig *config)
{
    const char *norm = config->stem_norm ? "" : ", no norm";
    const char *grey = config->channels == 1 ? ", grey images" : "";

    if (config->stem == CNX_STEM_PATCH)
        report_line("stem", "%ux%u patches%s%s", config->patch, config->patch, norm, grey);
    else
        report_line("stem", "two 3x3 convolutions with %u channels between%s%s%s",
                    config->stem_width,
                    config->stem == CNX_STEM_OVERLAP_ACT ? " and an activation" : "", norm, grey);
}

static void print_network(const Report *report)
{
    const CnxConfig *config = report->config;
    g_autofree char *depths = join(config->depths, config->stages);
    g_autofree char *dims = join(config->dims, config->stages);
    g_autofree char *kernels = join(config->kernels, config->stages);

    g_autoptr(GString) norms = g_string_new(NULL);

    print_stem(config);
    report_line("stages", "depths %s; widths %s; depthwise kernels %s", depths, dims, kernels);
    if (config->dilations[config->stages - 1] > 1) {
        g_autofree char *dilations = join(config->dilations, config->stages);

        report_line("", "dilations %s", dilations);
    }
    report_line("blocks", "%s%s; %s", config->grn ? "V2: GRN" : "V1",
                config->layer_scale ? (config->grn ? " and layer scale" : ": layer scale")
                                    : (config->grn ? "" : ", no layer scale"),
                config->conv_bias ? "biases" : "convolutions without bias");
    report_line("activation", "%s (%s)", report_act(report), origin(report, CNX_ITEM_ACT));
    report_line("norms", "%s, eps %g (%s); last norm %g (%s)", report_norm(report), config->eps,
                origin(report, CNX_ITEM_EPS), config->head_eps, origin(report, CNX_ITEM_HEAD_EPS));
    for (guint i = 0; i < config->stages; i++)
        if (config->output_norm[i])
            g_string_append_printf(norms, norms->len ? ",%u" : "%u", i + 1);
    if (norms->len)
        report_line("", "norms after the outputs of stages %s", norms->str);
}

void report_labels(const char *heading, char **labels, const char *from)
{
    if (!labels) {
        report_line(heading, "none: \"class 0\", \"class 1\", ...");
        return;
    }
    g_autofree char *list = cnx_quote_list((const char *const *)labels, MAX_LABELS);
    report_line(heading, "%s%s", list, from);
}

static void print_labels(const Report *report)
{
    g_autofree char *from = g_strdup_printf(" (%s)", origin(report, CNX_ITEM_LABELS));

    report_labels("labels", report->config->labels, from);
}

/* In the order of the labels */
static void print_decision(const CnxConfig *config)
{
    const CnxDecision *decision = &config->decision;

    if (decision->temperature) {
        g_autofree char *text = cnx_decision_text(decision->temperature, config->classes);

        report_line("temperature", "%s", text);
    }
    if (decision->threshold) {
        g_autofree char *text = cnx_decision_text(decision->threshold, config->classes);

        report_line("threshold", "%s", text);
    }
    if (decision->rest_class == CNX_NO_CLASS)
        return;
    g_autofree char *quoted = config->labels
                                  ? cnx_quote(config->labels[decision->rest_class])
                                  : g_strdup_printf("\"class %d\"", decision->rest_class);
    report_line("rest class", "%s, if no other class reaches its threshold", quoted);
}

static void print_head(const Report *report)
{
    const CnxConfig *config = report->config;
    const char *first = config->head_norm_first   ? "norm before pooling; "
                        : config->norm_is_assumed ? "norm after pooling (assumed); "
                        : config->final_norm      ? ""
                                                  : "no norm; ";
    guint width;
    const gboolean plain = cnx_head_is_plain(&config->head, &width);
    g_autofree char *steps = cnx_head_text(&config->head);
    g_autofree char *hidden = !plain  ? g_strconcat(steps, "; ", NULL)
                              : width ? g_strdup_printf("hidden layer of %u; ", width)
                                      : g_strdup("");

    if (config->projection)
        report_line("head", "%s%sprojection to an embedding of %u", first, hidden,
                    config->projection);
    else if (!config->classes)
        report_line("head", "%s%snone: embedding and feature maps only", first, hidden);
    else
        report_line("head", "%s%s%u %s, %s", first, hidden, config->classes,
                    config->classes == 1 ? "class" : "classes",
                    config->regression              ? "no activation"
                    : cnx_config_is_sigmoid(config) ? "sigmoid"
                                                    : "softmax");
    if (config->unused_heads)
        report_line("", "convnext runs only the backbone, without %s%s", config->unused_heads,
                    report->head ? "; see below" : "");
    if (config->classes)
        print_labels(report);
    print_decision(config);
}

static char *resize_text(const CnxRecipe *recipe)
{
    static const char *const formats[] = {
        [CNX_CROP_CENTER] = "short side to %u, then the center crop",
        [CNX_CROP_SQUASH] = "both sides to %u",
        [CNX_CROP_BORDER] = "long side to %u, padded with the mean",
        [CNX_CROP_NONE] = "short side to %u, no crop",
        [CNX_CROP_FIT] = "short side to %u, long side to at most %u, padded with 0",
    };

    return g_strdup_printf(formats[recipe->crop], recipe->resize, recipe->longest);
}

static void print_resize(const Report *report)
{
    const CnxRecipe *recipe = &report->config->recipe;
    g_autofree char *text = resize_text(recipe);

    report_line("resize", "%s, %s (%s)", text, cnx_filter_name(recipe->filter),
                origin(report, CNX_ITEM_FILTER));
    report_line("crop", "%s (%s), crop_pct %.4g (%s)", cnx_crop_name(recipe->crop),
                origin(report, CNX_ITEM_CROP), recipe->crop_pct, origin(report, CNX_ITEM_RESIZE));
}

static void print_input(const Report *report)
{
    const CnxRecipe *recipe = &report->config->recipe;
    const float *mean = recipe->mean, *std = recipe->std;
    guint width, height;

    cnx_recipe_input(recipe, &width, &height);
    report_line("input", "%ux%u (%s)", width, height, origin(report, CNX_ITEM_SIZE));
    print_resize(report);
    report_line("rescale", "%.6g (%s)", recipe->rescale, origin(report, CNX_ITEM_RESCALE));
    report_line("mean", "%.6g %.6g %.6g (%s)", mean[0], mean[1], mean[2],
                origin(report, CNX_ITEM_MEAN));
    report_line("std", "%.6g %.6g %.6g (%s)", std[0], std[1], std[2], origin(report, CNX_ITEM_STD));
}

/* What segmenters and detectors assume about it is listed above. */
static void print_head_input(const Report *report)
{
    const CnxRecipe *recipe = report->recipe;
    const float *mean = recipe->mean, *std = recipe->std;
    const char *filter = cnx_filter_name(
        recipe->resampling == CNX_RESAMPLING_PILLOW ? recipe->filter : CNX_FILTER_BILINEAR);
    g_autofree char *text = resize_text(recipe);

    if (report->head->width > 0)
        report_line("input", "%ux%u", report->head->width, report->head->height);
    else
        report_line("input", "in the shape of the frame: %ux%u for 1920x1080", report->need.width,
                    report->need.height);
    if (recipe->crop == CNX_CROP_SQUASH && recipe->width > 0)
        report_line("resize", "to %ux%u, %s, as in %s", recipe->width, recipe->height, filter,
                    cnx_resampling_name(recipe->resampling));
    else
        report_line("resize", "%s, %s, as in %s", text, filter,
                    cnx_resampling_name(recipe->resampling));
    report_line("crop", "%s", cnx_crop_name(recipe->crop));
    report_line("rescale", "%.6g", recipe->rescale);
    report_line("mean", "%.6g %.6g %.6g", mean[0], mean[1], mean[2]);
    report_line("std", "%.6g %.6g %.6g", std[0], std[1], std[2]);
}

/* The names of ignored tensors, each with the reason. */
static void print_ignored(const Report *report)
{
    guint count, shown = 0;
    const CnxPart *parts = cnx_checkpoint_parts(report->checkpoint, &count);

    for (guint i = 0; i < count && shown < MAX_IGNORED; i++) {
        if (report_uses(report, &parts[i]))
            continue;
        g_autofree char *name = cnx_quote(parts[i].tensor->name);
        report_line("", "ignored: %s %s", name, parts[i].reason);
        shown++;
    }
    if (shown < report->ignored)
        report_line("", "and %u more (--tensors lists all)", report->ignored - shown);
}

/* How tensors were composed from those of the file. */
static void print_forms(const Report *report)
{
    g_auto(GStrv) lines = cnx_checkpoint_forms(report->checkpoint);

    for (guint i = 0; lines[i]; i++)
        report_line("", "composed: %s", lines[i]);
}

static void print_tensors(const Report *report)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(report->checkpoint, &count);

    putchar('\n');
    for (guint i = 0; i < count; i++) {
        const CnxTensor *t = parts[i].tensor;

        g_autofree char *shape = cnx_shape_text(t->rank, t->shape);
        g_autofree char *quoted = cnx_quote(t->name);
        g_autofree char *name = print_clean(quoted, PRINT_MAX_PART);
        const char *part = parts[i].canonical               ? parts[i].canonical
                           : report_uses(report, &parts[i]) ? "head"
                                                            : NULL;
        printf("%-8s %-5s %-16s %s%s%s\n", part ? "used" : "ignored", cnx_tensor_dtype_name(t),
               shape, name, part ? " = " : " ", part ? part : parts[i].reason);
    }
    for (guint i = 0; i < report->missing->len; i++)
        printf("%-31s %s\n", "missing", (const char *)report->missing->pdata[i]);
}

static void print_precision(const Report *report)
{
    report_line("precision", "%s%s%s", cnx_precision_name(report->precision),
                report->remark ? ": " : "", report->remark ? report->remark : "");
}

static void print_cost(const Report *report)
{
    g_autofree char *share =
        report->rounded_macs == 0
            ? g_strdup("")
            : g_strdup_printf(", %.1f %% of it in %s",
                              100.0 * (double)report->rounded_macs / (double)report->macs,
                              cnx_precision_name(report->precision));

    report_line("cost", "%.4g GMAC%s for a %ux%u input%s", (double)report->macs / 1e9,
                report->head ? " of the backbone, without the head," : "", report->need.width,
                report->need.height, share);
}

static void print_memory(const Report *report)
{
    const CnxNeed *need = &report->need;
    g_autofree char *weights = g_format_size(need->weights);
    g_autofree char *image = g_format_size(need->image);
    g_autofree char *scratch = g_format_size(need->scratch + need->stacks);
    g_autofree char *stream = g_format_size(need->inputs + need->results + need->preprocessing);
    g_autofree char *least = g_format_size(need->least), *most = g_format_size(need->most);
    g_autofree char *limit = g_format_size(need->limit.bytes);

    report_line("memory", "%s of packed weights at isa level %s", weights, report->isa_level);
    report_line("", "%s for an image of %ux%u, %s for %u thread%s, %s for each stream", image,
                need->width, need->height, scratch, need->threads, need->threads > 1 ? "s" : "",
                stream);
    if (report->head)
        report_line("", "%s in all, without masks and results", least);
    else if (need->images > 1)
        report_line("", "%s in all, up to %s with batches of %u", least, most, need->images);
    else
        report_line("", "%s in all", least);
    report_line("max-memory", "%s (%s)", limit, cnx_limit_from_words(need->limit.from));
}

void report_print_text(const Report *report, gboolean tensors)
{
    print_file(report);
    print_network(report);
    print_head(report);
    report_print_head(report);
    if (report->head)
        print_head_input(report);
    else
        print_input(report);
    report_line("tensors", "%u used, %u ignored, %u missing", report->used, report->ignored,
                report->missing->len);
    print_forms(report);
    print_ignored(report);
    print_precision(report);
    print_memory(report);
    print_cost(report);
    report_line("run", "%s", report->launch);
    if (tensors)
        print_tensors(report);
}
