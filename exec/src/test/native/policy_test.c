/* What becomes of output beyond the limit: the command is stopped, or waits for its reader. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../main/native/record.h"
#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

enum { MIB = 1 << 20, PIPE_MAXIMUM = MIB, LAST_WORDS = 4 * MIB };

static struct order policy_shell(const char *text, uint32_t flag, uint64_t limit) {
    struct order order = shell(text);
    order.flags = flag;
    order.output_limit = limit;
    return order;
}

static void consumed(const struct attempt_client *attempt, uint64_t out, uint64_t errors) {
    uint8_t payload[16];
    put64(payload, out);
    put64(payload + 8, errors);
    send_frame(attempt->connection, FRAME_CONSUMED, payload, sizeof payload);
}

/* From a stream that is kept as a ring. */
static void read_ring(const char *file, int stream, uint64_t position, char *bytes, size_t length) {
    uint64_t size = header64(file, 16) + HISTORY;
    uint64_t offset = header64(file, stream == 0 ? 48 : 56);
    FILE *opened = fopen(file, "r");
    CHECK(opened != NULL);
    while (length > 0) {
        uint64_t at = position % size;
        size_t count = size - at < length ? (size_t) (size - at) : length;
        bool whole = fseeko(opened, (off_t) (offset + at), SEEK_SET) == 0 && fread(bytes, 1, count, opened) == count;
        if (!whole) {
            fclose(opened);
        }
        CHECK(whole);
        position += count;
        bytes += count;
        length -= count;
    }
    fclose(opened);
}

static void expect_output_kill(const struct ended *ended) {
    CHECK_EQUAL(ended->cause, CAUSE_OUTPUT);
    CHECK_EQUAL(ended->kill_cause, CAUSE_OUTPUT);
    CHECK_EQUAL(ended->proof, 2);
    CHECK(ended->steps >= 1);
    CHECK_EQUAL(ended->step[0].signal, SIGTERM);
    CHECK_EQUAL(ended->step[ended->steps - 1].survivors, 0);
}

static void b30_output_beyond_the_limit_is_a_kill(void) {
    for (int stream = 0; stream < 2; stream++) {
        const char *text = stream == 0 ? "head -c 1000001 /dev/zero; sleep 60" : "head -c 1000001 /dev/zero >&2; sleep 60";
        struct order order = policy_shell(text, LAUNCH_OUTPUT_KILL, 1000000);
        struct attempt_client attempt;
        struct ended ended = run_order(shared_launcher(), &order, &attempt);
        expect_output_kill(&ended);
        CHECK_EQUAL(ended.kind, 2);
        CHECK_EQUAL(ended.value, SIGTERM);
        CHECK_EQUAL(ended.written[stream], 1000001);
        CHECK_EQUAL(header64(attempt.file, stream == 0 ? 1048 : 1056), 1000000);
        CHECK_EQUAL(header32(attempt.file, 656), OUTPUT_KILL);
    }
}

static void output_kill_comes_after_the_grace_where_term_is_ignored(void) {
    struct order order = policy_shell("trap '' TERM; exec yes", LAUNCH_OUTPUT_KILL, 100000);
    order.kill_grace = 100000000;
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    expect_output_kill(&ended);
    CHECK_EQUAL(ended.value, SIGKILL);
    CHECK(ended.kill_duration >= 100000000);
    char last[2];
    read_position(attempt.file, 0, ended.written[0] / 2 * 2 - 2, last, 2);
    CHECK(memcmp(last, "y\n", 2) == 0);
}

static void limit_passed_in_the_last_moment_counts(void) {
    for (int i = 0; i < 10; i++) {
        struct order order = policy_shell("head -c 1001 /dev/zero; exit 7", LAUNCH_OUTPUT_KILL, 1000);
        struct attempt_client attempt;
        struct ended ended = run_order(shared_launcher(), &order, &attempt);
        expect_output_kill(&ended);
        CHECK_EQUAL(ended.written[0], 1001);
        order = policy_shell("head -c 1000 /dev/zero; exit 7", LAUNCH_OUTPUT_KILL, 1000);
        ended = run_order(shared_launcher(), &order, &attempt);
        CHECK_EQUAL(ended.cause, CAUSE_NONE);
        CHECK_EQUAL(ended.value, 7);
        CHECK_EQUAL(ended.proof, 0);
    }
}

