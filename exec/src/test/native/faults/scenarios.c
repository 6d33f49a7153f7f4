#include "scenarios.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../main/native/tree.h"
#include "../../../main/native/wire.h"
#include "../check.h"

enum { PATIENCE_SECONDS = 20, KIND_FAILED = 3 };

static char marker[64];
static char witness[256];
static char text[1024];

static struct order witnessed_shell(const char *rest) {
    static const char *envp[3] = {"PATH=/usr/bin:/bin", marker, NULL};
    snprintf(marker, sizeof marker, "HUFU_TASK_ID=f%d", (int) getpid());
    snprintf(witness, sizeof witness, "%s", fresh("w"));
    snprintf(text, sizeof text, "trap '' TERM; echo > %s; %s", witness, rest);
    struct order order = shell(text);
    order.envp = envp;
    order.marker = marker;
    order.metadata = "metadata";
    return order;
}

static bool nobody_is_marked(const void *unused) {
    (void) unused;
    return count_marked(marker) == 0;
}

static bool witness_is_there(const void *unused) {
    (void) unused;
    return exists(witness);
}

enum outcome { REFUSED, FAILED, ENDED, LOST };

struct told {
    enum outcome outcome;
    struct ended ended;
};

/* Speaks to the supervisor when the attempt has begun, and again to whom it was attached to: words may be lost. */
typedef void (*speech)(struct attempt_client *attempt, uint16_t upon);

static void say_nothing(struct attempt_client *attempt, uint16_t upon) {
    (void) attempt;
    (void) upon;
}

static struct told told_by(struct ended ended) {
    return (struct told){ended.kind == KIND_FAILED ? FAILED : ENDED, ended};
}

/* True: reached, and connected. */
static bool reach(struct attempt_client *attempt) {
    uint8_t payload[1024];
    size_t length = sizeof payload;
    attempt->connection = connect_to(attempt->control);
    if (attempt->connection < 0) {
        return false;
    }
    send_frame(attempt->connection, FRAME_ATTACH, NULL, 0);
    if (receive_frame(attempt->connection, payload, &length) == FRAME_ATTACHED) {
        return true;
    }
    close(attempt->connection);
    attempt->connection = -1;
    return false;
}

/* As an agent does that has lost the connection: the file says how it stands. True: connected again. */
static bool recover(struct attempt_client *attempt, struct told *told) {
    close(attempt->connection);
    attempt->connection = -1;
    for (int tries = 0; tries < PATIENCE_SECONDS * 100; tries++) {
        if (!exists(attempt->file)) {
            told->outcome = REFUSED;
            return false;
        }
        if (exists(attempt->control) && reach(attempt)) {
            return true;
        }
        if (!is_locked(attempt->file)) {
            if (has_record(attempt->file)) {
                *told = told_by(read_record(attempt->file));
            } else {
                told->outcome = LOST;
            }
            return false;
        }
        usleep(10000);
    }
    CHECK(!"the attempt is neither reached nor over");
    return false;
}

static struct told follow(struct attempt_client *attempt, speech say) {
    struct told told = {.outcome = LOST};
    for (;;) {
        uint8_t payload[1024];
        size_t length = sizeof payload;
        switch (receive_frame(attempt->connection, payload, &length)) {
            case FRAME_STARTED:
                say(attempt, FRAME_STARTED);
                break;
            case FRAME_KILL_PENDING:
                break;
            case FRAME_REFUSED:
                close(attempt->connection);
                CHECK(get32(payload) != 0);
                CHECK(!exists(attempt->file));
                told.outcome = REFUSED;
                return told;
            case FRAME_ENDED:
                close(attempt->connection);
                told = told_by(parse_ended(payload, length));
                if (has_record(attempt->file)) {
                    CHECK_EQUAL(read_record(attempt->file).value, told.ended.value);
                }
                return told;
            default:
                if (!recover(attempt, &told)) {
                    return told;
                }
                say(attempt, FRAME_ATTACHED);
                break;
        }
    }
}

