/* The newest events: which are kept, and which a late listener gets.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/recent.h"

#include <json-glib/json-glib.h>
#include <string.h>

static guint64 add(WatchRecent *recent, const char *camera, int number)
{
    g_autoptr(WatchEvent) event = watch_event_new("state", camera, 0);
    g_autofree char *label = g_strdup_printf("label %d\n<b>", number), *text = NULL;

    watch_event_add_text(event, "new", label);
    text = watch_recent_add(recent, event);
    g_assert_true(g_str_has_prefix(text, "id: "));
    g_assert_nonnull(strstr(text, "\ndata: {"));
    g_assert_true(strstr(text, "\n\n") == text + strlen(text) - 2);
    return g_ascii_strtoull(text + 4, NULL, 10);
}

static guint count(char *text, const char *word)
{
    guint found = 0;

    for (const char *at = text; (at = strstr(at, word)); at++)
        found++;
    g_free(text);
    return found;
}

static guint camera_events(WatchRecent *recent, const char *camera)
{
    g_autofree char *text = watch_recent_of_camera(recent, camera);
    g_autoptr(JsonNode) node = json_from_string(text, NULL);

    g_assert_nonnull(node);
    return json_array_get_length(json_node_get_array(node));
}

int main(void)
{
    static const char *const kept[] = {"door", NULL};
    WatchRecent *recent = watch_recent_new();
    guint64 id = 0;

    g_assert_cmpuint(count(watch_recent_after(recent, 0), "id: "), ==, 0);
    add(recent, "ya\x1brd", 0);
    for (int i = 0; i < 70; i++)
        id = add(recent, "door", i);
    g_assert_cmpuint(count(watch_recent_after(recent, 0), "id: "), ==, WATCH_RECENT_EVENTS);
    g_assert_cmpuint(count(watch_recent_after(recent, id - 3), "id: "), ==, 3);
    g_assert_cmpuint(count(watch_recent_after(recent, id - 3), "label 67"), ==, 1);
    g_assert_cmpuint(count(watch_recent_after(recent, id), "id: "), ==, 0);
    g_assert_cmpuint(count(watch_recent_after(recent, G_MAXUINT64), "id: "), ==, 0);
    g_assert_cmpuint(camera_events(recent, "door"), ==, WATCH_RECENT_EVENTS);
    g_assert_cmpuint(camera_events(recent, "ya\x1brd"), ==, 1);
    g_assert_cmpuint(camera_events(recent, "unknown"), ==, 0);
    watch_recent_keep(recent, kept);
    g_assert_cmpuint(camera_events(recent, "ya\x1brd"), ==, 0);
    g_assert_cmpuint(camera_events(recent, "door"), ==, WATCH_RECENT_EVENTS);
    watch_recent_free(recent);
    return 0;
}
