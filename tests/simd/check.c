/* The main program: options, levels, suites, faults, verdicts.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <getopt.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/simd/state.h"

#define SUITE(name) extern const CheckSuite check_##name;
#include "tests/simd/suites.inc"
#undef SUITE

static const CheckSuite *const suites[] = {
#define SUITE(name) &check_##name,
#include "tests/simd/suites.inc"
#undef SUITE
};

#define MOST_PRINTED 12 /* failures printed for one suite at one level */
#define SUITES (sizeof suites / sizeof suites[0])

static const char *const kernel_names[CHECK_KERNELS] = {
#define KERNEL(type, name, ...) #name,
#include "simd/kernels.inc"
};

static sigjmp_buf after_fault;
static const void *volatile fault_address;
static volatile sig_atomic_t fault_signal;

static void on_fault(int number, siginfo_t *info, void *context)
{
    fault_address = info->si_addr;
    fault_signal = number;
    siglongjmp(after_fault, 1);
}

static void catch_faults(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}

void check_case(Check *t, int id, const char *kernel, const char *format, ...)
{
    CheckState *s = t->state;
    va_list args;

    s->tested[id] = true;
    snprintf(s->kernel, sizeof s->kernel, "%s", kernel);
    va_start(args, format);
    vsnprintf(s->shape, sizeof s->shape, format, args);
    va_end(args);
    s->why[0] = 0;
    s->worst = 0;
    s->values = s->wrong = 0;
}

static void verdict(Check *t)
{
    static const char *const places[] = {"at end", "at start", "odd"};
    CheckState *s = t->state;

    if (!s->why[0]) {
        s->passed++;
        return;
    }
    s->failed++;
    if (++s->printed > MOST_PRINTED)
        return;
    printf("FAIL %s %s [%s; buffers %s; seed %llu]: %s", s->kernel, cnx_isa_name(t->k->level),
           s->shape, places[t->place], (unsigned long long)s->seed, s->why);
    if (s->wrong)
        printf("; %zu of %zu values wrong", s->wrong, s->values);
    printf("\n%s", s->printed == MOST_PRINTED
                       ? "further failures of this suite are counted but not printed\n"
                       : "");
    fflush(stdout);
}

void check_done(Check *t)
{
    check_buffers_done(t);
    verdict(t);
}

void check_true(Check *t, bool ok, const char *format, ...)
{
    CheckState *s = t->state;
    va_list args;

    if (ok || s->why[0])
        return;
    va_start(args, format);
    vsnprintf(s->why, sizeof s->why, format, args);
    va_end(args);
}

static bool near_enough(double got, double want, double tolerance)
{
    if (isnan(want))
        return isnan(got);
    if (isinf(want))
        return got == want;
    return fabs(got - want) <= tolerance;
}

void check_value(Check *t, double got, double want, double tolerance, int i, int j)
{
    CheckState *s = t->state;

    s->values++;
    if (near_enough(got, want, tolerance))
        return;
    s->wrong++;

    double error = fabs(got - want) / tolerance;

    if (!isfinite(error))
        error = HUGE_VAL;
    if (error <= s->worst)
        return;
    s->worst = error;
    snprintf(s->why, sizeof s->why, "worst at (%d, %d): %.9g, expected %.9g within %.3g", i, j, got,
             want, tolerance);
}

/* Every level and placement of a suite gets the same random numbers. */
static void run_suite(Check *t, const CheckSuite *suite)
{
    CheckState *s = t->state;

    s->random = s->seed;
    for (const char *p = suite->name; *p; p++)
        s->random = s->random * 31 + (unsigned char)*p;
    if (sigsetjmp(after_fault, 1) == 0) {
        suite->run(t);
        return;
    }
    snprintf(s->why, sizeof s->why, "%s %s; the rest of the suite is skipped",
             strsignal(fault_signal), check_buffers_where(t, (const void *)fault_address));
    s->wrong = 0;
    check_buffers_drop(t);
    verdict(t);
}

/* only: names of suites, separated by commas, or NULL for all. */
static bool is_chosen(const char *only, const char *suite)
{
    const size_t length = strlen(suite);

    for (const char *p = only; p; p = strchr(p, ',')) {
        p += *p == ',';
        if (!strncmp(p, suite, length) && (!p[length] || p[length] == ','))
            return true;
    }
    return !only;
}

/* Whether each of these names is a suite's. */
static bool are_suites(const char *only)
{
    size_t names = 0, found = 0;

    for (const char *p = only; p; p = strchr(p, ',')) {
        p += *p == ',';
        names++;
    }
    for (size_t i = 0; i < SUITES && only; i++)
        found += is_chosen(only, suites[i]->name);
    return found == names;
}

