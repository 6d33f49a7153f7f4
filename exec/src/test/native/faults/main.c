/*
 * Runs every scenario once to count the calls that are made, then again for each of these calls and each error it can have,
 * with that one call failing. Usage: faults LAUNCHER SCRATCH STEP [SCENARIO [CALL TURN ERROR]]; of the runs only every
 * STEP-th is made. A run is bounded, and a process of its own, which everything it leaves behind comes to.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../check.h"
#include "calls.h"
#include "scenarios.h"

enum { RUNS_AT_ONCE = 6, RUN_SECONDS = 60, TURNS_MAXIMUM = 25, PATIENCE_SECONDS = 20 };

char scratch[256];
const char *launcher_binary;

static const char *outer_scratch;
static struct faults *faults; /* of this run */

#define CALL(name, ...) #name,
#define RAW(name, ...) #name,
static const char *const names[] = {CALLS};
#undef CALL
#undef RAW

#define CALL(name, ...) {__VA_ARGS__, 0},
#define RAW(name, ...) {__VA_ARGS__, 0},
static const int errors[][4] = {CALLS};
#undef CALL
#undef RAW

struct plan {
    const struct scenario *scenario;
    unsigned call;
    unsigned turn;
    int error;
};

static struct plan plan;

static void name_of(char *text, size_t room, const struct plan *of) {
    if (of->call == CALL_COUNT) {
        snprintf(text, room, "%s with no fault", of->scenario->name);
    } else {
        snprintf(text, room, "%s %s %u %d (%s)", of->scenario->name, names[of->call], of->turn, of->error,
                of->error == SHORT ? "short" : strerror(of->error));
    }
}

static bool ending;

/* What a run that failed, or hangs, has left: all of it comes to its process. */
static void end_all(void) {
    pid_t pids[16];
    int count;
    for (int tries = 0; tries < 1000 && (count = children_of(getpid(), pids, 16)) > 0; tries++) {
        for (int i = 0; i < count; i++) {
            kill(pids[i], SIGKILL);
        }
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        usleep(1000);
    }
}

static void out_of_time(int signal) {
    (void) signal;
    check_failed(__FILE__, __LINE__, "hangs", 0, 0);
}

_Noreturn void check_failed(const char *file, int line, const char *text, long long got, long long wanted) {
    char name[200];
    const char *base = strrchr(file, '/');
    name_of(name, sizeof name, &plan);
    printf("FAILED %s: %s:%d: %s", name, base == NULL ? file : base + 1, line, text);
    if (got != wanted) {
        printf(" (%lld, not %lld)", got, wanted);
    }
    printf("\n");
    fflush(stdout);
    if (!ending) {
        ending = true;
        end_all();
    }
    _exit(1);
}

static struct faults *map_faults(const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(struct faults)) != 0) {
        perror(path);
        exit(2);
    }
    struct faults *mapped = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return mapped;
}

