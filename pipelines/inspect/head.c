/* What the text says of a segmentation or detection head.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector_config.h"
#include "pipelines/inspect/inspect.h"

/* "segmenter" or "detector": family, classes and size. */
static void print_family(const Report *report, const char *heading)
{
    const CnxHeadInfo *info = report->head;
    g_autofree char *weights = g_format_size(report->head_weights);

    report_line(heading, "%s of %s, for %s: %u class%s%s", info->family, info->library,
                report->element, info->classes, info->classes > 1 ? "es" : "",
                info->multi_label ? ", sigmoid scores" : "");
    report_labels("", info->labels, "");
    report_line("", "%" G_GUINT64_FORMAT " parameters in its head, %s of packed weights",
                report->head_parameters, weights);
}

static void print_segmenter(const Report *report)
{
    const CnxHeadInfo *info = report->head;

    print_family(report, "segmenter");
    report_line("", "logits at stride %u", info->stride);
    if (info->width > 0)
        report_line("", "mask-size: network %ux%u, stride %ux%u, frame as the frame", info->width,
                    info->height, (info->width + info->stride - 1) / info->stride,
                    (info->height + info->stride - 1) / info->stride);
}

/* "45x23 32x32 23x45" */
static char *anchors_text(const CnxBox *cells, guint count)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < count; i++)
        g_string_append_printf(text, i ? " %.0fx%.0f" : "%.0fx%.0f",
                               (double)(cells[i].x1 - cells[i].x0),
                               (double)(cells[i].y1 - cells[i].y0));
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void print_pyramid(const Report *report)
{
    const CnxDetectorConfig *config = cnx_detector_config(report->detector);
    const guint channels = cnx_detector_layers(report->detector).channels;

    report_line("pyramid", "%u levels of %u channels, with %u anchors at a pixel", config->levels,
                channels, config->anchors);
    for (guint i = 0; i < config->levels; i++) {
        g_autofree char *anchors = anchors_text(config->cells[i], config->anchors);
        gboolean is_down;
        guint stage;
        const guint stride = report_level(report, i, &stage, &is_down);
        g_autofree char *source =
            stage == 0
                ? g_strdup("every second pixel of the last level")
                : g_strdup_printf("%sstage %u", is_down ? "downsampling before " : "", stage);

        report_line("", "level %u: %s, stride %u, anchors %s", i, source, stride, anchors);
    }
}

static void print_detector(const Report *report)
{
    const CnxDetectorConfig *config = cnx_detector_config(report->detector);
    const CnxDetectorLayers layers = cnx_detector_layers(report->detector);

    print_family(report, "detector");
    print_pyramid(report);
    report_line("proposals",
                "%u convolution%s; score above %g, at most %u of a level and %u of the image, "
                "nms-threshold %g",
                layers.rpn_convs, layers.rpn_convs > 1 ? "s" : "", config->rpn_score,
                config->pre_nms, config->post_nms, config->rpn_nms);
    if (layers.stages > 1)
        report_line("boxes", "cascade of %u heads, each:", layers.stages);
    report_line(layers.stages > 1 ? "" : "boxes",
                "%ux%u pixels of levels %u to %u; %u convolution%s and %u linear layer%s",
                layers.box_side, layers.box_side, config->roi_first,
                config->roi_first + config->roi_count - 1, layers.box_convs,
                layers.box_convs == 1 ? "" : "s", layers.box_linears,
                layers.box_linears == 1 ? "" : "s");
    if (layers.mask_convs > 0)
        report_line("masks", "%ux%u, from %u convolution%s", layers.mask_side, layers.mask_side,
                    layers.mask_convs, layers.mask_convs == 1 ? "" : "s");
    else
        report_line("masks", "none");
    report_line("objects", "score-threshold %g, nms-threshold %g, max-objects %u", config->score,
                config->nms, config->objects);
}

void report_print_head(const Report *report)
{
    if (report->head_fault)
        report_line("head", "cannot be run: %s", report->head_fault);
    if (!report->head)
        return;
    if (report->detector)
        print_detector(report);
    else
        print_segmenter(report);
    if (report->head->assumed[0]) {
        g_autofree char *assumed = g_strjoinv(", ", report->head->assumed);

        report_line("assumed", "%s", assumed);
    }
    if (report->head->ignored)
        report_line("ignored", "%s", report->head->ignored);
}
