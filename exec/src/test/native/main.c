/* Runs every case, or those whose name contains the third argument. Usage: tests LAUNCHER SCRATCH [NAME] */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "check.h"
#include "client.h"

char scratch[256];
const char *launcher_binary;

static jmp_buf failed;
static const char *running;

_Noreturn void check_failed(const char *file, int line, const char *text, long long got, long long wanted) {
    const char *name = strrchr(file, '/');
    printf("FAILED %s: %s:%d: %s", running, name == NULL ? file : name + 1, line, text);
    if (got != wanted) {
        printf(" (%lld, not %lld)", got, wanted);
    }
    printf("\n");
    fflush(stdout);
    longjmp(failed, 1);
}

int main(int argc, char **argv) {
    static const struct test_case *const suites[] = {
        parser_cases, record_cases, system_cases, launch_cases, output_cases, policy_cases, stop_cases,
        death_cases, identity_cases, cgroup_cases, clock_cases};
    volatile int passed = 0;
    volatile int failures = 0;
    if (argc < 3) {
        fprintf(stderr, "usage: tests LAUNCHER SCRATCH [NAME]\n");
        return 2;
    }
    launcher_binary = argv[1];
    snprintf(scratch, sizeof scratch, "%s", argv[2]);
    const char *only = argc > 3 ? argv[3] : "";
    signal(SIGPIPE, SIG_IGN);
    /* What a launcher killed on purpose leaves comes to us, not to init. */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        for (const struct test_case *test = suites[i]; test->name != NULL; test++) {
            if (strstr(test->name, only) == NULL) {
                continue;
            }
            running = test->name;
            time_t began = time(NULL);
            if (setjmp(failed) == 0) {
                test->run();
                passed++;
                if (getenv("VERBOSE") != NULL) {
                    printf("%s %ld s\n", running, (long) (time(NULL) - began));
                }
            } else {
                failures++;
            }
        }
    }
    running = "the shared launcher's end";
    if (setjmp(failed) == 0) {
        shared_launcher_end();
    } else {
        failures++;
    }
    printf("%d passed, %d failed\n", passed, failures);
    return failures == 0 ? 0 : 1;
}
