/* Control groups as this machine has them. A case whose kind is not there, or not ours to use, says so and passes. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

enum { PROOF_BY_GROUP = 1 };

static char first[300];
static char second[300];
static const char *directories[3];

static bool holds_kind(const char *base, const char *file) {
    char path[400];
    snprintf(first, sizeof first, "%s/hufu-native-%d-%s", base, (int) getpid(), strrchr(fresh("g"), '/') + 1);
    if (mkdir(first, 0755) != 0) {
        printf("skipped: no groups to be made in %s\n", base);
        return false;
    }
    snprintf(path, sizeof path, "%s/%s", first, file);
    bool holds = access(path, W_OK) == 0;
    rmdir(first);
    if (!holds) {
        printf("skipped: %s has no %s\n", base, file);
    }
    directories[0] = first;
    directories[1] = NULL;
    return holds;
}

static uint32_t wanted_version;

static bool use(uint32_t version) {
    wanted_version = version;
    if (version == CGROUP_V1) {
        return holds_kind("/sys/fs/cgroup/freezer", "freezer.state");
    }
    return holds_kind(access("/sys/fs/cgroup/unified", F_OK) == 0 ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup",
            "cgroup.kill");
}

static struct order grouped(const char *text) {
    struct order order = shell(text);
    order.cgroup = wanted_version;
    order.directories = directories;
    return order;
}

static void f24_what_is_inside_is_killed(uint32_t version) {
    if (!use(version)) {
        return;
    }
    char text[600];
    const char *daemon_file = fresh("d");
    snprintf(text, sizeof text,
            "(setsid sh -c 'trap \"\" TERM; echo $$ > %s; exec sleep 300' &) ; while ! [ -s %s ]; do sleep 0.01; done; "
            "exec sleep 300",
            daemon_file, daemon_file);
    struct order order = grouped(text);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    pid_t daemon_pid = await_number(daemon_file, 20);
    CHECK(exists(first));
    CHECK_EQUAL(header32(attempt.file, 660), version);
    CHECK_EQUAL(header32(attempt.file, 664), 1);
    stop(&attempt, CAUSE_REQUESTED, 0);
    struct ended ended = await_ended(&attempt);
    CHECK(!alive(daemon_pid));
    CHECK_EQUAL(ended.proof, PROOF_BY_GROUP);
    CHECK(!exists(first));
}

static void f24_version_2_kills_what_is_inside(void) {
    f24_what_is_inside_is_killed(CGROUP_V2);
}

static void f24_version_1_kills_what_is_inside(void) {
    f24_what_is_inside_is_killed(CGROUP_V1);
}

/* As root a command can leave its group; that it is below us it cannot change. */
static void f24_what_left_the_group_is_killed_too(void) {
    if (!use(CGROUP_V2)) {
        return;
    }
    char text[600];
    const char *pid_file = fresh("d");
    snprintf(text, sizeof text, "echo 0 > %.*s/cgroup.procs; echo $$ > %s; exec sleep 300",
            (int) (strrchr(first, '/') - first), first, pid_file);
    struct order order = grouped(text);
    struct attempt_client attempt = launch(shared_launcher(), &order);
    pid_t pid = await_number(pid_file, 20);
    stop(&attempt, CAUSE_REQUESTED, 0);
    struct ended ended = await_ended(&attempt);
    CHECK(ended.kind == 2 && ended.value == SIGKILL);
    CHECK(!alive(pid));
    CHECK(!exists(first));
}

static void groups_inside_are_removed_with_it(uint32_t version) {
    if (!use(version)) {
        return;
    }
    struct order order = grouped("exec sleep 300");
    struct attempt_client attempt = launch(shared_launcher(), &order);
    char inner[400];
    snprintf(inner, sizeof inner, "%s/a", first);
    CHECK(mkdir(inner, 0755) == 0);
    snprintf(inner, sizeof inner, "%s/a/b", first);
    CHECK(mkdir(inner, 0755) == 0);
    snprintf(inner, sizeof inner, "%s/c", first);
    CHECK(mkdir(inner, 0755) == 0);
    kill((pid_t) attempt.pid, SIGTERM);
    CHECK_EQUAL(await_ended(&attempt).kind, 2);
    CHECK(!exists(first));
}

static void groups_inside_version_2_are_removed(void) {
    groups_inside_are_removed_with_it(CGROUP_V2);
}

static void groups_inside_version_1_are_removed(void) {
    groups_inside_are_removed_with_it(CGROUP_V1);
}

static struct ended end_of(const struct order *order) {
    struct attempt_client sent = send_order(shared_launcher(), order);
    uint16_t type = next_frame(&sent);
    if (type == FRAME_STARTED) {
        type = next_frame(&sent);
    }
    CHECK_EQUAL(type, FRAME_ENDED);
    close(sent.connection);
    return read_record(sent.file);
}