/* What was not started did nothing; of what is over nobody is left. */
static void check_truth(const struct told *told) {
    if (told->outcome == REFUSED || told->outcome == FAILED) {
        CHECK(!exists(witness));
    }
    if (told->outcome == LOST) {
        /* One that is in the midst of its exec has no environment to be seen: at the run's end it is seen as a child. */
        CHECK(eventually(nobody_is_marked, NULL, PATIENCE_SECONDS));
        return;
    }
    CHECK_EQUAL(count_marked(marker), 0);
}

static struct told run_told(struct launcher *launcher, const struct order *order, struct attempt_client *attempt, speech say) {
    *attempt = send_order(launcher, order);
    struct told told = follow(attempt, say);
    check_truth(&told);
    return told;
}

static void expect_output(const struct attempt_client *attempt, const struct told *told, const char *wanted) {
    if ((told->ended.flags & SPOOL_FULL) == 0) {
        size_t length;
        char *head = read_head(attempt->file, 0, &length);
        bool same = strcmp(head, wanted) == 0;
        free(head);
        CHECK(same);
        CHECK_EQUAL(told->ended.written[0], strlen(wanted));
    }
}

static void plain(struct launcher *launcher) {
    struct order order = witnessed_shell("read line; echo \"$line\"; echo err >&2; exit 3");
    const char *argv[] = {"/bin/sh", "/dev/fd/3", NULL};
    struct attempt_client attempt;
    order.script = text;
    order.argv = argv;
    order.input = "line\n";
    order.input_length = 5;
    order.timeout = UINT64_C(100000000000);
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    if (told.outcome == ENDED) {
        CHECK_EQUAL(told.ended.kind, 1);
        CHECK_EQUAL(told.ended.value, 3);
        CHECK_EQUAL(told.ended.cause, CAUSE_NONE);
        expect_output(&attempt, &told, "line\n");
    }
    CHECK(!eventually(witness_is_there, NULL, 0) || told.outcome == ENDED || told.outcome == LOST);
}

static void large_request(struct launcher *launcher) {
    static char word[200];
    static const char *argv[604];
    struct order order = witnessed_shell("exit $(($# % 256))");
    memset(word, 'x', sizeof word - 1);
    argv[0] = "sh";
    argv[1] = "-c";
    argv[2] = text;
    for (int i = 3; i < 603; i++) {
        argv[i] = word;
    }
    order.argv = argv;
    struct attempt_client attempt;
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    if (told.outcome == ENDED) {
        CHECK_EQUAL(told.ended.value, 599 % 256);
    }
}

static void say_stop(struct attempt_client *attempt, uint16_t upon) {
    (void) upon;
    (void) eventually(witness_is_there, NULL, 5);
    stop(attempt, CAUSE_REQUESTED, 20000000);
}

static const char *const stubborn = "(setsid sleep 60 &); sleep 60 & sleep 60";

static void stopped(struct launcher *launcher) {
    struct order order = witnessed_shell(stubborn);
    struct attempt_client attempt;
    struct told told = run_told(launcher, &order, &attempt, say_stop);
    if (told.outcome == ENDED) {
        CHECK_EQUAL(told.ended.cause, CAUSE_REQUESTED);
        CHECK_EQUAL(told.ended.kind, 2);
        CHECK_EQUAL(told.ended.value, SIGKILL);
        CHECK_EQUAL(told.ended.proof, 2);
    }
}

static void deadline(struct launcher *launcher) {
    struct order order = witnessed_shell(stubborn);
    struct attempt_client attempt;
    order.timeout = 50000000;
    order.kill_grace = 20000000;
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    if (told.outcome == ENDED) {
        CHECK_EQUAL(told.ended.cause, CAUSE_DEADLINE);
        CHECK_EQUAL(told.ended.proof, 2);
    }
}

