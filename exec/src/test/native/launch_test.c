/* Starting, and how it ends by itself. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../main/native/sys.h"
#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

static void expect_output(const struct attempt_client *attempt, int stream, const char *wanted) {
    size_t length;
    char *head = read_head(attempt->file, stream, &length);
    bool same = length == strlen(wanted) && memcmp(head, wanted, length) == 0;
    if (!same) {
        printf("%s\n", head);
    }
    free(head);
    CHECK(same);
}

static void echo_is_captured(void) {
    struct attempt_client attempt;
    struct ended ended = run_shell("echo hello; echo error >&2", &attempt);
    CHECK_EQUAL(ended.kind, 1);
    CHECK_EQUAL(ended.value, 0);
    CHECK_EQUAL(ended.cause, 0);
    CHECK_EQUAL(ended.flags, 0);
    CHECK_EQUAL(ended.proof, 0);
    CHECK_EQUAL(ended.steps, 0);
    CHECK_EQUAL(ended.written[0], 6);
    CHECK_EQUAL(ended.written[1], 6);
    CHECK(ended.start_realtime > 0 && ended.end_realtime >= ended.start_realtime && ended.wall > 0);
    CHECK(ended.resident > 0);
    expect_output(&attempt, 0, "hello\n");
    expect_output(&attempt, 1, "error\n");
    CHECK(header64(attempt.file, 1040) >= 2);
    CHECK_EQUAL(header64(attempt.file, 112), attempt.pid);
    CHECK(header64(attempt.file, 120) > 0);
    CHECK_EQUAL(header64(attempt.file, 128), ended.start_realtime);
    CHECK(!exists(attempt.control));
    CHECK(!is_locked(attempt.file));
}

static void header_says_who_runs(void) {
    struct order order = shell("read line");
    order.marker = "HUFU_TASK_ID=abc";
    order.metadata = "what the agent wants to know";
    order.timeout = UINT64_C(100000000000);
    order.input = NULL;
    struct order sleeping = order;
    static const char *const argv[] = {"sleep", "30", NULL};
    sleeping.argv = argv;
    struct attempt_client attempt = launch(shared_launcher(), &sleeping);
    CHECK_EQUAL(header32(attempt.file, 1064), STATE_RUNNING);
    CHECK(is_locked(attempt.file));
    char text[256];
    int fd = open(attempt.file, O_RDONLY | O_CLOEXEC);
    CHECK(pread(fd, text, 8, 0) == 8 && memcmp(text, "HUFUATT1", 8) == 0);
    CHECK(pread(fd, text, 37, 64) == 37 && text[8] == '-' && text[36] == 0);
    CHECK(pread(fd, text, sizeof text, 144) == sizeof text && strcmp(text, attempt.control) == 0);
    CHECK(pread(fd, text, sizeof text, 400) == sizeof text && strcmp(text, "HUFU_TASK_ID=abc") == 0);
    CHECK_EQUAL(header32(attempt.file, 12), strlen(order.metadata));
    CHECK(pread(fd, text, 28, 8192) == 28 && memcmp(text, order.metadata, 28) == 0);
    struct stat status;
    CHECK(fstat(fd, &status) == 0);
    CHECK_EQUAL(status.st_mode & 07777, 0600);
    close(fd);
    CHECK(header64(attempt.file, 136) > 0);
    pid_t supervisor = (pid_t) header64(attempt.file, 104);
    pid_t child;
    CHECK_EQUAL(children_of(supervisor, &child, 1), 1);
    CHECK_EQUAL(child, attempt.pid);
    stop(&attempt, 2, 0);
    (void) await_ended(&attempt);
}

static void exit_codes_are_exact(void) {
    static const int codes[] = {0, 1, 7, 126, 127, 128, 137, 143, 255};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char text[32];
        struct attempt_client attempt;
        snprintf(text, sizeof text, "exit %d", codes[i]);
        struct ended ended = run_shell(text, &attempt);
        CHECK_EQUAL(ended.kind, 1);
        CHECK_EQUAL(ended.value, codes[i]);
    }
}

static void b39_killed_is_told_from_exit_137(void) {
    struct attempt_client attempt;
    struct ended ended = run_shell("kill -9 $$", &attempt);
    CHECK_EQUAL(ended.kind, 2);
    CHECK_EQUAL(ended.value, SIGKILL);
    CHECK_EQUAL(ended.detail, 0);
    CHECK_EQUAL(ended.cause, 0);
    ended = run_shell("kill -11 $$", &attempt);
    CHECK_EQUAL(ended.kind, 2);
    CHECK_EQUAL(ended.value, SIGSEGV);
    /* Core dumps are off. */
    CHECK_EQUAL(ended.detail, 0);
}

