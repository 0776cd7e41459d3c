/* What the HTTP server serves:
 *
 * /                        the page with all cameras
 * /camera/NAME             the page of a camera; with .jpg its picture, with .mjpg its film
 * /camera/NAME/snapshots/FILE
 *                          the picture of an event
 * /NAME                    the same, unless the path is one of the others
 * /api/cameras             JSON: all cameras
 * /api/cameras/NAME        JSON: a camera and its last events
 * /events                  server-sent events
 * /metrics                 for Prometheus
 * /healthz, /readyz        for supervisors
 * /page.css, /page.js      of the page
 *
 * Names are percent-encoded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/alarms.h"
#include "pipelines/watch/pictures/pictures.h"
#include "pipelines/watch/web/server.h"

typedef struct WatchSite WatchSite;

/* Both are borrowed. alarms must outlive the site; pictures must be freed before it. */
WatchSite *watch_site_new(WatchAlarms *alarms, WatchPictures *pictures);
void watch_site_free(WatchSite *site);

/* A WatchServerFunc whose data is the site. */
void watch_site_request(guint64 id, const WatchRequestHead *head, gpointer site);

/* The server that asks; borrowed, or NULL. */
void watch_site_set_server(WatchSite *site, WatchServer *server);

/* cameras: of WatchCamera; borrowed until the next call. login: "user:password" that all paths but
 * /healthz ask for, or NULL. */
void watch_site_set_cameras(WatchSite *site, GPtrArray *cameras);
void watch_site_set_login(WatchSite *site, const char *login);

/* path: the folder of snapshots, or NULL. */
void watch_site_set_snapshots(WatchSite *site, const char *path);

/* Sends the event to those who listen, and keeps it for the pages. */
void watch_site_add_event(WatchSite *site, const WatchEvent *event);
