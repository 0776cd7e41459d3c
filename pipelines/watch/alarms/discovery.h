/* Names of MQTT topics, and what makes Home Assistant discover a camera: one device with the
 * entities problem, connectivity, state and image, each described by a JSON payload that is
 * retained at DISCOVERY/COMPONENT/PREFIX/CAMERA_ENTITY/config.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define WATCH_DISCOVERY_ENTITIES 4

/* The topic level of a camera's name, unique, of the characters A-Z a-z 0-9 _ and -, which Home
 * Assistant requires. A name of these characters is its own level if it is not longer than 64. Of
 * another name, the first 40 bytes are kept, with _ for other characters, followed by - and 12
 * digits of its SHA-256. The caller frees it. */
char *watch_discovery_level(const char *name);

/* Whether topics can begin with this text: levels that are not empty, valid UTF-8 without control
 * characters and without the wildcards + and #, 200 bytes at most, and no $ at the start, which
 * brokers reserve. */
gboolean watch_discovery_is_prefix(const char *text);

/* The topic PREFIX/CAMERA, or PREFIX/CAMERA/PART of a part, without a level below it. owner: of a
 * part "CAMERA:PART", the name of its camera; else NULL. The caller frees it. */
char *watch_discovery_camera_topic(const char *prefix, const char *camera, const char *owner);

/* Topic and payload of an entity, counted from 0. camera, owner: as above; the entities of a part
 * belong to the device of its camera. The caller frees them. */
char *watch_discovery_topic(const char *discovery, const char *prefix, const char *camera,
                            guint entity);
char *watch_discovery_payload(const char *prefix, const char *camera, const char *owner,
                              guint entity);