static void expect_failure(const struct order *order, int error, uint32_t stage) {
    struct attempt_client attempt = send_order(shared_launcher(), order);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 3);
    CHECK_EQUAL(ended.value, error);
    CHECK_EQUAL(ended.detail, stage);
    CHECK_EQUAL(ended.start_realtime, 0);
    CHECK(ended.end_realtime > 0);
    CHECK_EQUAL(header64(attempt.file, 112), 0);
}

static const char *make_file(const char *text, mode_t mode) {
    const char *path = fresh("f");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text) && fchmod(fd, mode) == 0);
    close(fd);
    return path;
}

static void start_errors_carry_errno_and_stage(void) {
    const char *argv[2] = {"/no/such/program", NULL};
    struct order order = command(argv);
    expect_failure(&order, ENOENT, STAGE_EXEC);
    argv[0] = "no-such-program";
    expect_failure(&order, ENOENT, STAGE_EXEC);
    argv[0] = "";
    expect_failure(&order, ENOENT, STAGE_EXEC);
    argv[0] = make_file("#!/bin/sh\n", 0600);
    expect_failure(&order, EACCES, STAGE_EXEC);
    argv[0] = "/usr";
    expect_failure(&order, EACCES, STAGE_EXEC);
    argv[0] = make_file("echo no interpreter\n", 0700);
    expect_failure(&order, ENOEXEC, STAGE_EXEC);
    argv[0] = "/bin/true/x";
    expect_failure(&order, ENOTDIR, STAGE_EXEC);
    argv[0] = "/bin/true";
    order.cwd = "/no/such/directory";
    expect_failure(&order, ENOENT, STAGE_CHDIR);
    order.cwd = "/bin/true";
    expect_failure(&order, ENOTDIR, STAGE_CHDIR);
}

static void arguments_too_long_for_the_kernel(void) {
    enum { LENGTH = 8 << 20 };
    char *argument = malloc(LENGTH + 1);
    CHECK(argument != NULL);
    memset(argument, 'x', LENGTH);
    argument[LENGTH] = 0;
    const char *const argv[] = {"/bin/true", argument, NULL};
    struct order order = command(argv);
    expect_failure(&order, E2BIG, STAGE_EXEC);
    free(argument);
}

static void many_arguments_arrive(void) {
    enum { COUNT = 5000 };
    static const char *argv[COUNT + 5] = {"sh", "-c", "echo $#", "sh"};
    for (int i = 0; i < COUNT; i++) {
        argv[4 + i] = "a";
    }
    struct order order = command(argv);
    struct attempt_client attempt;
    (void) run_order(shared_launcher(), &order, &attempt);
    expect_output(&attempt, 0, "5000\n");
}

static void input_is_a_file_at_its_start(void) {
    struct order order = shell("cat; cat /dev/stdin");
    order.input = "some\0input";
    order.input_length = 10;
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.written[0], 20);
    order = shell("cat; if [ -t 0 ]; then echo tty; fi");
    ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.written[0], 0);
}

static void large_input_arrives_whole(void) {
    enum { LENGTH = 5 << 20 };
    struct order order = shell("cksum; wc -c < /dev/stdin");
    char *input = calloc(1, LENGTH);
    order.input = input;
    order.input_length = LENGTH;
    struct attempt_client attempt;
    (void) run_order(shared_launcher(), &order, &attempt);
    free(input);
    expect_output(&attempt, 0, "2271761656 5242880\n5242880\n");
}

