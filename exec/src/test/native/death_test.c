/* Each party's death, and what the others make of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../main/native/tree.h"
#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

static char marker[64];

static struct order marked_shell(const char *text) {
    static const char *envp[3] = {"PATH=/usr/bin:/bin", marker, NULL};
    static int number;
    snprintf(marker, sizeof marker, "HUFU_TASK_ID=d%d-%d", (int) getpid(), number++);
    struct order order = shell(text);
    order.envp = envp;
    order.marker = marker;
    return order;
}

static const char *const family =
        "trap '' TERM; sleep 60 & setsid sleep 60 & (setsid sh -c 'sleep 60 & exit' &); sleep 0.1; echo ready; sleep 60";

static bool nobody_is_marked(const void *unused) {
    (void) unused;
    return count_marked(marker) == 0;
}

static bool is_unlocked(const void *file) {
    return !is_locked(file);
}

static bool is_absent(const void *path) {
    return !exists(path);
}

static pid_t supervisor_of(const struct attempt_client *attempt) {
    return (pid_t) header64(attempt->file, 104);
}

static void reap_adopted(void) {
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

static void f17_agent_comes_back(void) {
    struct order order = marked_shell("echo one; while [ ! -e \"$0\" ]; do sleep 0.02; done; echo two; exit 9");
    const char *signal_file = fresh("go");
    const char *argv[] = {"sh", "-c", order.argv[2], signal_file, NULL};
    order.argv = argv;
    struct attempt_client attempt = launch(shared_launcher(), &order);
    close(attempt.connection);
    attach(&attempt);
    CHECK(is_locked(attempt.file));
    close(open(signal_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 1);
    CHECK_EQUAL(ended.value, 9);
    CHECK_EQUAL(ended.written[0], 8);
    CHECK(eventually(is_absent, attempt.control, 5));
    CHECK(eventually(is_unlocked, attempt.file, 5));
}

static void f17_result_waits_in_the_file(void) {
    struct order order = marked_shell("sleep 0.2; echo done; exit 8");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    close(attempt.connection);
    CHECK(eventually(is_unlocked, attempt.file, 10));
    CHECK_EQUAL(read_record(attempt.file).value, 8);
    CHECK(eventually(is_absent, attempt.control, 5));
}

static void newer_attach_replaces_the_older(void) {
    struct order order = marked_shell("sleep 60");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    close(attempt.connection);
    attach(&attempt);
    struct attempt_client older = attempt;
    attach(&attempt);
    CHECK_EQUAL(next_frame(&older), 0);
    close(older.connection);
    stop(&attempt, CAUSE_REQUESTED, 0);
    CHECK_EQUAL(await_ended(&attempt).value, SIGKILL);
}

static void strangers_at_the_control_socket_do_not_matter(void) {
    struct order order = marked_shell("sleep 60");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    close(attempt.connection);
    attach(&attempt);
    for (int i = 0; i < 50; i++) {
        int stranger = connect_to(attempt.control);
        CHECK(stranger >= 0);
        if (i % 3 != 0) {
            uint8_t payload[12] = {2};
            send_frame(stranger, i % 3 == 1 ? FRAME_STOP : 999, payload, sizeof payload);
        }
        close(stranger);
    }
    CHECK(alive((pid_t) attempt.pid));
    stop(&attempt, CAUSE_REQUESTED, 0);
    CHECK_EQUAL(await_ended(&attempt).value, SIGKILL);
}

static void removed_control_socket_comes_back(void) {
    struct order order = marked_shell("sleep 60");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    close(attempt.connection);
    await_file(attempt.control, 10);
    CHECK(unlink(attempt.control) == 0);
    await_file(attempt.control, 15);
    attach(&attempt);
    stop(&attempt, CAUSE_REQUESTED, 0);
    CHECK_EQUAL(await_ended(&attempt).value, SIGKILL);
}

static void agent_dies_and_the_launcher_waits_for_the_last(void) {
    struct launcher launcher = launcher_start(8);
    struct order order = marked_shell("sleep 60");
    struct order quick = shell("exit 0");
    struct attempt_client attempt = launch(&launcher, &order);
    struct attempt_client other;
    (void) run_order(&launcher, &quick, &other);
    pid_t idle = supervisor_of(&other);
    CHECK(idle != supervisor_of(&attempt));
    close(launcher.input);
    close(attempt.connection);
    CHECK(eventually(is_absent, launcher.socket, 10));
    await_gone(idle, 10);
    CHECK(alive(launcher.pid) && alive((pid_t) attempt.pid));
    attach(&attempt);
    stop(&attempt, CAUSE_REQUESTED, 0);
    CHECK_EQUAL(await_ended(&attempt).value, SIGKILL);
    int status;
    CHECK(waitpid(launcher.pid, &status, 0) == launcher.pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void f18_killed_supervisor_s_tree_is_gone(void) {
    struct launcher launcher = launcher_start(8);
    for (int i = 0; i < 3; i++) {
        struct order order = marked_shell(i == 2 ? "trap '' TERM; echo ready; while :; do setsid sleep 60 & done" : family);
        struct order other_order = shell("echo other; sleep 0.5; exit 4");
        struct attempt_client attempt = launch(&launcher, &order);
        struct attempt_client other = launch(&launcher, &other_order);
        await_output(attempt.file, 6);
        if (i == 1) {
            /* In the middle of a stop. */
            stop(&attempt, CAUSE_REQUESTED, UINT64_C(60000000000));
            usleep(20000);
        }
        kill(supervisor_of(&attempt), SIGKILL);
        CHECK_EQUAL(next_frame(&attempt), 0);
        close(attempt.connection);
        CHECK(eventually(nobody_is_marked, NULL, 5));
        CHECK(!has_record(attempt.file) && !is_locked(attempt.file));
        CHECK_EQUAL(await_ended(&other).value, 4);
    }
    struct order order = shell("exit 2");
    struct attempt_client attempt;
    CHECK_EQUAL(run_order(&launcher, &order, &attempt).value, 2);
    launcher_end(&launcher);
}

