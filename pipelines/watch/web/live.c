/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/live.h"

#define PERIOD_MS 200

struct WatchLive {
    WatchPictures *pictures;
    WatchServer *server;
    GPtrArray *cameras;
    GHashTable *films; /* name of a camera -> Film */
    guint tick;        /* event source; 0 without a film */
};

/* Of one camera. */
typedef struct Film {
    WatchLive *live;
    char *camera;
    GArray *viewers;     /* guint64: ids of requests */
    gint64 time;         /* of the picture that was sent last */
    gboolean is_waiting; /* for a picture */
} Film;

static void film_free(gpointer data)
{
    Film *film = data;

    g_array_unref(film->viewers);
    g_free(film->camera);
    g_free(film);
}

WatchLive *watch_live_new(WatchPictures *pictures)
{
    WatchLive *live = g_new0(WatchLive, 1);

    live->pictures = pictures;
    live->films = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, film_free);
    return live;
}

void watch_live_free(WatchLive *live)
{
    if (live->tick)
        g_source_remove(live->tick);
    g_hash_table_unref(live->films);
    g_free(live);
}

void watch_live_set_server(WatchLive *live, WatchServer *server)
{
    live->server = server;
}

void watch_live_set_cameras(WatchLive *live, GPtrArray *cameras)
{
    live->cameras = cameras;
}

static WatchCamera *find_camera(const WatchLive *live, const char *name)
{
    for (guint i = 0; i < live->cameras->len; i++) {
        if (g_str_equal(watch_camera_settings(live->cameras->pdata[i])->name, name))
            return live->cameras->pdata[i];
    }
    return NULL;
}

/* The boundary behind the picture tells browsers to show it without waiting for the next one. */
static GBytes *make_part(const WatchPicture *picture, gboolean is_first)
{
    gsize length;
    gconstpointer jpeg = g_bytes_get_data(picture->jpeg, &length);
    GString *part = g_string_new(is_first ? "--picture\r\n" : NULL);

    g_string_append_printf(
        part, "Content-Type: image/jpeg\r\nContent-Length: %" G_GSIZE_FORMAT "\r\n\r\n", length);
    g_string_append_len(part, jpeg, (gssize)length);
    g_string_append(part, "\r\n--picture\r\n");
    return g_string_free_to_bytes(part);
}

static void offer(WatchLive *live, guint64 viewer, GBytes *part)
{
    gsize length;
    gconstpointer bytes = g_bytes_get_data(part, &length);

    watch_server_offer(live->server, viewer, bytes, length);
}

static void on_picture(WatchPicture *picture, gpointer data)
{
    Film *film = data;
    g_autoptr(GBytes) part = NULL;

    film->is_waiting = FALSE;
    if (!film->live->server || !picture || picture->time == film->time)
        return;
    film->time = picture->time;
    part = make_part(picture, FALSE);
    for (guint i = 0; i < film->viewers->len; i++)
        offer(film->live, g_array_index(film->viewers, guint64, i), part);
}

/* Removes the viewers that have gone; returns whether one is ready for a picture. */
static gboolean has_ready_viewer(Film *film)
{
    gboolean is_ready = FALSE;

    for (guint i = film->viewers->len; i-- > 0;) {
        const guint64 id = g_array_index(film->viewers, guint64, i);
        const WatchViewer viewer =
            film->live->server ? watch_server_viewer(film->live->server, id) : WATCH_VIEWER_GONE;

        if (viewer == WATCH_VIEWER_GONE)
            g_array_remove_index_fast(film->viewers, i);
        is_ready |= viewer == WATCH_VIEWER_READY;
    }
    return is_ready;
}

static void end_film(Film *film)
{
    for (guint i = 0; i < film->viewers->len; i++)
        watch_server_end_film(film->live->server, g_array_index(film->viewers, guint64, i));
    g_array_set_size(film->viewers, 0);
}

/* Returns whether the film is over. A request that is open needs it. */
static gboolean continue_film(Film *film)
{
    const gboolean is_ready = has_ready_viewer(film);
    WatchCamera *camera = find_camera(film->live, film->camera);

    if (!camera)
        end_film(film);
    else if (is_ready && !film->is_waiting) {
        film->is_waiting = TRUE;
        watch_pictures_get(film->live->pictures, camera, PERIOD_MS * 1000 / 2, on_picture, film);
    }
    return film->viewers->len == 0 && !film->is_waiting;
}

static gboolean on_tick(gpointer data)
{
    WatchLive *live = data;
    GHashTableIter films;
    gpointer film;

    g_hash_table_iter_init(&films, live->films);
    while (g_hash_table_iter_next(&films, NULL, &film)) {
        if (continue_film(film))
            g_hash_table_iter_remove(&films);
    }
    if (g_hash_table_size(live->films) > 0)
        return G_SOURCE_CONTINUE;
    live->tick = 0;
    return G_SOURCE_REMOVE;
}

static Film *find_film(WatchLive *live, const char *camera)
{
    Film *film = g_hash_table_lookup(live->films, camera);

    if (film)
        return film;
    film = g_new0(Film, 1);
    film->live = live;
    film->camera = g_strdup(camera);
    film->viewers = g_array_new(FALSE, FALSE, sizeof(guint64));
    g_hash_table_insert(live->films, film->camera, film);
    return film;
}

gboolean watch_live_add(WatchLive *live, guint64 id, const char *camera, const char *headers,
                        const WatchPicture *first)
{
    g_autoptr(GBytes) part = make_part(first, TRUE);
    gsize length;
    gconstpointer bytes = g_bytes_get_data(part, &length);

    if (!watch_server_film(live->server, id, WATCH_LIVE_TYPE, headers, bytes, length))
        return FALSE;
    g_array_append_val(find_film(live, camera)->viewers, id);
    if (!live->tick)
        live->tick = g_timeout_add(PERIOD_MS, on_tick, live);
    return TRUE;
}
