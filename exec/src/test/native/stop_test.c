/* Ending what runs, all of it, and nothing else. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

#define SECONDS(n) ((uint64_t) (n) * 1000000000)

static char marker[64];

/* A shell whose whole tree carries a marker of its own. */
static struct order marked_shell(const char *text) {
    static const char *envp[3] = {"PATH=/usr/bin:/bin", marker, NULL};
    static int number;
    snprintf(marker, sizeof marker, "HUFU_TASK_ID=%d-%d", (int) getpid(), number++);
    struct order order = shell(text);
    order.envp = envp;
    order.marker = marker;
    return order;
}

static void expect_proof(const struct ended *ended, uint32_t cause) {
    CHECK_EQUAL(ended->proof, 2);
    CHECK_EQUAL(ended->cause, cause);
    CHECK_EQUAL(ended->kill_cause, cause);
    CHECK(ended->kill_duration > 0);
    CHECK(ended->steps >= 1);
    CHECK_EQUAL(ended->step[ended->steps - 1].survivors, 0);
    CHECK_EQUAL(count_marked(marker), 0);
}

static bool has_step(const struct ended *ended, uint32_t signal) {
    for (uint32_t i = 0; i < ended->steps; i++) {
        if (ended->step[i].signal == signal && ended->step[i].signalled > 0) {
            return true;
        }
    }
    return false;
}

static void term_is_enough_for_most(void) {
    struct order order = marked_shell("sleep 60 & sleep 60");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    stop(&attempt, CAUSE_REQUESTED, SECONDS(30));
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 2);
    CHECK_EQUAL(ended.value, SIGTERM);
    expect_proof(&ended, CAUSE_REQUESTED);
    CHECK_EQUAL(ended.step[0].signal, SIGTERM);
    CHECK(!has_step(&ended, SIGKILL));
}

static void term_may_be_answered(void) {
    struct order order = marked_shell("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.05; done");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    stop(&attempt, CAUSE_LAST, SECONDS(30));
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 1);
    CHECK_EQUAL(ended.value, 3);
    CHECK_EQUAL(ended.written[0], 10);
    expect_proof(&ended, CAUSE_LAST);
}

static void members_of_the_group_get_term_once(void) {
    struct order order = marked_shell("trap 'echo term' TERM; echo ready; i=0; while [ $i -lt 20 ]; do sleep 0.05; i=$((i+1)); done");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    stop(&attempt, CAUSE_REQUESTED, SECONDS(30));
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, 0);
    CHECK_EQUAL(ended.written[0], 11);
}

static void f23_ignorer_of_term_is_killed_after_the_grace(void) {
    struct order order = marked_shell("trap '' TERM; echo ready; while :; do sleep 1; done");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    stop(&attempt, CAUSE_REQUESTED, SECONDS(1) / 4);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 2);
    CHECK_EQUAL(ended.value, SIGKILL);
    CHECK(ended.kill_duration >= SECONDS(1) / 4);
    expect_proof(&ended, CAUSE_REQUESTED);
    CHECK(has_step(&ended, SIGTERM) && has_step(&ended, SIGSTOP) && has_step(&ended, SIGKILL));
}

static void f23_stopped_process_is_continued_for_term(void) {
    struct order order = marked_shell("echo ready; kill -STOP $$; echo continued");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    for (int tries = 0; tries < 5000 && state_of((pid_t) attempt.pid) != 'T'; tries++) {
        usleep(2000);
    }
    stop(&attempt, CAUSE_REQUESTED, SECONDS(30));
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 2);
    CHECK_EQUAL(ended.value, SIGTERM);
    CHECK_EQUAL(ended.written[0], 6);
}

static void second_stop_only_shortens_the_grace(void) {
    struct order order = marked_shell("trap '' TERM; echo ready; while :; do sleep 1; done");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    stop(&attempt, CAUSE_REQUESTED, SECONDS(1000));
    stop(&attempt, CAUSE_DEADLINE, SECONDS(2000));
    stop(&attempt, CAUSE_LAST, 0);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, SIGKILL);
    expect_proof(&ended, CAUSE_REQUESTED);
}

