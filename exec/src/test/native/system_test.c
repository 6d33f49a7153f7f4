/* Finding programs and finding processes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../main/native/resolve.h"
#include "../../main/native/start.h"
#include "../../main/native/sys.h"
#include "../../main/native/tree.h"
#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

static char root[400];

static void make(const char *name, mode_t mode) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", root, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && fchmod(fd, mode) == 0);
    close(fd);
}

static void make_directory(const char *name) {
    char path[600];
    snprintf(path, sizeof path, "%s/%s", root, name);
    CHECK(mkdir(path, 0700) == 0);
}

static void make_root(void) {
    snprintf(root, sizeof root, "%s", fresh("d"));
    CHECK(mkdir(root, 0700) == 0);
    make_directory("a");
    make_directory("b");
    make_directory("c");
    make_directory("a/directory");
    make("a/denied", 0600);
    make("b/denied", 0700);
    make("b/only-denied", 0600);
    make("b/directory", 0700);
    make("b/program", 0700);
    make("c/program", 0700);
    make("here", 0700);
}

/* `wanted` is relative to the root unless it begins with '='; NULL: nothing is found. */
static void expect(const char *path, const char *name, const char *wanted, int error) {
    static struct search search;
    char entry[3000];
    char full[600];
    snprintf(entry, sizeof entry, "PATH=%s", path == NULL ? "" : path);
    char *envp[] = {"HOME=/", path == NULL ? NULL : entry, NULL};
    search_begin(&search, name, envp, root);
    const char *found = search_next(&search);
    int got = search.error;
    search_end(&search);
    if (wanted == NULL) {
        CHECK(found == NULL);
        CHECK_EQUAL(got, error);
        return;
    }
    snprintf(full, sizeof full, "%s/%s", root, wanted);
    CHECK(found != NULL && strcmp(found, wanted[0] == '=' ? wanted + 1 : full) == 0);
}

static void programs_are_found_like_execvp_does(void) {
    make_root();
    char all[2000];
    snprintf(all, sizeof all, "%s/none:%s/a:%s/b:%s/c", root, root, root, root);
    expect(all, "program", "b/program", 0);
    expect(all, "denied", "b/denied", 0);
    expect(all, "directory", "b/directory", 0);
    expect(all, "only-denied", NULL, EACCES);
    expect(all, "nowhere", NULL, ENOENT);
    expect(all, "", NULL, ENOENT);
    /* With a slash: as it is, whatever it is. */
    expect(all, "./here", "=./here", 0);
    expect(all, "/no/such", "=/no/such", 0);
    /* Relative entries and the empty one mean the request's directory. */
    expect("c:b", "program", "=c/program", 0);
    expect("", "here", "=here", 0);
    expect("none::c", "here", "=here", 0);
    expect("c:", "here", "=here", 0);
    /* Without PATH: the C library's default. */
    expect(NULL, "sh", "=/bin/sh", 0);
    expect("/bin/true/not/a/directory:/bin", "sh", "=/bin/sh", 0);
    char longer[300];
    memset(longer, 'x', sizeof longer);
    longer[299] = 0;
    expect(all, longer, NULL, ENAMETOOLONG);
}

static void search_goes_on_like_execvp_does(void) {
    static struct search search;
    make_root();
    char path[1000];
    snprintf(path, sizeof path, "PATH=%s/b:%s/c", root, root);
    char *envp[] = {path, NULL};
    static const struct {
        int error;
        bool goes_on;
        int answer;
    } rules[] = {{ENOENT, true, ENOENT}, {EACCES, true, EACCES}, {ENOTDIR, true, ENOENT}, {ENOEXEC, false, ENOEXEC}, {E2BIG, false, E2BIG}};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        search_begin(&search, "program", envp, root);
        CHECK(strstr(search_next(&search), "/b/program") != NULL);
        CHECK_EQUAL(search_continues(&search, rules[i].error), rules[i].goes_on);
        if (rules[i].goes_on) {
            CHECK(strstr(search_next(&search), "/c/program") != NULL);
            CHECK(search_continues(&search, ENOENT));
            CHECK(search_next(&search) == NULL);
        }
        CHECK_EQUAL(search.error, rules[i].answer);
        search_end(&search);
    }
}