static void a_needed_setting_that_fails_is_a_failed_launch(void) {
    if (!use(CGROUP_V1)) {
        return;
    }
    char file[400];
    snprintf(file, sizeof file, "%s/no.such.setting", first);
    struct setting_order settings[] = {{0, file, "1"}, {0, NULL, NULL}};
    struct order order = grouped("exit 7");
    order.settings = settings;
    struct ended ended = end_of(&order);
    CHECK(ended.kind == 1 && ended.value == 7);
    settings[0].needed = 1;
    ended = end_of(&order);
    CHECK(ended.kind == 3 && ended.detail == STAGE_LIMITS && ended.value == ENOENT);
    CHECK(!exists(first));
    struct event_order limit_events[] = {{CAUSE_PIDS, file, "max"}, {0, NULL, NULL}};
    settings[0].needed = 0;
    order.events = limit_events;
    ended = end_of(&order);
    CHECK(ended.kind == 3 && ended.detail == STAGE_LIMITS && ended.value == ENOENT);
    CHECK(!exists(first));
}

static void a_directory_that_cannot_be_made_is_a_failed_launch(void) {
    static const char *const nowhere[] = {"/proc/hufu-1", NULL};
    struct order order = shell("exit 7");
    order.cgroup = CGROUP_V1;
    order.directories = nowhere;
    struct ended ended = end_of(&order);
    CHECK(ended.kind == 3 && ended.detail == STAGE_LIMITS && ended.value != 0);
}

static void f20_a_limit_of_processes_stops_all(void) {
    if (!use(CGROUP_V1)) {
        return;
    }
    char setting[400];
    char event[400];
    snprintf(second, sizeof second, "/sys/fs/cgroup/pids%s", strrchr(first, '/'));
    snprintf(setting, sizeof setting, "%s/pids.max", second);
    snprintf(event, sizeof event, "%s/pids.events", second);
    if (access("/sys/fs/cgroup/pids", W_OK) != 0) {
        printf("skipped: no pids hierarchy\n");
        return;
    }
    directories[1] = second;
    struct setting_order settings[] = {{1, setting, "20"}, {0, NULL, NULL}};
    struct event_order limit_events[] = {{CAUSE_PIDS, event, "max"}, {0, NULL, NULL}};
    struct order order = grouped("bomb() { bomb | bomb & }; bomb; sleep 300");
    order.settings = settings;
    order.events = limit_events;
    struct ended ended = end_of(&order);
    CHECK_EQUAL(ended.cause, CAUSE_PIDS);
    CHECK_EQUAL(ended.kill_cause, CAUSE_PIDS);
    CHECK_EQUAL(ended.proof, PROOF_BY_GROUP);
    CHECK(!exists(first) && !exists(second));
}

static void sweep_group(struct launcher *launcher) {
    uint8_t payload[400];
    size_t length = strlen(first) + 1;
    memset(payload, 0, sizeof payload);
    put32(payload, 1); /* no marker, no pid */
    put32(payload + 21, wanted_version);
    put32(payload + 25, 1);
    put32(payload + 29, (uint32_t) length);
    memcpy(payload + 33, first, length);
    int connection = connect_to(launcher->socket);
    CHECK(connection >= 0);
    send_frame(connection, FRAME_SWEEP, payload, 33 + length);
    uint8_t answer[64];
    size_t room = sizeof answer;
    CHECK_EQUAL(receive_frame(connection, answer, &room), FRAME_SWEPT);
    CHECK(get32(answer) >= 1);
    CHECK_EQUAL(get32(answer + 4), 0);
    close(connection);
}

/* Launcher and supervisor dead, no marker, another parent: the group still tells. */
static void f19_a_group_left_by_the_dead_is_swept(uint32_t version) {
    if (!use(version)) {
        return;
    }
    struct launcher lost = launcher_start(0);
    pid_t supervisors[4];
    struct order order = grouped("setsid sleep 300 & exec env -i sleep 300");
    struct attempt_client attempt = launch(&lost, &order);
    CHECK_EQUAL(children_of(lost.pid, supervisors, 4), 1);
    if (version == CGROUP_V1) {
        /* In the middle of its kill: nothing inside can even die. */
        char state[400];
        snprintf(state, sizeof state, "%s/freezer.state", first);
        int fd = open(state, O_WRONLY | O_CLOEXEC);
        CHECK(fd >= 0 && write(fd, "FROZEN", 6) == 6);
        close(fd);
    }
    kill(lost.pid, SIGKILL);
    kill(supervisors[0], SIGKILL);
    await_gone(lost.pid, 10);
    await_gone(supervisors[0], 10);
    close(lost.input);
    close(attempt.connection);
    CHECK(alive((pid_t) attempt.pid));
    sweep_group(shared_launcher());
    await_gone((pid_t) attempt.pid, 10);
    CHECK(!exists(first));
}

static void f19_a_group_of_version_2_left_by_the_dead_is_swept(void) {
    f19_a_group_left_by_the_dead_is_swept(CGROUP_V2);
}