static void script_comes_as_descriptor_3_and_goes(void) {
    static const char *const argv[] = {"/bin/sh", "/dev/fd/3", "one", NULL};
    struct order order = command(argv);
    order.script = "echo \"script $1\"\nls -l /proc/$$/fd | grep -c script\n";
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.value, 0);
    CHECK(ended.written[0] > 0);
    char path[300];
    snprintf(path, sizeof path, "%s.script", attempt.file);
    CHECK(!exists(path));
    snprintf(path, sizeof path, "%s.stdin", attempt.file);
    CHECK(!exists(path));
}

static void command_finds_a_clean_process(void) {
    struct attempt_client attempt;
    struct order order = shell("ls -x /proc/self/fd; umask; ulimit -c; cat /proc/self/oom_score_adj;"
                               "grep -E '^(SigBlk|SigIgn|NoNewPrivs)' /proc/self/status; pwd");
    order.cwd = "/usr";
    (void) run_order(shared_launcher(), &order, &attempt);
    /* 3 is what ls reads the directory by. */
    expect_output(&attempt, 0, "0  1  2  3\n0022\n0\n500\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\nNoNewPrivs:\t1\n/usr\n");
    (void) run_shell("until [ $(cat /proc/$PPID/oom_score_adj) -lt 500 ]; do :; done; echo its own", &attempt);
    expect_output(&attempt, 0, "its own\n");
    order = shell("grep NoNewPrivs /proc/self/status");
    order.flags = LAUNCH_ALLOW_PRIVILEGE_GAIN;
    (void) run_order(shared_launcher(), &order, &attempt);
    expect_output(&attempt, 0, "NoNewPrivs:\t0\n");
}

static void command_leads_its_group_and_no_session(void) {
    struct attempt_client attempt;
    (void) run_shell("read pid comm state ppid pgrp session tty rest < /proc/self/stat;"
                     "[ $pgrp = $$ ] && [ $session != $$ ] && [ $tty = 0 ] && [ $session != 0 ] && echo fine", &attempt);
    expect_output(&attempt, 0, "fine\n");
}

static void environment_is_the_request_s_alone(void) {
    static const char *const argv[] = {"/usr/bin/env", NULL};
    static const char *const envp[] = {"A=1", "B=", "C=\xff\xfe", NULL};
    struct order order = command(argv);
    order.envp = envp;
    struct attempt_client attempt;
    (void) run_order(shared_launcher(), &order, &attempt);
    expect_output(&attempt, 0, "A=1\nB=\nC=\xff\xfe\n");
}

static void supervisors_are_used_again(void) {
    struct launcher launcher = launcher_start(8);
    uint64_t supervisor = 0;
    for (int i = 0; i < 20; i++) {
        struct order order = shell(i % 5 == 4 ? "exec /no/such/program" : "exit 0");
        struct attempt_client attempt;
        (void) run_order(&launcher, &order, &attempt);
        uint64_t mine = header64(attempt.file, 104);
        CHECK(supervisor == 0 || supervisor == mine);
        supervisor = mine;
    }
    launcher_end(&launcher);
}

static void idle_supervisors_beyond_the_maximum_go(void) {
    struct launcher launcher = launcher_start(2);
    struct attempt_client attempts[6];
    struct order order = shell("sleep 0.3");
    for (int i = 0; i < 6; i++) {
        attempts[i] = launch(&launcher, &order);
    }
    for (int i = 0; i < 6; i++) {
        (void) await_ended(&attempts[i]);
    }
    pid_t pids[16];
    for (int tries = 0; tries < 2000 && children_of(launcher.pid, pids, 16) > 2; tries++) {
        usleep(2000);
    }
    CHECK_EQUAL(children_of(launcher.pid, pids, 16), 2);
    launcher_end(&launcher);
}

