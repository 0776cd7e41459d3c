/* The enumerations and flags of the properties.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings/settings.h"

GType gst_convnext_outputs_get_type(void)
{
    static gsize type;
    static const GFlagsValue values[] = {
        {GST_CONVNEXT_OUTPUTS_CLASSES, "The best classes with their scores", "classes"},
        {GST_CONVNEXT_OUTPUTS_EMBEDDING, "The input of the last linear layer", "embedding"},
        {GST_CONVNEXT_OUTPUTS_LOGITS, "The head's raw outputs", "logits"},
        {GST_CONVNEXT_OUTPUTS_STAGE1,
         "Feature map after stage 1; stride 4 with the usual patches of 4", "stage1"},
        {GST_CONVNEXT_OUTPUTS_STAGE2, "Feature map after stage 2; usually stride 8", "stage2"},
        {GST_CONVNEXT_OUTPUTS_STAGE3, "Feature map after stage 3; usually stride 16", "stage3"},
        {GST_CONVNEXT_OUTPUTS_STAGE4, "Feature map after stage 4; usually stride 32", "stage4"},
        {GST_CONVNEXT_OUTPUTS_CAM, "Class activation map of the best class", "cam"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_flags_register_static("GstConvnextOutputs", values));
    return type;
}

GType gst_convnext_crop_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_CROP_AUTO, "As the model's config says, or else its library", "auto"},
        {GST_CONVNEXT_CROP_CENTER, "Scale to cover the input, and crop the centre", "center"},
        {GST_CONVNEXT_CROP_SQUASH, "Scale to the input, ignoring the aspect ratio", "squash"},
        {GST_CONVNEXT_CROP_BORDER,
         "Scale the whole frame and pad it to the input with the mean colour", "border"},
        {GST_CONVNEXT_CROP_NONE, "Keep the aspect ratio of the frame, without cropping or padding",
         "none"},
        {GST_CONVNEXT_CROP_FIT,
         "Keep the aspect ratio of the frame, with limits for its short and its long side, and pad "
         "it on the right and at the bottom, as detectors do",
         "fit"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextCrop", values));
    return type;
}

GType gst_convnext_weights_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_WEIGHTS_AUTO, "The only set, or the raw weights if there are two", "auto"},
        {GST_CONVNEXT_WEIGHTS_RAW, "The weights that training updates", "raw"},
        {GST_CONVNEXT_WEIGHTS_EMA, "The exponential moving average of the weights", "ema"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextWeights", values));
    return type;
}

GType gst_convnext_precision_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_PRECISION_AUTO, "fp32; a lower precision runs only on request", "auto"},
        {GST_CONVNEXT_PRECISION_FP32, "32-bit floating point", "fp32"},
        {GST_CONVNEXT_PRECISION_BF16,
         "bfloat16; the stem, a classifier head and everything between the products stay in fp32",
         "bf16"},
        {GST_CONVNEXT_PRECISION_INT8,
         "8-bit integers, rounded without calibration; the rest as with bf16. Only for convnext: "
         "segmentation and detection heads refuse it",
         "int8"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextPrecision", values));
    return type;
}

GType gst_convnext_region_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_REGION_FULL_FRAME, "The whole frame", "full-frame"},
        {GST_CONVNEXT_REGION_OBJECTS, "Each detected object", "objects"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextRegionKind", values));
    return type;
}

GType gst_convnext_mode_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_MODE_SYNC, "Each frame waits for its own result", "sync"},
        {GST_CONVNEXT_MODE_LATEST, "Frames never wait; each carries the newest finished result",
         "latest"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextMode", values));
    return type;
}

GType gst_convnext_smoothing_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_SMOOTHING_NONE, "Report each result, without a state", "none"},
        {GST_CONVNEXT_SMOOTHING_MAJORITY,
         "The label that was best in smoothing-count of the last smoothing-window results, or for "
         "the share smoothing-enter of the last smoothing-time",
         "majority"},
        {GST_CONVNEXT_SMOOTHING_EXPONENTIAL,
         "The label that is best by the exponential moving averages of the scores, with the weight "
         "smoothing-alpha, or the time constant smoothing-time",
         "exponential"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextSmoothing", values));
    return type;
}

GType gst_convnext_mask_size_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_MASK_SIZE_NETWORK, "As the network's input, without its padding", "network"},
        {GST_CONVNEXT_MASK_SIZE_STRIDE,
         "As the output of the head's last layer; the smallest and fastest", "stride"},
        {GST_CONVNEXT_MASK_SIZE_FRAME, "The pixels of the frame that the network sees", "frame"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextMaskSize", values));
    return type;
}

GType gst_convnext_object_mask_size_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_OBJECT_MASK_SIZE_NETWORK,
         "Probabilities as the network computes them, for example 28 x 28 for each object",
         "network"},
        {GST_CONVNEXT_OBJECT_MASK_SIZE_FRAME,
         "Also the pixels of the frame that belong to each object", "frame"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextObjectMaskSize", values));
    return type;
}

GType gst_convnext_masks_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_MASKS_AUTO, "Compute masks if the model has them", "auto"},
        {GST_CONVNEXT_MASKS_ON, "Compute masks; a model without them is refused", "on"},
        {GST_CONVNEXT_MASKS_OFF, "Do not compute masks", "off"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextMasks", values));
    return type;
}