static void strays(struct launcher *launcher) {
    struct order order = witnessed_shell("(setsid sleep 60 &); echo out; exit 5");
    struct attempt_client attempt;
    order.drain_grace = 20000000;
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    if (told.outcome == ENDED) {
        CHECK_EQUAL(told.ended.value, 5);
        CHECK_EQUAL(told.ended.flags & STRAYS_KILLED, STRAYS_KILLED);
        expect_output(&attempt, &told, "out\n");
    }
}

static char signal_file[256];

static void say_go(struct attempt_client *attempt, uint16_t upon) {
    if (upon == FRAME_STARTED) {
        shutdown(attempt->connection, SHUT_RDWR);
    } else {
        close(open(signal_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
}

static void attached(struct launcher *launcher) {
    char rest[400];
    snprintf(signal_file, sizeof signal_file, "%s", fresh("go"));
    snprintf(rest, sizeof rest, "while [ ! -e %s ]; do sleep 0.01; done; echo two; exit 9", signal_file);
    struct order order = witnessed_shell(rest);
    struct attempt_client attempt;
    struct told told = run_told(launcher, &order, &attempt, say_go);
    if (told.outcome == ENDED) {
        CHECK_EQUAL(told.ended.value, 9);
        expect_output(&attempt, &told, "two\n");
    }
}

static void too_much_output(struct launcher *launcher) {
    struct order order = witnessed_shell("exec yes");
    struct attempt_client attempt;
    order.flags = LAUNCH_OUTPUT_KILL;
    order.output_limit = 1000;
    order.kill_grace = 50000000;
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    if (told.outcome == ENDED && (told.ended.flags & SPOOL_FULL) == 0) {
        CHECK_EQUAL(told.ended.cause, CAUSE_OUTPUT);
        CHECK(told.ended.written[0] > 1000);
    }
}

static void say_consumed(struct attempt_client *attempt, uint16_t upon) {
    uint8_t payload[16];
    (void) upon;
    put64(payload, UINT64_MAX);
    put64(payload + 8, UINT64_MAX);
    send_frame(attempt->connection, FRAME_CONSUMED, payload, sizeof payload);
}

static void blocked(struct launcher *launcher) {
    struct order order = witnessed_shell("head -c 700000 /dev/zero; exit 4");
    struct attempt_client attempt;
    order.flags = LAUNCH_OUTPUT_BLOCK;
    order.output_limit = 65536;
    struct told told = run_told(launcher, &order, &attempt, say_consumed);
    if (told.outcome == ENDED && (told.ended.flags & SPOOL_FULL) == 0) {
        CHECK_EQUAL(told.ended.value, 4);
        CHECK_EQUAL(told.ended.written[0], 700000);
    }
}

static void say_death(struct attempt_client *attempt, uint16_t upon) {
    (void) upon;
    (void) eventually(witness_is_there, NULL, 5);
    kill((pid_t) header64(attempt->file, 104), SIGKILL);
}

static void supervisor_killed(struct launcher *launcher) {
    struct order order = witnessed_shell(stubborn);
    struct attempt_client attempt;
    struct told told = run_told(launcher, &order, &attempt, say_death);
    CHECK(told.outcome != ENDED);
}

static struct launcher *left;

static void say_farewell(struct attempt_client *attempt, uint16_t upon) {
    (void) eventually(witness_is_there, NULL, 5);
    if (upon == FRAME_STARTED && left->input >= 0) {
        close(left->input);
        left->input = -1;
        shutdown(attempt->connection, SHUT_RDWR);
    } else {
        stop(attempt, CAUSE_REQUESTED, 20000000);
    }
}

static void agent_dies(struct launcher *launcher) {
    struct order order = witnessed_shell(stubborn);
    struct attempt_client attempt;
    left = launcher;
    struct told told = run_told(launcher, &order, &attempt, say_farewell);
    if (told.outcome == ENDED) {
        CHECK_EQUAL(told.ended.cause, CAUSE_REQUESTED);
    }
}

static void not_found(struct launcher *launcher) {
    const char *envp[] = {"PATH=relative:/nonexistent:/bin", NULL};
    const char *argv[] = {"no-such-program", NULL};
    struct order order = witnessed_shell("");
    struct attempt_client attempt;
    order.envp = envp;
    order.argv = argv;
    order.marker = "";
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    CHECK(told.outcome != ENDED);
}

static void malformed(struct launcher *launcher) {
    uint8_t answer[64];
    size_t length = sizeof answer;
    int connection = connect_to(launcher->socket);
    CHECK(connection >= 0);
    send_frame(connection, FRAME_SIGNAL, "12345678", 8);
    uint16_t type = receive_frame(connection, answer, &length);
    CHECK(type == FRAME_REFUSED || type == 0);
    close(connection);
}

static pid_t marked_sleeper(void) {
    pid_t pid = fork();
    if (pid == 0) {
        char *const argv[] = {"sleep", "60", NULL};
        char *const envp[] = {marker, NULL};
        setsid();
        execve("/bin/sleep", argv, envp);
        _exit(127);
    }
    return pid;
}

static bool somebody_is_marked(const void *unused) {
    return !nobody_is_marked(unused);
}

/* The survivors that are told; -1 where nothing is. */
static int sweep_once(struct launcher *launcher) {
    uint8_t payload[128] = {0};
    uint8_t answer[64];
    size_t room = sizeof answer;
    size_t length = strlen(marker) + 1;
    put32(payload, (uint32_t) length);
    memcpy(payload + 4, marker, length);
    int connection = connect_to(launcher->socket);
    CHECK(connection >= 0);
    send_frame(connection, FRAME_SWEEP, payload, 4 + length + 24);
    uint16_t type = receive_frame(connection, answer, &room);
    close(connection);
    CHECK(type == FRAME_SWEPT || type == FRAME_REFUSED || type == 0);
    return type == FRAME_SWEPT ? (int) get32(answer + 4) : -1;
}

static void swept(struct launcher *launcher) {
    (void) witnessed_shell("");
    pid_t sleeper = marked_sleeper();
    CHECK(eventually(somebody_is_marked, NULL, 5));
    int survivors = -1;
    for (int tries = 0; tries < 5 && survivors != 0; tries++) {
        survivors = sweep_once(launcher);
    }
    CHECK_EQUAL(survivors, 0);
    CHECK(!alive(sleeper));
    CHECK(waitpid(sleeper, NULL, 0) == sleeper);
}

static char group_names[3][300];
static char group_files[4][400];
static const char *group_directories[4];
static struct setting_order group_settings[3];
static struct event_order group_events[3];

/* Groups of version 1 with a limit of processes and of memory; false: this machine has none to be made. */
static bool put_into_groups(struct order *order) {
    static const char *const controllers[] = {"freezer", "pids", "memory"};
    const char *name = strrchr(fresh("g"), '/') + 1;
    for (int i = 0; i < 3; i++) {
        snprintf(group_names[i], sizeof group_names[i], "/sys/fs/cgroup/%s/hufu-faults-%d-%s", controllers[i],
                (int) getpid(), name);
        if (mkdir(group_names[i], 0755) != 0 || rmdir(group_names[i]) != 0) {
            return false;
        }
        group_directories[i] = group_names[i];
    }
    snprintf(group_files[0], sizeof group_files[0], "%s/pids.max", group_names[1]);
    snprintf(group_files[1], sizeof group_files[1], "%s/memory.limit_in_bytes", group_names[2]);
    snprintf(group_files[2], sizeof group_files[2], "%s/pids.events", group_names[1]);
    snprintf(group_files[3], sizeof group_files[3], "%s/memory.oom_control", group_names[2]);
    group_settings[0] = (struct setting_order){1, group_files[0], "12"};
    group_settings[1] = (struct setting_order){1, group_files[1], "33554432"};
    group_events[0] = (struct event_order){CAUSE_PIDS, group_files[2], "max"};
    group_events[1] = (struct event_order){CAUSE_MEMORY, group_files[3], "oom_kill"};
    order->cgroup = CGROUP_V1;
    order->directories = group_directories;
    order->settings = group_settings;
    order->events = group_events;
    return true;
}

static bool groups_are_removed(const void *unused) {
    (void) unused;
    bool removed = true;
    for (int i = 0; i < 3; i++) {
        removed = (rmdir(group_names[i]) == 0 || !exists(group_names[i])) && removed;
    }
    return removed;
}

/* Only where the supervisor died are they left, to whoever sweeps. */
static void check_groups(const struct told *told) {
    for (int i = 0; i < 3 && told->outcome != LOST; i++) {
        CHECK(!exists(group_names[i]));
    }
    CHECK(eventually(groups_are_removed, NULL, PATIENCE_SECONDS));
}

/* A limit that could not be watched, where it was looked at too late, must not become another cause than none. */
static void beyond_a_limit(struct launcher *launcher, const char *rest, uint32_t cause) {
    struct order order = witnessed_shell(rest);
    struct attempt_client attempt;
    if (!put_into_groups(&order)) {
        return;
    }
    order.timeout = UINT64_C(10000000000);
    order.kill_grace = 20000000;
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    check_groups(&told);
    if (told.outcome == ENDED) {
        CHECK(told.ended.cause == cause || told.ended.cause == CAUSE_NONE || told.ended.cause == CAUSE_DEADLINE);
        CHECK(told.ended.cause != cause || told.ended.kill_cause == cause);
    }
}

static void too_many_processes(struct launcher *launcher) {
    beyond_a_limit(launcher, "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do sleep 60 & done; wait", CAUSE_PIDS);
}

static void too_much_memory(struct launcher *launcher) {
    beyond_a_limit(launcher, "dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 60", CAUSE_MEMORY);
}

/* As somebody else, by name, in groups: whoever it is said to have been, it was. */
static void another_user(struct launcher *launcher) {
    static char wanted[100];
    const struct passwd *nobody = geteuid() == 0 ? getpwnam("nobody") : NULL;
    struct order order = shell("id -u; id -G; exit 6");
    struct attempt_client attempt;
    (void) witnessed_shell("");
    order.envp = (const char *const[]){"PATH=/usr/bin:/bin", marker, NULL};
    order.marker = marker;
    if (nobody == NULL || !put_into_groups(&order)) {
        return;
    }
    order.user = "nobody";
    order.descriptor_limit = 64;
    order.process_limit = 4096;
    snprintf(wanted, sizeof wanted, "%d\n%d\n", (int) nobody->pw_uid, (int) nobody->pw_gid);
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    check_groups(&told);
    if (told.outcome == ENDED) {
        CHECK_EQUAL(told.ended.kind, 1);
        CHECK_EQUAL(told.ended.value, 6);
        expect_output(&attempt, &told, wanted);
    }
}

void one_more(struct launcher *launcher) {
    struct order order = witnessed_shell("echo more; exit 7");
    struct attempt_client attempt;
    struct told told = run_told(launcher, &order, &attempt, say_nothing);
    CHECK_EQUAL(told.outcome, ENDED);
    CHECK_EQUAL(told.ended.value, 7);
    CHECK_EQUAL(told.ended.flags, 0);
    expect_output(&attempt, &told, "more\n");
}

const struct scenario scenarios[] = {
    {"plain", plain, false},
    {"large_request", large_request, false},
    {"stopped", stopped, false},
    {"deadline", deadline, false},
    {"strays", strays, false},
    {"attached", attached, false},
    {"too_much_output", too_much_output, false},
    {"blocked", blocked, false},
    {"supervisor_killed", supervisor_killed, false},
    {"agent_dies", agent_dies, true},
    {"not_found", not_found, false},
    {"malformed", malformed, false},
    {"swept", swept, false},
    {"too_many_processes", too_many_processes, false},
    {"too_much_memory", too_much_memory, false},
    {"another_user", another_user, false},
    {NULL, NULL, false},
};
