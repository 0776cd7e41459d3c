/* What the user sets on the element: the properties that change results, and their current values.
 *
 * A new property is a number and a field here, a row in settings.c, and its words in properties.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/convnext/convnext.h>

#include "model/base/error.h"

G_BEGIN_DECLS

/* What is attached to a frame */
typedef enum GstConvnextOutputs {
    GST_CONVNEXT_OUTPUTS_CLASSES = 1 << 0,
    GST_CONVNEXT_OUTPUTS_EMBEDDING = 1 << 1,
    GST_CONVNEXT_OUTPUTS_LOGITS = 1 << 2,
    GST_CONVNEXT_OUTPUTS_STAGE1 = 1 << 3,
    GST_CONVNEXT_OUTPUTS_STAGE2 = 1 << 4,
    GST_CONVNEXT_OUTPUTS_STAGE3 = 1 << 5,
    GST_CONVNEXT_OUTPUTS_STAGE4 = 1 << 6,
} GstConvnextOutputs;

/* How a frame becomes the network's input */
typedef enum GstConvnextCrop {
    GST_CONVNEXT_CROP_AUTO,
    GST_CONVNEXT_CROP_CENTER,
    GST_CONVNEXT_CROP_SQUASH,
    GST_CONVNEXT_CROP_BORDER,
    GST_CONVNEXT_CROP_NONE,
} GstConvnextCrop;

/* Which of a checkpoint's two sets; as CnxWeightSet */
typedef enum GstConvnextWeights {
    GST_CONVNEXT_WEIGHTS_AUTO,
    GST_CONVNEXT_WEIGHTS_RAW,
    GST_CONVNEXT_WEIGHTS_EMA,
} GstConvnextWeights;

/* Who waits for the network */
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

/* What the network looks at */
typedef enum GstConvnextRegionKind {
    GST_CONVNEXT_REGION_FULL_FRAME,
    GST_CONVNEXT_REGION_OBJECTS,
} GstConvnextRegionKind;

#define GST_CONVNEXT_DEFAULT_OUTPUTS GST_CONVNEXT_OUTPUTS_CLASSES
#define GST_CONVNEXT_DEFAULT_TOP_K 5
#define GST_CONVNEXT_DEFAULT_THRESHOLD 0.0
#define GST_CONVNEXT_DEFAULT_MAX_AGE (10 * GST_SECOND)
#define GST_CONVNEXT_DEFAULT_SMOOTHING_WINDOW 5
#define GST_CONVNEXT_DEFAULT_SMOOTHING_COUNT 3
#define GST_CONVNEXT_DEFAULT_SMOOTHING_ALPHA 0.3

#define GST_TYPE_CONVNEXT_OUTPUTS (gst_convnext_outputs_get_type())
#define GST_TYPE_CONVNEXT_CROP (gst_convnext_crop_get_type())
#define GST_TYPE_CONVNEXT_WEIGHTS (gst_convnext_weights_get_type())
#define GST_CONVNEXT_DEFAULT_MAX_OBJECTS 16

#define GST_TYPE_CONVNEXT_REGION (gst_convnext_region_get_type())
#define GST_TYPE_CONVNEXT_MODE (gst_convnext_mode_get_type())
#define GST_TYPE_CONVNEXT_SMOOTHING (gst_convnext_smoothing_get_type())

GType gst_convnext_outputs_get_type(void);
GType gst_convnext_crop_get_type(void);
GType gst_convnext_weights_get_type(void);
GType gst_convnext_region_get_type(void);
GType gst_convnext_mode_get_type(void);
GType gst_convnext_smoothing_get_type(void);

/* Property numbers; what is not set comes after the last */
enum {
    GST_CONVNEXT_PROP_MODEL = 1,
    GST_CONVNEXT_PROP_WEIGHTS,
    GST_CONVNEXT_PROP_LABELS,
    GST_CONVNEXT_PROP_OUTPUTS,
    GST_CONVNEXT_PROP_ACTIVATION,
    GST_CONVNEXT_PROP_TOP_K,
    GST_CONVNEXT_PROP_THRESHOLD,
    GST_CONVNEXT_PROP_INPUT_SIZE,
    GST_CONVNEXT_PROP_CROP,
    GST_CONVNEXT_PROP_REGION,
    GST_CONVNEXT_PROP_OBJECT_CLASS,
    GST_CONVNEXT_PROP_OBJECT_MARGIN,
    GST_CONVNEXT_PROP_MIN_OBJECT_SIZE,
    GST_CONVNEXT_PROP_MAX_OBJECTS,
    GST_CONVNEXT_PROP_RECLASSIFY_INTERVAL,
    GST_CONVNEXT_PROP_RECLASSIFY_GROWTH,
    GST_CONVNEXT_PROP_THREADS,
    GST_CONVNEXT_PROP_CPU_AFFINITY,
    GST_CONVNEXT_PROP_MODE,
    GST_CONVNEXT_PROP_INTERVAL,
    GST_CONVNEXT_PROP_MIN_PERIOD,
    GST_CONVNEXT_PROP_CHANGE_THRESHOLD,
    GST_CONVNEXT_PROP_MAX_AGE,
    GST_CONVNEXT_PROP_CARRY,
    GST_CONVNEXT_PROP_QOS,
    GST_CONVNEXT_PROP_SMOOTHING,
    GST_CONVNEXT_PROP_SMOOTHING_WINDOW,
    GST_CONVNEXT_PROP_SMOOTHING_COUNT,
    GST_CONVNEXT_PROP_SMOOTHING_ALPHA,
    GST_CONVNEXT_PROP_POST_MESSAGES,
    GST_CONVNEXT_PROP_SETTINGS_END,
    GST_CONVNEXT_PROP_STATS = GST_CONVNEXT_PROP_SETTINGS_END, /* read only */
    GST_CONVNEXT_PROP_MODEL_INFO,
};