/* A child with a child in a session of its own, and an orphan of it by double fork, all asleep. */
static pid_t grow(pid_t pids[3]) {
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    pid_t top = fork();
    if (top == 0) {
        pid_t mine[3] = {getpid(), 0, 0};
        mine[1] = fork();
        if (mine[1] == 0) {
            setsid();
            for (;;) {
                pause();
            }
        }
        int inner[2];
        if (pipe2(inner, O_CLOEXEC) != 0) {
            _exit(1);
        }
        pid_t middle = fork();
        if (middle == 0) {
            setsid();
            pid_t last = fork();
            if (last == 0) {
                for (;;) {
                    pause();
                }
            }
            (void) write_whole(inner[1], &last, sizeof last);
            _exit(0);
        }
        waitpid(middle, NULL, 0);
        if (read(inner[0], &mine[2], sizeof mine[2]) == sizeof mine[2]) {
            (void) write_whole(ends[1], mine, sizeof mine);
        }
        for (;;) {
            pause();
        }
    }
    CHECK(read(ends[0], pids, 3 * sizeof pids[0]) == (ssize_t) (3 * sizeof pids[0]));
    close(ends[0]);
    close(ends[1]);
    return top;
}

static pid_t spared_pid;

static bool spare(pid_t pid) {
    return pid == spared_pid || pid == shared_launcher()->pid;
}

static void find_everything(void) {
    tree_clear();
    while (tree_find(spare) > 0) {
    }
}

static void descendants_are_found_and_others_spared(void) {
    (void) shared_launcher();
    for (int lists = 0; lists < 2; lists++) {
        pid_t pids[3];
        pid_t spared_pids[3];
        pid_t one;
        tree_use("/proc", lists == 1);
        spared_pid = grow(spared_pids);
        grow(pids);
        find_everything();
        /* The spared one's orphan has become our own child. */
        CHECK_EQUAL(tree_count(), 4);
        CHECK_EQUAL(tree_alive(&one), 4);
        CHECK_EQUAL(tree_signal(SIGKILL, 0, 0), 4);
        for (int i = 0; i < 3; i++) {
            await_gone(pids[i], 5);
        }
        await_gone(spared_pids[2], 5);
        CHECK(alive(spared_pids[0]) && alive(spared_pids[1]));
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
        spared_pid = 0;
        find_everything();
        CHECK_EQUAL(tree_signal(SIGKILL, 0, 0), 2);
        await_gone(spared_pids[0], 5);
        await_gone(spared_pids[1], 5);
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
    tree_clear();
    tree_use("/proc", true);
}

static void process_of_another_start_time_is_no_target(void) {
    struct process_stat stat;
    pid_t canary = fork();
    if (canary == 0) {
        for (;;) {
            pause();
        }
    }
    CHECK(read_stat(canary, &stat));
    CHECK_EQUAL(stat.parent, getpid());
    tree_clear();
    CHECK(!tree_add(canary, stat.start_ticks - 1));
    CHECK(!tree_add(canary, stat.start_ticks + 1));
    CHECK_EQUAL(tree_signal(SIGKILL, 0, 0), 0);
    CHECK(alive(canary));
    CHECK(tree_add(canary, stat.start_ticks));
    CHECK(!tree_add(canary, stat.start_ticks));
    CHECK_EQUAL(tree_signal(SIGKILL, 0, stat.group), 0);
    CHECK(alive(canary));
    CHECK_EQUAL(tree_signal(SIGKILL, 0, 0), 1);
    await_gone(canary, 5);
    /* A zombie, then nothing at all. */
    CHECK_EQUAL(tree_signal(SIGKILL, 0, 0), 0);
    CHECK(waitpid(canary, NULL, 0) == canary);
    CHECK_EQUAL(tree_signal(SIGKILL, 0, 0), 0);
    tree_clear();
}

/* A /proc made up of files, to say what a real one says only by chance. */
static void fake_process(pid_t pid, const char *name, pid_t parent, int start) {
    char path[700];
    char text[300];
    snprintf(path, sizeof path, "%s/%d", root, (int) pid);
    (void) mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%d/stat", root, (int) pid);
    int length = snprintf(text, sizeof text, "%d (%s) S %d 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %d 99 98\n", (int) pid,
            name, (int) parent, start);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, text, (size_t) length) == length);
    close(fd);
}

