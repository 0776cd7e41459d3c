/* The properties of the elements that run a network, and their values.
 *
 * To add a property, add a number and a field here, a row in settings.c, which says which elements
 * have it, and a description in properties.c. The enumerations are in types.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/convnext/convnext.h>

#include "gst/settings/roi.h"
#include "model/base/error.h"

G_BEGIN_DECLS

/* What an element does with its network; flags, for the table of properties */
typedef enum GstConvnextTask {
    GST_CONVNEXT_TASK_CLASSIFY = 1 << 0, /* convnext */
    GST_CONVNEXT_TASK_SEGMENT = 1 << 1,  /* convnextsegment */
    GST_CONVNEXT_TASK_DETECT = 1 << 2,   /* convnextdetect */
} GstConvnextTask;

/* What is attached to a frame */
typedef enum GstConvnextOutputs {
    GST_CONVNEXT_OUTPUTS_CLASSES = 1 << 0,
    GST_CONVNEXT_OUTPUTS_EMBEDDING = 1 << 1,
    GST_CONVNEXT_OUTPUTS_LOGITS = 1 << 2,
    GST_CONVNEXT_OUTPUTS_STAGE1 = 1 << 3,
    GST_CONVNEXT_OUTPUTS_STAGE2 = 1 << 4,
    GST_CONVNEXT_OUTPUTS_STAGE3 = 1 << 5,
    GST_CONVNEXT_OUTPUTS_STAGE4 = 1 << 6,
    GST_CONVNEXT_OUTPUTS_CAM = 1 << 7,
} GstConvnextOutputs;

/* How a frame becomes the input of the network */
typedef enum GstConvnextCrop {
    GST_CONVNEXT_CROP_AUTO,
    GST_CONVNEXT_CROP_CENTER,
    GST_CONVNEXT_CROP_SQUASH,
    GST_CONVNEXT_CROP_BORDER,
    GST_CONVNEXT_CROP_NONE,
    GST_CONVNEXT_CROP_FIT,
} GstConvnextCrop;

/* Which set of a checkpoint's weights; the values of CnxWeightSet */
typedef enum GstConvnextWeights {
    GST_CONVNEXT_WEIGHTS_AUTO,
    GST_CONVNEXT_WEIGHTS_RAW,
    GST_CONVNEXT_WEIGHTS_EMA,
} GstConvnextWeights;

/* Precision of the network's matrix products */
typedef enum GstConvnextPrecision {
    GST_CONVNEXT_PRECISION_AUTO, /* fp32 */
    GST_CONVNEXT_PRECISION_FP32,
    GST_CONVNEXT_PRECISION_BF16,
    GST_CONVNEXT_PRECISION_INT8,
} GstConvnextPrecision;

/* Whether a frame waits for its own result */
typedef enum GstConvnextMode {
    GST_CONVNEXT_MODE_SYNC,
    GST_CONVNEXT_MODE_LATEST,
} GstConvnextMode;

/* How results become the state of a stream */
typedef enum GstConvnextSmoothingKind {
    GST_CONVNEXT_SMOOTHING_NONE,
    GST_CONVNEXT_SMOOTHING_MAJORITY,
    GST_CONVNEXT_SMOOTHING_EXPONENTIAL,
} GstConvnextSmoothingKind;

/* What the network runs on */
typedef enum GstConvnextRegionKind {
    GST_CONVNEXT_REGION_FULL_FRAME,
    GST_CONVNEXT_REGION_OBJECTS,
} GstConvnextRegionKind;

/* The size of a segmenter's mask */
typedef enum GstConvnextMaskSize {
    GST_CONVNEXT_MASK_SIZE_NETWORK, /* of the network's input */
    GST_CONVNEXT_MASK_SIZE_STRIDE,  /* of the head's last layer */
    GST_CONVNEXT_MASK_SIZE_FRAME,
} GstConvnextMaskSize;

/* The size of a detector's masks */
typedef enum GstConvnextObjectMaskSize {
    GST_CONVNEXT_OBJECT_MASK_SIZE_NETWORK, /* what the network computes, for example 28 x 28 */
    GST_CONVNEXT_OBJECT_MASK_SIZE_FRAME,   /* also pasted, in pixels of the frame */
} GstConvnextObjectMaskSize;