/* How logits become the classes of a result */
typedef struct GstConvnextScoring {
    GstConvnextActivation activation;
    guint top_k;
    double threshold;
    gboolean keep_all; /* see gst_convnext_classifier_steal_scores() */
} GstConvnextScoring;

typedef struct GstConvnextSmoothing {
    GstConvnextSmoothingKind kind;
    guint window; /* majority: results that vote, */
    guint count;  /* and votes that it takes */
    double alpha; /* exponential: weight of the newest result */
} GstConvnextSmoothing;

/* Which detected objects, and how often */
typedef struct GstConvnextSelection {
    const char *klass; /* interned; NULL: any */
    double margin;     /* of the box's sides, added on each side */
    guint least;       /* pixels of the shorter side */
    guint most;        /* of one frame; 0: all */
    guint interval;    /* frames from one look at a tracked object to the next; 0: one look */
    double growth;     /* of the area since, for another look before that; 0: none */
} GstConvnextSelection;

typedef struct GstConvnextSettings {
    char *model; /* NULL: the bundled one */
    GstConvnextWeights weights;
    char *labels; /* NULL: the model's own */
    GstConvnextOutputs outputs;
    GstConvnextScoring scoring;
    GstConvnextSmoothing smoothing;
    guint input_size; /* 0: the model's */
    GstConvnextCrop crop;
    GstConvnextRegionKind region;
    GstConvnextSelection objects;
    guint threads;      /* 0: as many as this process may use */
    char *cpu_affinity; /* NULL: wherever this process may run */
    GstConvnextMode mode;
    guint interval;          /* frames from one that is looked at to the next */
    GstClockTime min_period; /* the same in nanoseconds */
    double change_threshold; /* least change that is worth a look, 0: none is needed; */
    GstClockTime max_age;    /* and the age of a result at which none is needed either, 0: none */
    gboolean carry;
    gboolean qos; /* skip what would come late */
    gboolean post_messages;
} GstConvnextSettings;

/* Installs all properties. bundled: the path shown as the default of `model`. */
void gst_convnext_settings_install(GObjectClass *klass, const char *bundled);

void gst_convnext_settings_init(GstConvnextSettings *settings);
void gst_convnext_settings_clear(GstConvnextSettings *settings);

/* A deep copy, to be cleared by the caller. */
void gst_convnext_settings_copy(GstConvnextSettings *to, const GstConvnextSettings *from);

/* Not locked: the element does. FALSE when id is none of the properties above. */
gboolean gst_convnext_settings_set(GstConvnextSettings *settings, guint id, const GValue *value);
gboolean gst_convnext_settings_get(const GstConvnextSettings *settings, guint id, GValue *value);

/* Whether the property is one that an engine is opened with, so that another value of it needs
 * another engine; the rest are read anew for each frame. */
gboolean gst_convnext_settings_of_engine(guint id);

/* Whether one engine finds the same with both in a frame, and makes the same states of it. */
gboolean gst_convnext_settings_agree(const GstConvnextSettings *a, const GstConvnextSettings *b);

/* Whether the property is one of those that gst_convnext_settings_check_smoothing() reads. */
gboolean gst_convnext_settings_of_smoothing(guint id);

/* What single properties cannot check by themselves, of what an engine is opened with, and of how
 * results become a state: FALSE with a sentence in error. */
gboolean gst_convnext_settings_check(const GstConvnextSettings *settings, GError **error);
gboolean gst_convnext_settings_check_smoothing(const GstConvnextSettings *settings, GError **error);

/* Where the bundled model is: beside the plugin in a build tree, or where it was installed. The
 * caller owns the path. */
char *gst_convnext_bundled_model(void);

G_END_DECLS
