/* How much memory one model may take.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum CnxLimitFrom {
    CNX_LIMIT_PROPERTY,      /* set by the user */
    CNX_LIMIT_CGROUP,        /* three quarters of what the control groups allow */
    CNX_LIMIT_MACHINE,       /* of the machine's memory */
    CNX_LIMIT_ADDRESS_SPACE, /* of RLIMIT_AS */
    CNX_LIMIT_DATA           /* of RLIMIT_DATA */
} CnxLimitFrom;

typedef struct CnxLimit {
    guint64 bytes;
    CnxLimitFrom from;
} CnxLimit;

/* max_memory bytes, or, if it is 0, three quarters of the least that the machine, the control
 * groups and the resource limits of this process allow. */
CnxLimit cnx_limit_get(guint64 max_memory);

/* The smallest memory limit of the groups in membership (see model/base/cgroup.h), in bytes; 0
 * means no limit. */
guint64 cnx_limit_of_groups(const char *membership, const char *root);

/* "property", "cgroup", "machine", "address-space" or "data-segment". */
const char *cnx_limit_from_name(CnxLimitFrom from);

/* The same for a sentence, such as "three quarters of the machine's memory". */
const char *cnx_limit_from_words(CnxLimitFrom from);
