/* The memory that a model may take by default: limits of control groups, version 1 and 2, of the
 * machine and of the process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include "tests/model/support/folder.h"

#define V1_LINES "12:cpuset:/docker/f00\n4:memory:/docker/f00\n1:name=systemd:/docker/f00\n"
#define V1_NONE "9223372036854771712\n" /* what the kernel writes for no limit */

typedef struct File {
    const char *path, *text;
} File;

typedef struct Case {
    const char *name, *membership; /* membership NULL: no such file */
    File files[5];
    guint64 bytes;
} Case;

/* The files are below "cgroup/". */
static const Case cases[] = {
    {"v2", "0::/a\n", {{"a/memory.max", "500000000\n"}}, 500000000},
    {"v2, no limit", "0::/a\n", {{"a/memory.max", "max\n"}}, 0},
    {"v2, no such file", "0::/a\n", {{"a/memory.high", "1000\n"}}, 0},
    {"v2, the mount's own file", "0::/docker/f00\n", {{"memory.max", "700\n"}}, 700},
    {"v2, smallest in a parent",
     "0::/a/b/c\n",
     {{"a/memory.max", "200\n"}, {"a/b/memory.max", "max\n"}, {"a/b/c/memory.max", "800\n"}},
     200},
    {"v2, smallest in the group",
     "0::/a/b\n",
     {{"a/memory.max", "800\n"}, {"a/b/memory.max", "300\n"}},
     300},
    {"v2, siblings do not count", "0::/a\n", {{"b/memory.max", "800\n"}}, 0},
    {"v1",
     V1_LINES,
     {{"memory/docker/f00/memory.limit_in_bytes", "4000000000\n"},
      {"memory/memory.limit_in_bytes", V1_NONE}},
     4000000000},
    {"v1, no limit", V1_LINES, {{"memory/docker/f00/memory.limit_in_bytes", V1_NONE}}, 0},
    {"v1, smallest in a parent",
     V1_LINES,
     {{"memory/docker/f00/memory.limit_in_bytes", "900\n"},
      {"memory/docker/memory.limit_in_bytes", "600\n"}},
     600},
    {"v1, another controller's folder",
     "12:cpuset:/a\n",
     {{"cpuset/a/memory.limit_in_bytes", "900\n"}},
     0},
    {"hybrid, the smaller of both",
     "5:memory:/x\n0::/y\n",
     {{"memory/x/memory.limit_in_bytes", "900\n"}, {"y/memory.max", "800\n"}},
     800},
    {"no membership", NULL, {{"memory.max", "800\n"}}, 0},
    {"malformed membership", "0\n0:\n:\n\nx", {{"memory.max", "800\n"}}, 0},
    {"words instead of numbers", "0::/a\n", {{"a/memory.max", "much\n"}}, 0},
    {"zero", "0::/a\n", {{"a/memory.max", "0\n"}}, 0},
    {"negative", "0::/a\n", {{"a/memory.max", "-1\n"}}, 0},
    {"too many digits", "0::/a\n", {{"a/memory.max", "99999999999999999999999\n"}}, 0},
};

static void test_groups(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *root = folder_path("cgroup"), *membership = folder_path("membership");

    folder_write("membership", c->membership);
    for (const File *file = c->files; file->path != NULL; file++)
        folder_put_below(root, file->path, file->text);
    g_assert_cmpuint(cnx_limit_of_groups(membership, root), ==, c->bytes);
    for (const File *file = c->files; file->path != NULL; file++)
        folder_put_below(root, file->path, NULL);
    folder_write("membership", NULL);
}

static CnxLimit limit_with(int resource, rlim_t bytes)
{
    struct rlimit before, limited;
    CnxLimit limit;

    g_assert_cmpint(getrlimit(resource, &before), ==, 0);
    limited = before;
    limited.rlim_cur = bytes;
    g_assert_cmpint(setrlimit(resource, &limited), ==, 0);
    limit = cnx_limit_get(0);
    g_assert_cmpint(setrlimit(resource, &before), ==, 0);
    return limit;
}

/* The user's number wins; otherwise the least that the system allows does. */
static void test_sources(void)
{
    const guint64 machine = (guint64)sysconf(_SC_PHYS_PAGES) * (guint64)sysconf(_SC_PAGESIZE);
    CnxLimit limit = cnx_limit_get(0);

    g_assert_cmpuint(limit.bytes, <=, machine / 4 * 3);
    g_assert_cmpuint(limit.bytes, >, 0);
    limit = cnx_limit_get(2 * machine);
    g_assert_cmpuint(limit.bytes, ==, 2 * machine);
    g_assert_cmpstr(cnx_limit_from_name(limit.from), ==, "property");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    limit = limit_with(RLIMIT_AS, 40000000);
    g_assert_cmpuint(limit.bytes, ==, 30000000);
    g_assert_cmpstr(cnx_limit_from_name(limit.from), ==, "address-space");
#endif
    limit = limit_with(RLIMIT_DATA, 20000000);
    g_assert_cmpuint(limit.bytes, ==, 15000000);
    g_assert_cmpstr(cnx_limit_from_name(limit.from), ==, "data-segment");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/limit/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_groups);
    }
    g_test_add_func("/limit/sources", test_sources);
    const int status = g_test_run();
    folder_delete();
    return status;
}
