/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz_gst.h"

#include <gst/gst.h>

#include "tests/fuzz/fuzz.h"

void fuzz_gst_init(gboolean with_plugins)
{
    static gboolean is_ready;

    if (is_ready)
        return;
    is_ready = TRUE;
    if (!with_plugins) {
        g_setenv("GST_REGISTRY_DISABLE", "yes", TRUE);
        g_setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "", TRUE);
        g_setenv("GST_PLUGIN_PATH_1_0", "", TRUE);
    }
    gst_init(NULL, NULL);
    gst_debug_set_active(FALSE);
    fuzz_set_fatal();
}