static void deadline_is_the_supervisor_s(void) {
    struct order order = marked_shell("trap '' TERM; echo ready; while :; do sleep 1; done");
    order.timeout = SECONDS(1) / 2;
    order.kill_grace = SECONDS(1) / 10;
    struct attempt_client attempt = launch(shared_launcher(), &order);
    uint64_t deadline = header64(attempt.file, 136);
    CHECK(deadline > 0);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, SIGKILL);
    CHECK(ended.wall >= SECONDS(1) / 2);
    expect_proof(&ended, CAUSE_DEADLINE);
}

static void deadline_does_not_touch_what_ended_in_time(void) {
    struct order order = marked_shell("sleep 0.6 & exit 0");
    order.timeout = SECONDS(1) / 5;
    order.drain_grace = SECONDS(20);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 1);
    CHECK_EQUAL(ended.cause, 0);
    CHECK_EQUAL(ended.flags, 0);
}

static void f24_strays_are_killed_after_the_drain_grace(void) {
    struct order order = marked_shell("sleep 60 & setsid sleep 60 & (setsid sh -c 'sleep 60 & exit' &); sleep 0.1; exit 7");
    order.drain_grace = SECONDS(1) / 5;
    struct attempt_client attempt = launch(shared_launcher(), &order);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 1);
    CHECK_EQUAL(ended.value, 7);
    CHECK_EQUAL(ended.flags, STRAYS_KILLED);
    expect_proof(&ended, CAUSE_NONE);
}

static void f24_daemons_by_setsid_and_double_fork_are_gone(void) {
    struct order order = marked_shell(
            "setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' &"
            "(setsid sh -c '(trap \"\" TERM; while :; do sleep 1; done) & exit' &);"
            "trap '' TERM; sleep 0.2; echo ready; while :; do sleep 1; done");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    CHECK(count_marked(marker) >= 3);
    stop(&attempt, CAUSE_REQUESTED, SECONDS(1) / 5);
    struct ended ended = await_ended(&attempt);
    expect_proof(&ended, CAUSE_REQUESTED);
}

/* Daemons are born all the time, also while the killing goes on. */
static void f24_daemons_born_during_the_kill_are_gone(void) {
    static const char *const makers[] = {
        "trap '' TERM; echo ready; while :; do setsid sleep 60 & done",
        "trap '' TERM; echo ready; while :; do (setsid sh -c 'sleep 60 & exit' &); done",
    };
    for (int i = 0; i < 6; i++) {
        struct order order = marked_shell(makers[i % 2]);
        struct attempt_client attempt = launch(shared_launcher(), &order);
        await_output(attempt.file, 6);
        usleep(30000);
        stop(&attempt, CAUSE_REQUESTED, i % 3 == 0 ? 20000000 : 0);
        struct ended ended = await_ended(&attempt);
        expect_proof(&ended, CAUSE_REQUESTED);
    }
}

/* Each generation forks two and ends: a tree that is never where it was. */
static void f20_moving_tree_is_caught(void) {
    struct order order = marked_shell("echo 'n=$1; [ $n -gt 0 ] || exit; sh $0 $((n-1)) & sh $0 $((n-1)) & exec sleep 0.01' > \"$F\"; "
                                      "echo ready; sh \"$F\" 9; sleep 60");
    char entry[500];
    snprintf(entry, sizeof entry, "F=%s", fresh("bomb"));
    const char *envp[] = {"PATH=/usr/bin:/bin", marker, entry, NULL};
    order.envp = envp;
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    usleep(50000);
    stop(&attempt, CAUSE_REQUESTED, 0);
    struct ended ended = await_ended(&attempt);
    expect_proof(&ended, CAUSE_REQUESTED);
}

