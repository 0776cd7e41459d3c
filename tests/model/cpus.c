/* Quotas of processor time in control groups, version 1 and 2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/threads/cpus.h"

#include "tests/model/support/folder.h"

#define V1 "cpu,cpuacct/docker/f00/"
#define V1_LINES "12:cpuset:/docker/f00\n4:cpu,cpuacct:/docker/f00\n1:name=systemd:/docker/f00\n"
#define HYBRID "5:memory:/x\n3:cpu,cpuacct:/docker/f00\n0::/init.scope\n"

typedef struct File {
    const char *path, *text;
} File;

typedef struct Case {
    const char *name, *membership; /* membership NULL: no such file */
    File files[7];
    guint quota;
} Case;

/* The files are below "cgroup/". */
static const Case cases[] = {
    {"v2", "0::/a\n", {{"a/cpu.max", "200000 100000\n"}}, 2},
    {"v2, rounded up", "0::/a\n", {{"a/cpu.max", "200001 100000\n"}}, 3},
    {"v2, part of one", "0::/a\n", {{"a/cpu.max", "1000 100000\n"}}, 1},
    {"v2, another period", "0::/a\n", {{"a/cpu.max", "200000 50000\n"}}, 4},
    {"v2, more than the maximum", "0::/a\n", {{"a/cpu.max", "99999999999 1\n"}}, CNX_CPUS_MAX},
    {"v2, no limit", "0::/a\n", {{"a/cpu.max", "max 100000\n"}}, 0},
    {"v2, no such file", "0::/a\n", {{"a/cpu.weight", "100\n"}}, 0},
    {"v2, no such folder", "0::/a/b\n", {{"other/cpu.max", "200000 100000\n"}}, 0},
    {"v2, the mount's own file", "0::/\n", {{"cpu.max", "300000 100000\n"}}, 3},
    {"v2, a path on the host", "0::/docker/f00\n", {{"cpu.max", "300000 100000\n"}}, 3},
    {"v2, outside its namespace", "0::/../b\n", {{"cpu.max", "300000 100000\n"}}, 3},
    {"v2, no newline", "0::/a", {{"a/cpu.max", "200000 100000"}}, 2},
    {"v2, smallest in a parent",
     "0::/a/b/c\n",
     {{"a/cpu.max", "200000 100000\n"},
      {"a/b/cpu.max", "max 100000\n"},
      {"a/b/c/cpu.max", "800000 100000\n"}},
     2},
    {"v2, smallest in the group",
     "0::/a/b\n",
     {{"a/cpu.max", "800000 100000\n"}, {"a/b/cpu.max", "300000 100000\n"}},
     3},
    {"v2, siblings and children do not count",
     "0::/a/b\n",
     {{"a/b/cpu.max", "400000 100000\n"},
      {"a/b/c/cpu.max", "100000 100000\n"},
      {"a/x/cpu.max", "100000 100000\n"}},
     4},
    {"v2, a colon in the name", "0::/a:b\n", {{"a:b/cpu.max", "200000 100000\n"}}, 2},
    {"v1",
     V1_LINES,
     {{V1 "cpu.cfs_quota_us", "150000\n"}, {V1 "cpu.cfs_period_us", "100000\n"}},
     2},
    {"v1, no limit",
     V1_LINES,
     {{V1 "cpu.cfs_quota_us", "-1\n"}, {V1 "cpu.cfs_period_us", "100000\n"}},
     0},
    {"v1, smallest in a parent",
     V1_LINES,
     {{V1 "cpu.cfs_quota_us", "400000\n"},
      {V1 "cpu.cfs_period_us", "100000\n"},
      {"cpu,cpuacct/docker/cpu.cfs_quota_us", "300000\n"},
      {"cpu,cpuacct/docker/cpu.cfs_period_us", "100000\n"},
      {"cpu,cpuacct/cpu.cfs_quota_us", "-1\n"},
      {"cpu,cpuacct/cpu.cfs_period_us", "100000\n"}},
     3},
    {"v1, mounted under its own name",
     V1_LINES,
     {{"cpu/docker/f00/cpu.cfs_quota_us", "200000\n"},
      {"cpu/docker/f00/cpu.cfs_period_us", "100000\n"}},
     2},
    {"v1, another controller's folder",
     "12:cpuset:/a\n4:cpuacct:/a\n",
     {{"cpuset/a/cpu.cfs_quota_us", "200000\n"},
      {"cpuset/a/cpu.cfs_period_us", "100000\n"},
      {"cpuacct/a/cpu.cfs_quota_us", "200000\n"},
      {"cpuacct/a/cpu.cfs_period_us", "100000\n"}},
     0},
    {"v1, no period", V1_LINES, {{V1 "cpu.cfs_quota_us", "150000\n"}}, 0},
    {"hybrid",
     HYBRID,
     {{V1 "cpu.cfs_quota_us", "150000\n"},
      {V1 "cpu.cfs_period_us", "100000\n"},
      {"unified/init.scope/cgroup.procs", "1\n"}},
     2},
    {"hybrid, the smaller of both",
     HYBRID,
     {{V1 "cpu.cfs_quota_us", "400000\n"},
      {V1 "cpu.cfs_period_us", "100000\n"},
      {"init.scope/cpu.max", "300000 100000\n"}},
     3},
    {"no membership", NULL, {{"cpu.max", "200000 100000\n"}}, 0},
    {"empty membership", "", {{"cpu.max", "200000 100000\n"}}, 0},
    {"malformed membership", "0\n0:\n:\n\n0:/a\nx", {{"cpu.max", "200000 100000\n"}}, 0},
    {"empty file", "0::/a\n", {{"a/cpu.max", ""}}, 0},
    {"blank file", "0::/a\n", {{"a/cpu.max", " \n"}}, 0},
    {"words instead of numbers", "0::/a\n", {{"a/cpu.max", "many few\n"}}, 0},
    {"a quota without a period", "0::/a\n", {{"a/cpu.max", "200000\n"}}, 0},
    {"a period that is a word", "0::/a\n", {{"a/cpu.max", "200000 max\n"}}, 0},
    {"zero", "0::/a\n", {{"a/cpu.max", "0 100000\n"}}, 0},
    {"a period of zero", "0::/a\n", {{"a/cpu.max", "200000 0\n"}}, 0},
    {"negative", "0::/a\n", {{"a/cpu.max", "-200000 -100000\n"}}, 0},
    {"a number with too many digits",
     "0::/a\n",
     {{"a/cpu.max", "99999999999999999999999999 1\n"}},
     CNX_CPUS_MAX},
    {"malformed, with a valid parent",
     "0::/a/b\n",
     {{"a/cpu.max", "200000 100000\n"}, {"a/b/cpu.max", "?"}},
     2},
};

static void test_quota(gconstpointer data)
{
    const Case *c = data;
    g_autofree char *root = folder_path("cgroup"), *membership = folder_path("membership");

    folder_write("membership", c->membership);
    for (const File *file = c->files; file->path != NULL; file++)
        folder_put_below(root, file->path, file->text);
    g_assert_cmpuint(cnx_cpus_quota(membership, root), ==, c->quota);
    for (const File *file = c->files; file->path != NULL; file++)
        folder_put_below(root, file->path, NULL);
    folder_write("membership", NULL);
    g_assert_false(g_file_test(root, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/cpus/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_quota);
    }
    const int status = g_test_run();
    folder_delete();
    return status;
}