/* Whether a detector computes masks */
typedef enum GstConvnextMasks {
    GST_CONVNEXT_MASKS_AUTO, /* if the model has them */
    GST_CONVNEXT_MASKS_ON,
    GST_CONVNEXT_MASKS_OFF,
} GstConvnextMasks;

#define GST_CONVNEXT_DEFAULT_OUTPUTS GST_CONVNEXT_OUTPUTS_CLASSES
#define GST_CONVNEXT_DEFAULT_TOP_K 5
#define GST_CONVNEXT_DEFAULT_THRESHOLD 0.0
#define GST_CONVNEXT_DEFAULT_MAX_AGE (10 * GST_SECOND)
#define GST_CONVNEXT_DEFAULT_SMOOTHING_WINDOW 5
#define GST_CONVNEXT_DEFAULT_SMOOTHING_COUNT 3
#define GST_CONVNEXT_DEFAULT_SMOOTHING_ALPHA 0.3
#define GST_CONVNEXT_MAX_SMOOTHING_TIME (24 * 3600 * GST_SECOND)

#define GST_TYPE_CONVNEXT_OUTPUTS (gst_convnext_outputs_get_type())
#define GST_TYPE_CONVNEXT_CROP (gst_convnext_crop_get_type())
#define GST_TYPE_CONVNEXT_WEIGHTS (gst_convnext_weights_get_type())
#define GST_CONVNEXT_DEFAULT_MAX_OBJECTS 16

#define GST_TYPE_CONVNEXT_PRECISION (gst_convnext_precision_get_type())
#define GST_TYPE_CONVNEXT_REGION (gst_convnext_region_get_type())
#define GST_TYPE_CONVNEXT_MODE (gst_convnext_mode_get_type())
#define GST_TYPE_CONVNEXT_MASK_SIZE (gst_convnext_mask_size_get_type())
#define GST_TYPE_CONVNEXT_OBJECT_MASK_SIZE (gst_convnext_object_mask_size_get_type())
#define GST_TYPE_CONVNEXT_MASKS (gst_convnext_masks_get_type())
#define GST_TYPE_CONVNEXT_SMOOTHING (gst_convnext_smoothing_get_type())

GType gst_convnext_outputs_get_type(void);
GType gst_convnext_crop_get_type(void);
GType gst_convnext_weights_get_type(void);
GType gst_convnext_precision_get_type(void);
GType gst_convnext_region_get_type(void);
GType gst_convnext_mode_get_type(void);
GType gst_convnext_smoothing_get_type(void);
GType gst_convnext_mask_size_get_type(void);
GType gst_convnext_object_mask_size_get_type(void);
GType gst_convnext_masks_get_type(void);

