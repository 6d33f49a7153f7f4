/* A wall clock that is set: what may follow it, and what may not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../main/native/sys.h"
#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define TIMEOUT (300 * MILLISECOND)

static int64_t *skew;

/* A launcher whose wall clock this test sets. */
static struct launcher launcher_with_a_clock_of_its_own(void) {
    const char *path = fresh("k");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && ftruncate(fd, sizeof *skew) == 0);
    skew = mmap(NULL, sizeof *skew, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    CHECK(skew != MAP_FAILED);
    clock_is_set = true;
    setenv("HUFU_SKEW", path, 1);
    struct launcher launcher = launcher_start(8);
    unsetenv("HUFU_SKEW");
    return launcher;
}

static void end_launcher(struct launcher *launcher) {
    launcher_end(launcher);
    clock_is_set = false;
    munmap(skew, sizeof *skew);
}

/* Set while it runs, from one hour or day ahead to as much behind, or the other way. */
static void expect_deadline(struct launcher *launcher, int64_t jump) {
    struct order order = shell("exec sleep 300");
    order.timeout = TIMEOUT;
    order.kill_grace = 0;
    *skew = jump;
    int64_t before = now_monotonic();
    struct attempt_client attempt = launch(launcher, &order);
    *skew = -jump;
    struct ended ended = await_ended(&attempt);
    int64_t took = now_monotonic() - before;
    CHECK_EQUAL(ended.cause, CAUSE_DEADLINE);
    CHECK(took >= TIMEOUT && took < 60 * SECOND);
    CHECK(ended.wall >= TIMEOUT && ended.wall < (uint64_t) (60 * SECOND));
    /* When it began and ended is told as the clock had it. */
    int64_t told = ended.end_realtime - ended.start_realtime + 2 * jump;
    CHECK(told > 0 && told < 60 * SECOND);
}

static void f41_deadlines_and_durations_do_not_follow_the_wall_clock(void) {
    struct launcher launcher = launcher_with_a_clock_of_its_own();
    expect_deadline(&launcher, HOUR);
    expect_deadline(&launcher, -HOUR);
    expect_deadline(&launcher, DAY);
    expect_deadline(&launcher, -DAY);
    end_launcher(&launcher);
}

static void f41_a_clock_that_is_set_neither_ends_nor_keeps_what_runs(void) {
    struct launcher launcher = launcher_with_a_clock_of_its_own();
    struct order order = shell("sleep 0.3; exit 5");
    order.timeout = (uint64_t) HOUR;
    struct attempt_client attempt = launch(&launcher, &order);
    *skew = DAY;
    struct ended ended = await_ended(&attempt);
    CHECK(ended.kind == 1 && ended.value == 5 && ended.cause == CAUSE_NONE);
    CHECK(ended.wall < (uint64_t) (60 * SECOND));

    /* Graces neither: a daemon is given its time to end, and no more. */
    order = shell("(setsid sleep 300 &); exit 6");
    order.drain_grace = 200000000;
    attempt = launch(&launcher, &order);
    *skew = -DAY;
    ended = await_ended(&attempt);
    CHECK(ended.kind == 1 && ended.value == 6 && (ended.flags & STRAYS_KILLED) != 0);
    end_launcher(&launcher);
}

/* "Not after" names a moment of the wall clock, which is what a caller means by it. */
static void f41_not_after_is_by_the_wall_clock(void) {
    struct launcher launcher = launcher_with_a_clock_of_its_own();
    struct order order = shell("exit 5");
    order.not_after = now_realtime() + HOUR;
    *skew = DAY;
    struct attempt_client attempt = send_order(&launcher, &order);
    CHECK_EQUAL(next_frame(&attempt), FRAME_ENDED);
    close(attempt.connection);
    struct ended ended = read_record(attempt.file);
    CHECK(ended.kind == 3 && ended.value == ETIME && ended.detail == STAGE_NOT_AFTER);
    *skew = -DAY;
    order.not_after = now_realtime() - HOUR;
    ended = run_order(&launcher, &order, &attempt);
    CHECK(ended.kind == 1 && ended.value == 5);
    end_launcher(&launcher);
}

const struct test_case clock_cases[] = {
    {"f41_deadlines_and_durations_do_not_follow_the_wall_clock", f41_deadlines_and_durations_do_not_follow_the_wall_clock},
    {"f41_a_clock_that_is_set_neither_ends_nor_keeps_what_runs", f41_a_clock_that_is_set_neither_ends_nor_keeps_what_runs},
    {"f41_not_after_is_by_the_wall_clock", f41_not_after_is_by_the_wall_clock},
    {NULL, NULL},
};