/* Every step to the byte shows that nothing more was taken in before. */
static void command_waits_for_its_reader(void) {
    struct order order = policy_shell("head -c 3000000 /dev/zero; echo end", LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    CHECK_EQUAL(header32(attempt.file, 656), OUTPUT_BLOCK);
    await_output(attempt.file, MIB);
    consumed(&attempt, 1, 0);
    await_output(attempt.file, MIB + 1);
    consumed(&attempt, 100001, 99);
    await_output(attempt.file, MIB + 100001);
    consumed(&attempt, 3000000, 0);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, 0);
    CHECK_EQUAL(ended.cause, CAUSE_NONE);
    CHECK_EQUAL(ended.written[0], 3000004);
    char end[4];
    read_ring(attempt.file, 0, 3000000, end, 4);
    CHECK(memcmp(end, "end\n", 4) == 0);
}

/* Both in one piece, so that the second is seen before the first has an effect. */
static void consumed_never_goes_back(void) {
    struct order order = policy_shell("head -c 3000000 /dev/zero", LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, MIB);
    uint8_t frames[48] = {0};
    for (uint8_t *at = frames; at < frames + sizeof frames; at += 24) {
        put32(at, 20);
        put16(at + 4, FRAME_CONSUMED);
    }
    put64(frames + 8, 200000);
    put64(frames + 32, 7);
    CHECK_EQUAL(send(attempt.connection, frames, sizeof frames, 0), sizeof frames);
    await_output(attempt.file, MIB + 200000);
    consumed(&attempt, 3000000, 0);
    CHECK_EQUAL(await_ended(&attempt).written[0], 3000000);
}

/* Clock ticks of a hundredth of a second. */
static unsigned long cpu_of(pid_t pid) {
    char path[64];
    unsigned long user = 0;
    unsigned long system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int) pid);
    FILE *opened = fopen(path, "r");
    CHECK(opened != NULL);
    int found = fscanf(opened, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    fclose(opened);
    CHECK_EQUAL(found, 2);
    return user + system;
}

static void waiting_for_a_reader_costs_nothing(void) {
    struct order order = policy_shell("exec cat /dev/zero", LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    pid_t supervisor = (pid_t) header64(attempt.file, 104);
    await_output(attempt.file, MIB);
    unsigned long before = cpu_of(supervisor);
    usleep(500000);
    CHECK(cpu_of(supervisor) - before <= 10);
    stop(&attempt, CAUSE_REQUESTED, 0);
    (void) await_ended(&attempt);
}

static void small_limit_leaves_a_window_of_64_kib(void) {
    struct order order = policy_shell("head -c 1000000 /dev/zero", LAUNCH_OUTPUT_BLOCK, 1);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 65536);
    consumed(&attempt, 3, 0);
    await_output(attempt.file, 65539);
    consumed(&attempt, UINT64_MAX, 0);
    CHECK_EQUAL(await_ended(&attempt).written[0], 1000000);
}

static void streams_wait_each_for_itself(void) {
    struct order order = policy_shell("head -c 300000 /dev/zero >&2 & head -c 3000000 /dev/zero; wait; echo end >&2",
            LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, MIB);
    for (int tries = 0; tries < 5000 && header64(attempt.file, 1032) < 300000; tries++) {
        usleep(2000);
    }
    CHECK_EQUAL(header64(attempt.file, 1032), 300000);
    consumed(&attempt, 3000000, 0);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.written[0], 3000000);
    CHECK_EQUAL(ended.written[1], 300004);
}

/* The whole of 23 MB through a ring of 9 MiB, with a reader that is always behind. */
static void reader_that_consumes_loses_no_byte(void) {
    static char got[MIB];
    struct order order = policy_shell("seq 1 3000000", LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    uint64_t position = 0;
    long number = 1;
    char wanted[16];
    size_t used = 0;
    size_t length = (size_t) sprintf(wanted, "%ld\n", number);
    while (position < 22888896) {
        uint64_t written = header64(attempt.file, 1024);
        CHECK(written - position <= MIB + LAST_WORDS + PIPE_MAXIMUM);
        size_t count = written - position < sizeof got ? (size_t) (written - position) : sizeof got;
        if (count == 0) {
            usleep(200);
            continue;
        }
        read_ring(attempt.file, 0, position, got, count);
        for (size_t i = 0; i < count; i++) {
            if (used == length) {
                length = (size_t) sprintf(wanted, "%ld\n", ++number);
                used = 0;
            }
            CHECK_EQUAL(got[i], wanted[used]);
            used++;
        }
        position += count;
        consumed(&attempt, position, 0);
    }
    CHECK_EQUAL(number, 3000000);
    CHECK_EQUAL(await_ended(&attempt).written[0], 22888896);
    struct stat status;
    CHECK(stat(attempt.file, &status) == 0);
    CHECK(status.st_blocks * 512 <= 12 * MIB);
}

static void end_with_a_full_pipe_waits_for_nobody(void) {
    struct order order = policy_shell("head -c 1108576 /dev/zero; exit 4", LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.value, 4);
    CHECK_EQUAL(ended.cause, CAUSE_NONE);
    CHECK_EQUAL(ended.written[0], 1108576);
}

static void blocked_strays_get_the_drain_grace(void) {
    struct order order = policy_shell("cat /dev/zero & exit 5", LAUNCH_OUTPUT_BLOCK, MIB);
    order.drain_grace = 200000000;
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.value, 5);
    CHECK_EQUAL(ended.flags, STRAYS_KILLED);
    CHECK(ended.written[0] >= MIB + LAST_WORDS && ended.written[0] <= MIB + LAST_WORDS + PIPE_MAXIMUM);
}