static void names_may_hold_anything(void) {
    struct process_stat stat;
    snprintf(root, sizeof root, "%s", fresh("p"));
    CHECK(mkdir(root, 0700) == 0);
    tree_use(root, false);
    fake_process(10, "a) R 1 (b", 4242, 777);
    CHECK(read_stat(10, &stat));
    CHECK(stat.state == 'S' && stat.parent == 4242 && stat.start_ticks == 777);
    fake_process(11, ") S 1 2 3", 4243, 778);
    CHECK(read_stat(11, &stat) && stat.parent == 4243);
    CHECK(!read_stat(12, &stat));
    tree_use("/proc", true);
}

static void deep_trees_and_recycled_parents(void) {
    enum { DEPTH = 150 };
    snprintf(root, sizeof root, "%s", fresh("p"));
    CHECK(mkdir(root, 0700) == 0);
    tree_use(root, false);
    tree_clear();
    for (int i = 0; i < DEPTH; i++) {
        fake_process(100000 + i, "link", i == 0 ? getpid() : 100000 + i - 1, 50 + i);
    }
    fake_process(200000, "stranger", 1, 5);
    while (tree_find(NULL) > 0) {
    }
    CHECK_EQUAL(tree_count(), DEPTH);
    /* Its pid has passed to a stranger, who has a child. */
    fake_process(100000 + DEPTH - 1, "recycled", 1, 99999);
    fake_process(200001, "child of a stranger", 100000 + DEPTH - 1, 100000);
    while (tree_find(NULL) > 0) {
    }
    CHECK_EQUAL(tree_count(), DEPTH);
    tree_clear();
    CHECK_EQUAL(tree_count(), 0);
    CHECK(tree_find(NULL) > 0);
    tree_clear();
    tree_use("/proc", true);
}

static struct started start_by(int64_t not_after, const char *witness) {
    const char *argv[] = {"touch", witness, NULL};
    const char *envp[] = {"PATH=/usr/bin:/bin", NULL};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    static struct cgroup none;
    static struct identity own;
    const struct bounds unbounded = {NO_LIMIT, NO_LIMIT, NO_LIMIT};
    cgroup_none(&none);
    struct start start = {
        .group = &none,
        .bounds = &unbounded,
        .identity = &own,
        .argv = (char *const *) (uintptr_t) argv,
        .envp = (char *const *) (uintptr_t) envp,
        .cwd = "/",
        .not_after = not_after,
        .input = -1,
        .output = nowhere,
        .errors = nowhere,
        .script = -1,
    };
    struct started started = start_command(&start);
    if (started.pid > 0) {
        waitpid(started.pid, NULL, 0);
    }
    close(nowhere);
    return started;
}

/* Whatever was found out before: the preparations take their time. */
static void f10_clock_is_looked_at_right_before_exec(void) {
    const char *witness = fresh("w");
    struct started started = start_by(now_realtime() - 1, witness);
    CHECK_EQUAL(started.pid, 0);
    CHECK_EQUAL(started.error, ETIME);
    CHECK_EQUAL(started.stage, STAGE_NOT_AFTER);
    CHECK(!exists(witness));
    started = start_by(now_realtime() + 3600 * SECOND, witness);
    CHECK(started.pid > 0);
    CHECK(exists(witness));
}

const struct test_case system_cases[] = {
    {"programs_are_found_like_execvp_does", programs_are_found_like_execvp_does},
    {"search_goes_on_like_execvp_does", search_goes_on_like_execvp_does},
    {"descendants_are_found_and_others_spared", descendants_are_found_and_others_spared},
    {"process_of_another_start_time_is_no_target", process_of_another_start_time_is_no_target},
    {"names_may_hold_anything", names_may_hold_anything},
    {"deep_trees_and_recycled_parents", deep_trees_and_recycled_parents},
    {"f10_clock_is_looked_at_right_before_exec", f10_clock_is_looked_at_right_before_exec},
    {NULL, NULL},
};