/* Property numbers; read-only ones come last */
enum {
    GST_CONVNEXT_PROP_MODEL = 1,
    GST_CONVNEXT_PROP_WEIGHTS,
    GST_CONVNEXT_PROP_HEAD_ACTIVATION,
    GST_CONVNEXT_PROP_LABELS,
    GST_CONVNEXT_PROP_OUTPUTS,
    GST_CONVNEXT_PROP_ACTIVATION,
    GST_CONVNEXT_PROP_TOP_K,
    GST_CONVNEXT_PROP_THRESHOLD,
    GST_CONVNEXT_PROP_INPUT_SIZE,
    GST_CONVNEXT_PROP_INPUT_WIDTH,
    GST_CONVNEXT_PROP_INPUT_HEIGHT,
    GST_CONVNEXT_PROP_CROP,
    GST_CONVNEXT_PROP_ORIENTATION,
    GST_CONVNEXT_PROP_ROI,
    GST_CONVNEXT_PROP_REGION,
    GST_CONVNEXT_PROP_OBJECT_CLASS,
    GST_CONVNEXT_PROP_OBJECT_MARGIN,
    GST_CONVNEXT_PROP_MIN_OBJECT_SIZE,
    GST_CONVNEXT_PROP_MAX_OBJECTS,
    GST_CONVNEXT_PROP_RECLASSIFY_INTERVAL,
    GST_CONVNEXT_PROP_RECLASSIFY_GROWTH,
    GST_CONVNEXT_PROP_PRECISION,
    GST_CONVNEXT_PROP_THREADS,
    GST_CONVNEXT_PROP_CPU_AFFINITY,
    GST_CONVNEXT_PROP_MAX_MEMORY,
    GST_CONVNEXT_PROP_MODE,
    GST_CONVNEXT_PROP_INTERVAL,
    GST_CONVNEXT_PROP_MIN_PERIOD,
    GST_CONVNEXT_PROP_CHANGE_THRESHOLD,
    GST_CONVNEXT_PROP_MAX_AGE,
    GST_CONVNEXT_PROP_CARRY,
    GST_CONVNEXT_PROP_QOS,
    GST_CONVNEXT_PROP_SMOOTHING,
    GST_CONVNEXT_PROP_SMOOTHING_TIME,
    GST_CONVNEXT_PROP_SMOOTHING_ENTER,
    GST_CONVNEXT_PROP_SMOOTHING_LEAVE,
    GST_CONVNEXT_PROP_SMOOTHING_WINDOW,
    GST_CONVNEXT_PROP_SMOOTHING_COUNT,
    GST_CONVNEXT_PROP_SMOOTHING_ALPHA,
    GST_CONVNEXT_PROP_POST_MESSAGES,
    GST_CONVNEXT_PROP_MASK_SIZE,
    GST_CONVNEXT_PROP_SLIDE,
    GST_CONVNEXT_PROP_PIXEL_THRESHOLD,
    GST_CONVNEXT_PROP_MULTI_LABEL,
    GST_CONVNEXT_PROP_SEGMENTATION_LOGITS,
    GST_CONVNEXT_PROP_PAINT,
    GST_CONVNEXT_PROP_MIN_SIZE,
    GST_CONVNEXT_PROP_MAX_SIZE,
    GST_CONVNEXT_PROP_SCORE_THRESHOLD,
    GST_CONVNEXT_PROP_NMS_THRESHOLD,
    GST_CONVNEXT_PROP_MAX_DETECTIONS,
    GST_CONVNEXT_PROP_PROPOSALS,
    GST_CONVNEXT_PROP_DETECTED_CLASS,
    GST_CONVNEXT_PROP_MASKS,
    GST_CONVNEXT_PROP_OBJECT_MASK_SIZE,
    GST_CONVNEXT_PROP_SETTINGS_END,
    GST_CONVNEXT_PROP_STATS = GST_CONVNEXT_PROP_SETTINGS_END,
    GST_CONVNEXT_PROP_MODEL_INFO,
    GST_CONVNEXT_PROP_END,
};

/* How the outputs of a network become the contents of a result */
typedef struct GstConvnextScoring {
    GstConvnextActivation activation;
    guint top_k;
    double threshold;     /* of a class, or of a segmenter's pixel */
    gboolean multi_label; /* a segmenter's scores are sigmoids */
    const char *klass;    /* interned; objects of this class only; NULL means any */
} GstConvnextScoring;

typedef struct GstConvnextSmoothing {
    GstConvnextSmoothingKind kind;
    guint64 time; /* nanoseconds over which results are combined; 0 means by number */
    double enter; /* share or score to become the state; 0 means automatic */
    double leave; /* share or score below which the state is left; 0 means automatic */
    guint window; /* majority without time: results that vote */
    guint count;  /* majority without time and enter: votes that a label needs */
    double alpha; /* exponential without time: weight of the newest result */
} GstConvnextSmoothing;

/* Which detected objects run, and how often */
typedef struct GstConvnextSelection {
    const char *klass;           /* interned; NULL means any class */
    const GstConvnextRect *part; /* of the frame, to which objects are clipped; NULL means all */
    double margin;      /* added on each side, as a fraction of the box's width and height */
    guint min_size;     /* of the shorter side, pixels */
    guint max_objects;  /* per frame; 0 means all */
    guint interval;     /* frames between two runs on a tracked object; 0 means a single run */
    double area_growth; /* factor of growth in area that makes a run due early; 0 means never */
} GstConvnextSelection;

/* What a detector is run with. 0 or, of a threshold, a negative number means the model's. */
typedef struct GstConvnextDetecting {
    guint min_size, max_size; /* limits on the sides of the resized frame, pixels */
    double score_threshold, nms_threshold;
    guint max_objects; /* in a frame */
    guint proposals;   /* of the RPN, in a frame */
    GstConvnextMasks masks;
    GstConvnextObjectMaskSize mask_size;
} GstConvnextDetecting;

