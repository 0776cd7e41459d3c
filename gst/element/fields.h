/* The fields of an element, for the files that implement it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/element/element.h"
#include "gst/element/reload.h"
#include "gst/engine/engine.h"
#include "gst/settings/settings.h"
#include "gst/stream/orientation.h"
#include "gst/stream/stream.h"

struct GstConvnextElement {
    GstBaseTransform parent;

    GstConvnextStream *stream; /* never NULL */
    GstConvnextReload *reload; /* never NULL */
    GstConvnextTags tags;      /* belongs to the streaming thread, as the next one does */
    char *refusal;             /* the error about caps, if the last ones were refused; or NULL */

    /* Guarded by the object lock. */
    GstConvnextSettings settings;
    guint engine_version;      /* counts changes of settings.engine */
    guint requested_version;   /* of the last request to the reload */
    guint opened_version;      /* of the engine */
    gboolean is_streaming;     /* between start and stop; engines then change between two frames */
    gboolean reload_is_ready;  /* the reload may have an engine to take */
    GstConvnextEngine *engine; /* NULL in NULL */
    char *precision_remark;    /* the last one posted; NULL if none */
};