static void f18_also_when_the_agent_is_gone(void) {
    struct launcher launcher = launcher_start(8);
    struct order order = marked_shell(family);
    struct attempt_client attempt = launch(&launcher, &order);
    await_output(attempt.file, 6);
    close(attempt.connection);
    kill(supervisor_of(&attempt), SIGSTOP);
    close(launcher.input);
    CHECK(eventually(is_absent, launcher.socket, 10));
    kill(supervisor_of(&attempt), SIGKILL);
    CHECK(eventually(nobody_is_marked, NULL, 5));
    int status;
    CHECK(waitpid(launcher.pid, &status, 0) == launcher.pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void launcher_dies_and_attempts_go_on(void) {
    struct launcher launcher = launcher_start(8);
    struct order order = marked_shell("echo one; sleep 0.5; echo two; exit 5");
    struct order quick = shell("exit 0");
    struct attempt_client attempt = launch(&launcher, &order);
    struct attempt_client other;
    (void) run_order(&launcher, &quick, &other);
    kill(launcher.pid, SIGKILL);
    CHECK(waitpid(launcher.pid, NULL, 0) == launcher.pid);
    await_gone(supervisor_of(&other), 10);
    CHECK_EQUAL(connect_to(launcher.socket), -1);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, 5);
    CHECK_EQUAL(ended.written[0], 8);
    await_gone(supervisor_of(&attempt), 10);
    close(launcher.input);
    reap_adopted();
}

static void path_of_a_dead_launcher_is_taken_over(void) {
    struct launcher launcher = launcher_start(8);
    kill(launcher.pid, SIGKILL);
    CHECK(waitpid(launcher.pid, NULL, 0) == launcher.pid);
    CHECK(exists(launcher.socket));
    close(launcher.input);
    int input[2];
    int output[2];
    CHECK(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
    launcher.pid = fork();
    if (launcher.pid == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        execl(launcher_binary, "hufu-launcher", "--socket", launcher.socket, (char *) NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    launcher.input = input[1];
    char ready[6];
    CHECK(read(output[0], ready, 6) == 6);
    close(output[0]);
    struct order order = shell("exit 2");
    struct attempt_client attempt;
    CHECK_EQUAL(run_order(&launcher, &order, &attempt).value, 2);
    launcher_end(&launcher);
}

static void sweep(struct launcher *launcher, const char *entry, pid_t pid, uint64_t ticks, uint32_t *killed,
        uint32_t *survivors) {
    uint8_t payload[200];
    size_t length = strlen(entry) + 1;
    put32(payload, (uint32_t) length);
    memcpy(payload + 4, entry, length);
    put64(payload + 4 + length, (uint64_t) pid);
    put64(payload + 12 + length, ticks);
    put64(payload + 20 + length, 0); /* no groups */
    int connection = connect_to(launcher->socket);
    CHECK(connection >= 0);
    send_frame(connection, FRAME_SWEEP, payload, 28 + length);
    uint8_t answer[64];
    size_t room = sizeof answer;
    CHECK_EQUAL(receive_frame(connection, answer, &room), FRAME_SWEPT);
    *killed = get32(answer);
    *survivors = get32(answer + 4);
    close(connection);
}

static pid_t start_canary(const char *entry) {
    pid_t canary = fork();
    if (canary == 0) {
        char *argv[] = {"sleep", "60", NULL};
        char *envp[] = {"PATH=/usr/bin:/bin", (char *) (uintptr_t) entry, NULL};
        execve("/bin/sleep", argv, envp);
        _exit(127);
    }
    return canary;
}

static void f19_sweep_after_both_were_killed(void) {
    struct launcher launcher = launcher_start(8);
    struct order order = marked_shell(family);
    struct attempt_client attempt = launch(&launcher, &order);
    await_output(attempt.file, 6);
    int before = count_marked(marker);
    CHECK(before >= 4);
    kill(launcher.pid, SIGKILL);
    kill(supervisor_of(&attempt), SIGKILL);
    CHECK(waitpid(launcher.pid, NULL, 0) == launcher.pid);
    close(launcher.input);
    close(attempt.connection);
    CHECK(alive((pid_t) attempt.pid));
    char longer[80];
    char shorter[80];
    snprintf(longer, sizeof longer, "%s0", marker);
    snprintf(shorter, sizeof shorter, "X%s", marker);
    pid_t canaries[2] = {start_canary(longer), start_canary(shorter)};

    launcher = launcher_start(8);
    uint32_t killed;
    uint32_t survivors;
    sweep(&launcher, marker, 0, 0, &killed, &survivors);
    CHECK_EQUAL(survivors, 0);
    CHECK(killed >= (uint32_t) before);
    CHECK(eventually(nobody_is_marked, NULL, 5));
    CHECK(alive(canaries[0]) && alive(canaries[1]));
    sweep(&launcher, marker, 0, 0, &killed, &survivors);
    CHECK_EQUAL(killed, 0);

    /* By pid only where the start time is the same; then with what is below, marked or not. */
    struct process_stat stat;
    CHECK(read_stat(canaries[0], &stat));
    sweep(&launcher, "", canaries[0], stat.start_ticks - 1, &killed, &survivors);
    CHECK_EQUAL(killed, 0);
    CHECK(alive(canaries[0]));
    sweep(&launcher, "", canaries[0], stat.start_ticks, &killed, &survivors);
    CHECK_EQUAL(killed, 1);
    CHECK_EQUAL(survivors, 0);
    await_gone(canaries[0], 5);
    CHECK(alive(canaries[1]));
    kill(canaries[1], SIGKILL);
    launcher_end(&launcher);
    reap_adopted();
}

static void sweep_spares_the_agent_itself(void) {
    struct launcher launcher = launcher_start(8);
    struct process_stat stat;
    uint32_t killed;
    uint32_t survivors;
    CHECK(read_stat(getpid(), &stat));
    sweep(&launcher, "", getpid(), stat.start_ticks, &killed, &survivors);
    CHECK_EQUAL(killed, 0);
    CHECK(read_stat(launcher.pid, &stat));
    sweep(&launcher, "", launcher.pid, stat.start_ticks, &killed, &survivors);
    CHECK_EQUAL(killed, 0);
    launcher_end(&launcher);
}

/* Idle supervisors without children and with no more descriptors than they began with, and nothing else. */
static bool is_at_rest(const void *argument) {
    const struct launcher *launcher = argument;
    pid_t pids[32];
    int children = children_of(launcher->pid, pids, 32);
    for (int i = 0; i < children; i++) {
        pid_t grandchild;
        /* 0 to 3, the launcher's socket, the signals, its own oom_score_adj. */
        if (state_of(pids[i]) != 'S' || children_of(pids[i], &grandchild, 1) != 0
                || (getuid() == 0 && descriptors_of(pids[i]) != 7)) {
            return false;
        }
    }
    /* 0 to 3, where it listens, signals, events, the spare one; and a socket for each supervisor. */
    return children >= 1 && children <= 8 && (getuid() != 0 || descriptors_of(launcher->pid) == 8 + children);
}

static void nothing_is_left_after_2000_commands(void) {
    enum { AT_ONCE = 4, ROUNDS = 500 };
    struct launcher launcher = launcher_start(8);
    static const char *const quick[] = {"/bin/true", NULL};
    struct order orders[] = {shell("echo hello"), command(quick), shell("exec /no/such")};
    for (int round = 0; round < ROUNDS; round++) {
        struct attempt_client attempts[AT_ONCE];
        orders[0].timeout = round % 3 == 0 ? UINT64_C(50000000000) : 0;
        orders[0].input = "x";
        orders[0].input_length = (size_t) (round % 2);
        for (int i = 0; i < AT_ONCE; i++) {
            attempts[i] = launch(&launcher, &orders[i % 3]);
        }
        for (int i = 0; i < AT_ONCE; i++) {
            (void) await_ended(&attempts[i]);
            unlink(attempts[i].file);
        }
        if (round == 10 || round == ROUNDS - 1) {
            CHECK(eventually(is_at_rest, &launcher, 10));
        }
    }
    launcher_end(&launcher);
}

const struct test_case death_cases[] = {
    {"f17_agent_comes_back", f17_agent_comes_back},
    {"f17_result_waits_in_the_file", f17_result_waits_in_the_file},
    {"newer_attach_replaces_the_older", newer_attach_replaces_the_older},
    {"strangers_at_the_control_socket_do_not_matter", strangers_at_the_control_socket_do_not_matter},
    {"removed_control_socket_comes_back", removed_control_socket_comes_back},
    {"agent_dies_and_the_launcher_waits_for_the_last", agent_dies_and_the_launcher_waits_for_the_last},
    {"f18_killed_supervisor_s_tree_is_gone", f18_killed_supervisor_s_tree_is_gone},
    {"f18_also_when_the_agent_is_gone", f18_also_when_the_agent_is_gone},
    {"launcher_dies_and_attempts_go_on", launcher_dies_and_attempts_go_on},
    {"path_of_a_dead_launcher_is_taken_over", path_of_a_dead_launcher_is_taken_over},
    {"f19_sweep_after_both_were_killed", f19_sweep_after_both_were_killed},
    {"sweep_spares_the_agent_itself", sweep_spares_the_agent_itself},
    {"nothing_is_left_after_2000_commands", nothing_is_left_after_2000_commands},
    {NULL, NULL},
};
