/* Who may read the page.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Whether the header Authorization has the login, "user:password", as Basic. Its time does not
 * depend on how much of it is right. */
gboolean watch_access_has_login(const char *authorization, const char *login);

/* Whether the header Host is localhost, or an address of this machine that others cannot reach,
 * with or without a port. A page from elsewhere whose name suddenly leads here sends its own name
 * (DNS rebinding). Clients that are no browsers may send none. */
gboolean watch_access_is_local(const char *host);
