/* What the command prints, and when it counts as all of it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

/* `seq 1 100000` is 588,895 bytes that differ everywhere. */
static char *sequence(size_t *length) {
    char *text = malloc(600000);
    CHECK(text != NULL);
    *length = 0;
    for (int i = 1; i <= 100000; i++) {
        *length += (size_t) sprintf(text + *length, "%d\n", i);
    }
    CHECK_EQUAL(*length, 588895);
    return text;
}

static void head_and_tail_are_exact(void) {
    static const uint64_t limits[] = {0, 1000, 100000, 523358, 523359, 523360, 588894, 588895, 600000};
    static char tail[65536];
    size_t length;
    char *wanted = sequence(&length);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct order order = shell(i % 2 == 0 ? "seq 1 100000" : "seq 1 100000 >&2");
        order.output_limit = limits[i];
        struct attempt_client attempt;
        struct ended ended = run_order(shared_launcher(), &order, &attempt);
        int stream = i % 2 == 0 ? 0 : 1;
        CHECK_EQUAL(ended.written[stream], length);
        CHECK_EQUAL(ended.written[1 - stream], 0);
        CHECK_EQUAL(ended.flags, 0);
        size_t kept;
        char *head = read_head(attempt.file, stream, &kept);
        CHECK_EQUAL(kept, limits[i] < length ? limits[i] : length);
        CHECK(memcmp(head, wanted, kept) == 0);
        free(head);
        if (i < 3) {
            read_position(attempt.file, stream, length - sizeof tail, tail, sizeof tail);
            CHECK(memcmp(tail, wanted + length - sizeof tail, sizeof tail) == 0);
        }
    }
    free(wanted);
}

static void f26_much_output_never_blocks_the_command(void) {
    struct order order = shell("head -c 200000000 /dev/zero; head -c 1000000 /dev/zero >&2; echo end");
    order.output_limit = 1000000;
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.value, 0);
    CHECK_EQUAL(ended.written[0], 200000004);
    CHECK_EQUAL(ended.written[1], 1000000);
    char end[4];
    read_position(attempt.file, 0, 200000000, end, 4);
    CHECK(memcmp(end, "end\n", 4) == 0);
}

static void output_is_seen_while_it_runs(void) {
    struct order order = shell("echo first; read line; sleep 30");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    size_t length;
    char *head = read_head(attempt.file, 0, &length);
    CHECK(strcmp(head, "first\n") == 0);
    free(head);
    stop(&attempt, CAUSE_REQUESTED, 0);
    CHECK_EQUAL(await_ended(&attempt).written[0], 6);
}

static void what_children_print_after_the_end_is_kept(void) {
    struct order order = shell("(sleep 0.3; echo late) & exit 4");
    order.drain_grace = UINT64_C(30000000000);
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.kind, 1);
    CHECK_EQUAL(ended.value, 4);
    CHECK_EQUAL(ended.written[0], 5);
    CHECK_EQUAL(ended.flags, 0);
}

static void what_was_printed_before_a_kill_is_kept(void) {
    for (int i = 0; i < 10; i++) {
        struct attempt_client attempt;
        struct ended ended = run_shell("head -c 50000 /dev/zero; kill -9 $$", &attempt);
        CHECK_EQUAL(ended.kind, 2);
        CHECK_EQUAL(ended.written[0], 50000);
    }
}

static void pipe_held_outside_of_the_tree_is_given_up(void) {
    struct order order = shell("echo hello; read line < /dev/null; sleep 30");
    order.drain_grace = 200000000;
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 6);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/1", (int) attempt.pid);
    int held = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(held >= 0);
    stop(&attempt, CAUSE_REQUESTED, 0);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 2);
    CHECK_EQUAL(ended.written[0], 6);
    close(held);
}

static void closed_output_does_not_end_the_attempt(void) {
    struct attempt_client attempt;
    struct ended ended = run_shell("exec >&- 2>&-; sleep 0.2; exit 6", &attempt);
    CHECK_EQUAL(ended.value, 6);
    CHECK(ended.wall >= 200000000);
}

static void f28_full_spool_is_marked_and_drained(void) {
    struct order order = shell("exec 2>&1; seq 1 100000; echo end");
    uint64_t head = 8192 + 2 * 131072 + (2 * order.output_limit / 4096 + 65536) * 16;
    head = (head + 4095) / 4096 * 4096;
    struct launcher launcher = launcher_start_limited(8, RLIMIT_FSIZE, head + 5000);
    struct attempt_client attempt;
    struct ended ended = run_order(&launcher, &order, &attempt);
    CHECK_EQUAL(header64(attempt.file, 48), head);
    CHECK_EQUAL(ended.value, 0);
    CHECK_EQUAL(ended.flags, SPOOL_FULL);
    CHECK_EQUAL(ended.written[0], 588899);
    CHECK_EQUAL(header32(attempt.file, 1068), SPOOL_FULL);
    size_t kept;
    size_t length;
    char *bytes = read_head(attempt.file, 0, &kept);
    char *wanted = sequence(&length);
    bool same = kept == 5000 && memcmp(bytes, wanted, kept) == 0;
    free(bytes);
    free(wanted);
    CHECK(same);
    launcher_end(&launcher);
}

static void f29_agent_that_does_not_read_holds_up_nothing(void) {
    struct launcher *launcher = shared_launcher();
    struct order order = shell("head -c 3000000 /dev/zero");
    struct attempt_client attempts[8];
    for (int i = 0; i < 8; i++) {
        attempts[i] = send_order(launcher, &order);
    }
    for (int tries = 0; tries < 5000 && !has_record(attempts[7].file); tries++) {
        usleep(2000);
    }
    CHECK_EQUAL(read_record(attempts[7].file).written[0], 3000000);
    for (int i = 0; i < 8; i++) {
        close(attempts[i].connection);
    }
}

const struct test_case output_cases[] = {
    {"head_and_tail_are_exact", head_and_tail_are_exact},
    {"f26_much_output_never_blocks_the_command", f26_much_output_never_blocks_the_command},
    {"output_is_seen_while_it_runs", output_is_seen_while_it_runs},
    {"what_children_print_after_the_end_is_kept", what_children_print_after_the_end_is_kept},
    {"what_was_printed_before_a_kill_is_kept", what_was_printed_before_a_kill_is_kept},
    {"pipe_held_outside_of_the_tree_is_given_up", pipe_held_outside_of_the_tree_is_given_up},
    {"closed_output_does_not_end_the_attempt", closed_output_does_not_end_the_attempt},
    {"f28_full_spool_is_marked_and_drained", f28_full_spool_is_marked_and_drained},
    {"f29_agent_that_does_not_read_holds_up_nothing", f29_agent_that_does_not_read_holds_up_nothing},
    {NULL, NULL},
};