static void f15_stop_races_the_end(void) {
    for (int i = 0; i < 100; i++) {
        struct order order = marked_shell(i % 2 == 0 ? "exit 0" : "sleep 0.002 & exit 0");
        struct attempt_client attempt = send_order(shared_launcher(), &order);
        stop(&attempt, CAUSE_REQUESTED, (uint64_t) (i % 4) * 1000000);
        CHECK_EQUAL(next_frame(&attempt), FRAME_STARTED);
        struct ended ended = await_ended(&attempt);
        CHECK(ended.cause == CAUSE_REQUESTED ? ended.proof == 2 : ended.proof == 0);
        CHECK_EQUAL(count_marked(marker), 0);
    }
}

static void signals_reach_main_or_all(void) {
    struct order order = marked_shell("trap 'echo main' USR1; sh -c 'trap \"echo child\" USR1; echo ready; while :; do sleep 0.02; done' &"
                                      "while :; do sleep 0.02; done");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    uint8_t payload[8];
    put32(payload, SIGUSR1);
    put32(payload + 4, 0);
    send_frame(attempt.connection, FRAME_SIGNAL, payload, sizeof payload);
    await_output(attempt.file, 11);
    size_t length;
    char *head = read_head(attempt.file, 0, &length);
    bool main_only = strcmp(head, "ready\nmain\n") == 0;
    free(head);
    CHECK(main_only);
    put32(payload + 4, 1);
    send_frame(attempt.connection, FRAME_SIGNAL, payload, sizeof payload);
    /* The sleeps of the moment are ended by it. */
    await_output(attempt.file, 11 + 5 + 6);
    CHECK_EQUAL(header32(attempt.file, 1064), STATE_RUNNING);
    stop(&attempt, CAUSE_REQUESTED, 0);
    (void) await_ended(&attempt);
}

static void malformed_control_frame_breaks_the_connection_only(void) {
    struct order order = marked_shell("sleep 60");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    stop(&attempt, 77, 0);
    CHECK_EQUAL(next_frame(&attempt), 0);
    close(attempt.connection);
    CHECK(alive((pid_t) attempt.pid));
    attach(&attempt);
    stop(&attempt, CAUSE_REQUESTED, 0);
    struct ended ended = await_ended(&attempt);
    expect_proof(&ended, CAUSE_REQUESTED);
}

static bool has_child(const void *pid) {
    pid_t child;
    return children_of(*(const pid_t *) pid, &child, 1) == 1 && alive(child);
}

static void canary_outside_survives(void) {
    struct order order = marked_shell("sleep 60 & sleep 60");
    pid_t canary = fork();
    if (canary == 0) {
        /* Alike in all but descent. */
        char *argv[] = {"sh", "-c", "sleep 60 & sleep 60", NULL};
        char *envp[] = {"PATH=/usr/bin:/bin", NULL};
        setpgid(0, 0);
        execve("/bin/sh", argv, envp);
        _exit(127);
    }
    struct attempt_client attempt = launch(shared_launcher(), &order);
    CHECK(eventually(has_child, &canary, 10));
    stop(&attempt, CAUSE_REQUESTED, 0);
    struct ended ended = await_ended(&attempt);
    expect_proof(&ended, CAUSE_REQUESTED);
    CHECK(alive(canary));
    CHECK(has_child(&canary));
    kill(-canary, SIGKILL);
    CHECK(waitpid(canary, NULL, 0) == canary);
}

static bool write_text(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text);
    if (fd >= 0) {
        close(fd);
    }
    return written;
}