/* What an engine is opened with. Another value requires another engine. */
typedef struct GstConvnextEngineSettings {
    GstConvnextTask task; /* never changes */
    char *model;          /* NULL means the bundled model; a segmenter and a detector need one */
    GstConvnextWeights weights;
    char *head_activation; /* NULL means what the checkpoint says */
    char *labels;          /* NULL means the model's own */
    GstConvnextOutputs outputs;
    guint input_size;                /* 0 means the model's */
    guint input_width, input_height; /* the same */
    GstConvnextCrop crop;
    GstConvnextRegionKind region;
    GstConvnextPrecision precision;
    guint threads;      /* 0 means one per CPU that this process may use */
    char *cpu_affinity; /* NULL means every CPU that this process may use */
    guint64 max_memory; /* bytes; 0 means a share of what this process may use */
    GstConvnextMaskSize mask_size;
    gboolean slide;  /* run a segmenter on overlapping windows of its input */
    gboolean logits; /* of a segmenter; attach them */
    GstConvnextDetecting detecting;
} GstConvnextEngineSettings;

/* How a frame is processed. Read anew for each frame; owns nothing, so it can be copied. */
typedef struct GstConvnextFrameSettings {
    guint version; /* changes whenever another field is set */
    GstConvnextOrientation orientation;
    GstConvnextRoi roi; /* the last one that was valid */
    GstConvnextScoring scoring;
    GstConvnextSmoothing smoothing;
    GstConvnextSelection objects;
    GstConvnextMode mode;
    guint interval;          /* frames from one inference to the next */
    GstClockTime min_period; /* nanoseconds from one inference to the next */
    double change_threshold; /* smallest change of brightness that needs inference; 0 means off */
    GstClockTime max_age;    /* age at which an unchanged scene is run again; 0 means never */
    gboolean carry;
    gboolean qos; /* skip inference on frames that would be late */
    gboolean post_messages;
    gboolean paint; /* paint the mask into the frame */
} GstConvnextFrameSettings;

typedef struct GstConvnextSettings {
    GstConvnextEngineSettings engine;
    GstConvnextFrameSettings frame;
    char *roi; /* as it was set, valid or not; NULL means the whole frame */
} GstConvnextSettings;

/* Installs the properties of a task. bundled: the path shown as the default of
 * `model`; NULL for a task without a bundled model. */
void gst_convnext_settings_install(GObjectClass *klass, GstConvnextTask task, const char *bundled);

void gst_convnext_settings_init(GstConvnextSettings *settings, GstConvnextTask task);
void gst_convnext_settings_clear(GstConvnextSettings *settings);

/* TRUE if elements with this task have the property. */
gboolean gst_convnext_settings_has(GstConvnextTask task, guint id);

/* Copies the strings too. The caller clears the copy. */
void gst_convnext_engine_settings_copy(GstConvnextEngineSettings *to,
                                       const GstConvnextEngineSettings *from);
void gst_convnext_engine_settings_clear(GstConvnextEngineSettings *settings);

/* Not locked: the element locks. FALSE if id is not one of the settings above. */
gboolean gst_convnext_settings_set(GstConvnextSettings *settings, guint id, const GValue *value);
gboolean gst_convnext_settings_get(const GstConvnextSettings *settings, guint id, GValue *value);

/* TRUE if the property belongs to GstConvnextEngineSettings. */
gboolean gst_convnext_settings_is_engine(guint id);

/* TRUE if both give the same result for a frame, and the same state for a sequence of results. */
gboolean gst_convnext_frame_settings_same_results(const GstConvnextFrameSettings *a,
                                                  const GstConvnextFrameSettings *b);

/* TRUE if gst_convnext_settings_check_frames() reads the property. */
gboolean gst_convnext_settings_is_checked(guint id);

/* Check what the range of a single property cannot express: the settings of an engine, and those
 * of its frames: the ROI, and what turns results into a state. FALSE with error
 * (CNX_ERROR_SETTINGS) otherwise. */
gboolean gst_convnext_engine_settings_check(const GstConvnextEngineSettings *settings,
                                            GError **error);
gboolean gst_convnext_settings_check_frames(const GstConvnextSettings *settings, GError **error);

/* The path of the bundled model: in the build tree if the plugin runs from there, otherwise in the
 * data directory. The caller owns it. */
char *gst_convnext_bundled_model(void);

G_END_DECLS