static void cancel_of_a_blocked_command_hears_its_last_words(void) {
    struct order order = policy_shell("trap 'head -c 100000 /dev/zero; echo bye; exit 3' TERM; head -c 9000000 /dev/zero",
            LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, MIB);
    stop(&attempt, CAUSE_REQUESTED, UINT64_C(30000000000));
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.kind, 1);
    CHECK_EQUAL(ended.value, 3);
    CHECK_EQUAL(ended.cause, CAUSE_REQUESTED);
    CHECK(ended.written[0] >= MIB + 100004);
    char bye[4];
    read_ring(attempt.file, 0, ended.written[0] - 4, bye, 4);
    CHECK(memcmp(bye, "bye\n", 4) == 0);
}

static void cancel_overwrites_nothing_unread(void) {
    struct order order = policy_shell("trap '' TERM; echo start; exec cat /dev/zero", LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, MIB);
    stop(&attempt, CAUSE_REQUESTED, 300000000);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, SIGKILL);
    CHECK(ended.written[0] >= MIB + LAST_WORDS && ended.written[0] <= MIB + LAST_WORDS + PIPE_MAXIMUM);
    char start[6];
    read_ring(attempt.file, 0, 0, start, 6);
    CHECK(memcmp(start, "start\n", 6) == 0);
}

static void kill_at_once_of_a_blocked_command(void) {
    struct order order = policy_shell("exec cat /dev/zero", LAUNCH_OUTPUT_BLOCK, 0);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    await_output(attempt.file, 65536);
    stop(&attempt, CAUSE_REQUESTED, 0);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, SIGKILL);
    CHECK_EQUAL(ended.proof, 2);
}

static void deadline_of_a_blocked_command_holds(void) {
    struct order order = policy_shell("exec cat /dev/zero", LAUNCH_OUTPUT_BLOCK, MIB);
    order.timeout = 300000000;
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.cause, CAUSE_DEADLINE);
    CHECK_EQUAL(ended.value, SIGTERM);
    CHECK(ended.wall >= 300000000);
}

static void f17_blocked_command_waits_for_the_next_agent(void) {
    struct order order = policy_shell("head -c 3000000 /dev/zero; exit 6", LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    consumed(&attempt, 10, 0);
    await_output(attempt.file, MIB + 10);
    close(attempt.connection);
    attach(&attempt);
    consumed(&attempt, 11, 0);
    await_output(attempt.file, MIB + 11);
    consumed(&attempt, 3000000, 0);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, 6);
    CHECK_EQUAL(ended.written[0], 3000000);
}

static void consumed_of_a_wrong_length_breaks_the_connection(void) {
    struct order order = policy_shell("head -c 3000000 /dev/zero", LAUNCH_OUTPUT_BLOCK, MIB);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    uint8_t payload[15] = {0};
    send_frame(attempt.connection, FRAME_CONSUMED, payload, sizeof payload);
    CHECK_EQUAL(next_frame(&attempt), 0);
    close(attempt.connection);
    attach(&attempt);
    consumed(&attempt, 3000000, 0);
    CHECK_EQUAL(await_ended(&attempt).written[0], 3000000);
}

static void consumed_means_nothing_where_nobody_waits(void) {
    struct order order = shell("read line; head -c 3000000 /dev/zero; exit 2");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    consumed(&attempt, 5, 5);
    struct ended ended = await_ended(&attempt);
    CHECK_EQUAL(ended.value, 2);
    CHECK_EQUAL(ended.written[0], 3000000);
}

