/* Errors and warnings on a bus.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* The error in an error or warning message; the caller owns it. Takes the message. Fails if the
 * message is NULL. */
GError *messages_parse(GstMessage *message);

/* Fails unless the error's text contains this one. */
void messages_check_text(const GError *error, const char *text);

/* Both of the above. Takes the message. */
void messages_expect(GstMessage *message, const char *text);

/* Fails unless going from NULL to READY fails with exactly one error, of this code and containing
 * this text. */
void messages_expect_refusal(GstElement *element, GQuark domain, int code, const char *text);

/* Fails if an error or a warning is on the bus. */
void messages_check_none(GstBus *bus);