/* False: it has ended before it was ready, which is not wrong. */
static bool start(struct launcher *launcher) {
    int input[2];
    int output[2];
    CHECK(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
    snprintf(launcher->socket, sizeof launcher->socket, "%s", fresh("l"));
    launcher->pid = fork();
    if (launcher->pid == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
        execl(launcher_binary, "hufu-launcher", "--socket", launcher->socket, (char *) NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    launcher->input = input[1];
    char ready[8];
    struct pollfd readable = {.fd = output[0], .events = POLLIN};
    CHECK(poll(&readable, 1, PATIENCE_SECONDS * 1000) == 1);
    ssize_t length = read(output[0], ready, sizeof ready);
    close(output[0]);
    return length == 6;
}

static int status;

static bool has_exited(const void *pid) {
    return waitpid(*(const pid_t *) pid, &status, WNOHANG) == *(const pid_t *) pid;
}

/* With a status that says whether it served. */
static void expect_exit(struct launcher *launcher, int wanted) {
    if (launcher->input >= 0) {
        close(launcher->input);
    }
    CHECK(eventually(has_exited, &launcher->pid, PATIENCE_SECONDS));
    CHECK(WIFEXITED(status));
    CHECK_EQUAL(WEXITSTATUS(status), wanted);
    if (strcmp(names[plan.call % CALL_COUNT], "unlink") != 0 && strcmp(names[plan.call % CALL_COUNT], "lstat") != 0) {
        CHECK(!exists(launcher->socket));
    }
}

/* The launcher keeps one descriptor for each supervisor, and those that are idle none of their last attempt. */
static int surplus(const struct launcher *launcher, int counted[2]) {
    pid_t pids[16];
    int children = children_of(launcher->pid, pids, 16);
    counted[0] = descriptors_of(launcher->pid) - children;
    counted[1] = 0;
    for (int i = 0; i < children; i++) {
        int count = descriptors_of(pids[i]);
        counted[1] = count > counted[1] ? count : counted[1];
    }
    return faults->descriptors[0] == 0 ? 0
            : (counted[0] > faults->descriptors[0]) + (counted[1] > faults->descriptors[1]);
}

static bool nothing_leaks(const void *launcher) {
    int counted[2];
    return surplus(launcher, counted) == 0;
}

static void check_descriptors(struct launcher *launcher) {
    int counted[2];
    if (strcmp(names[plan.call % CALL_COUNT], "setsid") == 0) {
        return; /* which of the two is our child is another than usual */
    }
    if (!eventually(nothing_leaks, launcher, 5)) {
        (void) surplus(launcher, counted);
        CHECK_EQUAL(counted[0], faults->descriptors[0]);
        CHECK_EQUAL(counted[1], faults->descriptors[1]);
    }
    if (faults->descriptors[0] == 0) {
        usleep(100000);
        (void) surplus(launcher, faults->descriptors);
    }
}

static bool nobody_is_left(const void *unused) {
    pid_t pids[4];
    (void) unused;
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    return children_of(getpid(), pids, 4) == 0;
}

/* In a process of its own. */
static _Noreturn void run(unsigned number, const int descriptors[2]) {
    char path[300];
    struct launcher launcher;
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    signal(SIGALRM, out_of_time);
    alarm(RUN_SECONDS);
    snprintf(scratch, sizeof scratch, "%s/%u", outer_scratch, number);
    CHECK(mkdir(scratch, 0700) == 0);
    snprintf(path, sizeof path, "%s/faults", scratch);
    faults = map_faults(path);
    *faults = (struct faults){.call = plan.call, .turn = plan.turn, .error = plan.error};
    memcpy(faults->descriptors, descriptors, sizeof faults->descriptors);
    setenv("HUFU_FAULTS", path, 1);
    if (!start(&launcher)) {
        CHECK(faults->fired);
        expect_exit(&launcher, 1);
    } else {
        plan.scenario->run(&launcher);
        if (!plan.scenario->ends_launcher) {
            if (faults->fired || plan.call == CALL_COUNT) {
                one_more(&launcher);
                check_descriptors(&launcher);
            }
            close(launcher.input);
            launcher.input = -1;
        }
        expect_exit(&launcher, 0);
    }
    CHECK(eventually(nobody_is_left, NULL, PATIENCE_SECONDS));
    CHECK_EQUAL(faults->unknown, 0);
    _exit(0);
}

struct running {
    pid_t pid;
    struct plan plan;
    unsigned number;
};

static struct running running[RUNS_AT_ONCE];
static unsigned runs;
static unsigned failures;
static unsigned fired;

static void remove_run(unsigned number) {
    char command[300];
    snprintf(command, sizeof command, "rm -rf '%s/%u'", outer_scratch, number);
    if (system(command) != 0) {
        fprintf(stderr, "cannot: %s\n", command);
    }
}

/* Waits for one run to end, and keeps what it counted. */
static void reap_one(struct faults *counted) {
    char path[300];
    char name[200];
    int how;
    pid_t pid = waitpid(-1, &how, 0);
    for (int i = 0; i < RUNS_AT_ONCE; i++) {
        if (running[i].pid != pid) {
            continue;
        }
        running[i].pid = 0;
        snprintf(path, sizeof path, "%s/%u/faults", outer_scratch, running[i].number);
        struct faults *of_run = map_faults(path);
        fired += of_run->fired;
        if (counted != NULL) {
            *counted = *of_run;
        }
        munmap(of_run, sizeof *of_run);
        if (how != 0) {
            failures++;
            if (WIFSIGNALED(how)) {
                name_of(name, sizeof name, &running[i].plan);
                printf("FAILED %s: %s\n", name, strsignal(WTERMSIG(how)));
            }
        }
        remove_run(running[i].number);
        return;
    }
}

static void begin(const struct plan *next, const int descriptors[2]) {
    for (;;) {
        for (int i = 0; i < RUNS_AT_ONCE; i++) {
            if (running[i].pid == 0) {
                running[i] = (struct running){.plan = *next, .number = ++runs};
                fflush(stdout);
                running[i].pid = fork();
                if (running[i].pid == 0) {
                    plan = *next;
                    run(running[i].number, descriptors);
                }
                return;
            }
        }
        reap_one(NULL);
    }
}

static void finish_all(struct faults *counted) {
    for (int i = 0; i < RUNS_AT_ONCE; i++) {
        while (running[i].pid != 0) {
            reap_one(counted);
        }
    }
}

static void run_scenario(const struct scenario *scenario, unsigned step) {
    static const int unknown[2];
    static unsigned number;
    struct faults counted = {0};
    begin(&(struct plan){.scenario = scenario, .call = CALL_COUNT}, unknown);
    finish_all(&counted);
    for (unsigned call = 0; call < CALL_COUNT; call++) {
        /* A loop makes the same call over and over: its first rounds stand for all. */
        unsigned turns = counted.made[call] < TURNS_MAXIMUM ? counted.made[call] : TURNS_MAXIMUM;
        for (unsigned turn = 1; turn <= turns; turn++) {
            for (const int *error = errors[call]; *error != 0; error++) {
                if (number++ % step == 0) {
                    begin(&(struct plan){scenario, call, turn, *error}, counted.descriptors);
                }
            }
        }
    }
    finish_all(NULL);
}

static unsigned index_of(const char *name) {
    unsigned call = 0;
    while (call < CALL_COUNT && strcmp(names[call], name) != 0) {
        call++;
    }
    return call;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: faults LAUNCHER SCRATCH STEP [SCENARIO [CALL TURN ERROR]]\n");
        return 2;
    }
    launcher_binary = argv[1];
    outer_scratch = argv[2];
    signal(SIGPIPE, SIG_IGN);
    for (const struct scenario *scenario = scenarios; scenario->name != NULL; scenario++) {
        if (argc > 4 && strcmp(scenario->name, argv[4]) != 0) {
            continue;
        }
        if (argc > 7) {
            static const int unknown[2];
            begin(&(struct plan){scenario, index_of(argv[5]), (unsigned) atoi(argv[6]), atoi(argv[7])}, unknown);
            finish_all(NULL);
        } else {
            run_scenario(scenario, (unsigned) atoi(argv[3]));
        }
    }
    printf("%u runs, in %u of them a call failed: %u failures\n", runs, fired, failures);
    return failures == 0 ? 0 : 1;
}