static void f19_a_frozen_group_of_version_1_left_by_the_dead_is_swept(void) {
    f19_a_group_left_by_the_dead_is_swept(CGROUP_V1);
}

/* Whatever an attempt file that was tampered with may name. */
static void a_directory_that_is_no_group_is_never_swept(void) {
    char file[400];
    snprintf(first, sizeof first, "%s/hufu-%d", scratch, (int) getpid());
    CHECK(mkdir(first, 0755) == 0);
    snprintf(file, sizeof file, "%s/cgroup.kill", first);
    wanted_version = CGROUP_V2;
    uint8_t payload[400] = {1};
    size_t length = strlen(first) + 1;
    put32(payload + 21, CGROUP_V2);
    put32(payload + 25, 1);
    put32(payload + 29, (uint32_t) length);
    memcpy(payload + 33, first, length);
    int connection = connect_to(shared_launcher()->socket);
    send_frame(connection, FRAME_SWEEP, payload, 33 + length);
    uint8_t answer[64];
    size_t room = sizeof answer;
    CHECK_EQUAL(receive_frame(connection, answer, &room), FRAME_SWEPT);
    close(connection);
    CHECK(exists(first) && !exists(file));
    rmdir(first);
}

static char pids_group[300];

static bool set_in_pids_group(const char *file, const char *value) {
    char path[400];
    snprintf(path, sizeof path, "%s/%s", pids_group, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool set = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t) strlen(value);
    if (fd >= 0) {
        close(fd);
    }
    return set;
}

static bool pids_group_is_removed(const void *unused) {
    (void) unused;
    return rmdir(pids_group) == 0;
}

/* The launcher can start no supervisor, then the supervisor no command; both are said, and nothing of it lasts. */
static void f22_processes_run_out(void) {
    snprintf(pids_group, sizeof pids_group, "/sys/fs/cgroup/pids/hufu-native-%d", (int) getpid());
    if (mkdir(pids_group, 0755) != 0) {
        printf("skipped: no groups to be made in /sys/fs/cgroup/pids\n");
        return;
    }
    char pid[16];
    struct launcher launcher = launcher_start(0);
    struct order order = shell("exit 7");
    snprintf(pid, sizeof pid, "%d", (int) launcher.pid);
    CHECK(set_in_pids_group("cgroup.procs", pid) && set_in_pids_group("pids.max", "1"));
    struct attempt_client attempt = send_order(&launcher, &order);
    uint8_t payload[1024];
    size_t length = sizeof payload;
    CHECK_EQUAL(receive_frame(attempt.connection, payload, &length), FRAME_REFUSED);
    CHECK_EQUAL(get32(payload), EAGAIN);
    CHECK_EQUAL(get32(payload + 4), STAGE_FORK);
    CHECK(!exists(attempt.file));
    close(attempt.connection);

    CHECK(set_in_pids_group("pids.max", "2"));
    attempt = send_order(&launcher, &order);
    CHECK_EQUAL(next_frame(&attempt), FRAME_ENDED);
    close(attempt.connection);
    struct ended ended = read_record(attempt.file);
    CHECK(ended.kind == 3 && ended.value == EAGAIN && ended.detail == STAGE_FORK);

    CHECK(set_in_pids_group("pids.max", "max"));
    ended = run_order(&launcher, &order, &attempt);
    CHECK(ended.kind == 1 && ended.value == 7);
    launcher_end(&launcher);
    CHECK(eventually(pids_group_is_removed, NULL, 20));
}

const struct test_case cgroup_cases[] = {
    {"f22_processes_run_out", f22_processes_run_out},
    {"f24_version_2_kills_what_is_inside", f24_version_2_kills_what_is_inside},
    {"f24_version_1_kills_what_is_inside", f24_version_1_kills_what_is_inside},
    {"f24_what_left_the_group_is_killed_too", f24_what_left_the_group_is_killed_too},
    {"groups_inside_version_2_are_removed", groups_inside_version_2_are_removed},
    {"groups_inside_version_1_are_removed", groups_inside_version_1_are_removed},
    {"a_needed_setting_that_fails_is_a_failed_launch", a_needed_setting_that_fails_is_a_failed_launch},
    {"a_directory_that_cannot_be_made_is_a_failed_launch", a_directory_that_cannot_be_made_is_a_failed_launch},
    {"f20_a_limit_of_processes_stops_all", f20_a_limit_of_processes_stops_all},
    {"f19_a_group_of_version_2_left_by_the_dead_is_swept", f19_a_group_of_version_2_left_by_the_dead_is_swept},
    {"f19_a_frozen_group_of_version_1_left_by_the_dead_is_swept", f19_a_frozen_group_of_version_1_left_by_the_dead_is_swept},
    {"a_directory_that_is_no_group_is_never_swept", a_directory_that_is_no_group_is_never_swept},
    {NULL, NULL},
};
