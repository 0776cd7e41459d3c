/* The kinds of engines, one for each task: what is opened, and what a job yields. engine.c does
 * what they have in common.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/engine.h"
#include "model/heads/info.h"
#include "model/network/model.h"
#include "model/serve/need.h"
#include "model/serve/queue.h"
#include "model/threads/cpus.h"

/* As cnx_labels_read() */
typedef char **GstConvnextLabelsRead(const char *path, guint classes, GError **error);

typedef struct GstConvnextEngineKind {
    gsize size; /* bytes of the kind's struct, which begins with a GstConvnextEngine */

    /* Opens the network and sets model, recipe, need and labels. Path, name, form and threads are
     * set. FALSE with error otherwise; close is called in that case too. */
    gboolean (*open)(GstConvnextEngine *engine, const GstConvnextEngineSettings *settings,
                     const CnxOpenOptions *options, GError **error);
    void (*close)(GstConvnextEngine *engine); /* frees what open has added; NULL allowed */

    /* Reads the file of the property labels. NULL means cnx_labels_read(). */
    GstConvnextLabelsRead *read_labels;

    /* A client of the queue for this network. threads: as in cnx_client_new(). */
    CnxClient *(*new_client)(GstConvnextEngine *engine, guint threads);

    /* What the network needs for frames and inputs of these sizes. */
    CnxNeed (*find_need)(const GstConvnextEngine *engine, const GstConvnextSizes *sizes,
                         CnxLimit limit);

    /* Before a job runs. FALSE with error otherwise. NULL allowed. */
    gboolean (*prepare)(GstConvnextJob *job, GError **error);

    /* Fills the result of input i of a job from image `image` of outputs. What the result is about
     * is set. FALSE with error otherwise. */
    gboolean (*fill_result)(GstConvnextJob *job, guint i, const CnxOutputs *outputs, guint image,
                            GstConvnextResult *result, GError **error);

    /* Sets the maps that results have: see gst_convnext_engine_stages(). NULL means none. */
    gboolean (*stages)(const GstConvnextEngine *engine, CnxMap stages[CNX_STAGES]);

    /* Adds the kind's own fields to model-info. NULL allowed. */
    void (*add_info)(const GstConvnextEngine *engine, GstStructure *info);

    /* TRUE if both, which have the same model, recipe and labels, give the same classes. NULL
     * means that they do. */
    gboolean (*same_classes)(const GstConvnextEngine *a, const GstConvnextEngine *b);

    const char *not_finite; /* what happens to scores that are not finite; ends a sentence */
} GstConvnextEngineKind;

extern const GstConvnextEngineKind gst_convnext_classifier;
extern const GstConvnextEngineKind gst_convnext_segmenter;
extern const GstConvnextEngineKind gst_convnext_detector;

struct GstConvnextEngine {
    gatomicrefcount references;
    const GstConvnextEngineKind *kind;
    CnxModel *model;         /* of a network with a head, its backbone */
    const CnxHeadInfo *head; /* borrowed from it; NULL without one */
    char *path;              /* of the model */
    char *name;              /* of the model, in each result */
    CnxRecipe recipe;
    gboolean size_is_set, crop_is_set; /* in the recipe, by a property */
    GstConvnextRegionKind region;
    guint classes;
    char **labels;           /* [classes] */
    const char *labels_from; /* "file", "model", "numbers" */
    CnxPrecision precision;  /* requested */
    CnxForm form;            /* of the products, which shows the precision that runs */
    guint threads;           /* of a forward pass; 1 or more */
    CnxNeed need;            /* for inputs of the recipe's size */
    int has_remarked;        /* on scores that are not finite; atomic */

    CnxCpusPin *pin; /* NULL without cpu-affinity */
    CnxClient *client;
    GMutex run_lock; /* a client runs one job at a time */
};

/* Sets the labels: those of the property or, without it, names ([classes] or NULL), or numbers. For
 * open. FALSE with error if the property's file cannot be used. */
gboolean gst_convnext_engine_find_labels(GstConvnextEngine *engine,
                                         const GstConvnextEngineSettings *settings, guint classes,
                                         char *const *names, GError **error);

/* Sets the recipe: the model's own, changed by the properties. For open. FALSE with error if they
 * contradict each other or the model, or if objects of different shapes would become inputs of
 * different shapes. */
gboolean gst_convnext_engine_make_recipe(GstConvnextEngine *engine, const CnxRecipe *own,
                                         const GstConvnextEngineSettings *settings, GError **error);

/* For frames of 1920 x 1080. */
GstConvnextSizes gst_convnext_engine_typical_sizes(const GstConvnextEngine *engine);

/* Before the weights of a network with a head are read: FALSE with error if they alone are more
 * than max-memory. data: the GstConvnextEngine, with the limit set in its need. */
gboolean gst_convnext_engine_check_weights(const CnxConfig *config, gsize weights, gpointer data,
                                           GError **error);

/* FALSE with error if need is more than its limit. */
gboolean gst_convnext_engine_check_need(const GstConvnextEngine *engine, const CnxConfig *config,
                                        const CnxNeed *need, GError **error);
