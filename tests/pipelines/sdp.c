/* How large a camera's description may be, and what is removed from it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/sdp.h"

#include <string.h>

/* For each stream, and for the session: so many attributes, each with a value of so many bytes.
 * Their names have one byte. */
typedef struct Description {
    guint medias, attributes, session, bytes;
} Description;

static const Description fine[] = {
    {1, 0, 0, 0},     {1, 4, 4, 100},   {16, 0, 0, 0},     {16, 32, 0, 0},
    {1, 256, 256, 0}, {1, 128, 0, 511}, {1, 100, 28, 511},
};

static const Description too_large[] = {
    {17, 0, 0, 0},  {3001, 1, 0, 4},  {1, 513, 0, 0},    {16, 32, 1, 0},
    {0, 0, 513, 0}, {1, 129, 0, 511}, {1, 100, 29, 511},
};

static GstSDPMessage *make_sdp(const Description *d)
{
    g_autofree char *value = g_strnfill(d->bytes, 'v');
    GstSDPMessage *sdp;

    gst_sdp_message_new(&sdp);
    for (guint i = 0; i < d->session; i++)
        gst_sdp_message_add_attribute(sdp, "s", value);
    for (guint i = 0; i < d->medias; i++) {
        GstSDPMedia *media;

        gst_sdp_media_new(&media);
        gst_sdp_media_set_media(media, "video");
        for (guint j = 0; j < d->attributes; j++)
            gst_sdp_media_add_attribute(media, "m", value);
        gst_sdp_message_add_media(sdp, media);
        gst_sdp_media_free(media);
    }
    return sdp;
}

static void check_size(const Description *d, gboolean is_fine)
{
    GstSDPMessage *sdp = make_sdp(d);
    g_autoptr(GError) error = NULL;
    const gboolean found = watch_sdp_limit(sdp, &error);

    if (found != is_fine || found != !error ||
        gst_sdp_message_medias_len(sdp) != (found ? d->medias : 0))
        g_error("%u streams of %u attributes, and %u, of %u bytes: %d, expected %d", d->medias,
                d->attributes, d->session, d->bytes, found, is_fine);
    gst_sdp_message_free(sdp);
}

/* Only the attributes that are never freed go. */
static void check_ssrc(void)
{
    static const char *const keys[] = {"ssrc",       "control", "ssrc", "ssrc",
                                       "ssrc-group", "x",       "ssrc"};
    static const char *const kept[] = {"control", "ssrc-group", "x"};
    const Description one = {1, 0, 0, 0};
    GstSDPMessage *sdp = make_sdp(&one);
    GstSDPMedia *media = (GstSDPMedia *)gst_sdp_message_get_media(sdp, 0);

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++)
        gst_sdp_media_add_attribute(media, keys[i], "1");
    g_assert_true(watch_sdp_limit(sdp, NULL));
    g_assert_cmpuint(gst_sdp_media_attributes_len(media), ==, G_N_ELEMENTS(kept));
    for (guint i = 0; i < G_N_ELEMENTS(kept); i++)
        g_assert_cmpstr(gst_sdp_media_get_attribute(media, i)->key, ==, kept[i]);
    gst_sdp_message_free(sdp);
}

static void add_media(GstSDPMessage *sdp, const char *kind)
{
    GstSDPMedia *media;

    gst_sdp_media_new(&media);
    gst_sdp_media_set_media(media, kind);
    gst_sdp_message_add_media(sdp, media);
    gst_sdp_media_free(media);
}

/* Sound and text are no video; VIDEO is. */
static void check_video(void)
{
    static const char *const kinds[] = {"audio", "text", "VIDEO"};
    const Description none = {0, 0, 0, 0};

    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        GstSDPMessage *sdp = make_sdp(&none);
        g_autoptr(GError) error = NULL;

        add_media(sdp, "audio");
        add_media(sdp, kinds[i]);
        g_assert_true(watch_sdp_limit(sdp, &error) == (i == 2));
        g_assert_true(i == 2 || strstr(error->message, "no video stream"));
        gst_sdp_message_free(sdp);
    }
}

int main(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(fine); i++)
        check_size(&fine[i], TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(too_large); i++)
        check_size(&too_large[i], FALSE);
    check_ssrc();
    check_video();
    return 0;
}
