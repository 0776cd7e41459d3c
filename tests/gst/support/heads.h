/* Harnesses around convnextsegment and convnextdetect with small networks of the fixtures. FIXTURES
 * is the folder tests/fixtures.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/harness.h"

#define SEGMENTER FIXTURES "/segmenters/transformers-upernet"
#define OTHER_SEGMENTER FIXTURES "/segmenters/smp-upernet"
#define DETECTOR FIXTURES "/detectors/torchvision-mask-rcnn"
#define OTHER_DETECTOR FIXTURES "/detectors/torchvision-faster-rcnn-three"

#define HEADS_CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"

/* A harness around elements as in gst-launch. Pushes the caps unless they are NULL. */
GstHarness *heads_harness(const char *launch, const char *caps);

/* The first of the elements. Borrowed. */
GstElement *heads_element(GstHarness *h);

/* Pushes frame i, 40 ms after the one before, and pulls it again. */
GstBuffer *heads_process(GstHarness *h, const char *caps, guint i);

/* The behaviours that an element has whatever its network finds. Each takes a harness that has
 * processed no frame; finds: fails unless a result has what the element finds. */
typedef void HeadsFinds(GstConvnextResult *result);

void heads_check_caps(GstHarness *h, HeadsFinds *finds);    /* other format, size, aspect */
void heads_check_gap(GstHarness *h, HeadsFinds *finds);     /* GAP, interval, flush: carried */
void heads_check_latest(GstHarness *h, HeadsFinds *finds);  /* EOS waits for the last frame */
void heads_check_changes(GstHarness *h, HeadsFinds *finds); /* mode=latest: GAP, flush, caps */
void heads_check_shared(GstHarness *h, HeadsFinds *finds);  /* read-only buffers, others' metas */
void heads_check_restart(GstHarness *h, HeadsFinds *finds); /* NULL to PLAYING twice */

/* Changes the model while playing, and back, in both modes. No frame waits or is lost, and no
 * result of the old model follows one of the new. */
void heads_check_reload(GstHarness *h, const char *own, const char *other, HeadsFinds *finds);

/* Two elements with the same settings share one run. */
void heads_check_sharing(const char *launch, HeadsFinds *finds);