static void run_level(Check *t, const char *only)
{
    CheckState *s = t->state;
    int passed = s->passed, failed = s->failed;

    for (size_t i = 0; i < SUITES; i++) {
        if (!is_chosen(only, suites[i]->name))
            continue;
        s->printed = 0;
        for (int place = 0; place < CHECK_PLACES; place++) {
            t->place = (CheckPlace)place;
            run_suite(t, suites[i]);
        }
    }
    printf("%s: %d passed, %d failed\n", cnx_isa_name(t->k->level), s->passed - passed,
           s->failed - failed);
}

static void require_all_tested(CheckState *s)
{
    for (int i = 0; i < CHECK_KERNELS; i++) {
        if (s->tested[i])
            continue;
        printf("FAIL %s: no suite tests this kernel\n", kernel_names[i]);
        s->failed++;
    }
}

static int run_tests(Check *t, const char *only)
{
    CheckState *s = t->state;
    int levels = 0;

    catch_faults();
    for (int i = 0; i < CNX_ISA_COUNT; i++) {
        if (!s->levels[i])
            continue;
        t->k = cnx_kernels_get((CnxIsa)i);
        levels += t->k != NULL;
        if (t->k)
            run_level(t, only);
        else
            printf("%s: skipped, not supported by this processor or this build\n",
                   cnx_isa_name((CnxIsa)i));
    }
    if (!levels)
        return 77;
    if (!only)
        require_all_tested(s);
    printf("%d passed, %d failed\n", s->passed, s->failed);
    return s->failed || !s->passed ? 1 : 0;
}

static int run_bench(Check *t, const char *only)
{
    printf("%-15s %-11s %-26s %12s %12s %7s %9s %6s %7s\n", "kernel", "level", "shape", "median ns",
           "min ns", "spread", "GFLOP/s", "peak", "vs C");
    for (size_t i = 0; i < SUITES; i++) {
        if (!is_chosen(only, suites[i]->name))
            continue;
        t->state->random = t->state->seed;
        suites[i]->bench(t);
    }
    return 0;
}

static int list_suites(void)
{
    for (size_t i = 0; i < SUITES; i++)
        printf("%s\n", suites[i]->name);
    return 0;
}

static int print_usage(const char *program, int code)
{
    fprintf(code ? stderr : stdout,
            "usage: %s [--list] [--only SUITE,...] [--seed N] [--cpu LEVEL] [--bench]\n"
            "Tests every kernel at every isa level that this machine supports, or at one level,\n"
            "set by --cpu or the environment variable CONVNEXT_CPU. --bench times the kernels.\n",
            program);
    return code;
}

/* name: NULL for every level. */
static bool choose_levels(CheckState *s, const char *name)
{
    CnxIsa level;

    if (!name || !*name) {
        for (int i = 0; i < CNX_ISA_COUNT; i++)
            s->levels[i] = true;
        return true;
    }
    if (!cnx_isa_parse(name, &level)) {
        fprintf(stderr, "unknown isa level '%s': expected one of", name);
        for (int i = 0; i < CNX_ISA_COUNT; i++)
            fprintf(stderr, "%s %s", i ? "," : "", cnx_isa_name((CnxIsa)i));
        fprintf(stderr, "\n");
        return false;
    }
    s->levels[level] = true;
    return true;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"bench", no_argument, 0, 'b'},
        {"cpu", required_argument, 0, 'c'},
        {"help", no_argument, 0, 'h'},
        {"list", no_argument, 0, 'l'},
        {"only", required_argument, 0, 'o'},
        {"seed", required_argument, 0, 's'},
        {0},
    };
    static CheckState state;
    Check t = {.c = cnx_kernels_get(CNX_ISA_C), .state = &state};
    const char *only = NULL, *level = getenv("CONVNEXT_CPU");
    int option;

    state.seed = (uint64_t)time(NULL);
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'b':
            state.bench = true;
            break;
        case 'c':
            level = optarg;
            break;
        case 'l':
            return list_suites();
        case 'o':
            only = optarg;
            break;
        case 's':
            state.seed = strtoull(optarg, NULL, 0);
            break;
        default:
            return print_usage(argv[0], option == 'h' ? 0 : 2);
        }
    }
    if (optind < argc || !are_suites(only))
        return print_usage(argv[0], 2);
    if (!choose_levels(&state, level))
        return 2;
    printf("seed %llu\n", (unsigned long long)state.seed);
    return state.bench ? run_bench(&t, only) : run_tests(&t, only);
}
