/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/recent.h"

struct WatchRecent {
    guint64 last_id;
    GQueue events;       /* server-sent events, oldest first */
    GHashTable *cameras; /* name -> GQueue of JSON, newest first */
};

static void free_texts(gpointer texts)
{
    g_queue_free_full(texts, g_free);
}

WatchRecent *watch_recent_new(void)
{
    WatchRecent *recent = g_new0(WatchRecent, 1);

    recent->last_id = (guint64)g_get_real_time();
    recent->cameras = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_texts);
    return recent;
}

void watch_recent_free(WatchRecent *recent)
{
    g_queue_clear_full(&recent->events, g_free);
    g_hash_table_unref(recent->cameras);
    g_free(recent);
}

static void add_to_camera(WatchRecent *recent, const char *camera, const char *json)
{
    GQueue *texts = g_hash_table_lookup(recent->cameras, camera);

    if (!texts) {
        texts = g_queue_new();
        g_hash_table_insert(recent->cameras, g_strdup(camera), texts);
    }
    g_queue_push_head(texts, g_strdup(json));
    if (g_queue_get_length(texts) > WATCH_RECENT_EVENTS)
        g_free(g_queue_pop_tail(texts));
}

char *watch_recent_add(WatchRecent *recent, const WatchEvent *event)
{
    g_autofree char *json = watch_event_to_json(event);
    char *text =
        g_strdup_printf("id: %" G_GUINT64_FORMAT "\ndata: %s\n\n", ++recent->last_id, json);

    add_to_camera(recent, watch_event_camera(event), json);
    g_queue_push_tail(&recent->events, g_strdup(text));
    if (g_queue_get_length(&recent->events) > WATCH_RECENT_EVENTS)
        g_free(g_queue_pop_head(&recent->events));
    return text;
}

char *watch_recent_after(const WatchRecent *recent, guint64 id)
{
    GString *text = g_string_new(NULL);
    guint64 number = recent->last_id - g_queue_get_length((GQueue *)&recent->events);

    for (const GList *item = recent->events.head; item; item = item->next) {
        if (++number > id)
            g_string_append(text, item->data);
    }
    return g_string_free(text, FALSE);
}

char *watch_recent_of_camera(const WatchRecent *recent, const char *camera)
{
    const GQueue *texts = g_hash_table_lookup(recent->cameras, camera);
    GString *list = g_string_new("[");

    for (const GList *item = texts ? texts->head : NULL; item; item = item->next)
        g_string_append_printf(list, "%s%s", list->len > 1 ? "," : "", (const char *)item->data);
    g_string_append_c(list, ']');
    return g_string_free(list, FALSE);
}

static gboolean is_missing(gpointer name, gpointer texts, gpointer cameras)
{
    for (const char *const *camera = cameras; *camera; camera++) {
        if (g_str_equal(*camera, name))
            return FALSE;
    }
    return TRUE;
}

void watch_recent_keep(WatchRecent *recent, const char *const *cameras)
{
    g_hash_table_foreach_remove(recent->cameras, is_missing, (gpointer)cameras);
}
