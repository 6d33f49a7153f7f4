#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "resolve.h"
#include "sys.h"
#include "tree.h"
#include "wire.h"

/* Shared with the child, which runs in this memory until exec while the parent stands still. */
struct birth {
    const struct start *start;
    const char *file;
    int error;
    uint32_t stage;
};

/* Of 1,000, what the kernel is to add to the command's claim to be killed. */
enum { OFFERED = 500 };

static uint8_t child_stack[32 << 10] __attribute__((aligned(16)));
static struct search search;

static int fail(struct birth *birth, uint32_t stage) {
    birth->error = errno;
    birth->stage = stage;
    return 127;
}

bool too_late(int64_t not_after) {
    return not_after != 0 && now_realtime() > not_after;
}

/*
 * Best effort: the kernel's choice of victim should be the command, not what watches it. The command inherits what is
 * ours at its birth: for itself it would have to look up its own files in /proc, each time anew.
 */
static int badness = -1;
static char own_badness[8];
static size_t own_badness_length;

void start_prepare(void) {
    badness = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
    ssize_t length = badness < 0 ? -1 : read(badness, own_badness, sizeof own_badness - 1);
    if (length <= 0 || atoi(own_badness) >= OFFERED) {
        close_if_open(&badness);
        return;
    }
    own_badness_length = (size_t) length;
}

static void set_badness(const char *value, size_t length) {
    if (badness >= 0) {
        ssize_t ignored = pwrite(badness, value, length, 0);
        (void) ignored;
    }
}

__attribute__((no_sanitize("address", "undefined"))) static bool bound(int resource, uint64_t most) {
    uint64_t limit[2] = {most, most};
    return most == NO_LIMIT || syscall(SYS_prlimit64, 0, resource, limit, NULL) == 0;
}

/*
 * Only async-signal-safe system calls from here on. Umask and core limit are the supervisor's own and inherited; so is
 * the default action of every signal, since the supervisor blocks signals and neither ignores nor handles any.
 */
__attribute__((no_sanitize("address", "undefined"))) static int be_born(void *argument) {
    struct birth *birth = argument;
    const struct start *start = birth->start;
    setpgid(0, 0);
    if ((start->input >= 0 && dup2(start->input, STDIN_FILENO) < 0) || dup2(start->output, STDOUT_FILENO) < 0
            || dup2(start->errors, STDERR_FILENO) < 0 || (start->script >= 0 && dup2(start->script, SCRIPT_FD) < 0)) {
        return fail(birth, STAGE_FORK);
    }
    if (!cgroup_join(start->group) || !bound(RLIMIT_DATA, start->bounds->data)
            || !bound(RLIMIT_NPROC, start->bounds->processes)
            || !bound(RLIMIT_NOFILE, start->bounds->descriptors)) {
        return fail(birth, STAGE_LIMITS);
    }
    if (start->identity->changes && !identity_assume(start->identity)) {
        return fail(birth, STAGE_USER);
    }
    if (!start->allow_privilege_gain && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail(birth, STAGE_LIMITS);
    }
    if (chdir(start->cwd) != 0) {
        return fail(birth, STAGE_CHDIR);
    }
    /* What a kernel before 5.9 leaves open is close-on-exec, all of it. */
    syscall(SYS_close_range, start->script >= 0 ? SCRIPT_FD + 1 : SCRIPT_FD, ~0U, 0U);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* The last moment: whatever held the start up, a slow working directory as well as a machine that stood still, is over. */
    if (too_late(start->not_after)) {
        errno = ETIME;
        return fail(birth, STAGE_NOT_AFTER);
    }
    execve(birth->file, start->argv, start->envp);
    return fail(birth, STAGE_EXEC);
}

/* The start time is needed in clock ticks: where the birth lies within one tick, the clock tells it as well as /proc. */
static uint64_t ticks_of(pid_t pid, int64_t before, int64_t behind) {
    const int64_t tick = SECOND / 100;
    if (before / tick == behind / tick) {
        return (uint64_t) (before / tick);
    }
    struct process_stat stat;
    return read_stat(pid, &stat) ? stat.start_ticks : 0;
}

static struct started try_file(const struct start *start, const char *file) {
    struct birth birth = {.start = start, .file = file};
    int64_t before = now_boottime();
    set_badness("500", 3);
    pid_t pid = clone(be_born, child_stack + sizeof child_stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &birth);
    int error = errno;
    set_badness(own_badness, own_badness_length);
    if (pid < 0) {
        return (struct started){.error = error, .stage = STAGE_FORK};
    }
    if (birth.error != 0) {
        while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {
        }
        return (struct started){.error = birth.error, .stage = birth.stage};
    }
    return (struct started){.pid = pid, .ticks = ticks_of(pid, before, now_boottime())};
}

struct started start_command(const struct start *start) {
    struct started started = {0};
    search_begin(&search, start->argv[0], start->envp, start->cwd);
    const char *file;
    while ((file = search_next(&search)) != NULL) {
        started = try_file(start, file);
        if (started.pid > 0 || started.stage != STAGE_EXEC || !search_continues(&search, started.error)) {
            break;
        }
        started = (struct started){0};
    }
    if (started.pid == 0 && started.error == 0) {
        started.error = search.error;
        started.stage = STAGE_EXEC;
    }
    search_end(&search);
    return started;
}
