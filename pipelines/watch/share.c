/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/share.h"

#include <string.h>

#define MAX_COUNT 10000

/* Digits only, up to the end or `end`. FALSE if there are none, or too many. */
static gboolean parse_number(const char *text, gsize length, guint *number)
{
    if (length == 0 || length > 5 || strspn(text, "0123456789") < length)
        return FALSE;
    *number = (guint)g_ascii_strtoull(text, NULL, 10);
    return TRUE;
}

gboolean watch_share_parse(const char *text, WatchShare *share)
{
    const char *slash = strchr(text, '/'), *digits = slash;

    if (!slash)
        return FALSE;
    while (digits > text && g_ascii_isdigit(digits[-1]))
        digits--;
    return (digits == text || digits[-1] == '-') &&
           parse_number(digits, (gsize)(slash - digits), &share->index) &&
           parse_number(slash + 1, strlen(slash + 1), &share->count) && share->count <= MAX_COUNT &&
           share->index < share->count;
}

/* The weight of a share for a camera: the first 8 bytes of SHA-256 of "INDEX NAME". */
static guint64 find_weight(guint index, const char *camera)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *prefix = g_strdup_printf("%u ", index);
    guint8 digest[32];
    gsize size = sizeof digest;
    guint64 weight = 0;

    g_checksum_update(checksum, (const guint8 *)prefix, -1);
    g_checksum_update(checksum, (const guint8 *)camera, -1);
    g_checksum_get_digest(checksum, digest, &size);
    for (guint i = 0; i < sizeof weight; i++)
        weight = weight << 8 | digest[i];
    return weight;
}

gboolean watch_share_has(const WatchShare *share, const char *camera)
{
    guint64 most = 0;
    guint best = 0;

    for (guint i = 0; i < share->count; i++) {
        const guint64 weight = find_weight(i, camera);

        if (i == 0 || weight > most) {
            most = weight;
            best = i;
        }
    }
    return best == share->index;
}
