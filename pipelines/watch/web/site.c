/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/web/site.h"

#include <gio/gio.h>
#include <string.h>

#include "pipelines/watch/metrics.h"
#include "pipelines/watch/pictures/folder.h"
#include "pipelines/watch/pictures/reader.h"
#include "pipelines/watch/web/access.h"
#include "pipelines/watch/web/api.h"
#include "pipelines/watch/web/live.h"
#include "pipelines/watch/web/recent.h"

#define JSON_TYPE "application/json"
#define TEXT_TYPE "text/plain; charset=utf-8"

/* Nothing that the page shows can make it load or send anything elsewhere. */
#define SAFE_HEADERS                                                                     \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; " \
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "    \
    "frame-ancestors 'none'\r\n"                                                         \
    "Cross-Origin-Resource-Policy: same-origin\r\n"                                      \
    "Referrer-Policy: no-referrer\r\n"                                                   \
    "X-Content-Type-Options: nosniff\r\n"
#define NO_STORE "Cache-Control: no-store\r\n"
#define STORE "Cache-Control: private, max-age=86400, immutable\r\n"

struct WatchSite {
    WatchAlarms *alarms;
    WatchPictures *pictures;
    WatchReader *reader; /* of snapshots */
    char *snapshots;     /* their folder, or NULL */
    WatchLive *live;
    WatchRecent *recent;
    WatchServer *server;
    GPtrArray *cameras;
    char *login; /* or NULL */
};

/* A request being answered. */
typedef struct Request {
    WatchSite *site;
    guint64 id;
    gboolean is_head; /* of HEAD */
    const WatchRequestHead *head;
    gboolean never_changes; /* the answer */
} Request;

/* Answers */

static void answer(const Request *request, guint status, const char *type, const char *headers,
                   gconstpointer body, gsize length)
{
    g_autofree char *all =
        g_strconcat(SAFE_HEADERS, request->never_changes ? STORE : NO_STORE, headers, NULL);
    const WatchAnswer made = {status, type, all, body, length, request->is_head};

    watch_server_answer(request->site->server, request->id, &made);
}

static void answer_text(const Request *request, guint status, const char *type, const char *text)
{
    answer(request, status, type, NULL, text, strlen(text));
}

static void answer_sentence(const Request *request, guint status, const char *headers,
                            const char *sentence)
{
    answer(request, status, TEXT_TYPE, headers, sentence, strlen(sentence));
}

/* Takes the text. */
static void answer_json(const Request *request, guint status, char *text)
{
    answer_text(request, status, JSON_TYPE, text);
    g_free(text);
}