static void f28_full_spool_waits_for_no_reader(void) {
    struct order order = policy_shell("head -c 30000000 /dev/zero; echo end", LAUNCH_OUTPUT_BLOCK, MIB);
    uint64_t head = 8192 + 2 * 131072 + (2 * order.output_limit / 4096 + 65536) * 16;
    head = (head + 4095) / 4096 * 4096;
    struct launcher launcher = launcher_start_limited(8, RLIMIT_FSIZE, head + 5000);
    struct attempt_client attempt;
    struct ended ended = run_order(&launcher, &order, &attempt);
    CHECK_EQUAL(ended.value, 0);
    CHECK_EQUAL(ended.flags, SPOOL_FULL);
    CHECK_EQUAL(ended.written[0], 30000004);
    CHECK_EQUAL(header64(attempt.file, 1048), 5000);
    launcher_end(&launcher);
}

static uint8_t byte_at(uint64_t position) {
    return (uint8_t) ((position * 2654435761U) >> 13);
}

static void ring_holds_the_last_bytes_and_arrivals(void) {
    static uint8_t chunk[APPEND_MAXIMUM];
    static char kept[HISTORY];
    const char *path = fresh("r");
    struct request request = {
        .attempt_file = path, .control_socket = "/c", .cwd = "/", .marker = "", .output_limit = 1000,
        .output_policy = OUTPUT_BLOCK};
    struct attempt_file file;
    CHECK_EQUAL(attempt_create(&file, &request), 0);
    CHECK(header64(path, 56) >= header64(path, 48) + 1000 + HISTORY);
    uint64_t written = 0;
    for (int round = 0; round < 70000; round++) {
        size_t length = round % 200 == 0 ? sizeof chunk : 20;
        for (size_t i = 0; i < length; i++) {
            chunk[i] = byte_at(written + i);
        }
        attempt_append(&file, STREAM_STDERR, chunk, length, (int64_t) round * 10000000);
        written += length;
    }
    CHECK_EQUAL(header64(path, 1032), written);
    CHECK_EQUAL(header64(path, 1056), written);
    CHECK_EQUAL(header64(path, 1040), 70000);
    size_t length = HISTORY + 1000 - APPEND_MAXIMUM;
    read_ring(path, 1, written - length, kept, length);
    for (size_t i = 0; i < length; i++) {
        CHECK_EQUAL((uint8_t) kept[i], byte_at(written - length + i));
    }
    CHECK_EQUAL(header64(path, header64(path, 32) + (69999 - 65536) * 16), INT64_C(699990000000));
    CHECK_EQUAL(header64(path, header64(path, 32) + 65535 * 16), INT64_C(655350000000));
    CHECK_EQUAL(header32(path, 1068), 0);
    attempt_close(&file);
    unlink(path);
}

const struct test_case policy_cases[] = {
    {"b30_output_beyond_the_limit_is_a_kill", b30_output_beyond_the_limit_is_a_kill},
    {"output_kill_comes_after_the_grace_where_term_is_ignored", output_kill_comes_after_the_grace_where_term_is_ignored},
    {"limit_passed_in_the_last_moment_counts", limit_passed_in_the_last_moment_counts},
    {"command_waits_for_its_reader", command_waits_for_its_reader},
    {"consumed_never_goes_back", consumed_never_goes_back},
    {"waiting_for_a_reader_costs_nothing", waiting_for_a_reader_costs_nothing},
    {"small_limit_leaves_a_window_of_64_kib", small_limit_leaves_a_window_of_64_kib},
    {"streams_wait_each_for_itself", streams_wait_each_for_itself},
    {"reader_that_consumes_loses_no_byte", reader_that_consumes_loses_no_byte},
    {"end_with_a_full_pipe_waits_for_nobody", end_with_a_full_pipe_waits_for_nobody},
    {"blocked_strays_get_the_drain_grace", blocked_strays_get_the_drain_grace},
    {"cancel_of_a_blocked_command_hears_its_last_words", cancel_of_a_blocked_command_hears_its_last_words},
    {"cancel_overwrites_nothing_unread", cancel_overwrites_nothing_unread},
    {"kill_at_once_of_a_blocked_command", kill_at_once_of_a_blocked_command},
    {"deadline_of_a_blocked_command_holds", deadline_of_a_blocked_command_holds},
    {"f17_blocked_command_waits_for_the_next_agent", f17_blocked_command_waits_for_the_next_agent},
    {"consumed_of_a_wrong_length_breaks_the_connection", consumed_of_a_wrong_length_breaks_the_connection},
    {"consumed_means_nothing_where_nobody_waits", consumed_means_nothing_where_nobody_waits},
    {"f28_full_spool_waits_for_no_reader", f28_full_spool_waits_for_no_reader},
    {"ring_holds_the_last_bytes_and_arrivals", ring_holds_the_last_bytes_and_arrivals},
    {NULL, NULL},
};