static void existing_attempt_file_is_left_alone(void) {
    struct order order = shell("exit 3");
    struct attempt_client attempt;
    (void) run_order(shared_launcher(), &order, &attempt);
    size_t length;
    uint8_t *payload = build_launch(&order, attempt.file, attempt.control, &length);
    int connection = connect_to(shared_launcher()->socket);
    send_frame(connection, FRAME_LAUNCH, payload, length);
    uint8_t answer[64];
    size_t room = sizeof answer;
    CHECK_EQUAL(receive_frame(connection, answer, &room), FRAME_REFUSED);
    CHECK_EQUAL(get32(answer), EEXIST);
    CHECK_EQUAL(get32(answer + 4), STAGE_ATTEMPT_FILE);
    close(connection);
    free(payload);
    CHECK_EQUAL(read_record(attempt.file).value, 3);
}

static void await_past(int64_t moment) {
    while (now_realtime() <= moment) {
        usleep(2000);
    }
}

static void expect_too_late(const struct ended *ended) {
    CHECK_EQUAL(ended->kind, 3);
    CHECK_EQUAL(ended->value, ETIME);
    CHECK_EQUAL(ended->detail, STAGE_NOT_AFTER);
    CHECK_EQUAL(ended->start_realtime, 0);
    CHECK_EQUAL(ended->cause, CAUSE_NONE);
}

static void f10_launch_held_up_until_too_late_is_never_started(void) {
    char text[300];
    const char *witness = fresh("w");
    snprintf(text, sizeof text, "echo started > %s", witness);
    struct launcher launcher = launcher_start(8);
    struct order order = shell(text);
    order.not_after = now_realtime() + 50 * MILLISECOND;
    kill(launcher.pid, SIGSTOP);
    struct attempt_client late = send_order(&launcher, &order);
    order.not_after = now_realtime() + 3600 * SECOND;
    struct attempt_client in_time = send_order(&launcher, &order);
    await_past(now_realtime() + 50 * MILLISECOND);
    kill(launcher.pid, SIGCONT);
    struct ended ended = await_ended(&late);
    expect_too_late(&ended);
    CHECK_EQUAL(header32(late.file, 1064), STATE_ENDED);
    CHECK_EQUAL(header64(late.file, 112), 0);
    CHECK(!exists(late.control));
    CHECK_EQUAL(next_frame(&in_time), FRAME_STARTED);
    ended = await_ended(&in_time);
    CHECK_EQUAL(ended.kind, 1);
    CHECK(exists(witness));
    CHECK(unlink(witness) == 0);
    launcher_end(&launcher);
    CHECK(!exists(witness));
}

static void f10_nothing_is_prepared_for_what_is_too_late(void) {
    struct order order = shell("exit 0");
    order.cwd = "/nonexistent";
    order.not_after = 1;
    struct attempt_client attempt = send_order(shared_launcher(), &order);
    struct ended ended = await_ended(&attempt);
    expect_too_late(&ended);
    order.not_after = INT64_MIN;
    attempt = send_order(shared_launcher(), &order);
    ended = await_ended(&attempt);
    expect_too_late(&ended);
    order.not_after = INT64_MAX;
    attempt = send_order(shared_launcher(), &order);
    CHECK_EQUAL(await_ended(&attempt).detail, STAGE_CHDIR);
}

static void expect_refused(uint16_t type, const uint8_t *payload, size_t length, int error) {
    int connection = connect_to(shared_launcher()->socket);
    CHECK(connection >= 0);
    send_frame(connection, type, payload, length);
    uint8_t answer[64];
    size_t room = sizeof answer;
    CHECK_EQUAL(receive_frame(connection, answer, &room), FRAME_REFUSED);
    CHECK_EQUAL(get32(answer), error);
    CHECK_EQUAL(get32(answer + 4), STAGE_REQUEST);
    close(connection);
}

