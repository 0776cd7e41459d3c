/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/error.h"

GQuark cnx_error_quark(void)
{
    return g_quark_from_static_string("cnx-error-quark");
}
