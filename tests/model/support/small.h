/* The small networks in tests/fixtures/networks: every kind, with every library's tensor names, and
 * in the containers that the libraries publish.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"

#define V1 "convnext"
#define V2 "convnextv2"
#define EVEN " (1,1,2,1; 8,16,24,32)"
#define ODD " (1,1,2,1; 7,13,22,35)"
#define SMALL " (1,1,2,1; 8,12,16,20)"
#define SMALL_ODD " (1,1,2,1; 7,9,13,18)"

/* Path and container of a checkpoint */
#define FOLDER NULL, "safetensors"
#define SHARDS "safetensors, sharded"
#define ZIP "PyTorch zip"
#define ZIP_SHARDS "PyTorch zip, sharded"
#define LEGACY "PyTorch legacy"

typedef struct Small {
    const char *name; /* of the expected outputs: NAME.expected.safetensors */
    CnxDialect dialect;
    const char *variant;
    const char *what; /* in the README's table */
    const char *path; /* NULL means the folder NAME */
    const char *container;
} Small;

static const Small small[] = {
    {"timm-v1", CNX_DIALECT_TIMM, V1 EVEN, "V1", FOLDER},
    {"timm-v2-conv", CNX_DIALECT_TIMM, V2 ODD, "V2, `conv_mlp`", FOLDER},
    {"timm-hnf", CNX_DIALECT_TIMM, V1 "_hnf" ODD, "norm before the pooling", FOLDER},
    {"timm-mlp-head", CNX_DIALECT_TIMM, V1 "_mlp" EVEN, "hidden layer in the head", FOLDER},
    {"timm-pico-ols", CNX_DIALECT_TIMM, V1 "_ols" SMALL_ODD, "stem `overlap_tiered`", FOLDER},
    {"timm-nano-ols", CNX_DIALECT_TIMM, V1 "_ols" SMALL, "stem `overlap`", FOLDER},
    {"timm-zepto-rms", CNX_DIALECT_TIMM, V1 "_rms" SMALL, "simple norm", FOLDER},
    {"timm-zepto-rms-ols", CNX_DIALECT_TIMM, V1 "_rms_ols" SMALL_ODD, "stem `overlap_act`", FOLDER},
    {"timm-atto-rms", CNX_DIALECT_TIMM, V1 "_rms" SMALL, "RMS norm", FOLDER},
    {"timm-xxlarge", CNX_DIALECT_TIMM, V1 SMALL, "eps 1e-5 (`convnext_xxlarge`)", FOLDER},
    {"timm-test", CNX_DIALECT_TIMM, V1 SMALL, "GELU by tanh (`test_convnext`)", FOLDER},
    {"timm-test3", CNX_DIALECT_TIMM, V1 " (1,1,2,1; 7,9,13,18; kernels of 7,5,5,3)",
     "SiLU, kernels 7, 5, 5, 3 (`test_convnext3`)", FOLDER},
    {"timm-patch2", CNX_DIALECT_TIMM, V1 " (1,1,2,1; 8,12,16,20; patches of 2)", "patches of 2",
     FOLDER},
    {"timm-patch6", CNX_DIALECT_TIMM, V1 " (1,1,2,1; 8,12,16,20; patches of 6)", "patches of 6",
     FOLDER},
    {"timm-patch8", CNX_DIALECT_TIMM, V1 " (1,1,2,1; 8,12,16,20; patches of 8)",
     "patches of 8 (dilated)", FOLDER},
    {"timm-patch16", CNX_DIALECT_TIMM, V1 " (1,1,2,1; 7,9,13,18; patches of 16)",
     "patches of 16 (dilated)", FOLDER},
    {"timm-stride16", CNX_DIALECT_TIMM, V2 SMALL_ODD, "`output_stride=16`", FOLDER},
    {"timm-stride8", CNX_DIALECT_TIMM, V1 "_ols" SMALL, "`output_stride=8`", FOLDER},
    {"timm-no-bias", CNX_DIALECT_TIMM, V1 SMALL, "`conv_bias=False`", FOLDER},
    {"timm-grey", CNX_DIALECT_TIMM, V1 SMALL, "grey images", FOLDER},
    {"timm-grey-ols", CNX_DIALECT_TIMM, V1 "_ols" SMALL, "grey images, stem `overlap_tiered`",
     FOLDER},
    {"timm-fcmae", CNX_DIALECT_TIMM, V2 SMALL, "V2 without classes", FOLDER},
    {"timm-features-only", CNX_DIALECT_TIMM, V1 "_ols (1,1,2; 8,12,16)", "`features_only`", FOLDER},
    {"timm-clip", CNX_DIALECT_TIMM, V1 SMALL, "CLIP image tower", FOLDER},
    {"timm-xxlarge", CNX_DIALECT_TIMM, V1 SMALL, "eps 1e-5 (`convnext_xxlarge`)",
     "published/timm-xxlarge", ZIP},
    {"timm-fcmae", CNX_DIALECT_TIMM, V2 SMALL, "V2 without classes", "published/timm-fcmae", ZIP},
    {"timm-test3", CNX_DIALECT_TIMM, V1 " (1,1,2,1; 7,9,13,18; kernels of 7,5,5,3)",
     "SiLU, kernels 7, 5, 5, 3, as training leaves it (`.pth.tar`)", "published/timm-test3", ZIP},
    {"timm-no-bias", CNX_DIALECT_TIMM, V1 SMALL, "`conv_bias=False`",
     "published/timm-no-bias/convnext_atto-6f3b1c2a.pth", LEGACY},
    {"open-clip-linear", CNX_DIALECT_OPEN_CLIP, V1 SMALL, "CLIP, linear projection", FOLDER},
    {"open-clip-mlp", CNX_DIALECT_OPEN_CLIP, V1 SMALL, "CLIP, projection of two layers", FOLDER},
    {"open-clip-mlp", CNX_DIALECT_OPEN_CLIP, V1 SMALL, "CLIP, projection of two layers",
     "published/open-clip-mlp", ZIP},
    {"open-clip-linear", CNX_DIALECT_OPEN_CLIP, V1 SMALL,
     "CLIP, linear projection, as training leaves it (`.pt`)",
     "published/open-clip-linear/epoch_latest.pt", ZIP},
    {"transformers-v1", CNX_DIALECT_TRANSFORMERS, V1 ODD, "V1, classification", FOLDER},
    {"transformers-v2-tanh", CNX_DIALECT_TRANSFORMERS, V2 EVEN, "V2, classification", FOLDER},
    {"transformers-old-grn", CNX_DIALECT_TRANSFORMERS, V2 SMALL_ODD, "V2, GRN's gamma and beta",
     FOLDER},
    {"transformers-no-scale", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "V1 without layer scale", FOLDER},
    {"transformers-three-stages", CNX_DIALECT_TRANSFORMERS, V1 " (1,1,2; 8,12,16; patches of 8)",
     "three stages, patches of 8", FOLDER},
    {"transformers-patch8", CNX_DIALECT_TRANSFORMERS, V1 " (1,1,2,1; 8,12,16,20; patches of 8)",
     "V1, patches of 8, independent classes", FOLDER},
    {"transformers-model", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "V1, bare model, SiLU", FOLDER},
    {"transformers-v2-model", CNX_DIALECT_TRANSFORMERS, V2 SMALL_ODD, "V2, bare model", FOLDER},
    {"transformers-backbone", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "V1, backbone", FOLDER},
    {"transformers-v2-backbone", CNX_DIALECT_TRANSFORMERS, V2 SMALL_ODD, "V2, backbone", FOLDER},
    {"transformers-upernet", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "backbone of UPerNet", FOLDER},
    {"transformers-dinov3", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "DINOv3", FOLDER},
    {"transformers-no-scale", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "V1 without layer scale",
     "published/transformers-no-scale", SHARDS},
    {"transformers-v2-tanh", CNX_DIALECT_TRANSFORMERS, V2 EVEN, "V2, classification",
     "published/transformers-v2-tanh", SHARDS},
    {"transformers-model", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "V1, bare model, SiLU",
     "published/transformers-model", ZIP},
    {"transformers-v2-model", CNX_DIALECT_TRANSFORMERS, V2 SMALL_ODD, "V2, bare model",
     "published/transformers-v2-model", ZIP},
    {"transformers-dinov3", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "DINOv3",
     "published/transformers-dinov3", ZIP_SHARDS},
    {"transformers-backbone", CNX_DIALECT_TRANSFORMERS, V1 SMALL, "V1, backbone",
     "published/transformers-backbone", LEGACY},
    {"torchvision-v1", CNX_DIALECT_TORCHVISION, V1 EVEN, "V1", FOLDER},
    {"torchvision-v1", CNX_DIALECT_TORCHVISION, V1 EVEN, "V1",
     "published/torchvision-v1/convnext_tiny-983f1562.pth", ZIP},
    {"torchvision-v1", CNX_DIALECT_TORCHVISION, V1 EVEN, "V1",
     "published/torchvision-v1/old/convnext_tiny-983f1562.pth", LEGACY},
    {"facebook-v1", CNX_DIALECT_FACEBOOK, V1 EVEN, "V1", FOLDER},
    {"facebook-v2", CNX_DIALECT_FACEBOOK, V2 ODD, "V2", FOLDER},
    {"facebook-fcmae", CNX_DIALECT_FACEBOOK, V2 SMALL, "V2, pre-training (FCMAE)", FOLDER},
    {"facebook-isotropic", CNX_DIALECT_FACEBOOK, V1 "_isotropic (3; 16)", "isotropic", FOLDER},
    {"facebook-isotropic-scale", CNX_DIALECT_FACEBOOK, V1 "_isotropic (3; 16)",
     "isotropic with layer scale", FOLDER},
    {"facebook-dense", CNX_DIALECT_FACEBOOK, V1 SMALL, "backbone with norms of the outputs",
     FOLDER},
    {"dinov3-original", CNX_DIALECT_FACEBOOK, V1 SMALL, "DINOv3", FOLDER},
    {"facebook-fcmae", CNX_DIALECT_FACEBOOK, V2 SMALL, "V2, pre-training (FCMAE)",
     "published/facebook-fcmae/convnextv2_tiny_1k_224_fcmae.pt", ZIP},
    {"facebook-isotropic", CNX_DIALECT_FACEBOOK, V1 "_isotropic (3; 16)", "isotropic",
     "published/facebook-isotropic/convnext_isotropic_small_1k_224_ema.pth", ZIP},
    {"dinov3-original", CNX_DIALECT_FACEBOOK, V1 SMALL, "DINOv3",
     "published/dinov3-original/dinov3_convnext_tiny_pretrain_lvd1689m-21b726bb.pth", ZIP},
    {"facebook-isotropic-scale", CNX_DIALECT_FACEBOOK, V1 "_isotropic (3; 16)",
     "isotropic with layer scale, as training leaves it",
     "published/facebook-isotropic-scale/checkpoint-299.pth", LEGACY},
    {"openmmlab-v1", CNX_DIALECT_OPENMMLAB, V1 EVEN, "mmpretrain, classification", FOLDER},
    {"openmmlab-dense", CNX_DIALECT_OPENMMLAB, V1 SMALL, "mmdetection, mmsegmentation", FOLDER},
    {"openmmlab-dense-v2", CNX_DIALECT_OPENMMLAB, V2 SMALL, "V2, 4-D linear layers", FOLDER},
    {"openmmlab-dense", CNX_DIALECT_OPENMMLAB, V1 SMALL, "mmdetection, mmsegmentation",
     "published/openmmlab-dense/upernet_convnext_tiny_20220227-05cb8d6d.pth", ZIP},
    {"openmmlab-dense-v2", CNX_DIALECT_OPENMMLAB, V2 SMALL, "V2, 4-D linear layers",
     "published/openmmlab-dense-v2/epoch_36.pth", ZIP},
    {"openmmlab-v1", CNX_DIALECT_OPENMMLAB, V1 EVEN, "mmpretrain, classification",
     "published/openmmlab-v1/convnext-tiny_3rdparty_32xb128_in1k_20220124-18abde00.pth", LEGACY},
};
