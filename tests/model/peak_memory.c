/* No file makes the process take more than 4 times its size plus 64 MB before it is refused or its
 * model is loaded, and none takes long. A child process opens each file of a corpus and reports its
 * peak resident memory, from which that of a child without a file is subtracted.
 *
 *   test-peak_memory            checks, and prints the table
 *   test-peak_memory NUMBER     the same for one file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "model/network/model.h"
#include "tests/model/support/hostile.h"

#define TIMES 4
#define FIXED ((gint64)64 << 20)
#define SECONDS 20 /* of the processor; collisions in a hash table take minutes */
#define SHARED_BLOCKS 200
#define OTHERS 5 /* files of no kind */
#define SKIPPED 77

/* The child */

static gint64 peak_bytes(void)
{
    g_autofree char *status = NULL;

    g_assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
    const char *line = strstr(status, "VmHWM:");
    g_assert_nonnull(line);
    return g_ascii_strtoll(line + strlen("VmHWM:"), NULL, 10) * 1024;
}

static int open_model(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxModel) model = *path ? cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error) : NULL;
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("%" G_GINT64_FORMAT " %ld.%06ld %s\n", peak_bytes(), (long)usage.ru_utime.tv_sec,
           (long)usage.ru_utime.tv_usec,
           model   ? "opens"
           : error ? error->message
                   : "");
    return 0;
}

/* The parent */

typedef struct Peak {
    gint64 bytes;
    double seconds;
    char *answer;
} Peak;

static Peak measure(const char *program, const char *path)
{
    const char *const args[] = {program, "--open", path, NULL};
    g_autofree char *out = NULL;
    GError *error = NULL;
    int status;
    Peak peak;

    g_spawn_sync(NULL, (char **)args, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                 &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, &error))
        g_error("%s: %s", path, error->message);
    char *next = NULL;
    peak.bytes = g_ascii_strtoll(out, &next, 10);
    peak.seconds = g_ascii_strtod(next, &next);
    peak.answer = g_strdup(g_strstrip(next));
    return peak;
}

/* Bytes of the folder's files, which are removed. */
static gint64 empty_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;
    gint64 size = 0;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        GStatBuf info;

        g_assert_cmpint(g_stat(path, &info), ==, 0);
        size += info.st_size;
        g_remove(path);
    }
    return size;
}

static const char *write_files(const char *folder, guint number)
{
    const HostileNetwork usual = {64, 4, 9, 1000}, wide = {1024, 4, 9, 1000},
                         classes = {320, 4, 2, 200000};

    if (number == 0) {
        hostile_write_network(folder, &usual);
        return "a usual checkpoint";
    }
    if (number == 1) {
        hostile_write_shared(folder, SHARED_BLOCKS);
        return "one storage for all tensors";
    }
    if (number == 2) {
        hostile_write_eight_bits(folder, &wide);
        return "weights of 8 bits";
    }
    if (number == 3) {
        hostile_write_loras(folder);
        return "thousands of LoRAs";
    }
    if (number == 4) {
        hostile_write_network(folder, &classes);
        return "F16 with 200,000 classes";
    }
    number -= OTHERS;
    if (number < hostile_pickles)
        return hostile_write_pickle(folder, number);
    number -= hostile_pickles;
    if (number < hostile_zips)
        return hostile_write_zip(folder, number);
    number -= hostile_zips;
    return number < hostile_headers ? hostile_write_header(folder, number)
                                    : hostile_write_config(folder, number - hostile_headers);
}

/* Whether the file keeps to the limits. */
static gboolean check_file(const char *program, const char *folder, guint number, gint64 base)
{
    static const char *const usable[] = {"a usual checkpoint",       "weights of 8 bits",
                                         "F16 with 200,000 classes", "JSON: labels of 22k classes",
                                         "JSON: long string",        NULL};
    const char *name = write_files(folder, number);
    const Peak peak = measure(program, folder);
    const gint64 size = empty_folder(folder), taken = peak.bytes - base;
    const gboolean ok = taken <= TIMES * size + FIXED && peak.seconds <= SECONDS;
    const char *answer = peak.answer;

    if (g_str_has_prefix(answer, folder))
        answer += strlen(folder) + 1;
    printf("%2u %-38s %8.2f %8.1f %7.2f %6.2f  %s%.90s\n", number, name, size / 1e6, taken / 1e6,
           (double)MAX(taken - FIXED, 0) / (double)size, peak.seconds,
           ok ? "" : "TOO MUCH: ", answer);
    if (g_strv_contains(usable, name))
        g_assert_cmpstr(answer, ==, "opens");
    g_free(peak.answer);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "--open"))
        return open_model(argv[2]);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return SKIPPED; /* the sanitizer's own memory is counted too */
#endif
    const guint count = OTHERS + hostile_pickles + hostile_zips + hostile_headers + hostile_configs;
    g_autofree char *folder = g_dir_make_tmp("convnext-peak-XXXXXX", NULL);
    const guint only = argc == 2 ? (guint)atoi(argv[1]) : count;
    guint failed = 0;

    setlinebuf(stdout);
    g_setenv("XDG_DATA_HOME", folder, TRUE);
    Peak base = measure(argv[0], "");
    printf("   %-38s %8s %8s %7s %6s\n", "file", "MB", "peak MB", "ratio", "s");
    for (guint i = 0; i < count; i++)
        if (only == count || only == i)
            failed += !check_file(argv[0], folder, i, base.bytes);
    g_free(base.answer);
    g_rmdir(folder);
    printf("peak: above the %.1f MB of a process without a file; ratio: of the peak beyond %.1f MB "
           "to the size\n%u of %u files take more than %d times their size and %.1f MB, or %d s\n",
           base.bytes / 1e6, FIXED / 1e6, failed, count, TIMES, FIXED / 1e6, SECONDS);
    return failed > 0;
}