/* Only where there is a v1 freezer we may write to: what it holds, KILL does not end. */
static void f23_kernel_holds_it_and_that_is_said(void) {
    char group[128];
    char path[200];
    char text[32];
    snprintf(group, sizeof group, "/sys/fs/cgroup/freezer/hufu-test-%d", (int) getpid());
    if (mkdir(group, 0700) != 0) {
        return;
    }
    struct order order = marked_shell("echo ready; while :; do :; done");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    snprintf(path, sizeof path, "%s/tasks", group);
    snprintf(text, sizeof text, "%d", (int) attempt.pid);
    bool frozen = write_text(path, text);
    snprintf(path, sizeof path, "%s/freezer.state", group);
    frozen = frozen && write_text(path, "FROZEN");
    stop(&attempt, CAUSE_REQUESTED, 0);
    uint8_t payload[1024];
    size_t length = sizeof payload;
    uint16_t type = frozen ? receive_frame(attempt.connection, payload, &length) : 0;
    uint32_t state = header32(attempt.file, 1064);
    bool still_there = alive((pid_t) attempt.pid);
    bool thawed = write_text(path, "THAWED");
    struct ended ended = await_ended(&attempt);
    rmdir(group);
    CHECK(frozen && thawed && still_there);
    CHECK_EQUAL(type, FRAME_KILL_PENDING);
    CHECK_EQUAL(get32(payload), 1);
    CHECK_EQUAL(get64(payload + 4), attempt.pid);
    CHECK_EQUAL(state, STATE_KILL_PENDING);
    CHECK_EQUAL(ended.value, SIGKILL);
    CHECK(ended.kill_duration >= SECONDS(1));
    expect_proof(&ended, CAUSE_REQUESTED);
}

static void stopping_shows_in_the_state(void) {
    struct order order = marked_shell("trap '' TERM; echo ready; while :; do sleep 1; done");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    CHECK_EQUAL(header32(attempt.file, 1064), STATE_RUNNING);
    stop(&attempt, CAUSE_REQUESTED, SECONDS(1000));
    for (int tries = 0; tries < 5000 && header32(attempt.file, 1064) != STATE_STOPPING; tries++) {
        usleep(2000);
    }
    CHECK_EQUAL(header32(attempt.file, 1064), STATE_STOPPING);
    stop(&attempt, CAUSE_REQUESTED, 0);
    struct ended ended = await_ended(&attempt);
    expect_proof(&ended, CAUSE_REQUESTED);
}

const struct test_case stop_cases[] = {
    {"term_is_enough_for_most", term_is_enough_for_most},
    {"term_may_be_answered", term_may_be_answered},
    {"members_of_the_group_get_term_once", members_of_the_group_get_term_once},
    {"f23_ignorer_of_term_is_killed_after_the_grace", f23_ignorer_of_term_is_killed_after_the_grace},
    {"f23_stopped_process_is_continued_for_term", f23_stopped_process_is_continued_for_term},
    {"second_stop_only_shortens_the_grace", second_stop_only_shortens_the_grace},
    {"stopping_shows_in_the_state", stopping_shows_in_the_state},
    {"deadline_is_the_supervisor_s", deadline_is_the_supervisor_s},
    {"deadline_does_not_touch_what_ended_in_time", deadline_does_not_touch_what_ended_in_time},
    {"f24_strays_are_killed_after_the_drain_grace", f24_strays_are_killed_after_the_drain_grace},
    {"f24_daemons_by_setsid_and_double_fork_are_gone", f24_daemons_by_setsid_and_double_fork_are_gone},
    {"f24_daemons_born_during_the_kill_are_gone", f24_daemons_born_during_the_kill_are_gone},
    {"f20_moving_tree_is_caught", f20_moving_tree_is_caught},
    {"f15_stop_races_the_end", f15_stop_races_the_end},
    {"signals_reach_main_or_all", signals_reach_main_or_all},
    {"malformed_control_frame_breaks_the_connection_only", malformed_control_frame_breaks_the_connection_only},
    {"canary_outside_survives", canary_outside_survives},
    {"f23_kernel_holds_it_and_that_is_said", f23_kernel_holds_it_and_that_is_said},
    {NULL, NULL},
};
