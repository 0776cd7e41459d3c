/* How a map is brought to the size of another one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

typedef enum CnxScaling {
    CNX_SCALING_NONE,             /* the sizes are equal */
    CNX_SCALING_BILINEAR,         /* PyTorch's bilinear with align_corners=False */
    CNX_SCALING_BILINEAR_CORNERS, /* with align_corners=True */
    CNX_SCALING_NEAREST,          /* PyTorch's nearest */
} CnxScaling;