static void malformed_requests_are_refused(void) {
    struct order order = shell("exit 0");
    size_t length;
    const char *file = fresh("a");
    uint8_t *payload = build_launch(&order, file, "/tmp/control", &length);
    for (size_t cut = 0; cut < length; cut += 7) {
        expect_refused(FRAME_LAUNCH, payload, cut, EPROTO);
    }
    payload[0] = 1;
    expect_refused(FRAME_LAUNCH, payload, length, EPROTO);
    payload[0] = REQUEST_VERSION;
    expect_refused(99, payload, length, EPROTO);
    expect_refused(FRAME_STOP, payload, 12, EPROTO);
    expect_refused(FRAME_SWEEP, payload, 3, EPROTO);
    free(payload);
    char longer[200];
    memset(longer, 'x', sizeof longer);
    longer[0] = '/';
    longer[199] = 0;
    payload = build_launch(&order, file, longer, &length);
    expect_refused(FRAME_LAUNCH, payload, length, ENAMETOOLONG);
    free(payload);
    CHECK(!exists(file));
    uint8_t oversized[8] = {0xff, 0xff, 0xff, 0xff, 1};
    int connection = connect_to(shared_launcher()->socket);
    CHECK(write(connection, oversized, sizeof oversized) == sizeof oversized);
    uint8_t answer[64];
    size_t room = sizeof answer;
    CHECK_EQUAL(receive_frame(connection, answer, &room), FRAME_REFUSED);
    close(connection);
    struct attempt_client attempt;
    CHECK_EQUAL(run_shell("exit 5", &attempt).value, 5);
}

static void f22_descriptors_run_out(void) {
    int ended_well = 0;
    int failed = 0;
    /* 5 are taken before anything begins; what an attempt needs is found out step by step. */
    for (int limit = 10; limit < 24; limit++) {
        struct launcher launcher = launcher_start_limited(8, RLIMIT_NOFILE, (uint64_t) limit);
        struct order order = shell("exit 0");
        order.input = "x";
        order.input_length = 1;
        order.timeout = UINT64_C(100000000000);
        struct attempt_client attempt = send_order(&launcher, &order);
        uint8_t payload[1024];
        size_t length = sizeof payload;
        uint16_t type = receive_frame(attempt.connection, payload, &length);
        if (type == FRAME_REFUSED) {
            CHECK_EQUAL(get32(payload), EMFILE);
            CHECK(!exists(attempt.file));
            failed++;
        } else if (type == FRAME_ENDED) {
            CHECK_EQUAL(get32(payload + 4), 3);
            CHECK_EQUAL(get32(payload + 8), EMFILE);
            failed++;
        } else {
            CHECK_EQUAL(type, FRAME_STARTED);
            CHECK_EQUAL(await_ended(&attempt).value, 0);
            attempt.connection = -1;
            ended_well++;
        }
        if (attempt.connection >= 0) {
            close(attempt.connection);
        }
        launcher_end(&launcher);
    }
    CHECK(failed > 0 && ended_well > 0);
}

const struct test_case launch_cases[] = {
    {"echo_is_captured", echo_is_captured},
    {"header_says_who_runs", header_says_who_runs},
    {"exit_codes_are_exact", exit_codes_are_exact},
    {"b39_killed_is_told_from_exit_137", b39_killed_is_told_from_exit_137},
    {"start_errors_carry_errno_and_stage", start_errors_carry_errno_and_stage},
    {"arguments_too_long_for_the_kernel", arguments_too_long_for_the_kernel},
    {"many_arguments_arrive", many_arguments_arrive},
    {"input_is_a_file_at_its_start", input_is_a_file_at_its_start},
    {"large_input_arrives_whole", large_input_arrives_whole},
    {"script_comes_as_descriptor_3_and_goes", script_comes_as_descriptor_3_and_goes},
    {"command_finds_a_clean_process", command_finds_a_clean_process},
    {"command_leads_its_group_and_no_session", command_leads_its_group_and_no_session},
    {"environment_is_the_request_s_alone", environment_is_the_request_s_alone},
    {"supervisors_are_used_again", supervisors_are_used_again},
    {"idle_supervisors_beyond_the_maximum_go", idle_supervisors_beyond_the_maximum_go},
    {"existing_attempt_file_is_left_alone", existing_attempt_file_is_left_alone},
    {"f10_launch_held_up_until_too_late_is_never_started", f10_launch_held_up_until_too_late_is_never_started},
    {"f10_nothing_is_prepared_for_what_is_too_late", f10_nothing_is_prepared_for_what_is_too_late},
    {"malformed_requests_are_refused", malformed_requests_are_refused},
    {"f22_descriptors_run_out", f22_descriptors_run_out},
    {NULL, NULL},
};