static void answer_file(const Request *request, const char *name, const char *type)
{
    g_autofree char *path = g_strconcat("/convnext-watch/", name, NULL);
    g_autoptr(GBytes) bytes = g_resources_lookup_data(path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    gsize length;
    gconstpointer data = g_bytes_get_data(bytes, &length);

    answer(request, 200, type, NULL, data, length);
}

/* Fixed paths */

static void serve_page(const Request *request)
{
    answer_file(request, "page.html", "text/html; charset=utf-8");
}

static void serve_style(const Request *request)
{
    answer_file(request, "page.css", "text/css; charset=utf-8");
}

static void serve_script(const Request *request)
{
    answer_file(request, "page.js", "text/javascript; charset=utf-8");
}

static void serve_metrics(const Request *request)
{
    g_autofree char *text = watch_metrics_text(request->site->cameras, request->site->alarms);

    answer_text(request, 200, WATCH_METRICS_TYPE, text);
}

static void serve_cameras(const Request *request)
{
    answer_json(request, 200, watch_api_cameras(request->site->cameras, request->site->alarms));
}

static void serve_health(const Request *request)
{
    answer_text(request, 200, TEXT_TYPE, "ok\n");
}

static void serve_readiness(const Request *request)
{
    gboolean is_ready;
    char *text = watch_api_ready(request->site->cameras, &is_ready);

    answer_json(request, is_ready ? 200 : 503, text);
}

static void serve_events(const Request *request)
{
    const char *last = request->head->last_event_id;
    guint64 id = G_MAXUINT64;
    g_autofree char *missed = NULL, *text = NULL;

    if (request->is_head) {
        answer_text(request, 200, "text/event-stream", "");
        return;
    }
    if (last && !g_ascii_string_to_unsigned(last, 10, 0, G_MAXUINT64, &id, NULL)) {
        answer_sentence(request, 400, NULL, "Last-Event-ID is not a number.\n");
        return;
    }
    missed = watch_recent_after(request->site->recent, id);
    text = g_strconcat("retry: 3000\n\n", missed, NULL);
    if (!watch_server_stream(request->site->server, request->id, SAFE_HEADERS NO_STORE, text))
        answer_sentence(request, 503, "Retry-After: 60\r\n", "There are too many listeners.\n");
}

/* Cameras */

static WatchCamera *find_camera(const WatchSite *site, const char *name)
{
    for (guint i = 0; i < site->cameras->len; i++) {
        WatchCamera *camera = site->cameras->pdata[i];
        const char *found = watch_camera_settings(camera)->name;
        g_autofree char *valid = g_utf8_make_valid(found, -1); /* as the page gets it */

        if (strcmp(found, name) == 0 || strcmp(valid, name) == 0)
            return camera;
    }
    return NULL;
}

/* A request that waits for its picture. */
typedef struct Wait {
    WatchSite *site;
    guint64 id;
    gboolean is_head, is_film;
    char *camera;
} Wait;

static void answer_picture(const Request *request, const WatchPicture *picture)
{
    gsize length;
    gconstpointer bytes = g_bytes_get_data(picture->jpeg, &length);

    answer(request, 200, "image/jpeg", NULL, bytes, length);
}

static void answer_film(const Request *request, const char *camera, const WatchPicture *first)
{
    if (request->is_head)
        answer_text(request, 200, WATCH_LIVE_TYPE, "");
    else if (!watch_live_add(request->site->live, request->id, camera, SAFE_HEADERS NO_STORE,
                             first))
        answer_sentence(request, 503, "Retry-After: 60\r\n", "There are too many viewers.\n");
}

static void on_picture(WatchPicture *picture, gpointer data)
{
    g_autofree Wait *wait = data;
    g_autofree char *camera = wait->camera;
    const Request request = {wait->site, wait->id, wait->is_head, NULL, FALSE};

    if (!wait->site->server)
        return;
    if (!picture) /* the last one of a camera that is lost */
        picture = watch_pictures_last(wait->site->pictures, camera);
    if (!picture)
        answer_sentence(&request, 503, NULL, "There is no picture of this camera.\n");
    else if (wait->is_film)
        answer_film(&request, camera, picture);
    else
        answer_picture(&request, picture);
}

static void wait_for_picture(const Request *request, WatchCamera *camera, gboolean is_film)
{
    Wait *wait = g_new(Wait, 1);

    wait->site = request->site;
    wait->id = request->id;
    wait->is_head = request->is_head;
    wait->is_film = is_film;
    wait->camera = g_strdup(watch_camera_settings(camera)->name);
    watch_pictures_get(request->site->pictures, camera, WATCH_PICTURES_FRESH, on_picture, wait);
}

/* The camera whose name has this suffix behind it, or NULL. */
static WatchCamera *find_stem(const WatchSite *site, const char *name, const char *suffix)
{
    g_autofree char *stem = NULL;

    if (!g_str_has_suffix(name, suffix))
        return NULL;
    stem = g_strndup(name, strlen(name) - strlen(suffix));
    return find_camera(site, stem);
}

static void on_snapshot(GBytes *bytes, gpointer data)
{
    const Wait *wait = data;
    const Request request = {wait->site, wait->id, wait->is_head, NULL, bytes != NULL};
    gsize length;

    if (!wait->site->server)
        return;
    if (bytes) {
        gconstpointer jpeg = g_bytes_get_data(bytes, &length);

        answer(&request, 200, "image/jpeg", NULL, jpeg, length);
    } else {
        answer_sentence(&request, 404, NULL, "There is no such snapshot.\n");
    }
}

/* name: CAMERA/snapshots/FILE. Returns whether it may be a snapshot of the camera. */
static gboolean serve_snapshot(const Request *request, const char *name)
{
    static const char between[] = "/snapshots/";
    const char *file = g_strrstr(name, between);
    WatchCamera *camera = file ? find_stem(request->site, name, file) : NULL;
    Wait *wait;

    if (!camera || !request->site->snapshots ||
        !watch_folder_is_name(file + strlen(between), watch_camera_settings(camera)->name))
        return FALSE;
    wait = g_new0(Wait, 1);
    wait->site = request->site;
    wait->id = request->id;
    wait->is_head = request->is_head;
    watch_reader_read(request->site->reader, request->site->snapshots, file + strlen(between),
                      on_snapshot, wait, g_free);
    return TRUE;
}

/* name: decoded. Returns whether it names a camera, or something of it. */
static gboolean serve_camera(const Request *request, const char *name)
{
    WatchSite *site = request->site;
    WatchCamera *camera;

    if (find_camera(site, name))
        serve_page(request);
    else if ((camera = find_stem(site, name, ".jpg")))
        wait_for_picture(request, camera, FALSE);
    else if ((camera = find_stem(site, name, ".mjpg")))
        wait_for_picture(request, camera, TRUE);
    else
        return serve_snapshot(request, name);
    return TRUE;
}

static gboolean serve_camera_json(const Request *request, const char *name)
{
    WatchSite *site = request->site;
    WatchCamera *camera = find_camera(site, name);
    g_autofree char *events = NULL;

    if (!camera)
        return FALSE;
    events = watch_recent_of_camera(site->recent, watch_camera_settings(camera)->name);
    answer_json(request, 200, watch_api_camera(camera, site->alarms, events));
    return TRUE;
}

/* Paths */

static const struct {
    const char *path;
    void (*serve)(const Request *request);
} fixed[] = {{"/", serve_page},          {"/page.css", serve_style},
             {"/page.js", serve_script}, {"/metrics", serve_metrics},
             {"/events", serve_events},  {"/api/cameras", serve_cameras},
             {"/healthz", serve_health}, {"/readyz", serve_readiness}};

static gboolean serve_fixed(const Request *request, const char *path)
{
    for (guint i = 0; i < G_N_ELEMENTS(fixed); i++) {
        if (strcmp(fixed[i].path, path) == 0) {
            fixed[i].serve(request);
            return TRUE;
        }
    }
    return FALSE;
}

/* path: decoded. */
static gboolean serve_path(const Request *request, const char *path)
{
    if (serve_fixed(request, path))
        return TRUE;
    if (g_str_has_prefix(path, "/api/cameras/"))
        return serve_camera_json(request, path + strlen("/api/cameras/"));
    if (g_str_has_prefix(path, "/camera/") && serve_camera(request, path + strlen("/camera/")))
        return TRUE;
    return serve_camera(request, path + 1);
}

void watch_site_request(guint64 id, const WatchRequestHead *head, gpointer data)
{
    WatchSite *site = data;
    const Request request = {site, id, strcmp(head->method, "HEAD") == 0, head, FALSE};
    g_autofree char *path = g_uri_unescape_string(head->path, NULL);
    const gboolean is_open = g_strcmp0(path, "/healthz") == 0;

    if (!is_open && site->login && !watch_access_has_login(head->authorization, site->login))
        answer_sentence(&request, 401,
                        "WWW-Authenticate: Basic realm=\"convnext-watch\", charset=\"UTF-8\"\r\n",
                        "A user and a password are needed.\n");
    else if (!is_open && !site->login && watch_server_is_local(site->server) &&
             !watch_access_is_local(head->host))
        answer_sentence(&request, 403, NULL,
                        "The header Host names another machine. Set web-credentials-file to serve "
                        "through a proxy.\n");
    else if (strcmp(head->method, "GET") != 0 && strcmp(head->method, "HEAD") != 0)
        answer_sentence(&request, 405, "Allow: GET, HEAD\r\n", "Only GET and HEAD are served.\n");
    else if (!path || !serve_path(&request, path))
        answer_sentence(&request, 404, NULL, "There is nothing at this path.\n");
}

/* The site */

WatchSite *watch_site_new(WatchAlarms *alarms, WatchPictures *pictures)
{
    WatchSite *site = g_new0(WatchSite, 1);

    site->alarms = alarms;
    site->pictures = pictures;
    site->reader = watch_reader_new();
    site->live = watch_live_new(pictures);
    site->recent = watch_recent_new();
    return site;
}

void watch_site_free(WatchSite *site)
{
    watch_reader_free(site->reader);
    watch_live_free(site->live);
    watch_recent_free(site->recent);
    g_free(site->snapshots);
    g_free(site->login);
    g_free(site);
}

void watch_site_set_server(WatchSite *site, WatchServer *server)
{
    site->server = server;
    watch_live_set_server(site->live, server);
}

void watch_site_set_cameras(WatchSite *site, GPtrArray *cameras)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();

    for (guint i = 0; i < cameras->len; i++)
        g_ptr_array_add(names, watch_camera_settings(cameras->pdata[i])->name);
    g_ptr_array_add(names, NULL);
    site->cameras = cameras;
    watch_live_set_cameras(site->live, cameras);
    watch_recent_keep(site->recent, (const char *const *)names->pdata);
}

void watch_site_set_snapshots(WatchSite *site, const char *path)
{
    g_free(site->snapshots);
    site->snapshots = g_strdup(path);
}

void watch_site_set_login(WatchSite *site, const char *login)
{
    g_free(site->login);
    site->login = g_strdup(login);
}

void watch_site_add_event(WatchSite *site, const WatchEvent *event)
{
    g_autofree char *text = watch_recent_add(site->recent, event);

    if (site->server)
        watch_server_publish(site->server, text);
}
