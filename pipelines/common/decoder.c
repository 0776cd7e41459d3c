/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/decoder.h"

#include <gst/pbutils/pbutils.h>
#include <string.h>

#include "pipelines/common/cause.h"
#include "pipelines/common/missing.h"

typedef struct Link {
    GMutex lock; /* protects the following from the decoder's threads */
    GstPad *output;
    char *stream_id; /* of the chosen track, or NULL */
    GstPad *linked;  /* borrowed from the decoder; or NULL */
    gboolean is_live;
    gboolean has_sound, has_video;
    char *missing; /* what GStreamer lacks to play it, or NULL */
} Link;

static void link_free(gpointer data)
{
    Link *link = data;

    gst_object_unref(link->output);
    g_free(link->stream_id);
    g_free(link->missing);
    g_mutex_clear(&link->lock);
    g_free(link);
}

static Link *get_link(GstElement *decoder)
{
    return g_object_get_data(G_OBJECT(decoder), "link");
}

DecoderMedia decoder_media(const GstCaps *caps)
{
    GstPbUtilsCapsDescriptionFlags flags = 0;

    if (gst_caps_is_fixed(caps))
        flags = gst_pb_utils_get_caps_description_flags(caps);
    if (flags & GST_PBUTILS_CAPS_DESCRIPTION_FLAG_CONTAINER)
        return DECODER_OTHER;
    if (flags & GST_PBUTILS_CAPS_DESCRIPTION_FLAG_IMAGE)
        return DECODER_IMAGE;
    if (flags & GST_PBUTILS_CAPS_DESCRIPTION_FLAG_VIDEO)
        return DECODER_VIDEO;
    return flags & GST_PBUTILS_CAPS_DESCRIPTION_FLAG_AUDIO ? DECODER_SOUND : DECODER_OTHER;
}

/* Whether a pad's frames come from a decoder of images. */
static gboolean is_image(GstPad *pad)
{
    g_autoptr(GstPad) target = gst_object_ref(pad);
    g_autoptr(GstElement) element = NULL;
    g_autoptr(GstPad) input = NULL;
    g_autoptr(GstCaps) caps = NULL;

    while (target && GST_IS_GHOST_PAD(target)) {
        GstPad *inner = gst_ghost_pad_get_target(GST_GHOST_PAD(target));

        gst_object_unref(target);
        target = inner;
    }
    element = target ? gst_pad_get_parent_element(target) : NULL;
    input = element ? gst_element_get_static_pad(element, "sink") : NULL;
    caps = input ? gst_pad_get_current_caps(input) : NULL;
    return caps && decoder_media(caps) == DECODER_IMAGE;
}

static gboolean is_wanted(const Link *link, GstPad *pad)
{
    g_autofree char *stream_id = NULL;

    if (link->stream_id) {
        stream_id = gst_pad_get_stream_id(pad);
        return g_strcmp0(stream_id, link->stream_id) == 0;
    }
    return !link->linked || (!link->is_live && is_image(link->linked) && !is_image(pad));
}

static void link_pad(Link *link, GstPad *pad)
{
    if (GST_IS_GHOST_PAD(link->output) && GST_PAD_IS_SRC(link->output)) {
        gst_ghost_pad_set_target(GST_GHOST_PAD(link->output), pad);
    } else {
        if (link->linked)
            gst_pad_unlink(link->linked, link->output);
        gst_pad_link(pad, link->output);
    }
    link->linked = pad;
}

static void on_pad_added(GstElement *decoder, GstPad *pad, gpointer data)
{
    Link *link = get_link(decoder);

    g_mutex_lock(&link->lock);
    if (is_wanted(link, pad))
        link_pad(link, pad);
    g_mutex_unlock(&link->lock);
}

static void on_pad_removed(GstElement *decoder, GstPad *pad, gpointer data)
{
    Link *link = get_link(decoder);

    g_mutex_lock(&link->lock);
    if (link->linked == pad)
        link->linked = NULL;
    g_mutex_unlock(&link->lock);
}

