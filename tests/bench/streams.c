/* Many streams of one model in one process: their throughput, fairness and memory.
 *
 *   bench-streams [--model MODEL] [--streams 1,4,16,64] [--rounds N] [--seconds S] [--threads N]
 *                 [--size WIDTHxHEIGHT]
 *
 * For each number in --streams, a child process plays that many test streams at full speed. Prints
 * the medians over the rounds of
 *
 *   per second   inferences of all streams together, and the ratio to that of the first number in
 *                the same round
 *   fairness     the most inferences of a stream over the fewest
 *   batch        mean number of images in a forward pass
 *   memory       resident memory beyond that of the same streams without convnext, and its increase
 *                for each stream beyond the first number
 *
 * The numbers of streams take turns within a round. Set GST_PLUGIN_PATH_1_0 to the build's plugin.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/bench/clock.h"

#define STREAMS_MAX 256
#define ROUNDS_MAX 100
#define COUNTS_MAX 8

static struct {
    char *model, *streams, *size;
    int rounds, threads, play, bare;
    double seconds;
} options = {.rounds = 3, .seconds = 3};

static const GOptionEntry entries[] = {
    {"model", 0, 0, G_OPTION_ARG_FILENAME, &options.model,
     "checkpoint (default: the bundled model)", "MODEL"},
    {"streams", 0, 0, G_OPTION_ARG_STRING, &options.streams,
     "numbers of streams (default: 1,4,16,64)", "N,N,..."},
    {"rounds", 0, 0, G_OPTION_ARG_INT, &options.rounds, "turns of each number (default: 3)", "N"},
    {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &options.seconds,
     "length of a turn in seconds (default: 3)", "S"},
    {"threads", 0, 0, G_OPTION_ARG_INT, &options.threads,
     "threads of a forward pass (default: all)", "N"},
    {"size", 0, 0, G_OPTION_ARG_STRING, &options.size, "size of the frames (default: 640x360)",
     "WIDTHxHEIGHT"},
    {"play", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &options.play, NULL, NULL},
    {"bare", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &options.bare, NULL, NULL},
    {NULL},
};

typedef struct Outcome {
    double per_second, fairness, batch, megabytes;
} Outcome;

/* The child process */

static double resident_mb(void)
{
    g_autofree char *text = NULL;
    const char *line;
    double kb = 0;

    if (g_file_get_contents("/proc/self/status", &text, NULL, NULL) &&
        (line = strstr(text, "VmRSS:")) != NULL)
        kb = g_ascii_strtod(line + strlen("VmRSS:"), NULL);
    return kb / 1000;
}

/* Starts a stream and returns its convnext element, or the identity in its place. A bare stream
 * runs in real time, since only its memory is measured. */
static GstElement *play_stream(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *line = NULL;
    int width = 640, height = 360;

    if (options.size && sscanf(options.size, "%dx%d", &width, &height) != 2)
        g_error("--size takes WIDTHxHEIGHT, not %s", options.size);
    line = g_strdup_printf(
        "videotestsrc pattern=blue ! video/x-raw,format=I420,width=%d,height=%d,framerate=25/1 "
        "! %s name=middle ! fakesink sync=%s",
        width, height, options.bare ? "identity" : "convnext", options.bare ? "true" : "false");
    GstElement *pipeline = gst_parse_launch(line, &error);

    if (error)
        g_error("%s: %s", line, error->message);
    GstElement *middle = gst_bin_get_by_name(GST_BIN(pipeline), "middle");

    if (!options.bare)
        g_object_set(middle, "model", options.model, "threads", options.threads, NULL);
    if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        g_error("cannot play %s", line);
    return middle;
}

static guint64 read_inferred(GstElement *convnext, double *batch)
{
    g_autoptr(GstStructure) stats = NULL;
    guint64 n = 0;

    g_object_get(convnext, "stats", &stats, NULL);
    gst_structure_get(stats, "inferred", G_TYPE_UINT64, &n, "batch", G_TYPE_DOUBLE, batch, NULL);
    return n;
}