/* The chosen track may be lacking if the file has changed, and every track if it has only sound. */
static void on_no_more_pads(GstElement *decoder, gpointer data)
{
    Link *link = get_link(decoder);
    g_autoptr(GstPad) first = NULL;
    guint count, index;
    gboolean is_chosen;

    GST_OBJECT_LOCK(decoder);
    if (decoder->srcpads)
        first = gst_object_ref(decoder->srcpads->data);
    GST_OBJECT_UNLOCK(decoder);
    g_mutex_lock(&link->lock);
    if (!link->linked && first)
        link_pad(link, first);
    is_chosen = link->stream_id != NULL;
    GST_OBJECT_LOCK(decoder);
    count = g_list_length(decoder->srcpads);
    index = (guint)g_list_index(decoder->srcpads, link->linked);
    GST_OBJECT_UNLOCK(decoder);
    g_mutex_unlock(&link->lock);
    if (count == 0)
        GST_ELEMENT_ERROR(decoder, STREAM, WRONG_TYPE, ("It has no video that can be decoded."),
                          (NULL));
    else if (count > 1 && !is_chosen)
        GST_ELEMENT_INFO(decoder, STREAM, FORMAT,
                         ("it has %u video tracks: number %u is classified", count, index + 1),
                         (NULL));
}

/* The decoder asks whether to go on with a pad of one of its elements. */
static gboolean on_autoplug(GstElement *decoder, GstPad *pad, GstCaps *caps, gpointer data)
{
    const DecoderMedia media = decoder_media(caps);
    Link *link = get_link(decoder);

    g_mutex_lock(&link->lock);
    link->has_sound |= media == DECODER_SOUND;
    link->has_video |= media == DECODER_VIDEO || media == DECODER_IMAGE;
    g_mutex_unlock(&link->lock);
    return TRUE;
}

void decoder_connect(GstElement *decoder, GstPad *output, gboolean is_live)
{
    Link *link = g_new0(Link, 1);

    g_mutex_init(&link->lock);
    link->output = gst_object_ref(output);
    link->is_live = is_live;
    g_object_set_data_full(G_OBJECT(decoder), "link", link, link_free);
    g_signal_connect(decoder, "pad-added", G_CALLBACK(on_pad_added), NULL);
    g_signal_connect(decoder, "pad-removed", G_CALLBACK(on_pad_removed), NULL);
    g_signal_connect(decoder, "no-more-pads", G_CALLBACK(on_no_more_pads), NULL);
    g_signal_connect(decoder, "autoplug-continue", G_CALLBACK(on_autoplug), NULL);
}

void decoder_choose(GstElement *decoder, const char *stream_id)
{
    Link *link = get_link(decoder);

    g_mutex_lock(&link->lock);
    g_free(link->stream_id);
    link->stream_id = g_strdup(stream_id);
    g_mutex_unlock(&link->lock);
}

/* Keeps the first, because the elements behind it are never asked for. */
void decoder_note(GstElement *decoder, GstMessage *message)
{
    Link *link = get_link(decoder);
    g_autofree char *missing = missing_explain(message);

    g_mutex_lock(&link->lock);
    if (!link->missing)
        link->missing = g_steal_pointer(&missing);
    g_mutex_unlock(&link->lock);
}

/* Why an error was posted, or NULL. */
static char *find_cause(Link *link, GstMessage *message, const GError *error)
{
    g_autofree char *missing = NULL;
    gboolean is_sound;

    g_mutex_lock(&link->lock);
    is_sound = link->has_sound && !link->has_video && !link->missing;
    missing = g_strdup(link->missing);
    g_mutex_unlock(&link->lock);
    if (is_sound && (error->domain == GST_STREAM_ERROR ||
                     g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN)))
        return g_strdup(DECODER_NO_VIDEO);
    return cause_explain(message, missing);
}

GstMessage *decoder_explain(GstElement *decoder, GstMessage *message)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *cause = NULL;
    GstMessage *explained;

    if (GST_MESSAGE_TYPE(message) != GST_MESSAGE_ERROR)
        return message;
    gst_message_parse_error(message, &error, NULL);
    cause = find_cause(get_link(decoder), message, error);
    if (!cause)
        return message;
    g_free(error->message);
    error->message = g_steal_pointer(&cause);
    explained = gst_message_new_error(GST_MESSAGE_SRC(message), error, NULL);
    gst_message_unref(message);
    return explained;
}