/* Prints the outcome as one line for the parent and ends the process. */
G_GNUC_NORETURN static void play_all(int streams)
{
    GstElement *convnext[STREAMS_MAX];
    guint64 before[STREAMS_MAX], total = 0, least = G_MAXUINT64, most = 0;
    double batch = 0;

    for (int i = 0; i < streams; i++)
        convnext[i] = play_stream();
    for (int i = 0; i < streams; i++) /* wait until each has had a frame */
        gst_element_get_state(GST_ELEMENT(GST_OBJECT_PARENT(convnext[i])), NULL, NULL,
                              GST_CLOCK_TIME_NONE);
    g_usleep(G_USEC_PER_SEC / 2); /* warm-up */
    for (int i = 0; i < streams && !options.bare; i++)
        before[i] = read_inferred(convnext[i], &batch);
    const double start = clock_ms();

    if (!options.bare)
        g_usleep((gulong)(options.seconds * G_USEC_PER_SEC));
    const double seconds = (clock_ms() - start) / 1e3;

    for (int i = 0; i < streams && !options.bare; i++) {
        const guint64 n = read_inferred(convnext[i], &batch) - before[i];

        total += n;
        least = MIN(least, n);
        most = MAX(most, n);
    }
    printf("%f %f %f %f\n", (double)total / seconds, least > 0 ? (double)most / (double)least : 0,
           batch, resident_mb());
    fflush(stdout);
    _exit(0); /* stopping would wait for a turn of the queue for each stream */
}

/* The parent process */

static Outcome run_child(const char *self, int streams, gboolean bare)
{
    g_autoptr(GPtrArray) args = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autofree char *out = NULL;
    Outcome o;
    int status;

    g_ptr_array_add(args, g_strdup(self));
    g_ptr_array_add(args, g_strdup_printf("--play=%d", streams));
    g_ptr_array_add(args, g_strdup_printf("--threads=%d", options.threads));
    g_ptr_array_add(args, g_strdup_printf("--seconds=%f", options.seconds));
    if (options.model)
        g_ptr_array_add(args, g_strconcat("--model=", options.model, NULL));
    if (options.size)
        g_ptr_array_add(args, g_strconcat("--size=", options.size, NULL));
    if (bare)
        g_ptr_array_add(args, g_strdup("--bare"));
    g_ptr_array_add(args, NULL);
    if (!g_spawn_sync(NULL, (char **)args->pdata, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL,
                      &status, &error) ||
        !g_spawn_check_wait_status(status, &error))
        g_error("%d streams: %s", streams, error->message);
    if (sscanf(out, "%lf %lf %lf %lf", &o.per_second, &o.fairness, &o.batch, &o.megabytes) != 4)
        g_error("%d streams: unexpected output: %s", streams, out);
    return o;
}

/* Values of each round. megabytes: beyond the same streams without convnext. */
typedef struct Outcomes {
    double per_second[ROUNDS_MAX], ratio[ROUNDS_MAX], fairness[ROUNDS_MAX], batch[ROUNDS_MAX],
        megabytes[ROUNDS_MAX];
} Outcomes;

static int read_counts(int *counts)
{
    g_auto(GStrv) words = g_strsplit(options.streams ? options.streams : "1,4,16,64", ",", -1);
    int n = 0;

    for (; words[n] && n < COUNTS_MAX; n++) {
        counts[n] = atoi(words[n]);
        if (counts[n] < 1 || counts[n] > STREAMS_MAX)
            g_error("--streams takes numbers from 1 to %d, not %s", STREAMS_MAX, words[n]);
    }
    return n;
}

static void print_medians(Outcomes *o, int streams, double first_megabytes, int more)
{
    const double megabytes = clock_median(o->megabytes, options.rounds);

    printf("%3d streams: %7.1f per second, ratio %.3f, fairness %.3f, batch %.1f, memory %+.1f MB",
           streams, clock_median(o->per_second, options.rounds),
           clock_median(o->ratio, options.rounds), clock_median(o->fairness, options.rounds),
           clock_median(o->batch, options.rounds), megabytes);
    if (more > 0)
        printf(", %.2f MB for each additional stream", (megabytes - first_megabytes) / more);
    printf("\n");
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    static Outcomes all[COUNTS_MAX];
    int counts[COUNTS_MAX];

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        g_error("%s", error->message);
    gst_init(NULL, NULL);
    if (options.play > 0)
        play_all(MIN(options.play, STREAMS_MAX));
    const int n = read_counts(counts);

    options.rounds = CLAMP(options.rounds, 1, ROUNDS_MAX);
    for (int round = 0; round < options.rounds; round++)
        for (int i = 0; i < n; i++) {
            const Outcome o = run_child(argv[0], counts[i], FALSE);

            all[i].per_second[round] = o.per_second;
            all[i].ratio[round] = o.per_second / all[0].per_second[round];
            all[i].fairness[round] = o.fairness;
            all[i].batch[round] = o.batch;
            all[i].megabytes[round] = o.megabytes - run_child(argv[0], counts[i], TRUE).megabytes;
        }
    const double first = clock_median(all[0].megabytes, options.rounds);

    for (int i = 0; i < n; i++)
        print_medians(&all[i], counts[i], first, counts[i] - counts[0]);
    return 0;
}
