/* Whom the command runs as, what it may do and what bounds it has. */
#include "../../main/native/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../main/native/accounts.h"
#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

static struct identity identity;

static const char *file_of(const char *text) {
    const char *path = fresh("e");
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t) strlen(text));
    close(fd);
    return path;
}

static int resolve(const char *passwd, const char *group, const char *user) {
    accounts_use(passwd, group);
    int error = identity_resolve(&identity, user);
    accounts_use("/etc/passwd", "/etc/group");
    return error;
}

static bool has_group(gid_t group) {
    for (int i = 0; i < identity.count; i++) {
        if (identity.groups[i] == group) {
            return true;
        }
    }
    return false;
}

static void users_are_looked_up_with_their_groups(void) {
    const char *passwd = file_of("# comment\n+\nann:x:70001:70010:Ann:/:/bin/sh\nbroken:x\nanna:x:70002:70010::/:\n"
                                 ":x:70003:1::/:\nbad:x:1x:1::/:\nlast:x:70004:70040::/home/last:/bin/sh");
    const char *group = file_of("staff:x:70010:\none:x:70011:ann\ntwo:x:70012:bob,ann,anna\nthree:x:70013:anna\n"
                                "four:x:70014:annann,an\nfive:x:70015:bob,ann\nsix:x:70010:ann\nlast:x:70016:last");
    CHECK_EQUAL(resolve(passwd, group, "ann"), 0);
    CHECK(identity.changes && identity.user == 70001 && identity.group == 70010);
    CHECK_EQUAL(identity.count, 4);
    CHECK(has_group(70010) && has_group(70011) && has_group(70012) && has_group(70015));
    CHECK_EQUAL(resolve(passwd, group, "70002"), 0);
    CHECK(identity.user == 70002 && identity.count == 3 && has_group(70012) && has_group(70013));
    /* Neither file ends with a newline. */
    CHECK_EQUAL(resolve(passwd, group, "last"), 0);
    CHECK(identity.user == 70004 && identity.count == 2 && has_group(70016));
    CHECK_EQUAL(resolve(passwd, "/no/such/file", "ann"), 0);
    CHECK_EQUAL(identity.count, 1);
    static const char *const unknown[] = {"an", "annan", "broken", "bad", "+", "# comment", "70003", "70005", "ann "};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        CHECK_EQUAL(resolve(passwd, group, unknown[i]), ENOENT);
    }
}

/* As where the disk fails in the middle: fewer groups, or no such user, would be said of what was not read. */
static void a_file_that_cannot_be_read_is_no_file_without_the_user(void) {
    const char *passwd = file_of("ann:x:70001:70010:Ann:/:/bin/sh\n");
    CHECK_EQUAL(resolve(passwd, scratch, "ann"), EISDIR);
    CHECK_EQUAL(resolve(scratch, passwd, "ann"), EISDIR);
}

static void long_lines_hide_nobody(void) {
    char *text = malloc(1 << 20);
    CHECK(text != NULL);
    size_t length = (size_t) sprintf(text, "crowd:x:70020:");
    for (int i = 0; i < 20000; i++) {
        length += (size_t) sprintf(text + length, "member%d,", i);
    }
    sprintf(text + length, "ann\n%0300d:x:70021:ann\nafter:x:70022:ann\n", 0);
    const char *group = file_of(text);
    sprintf(text, "%0300d:x:70031:70031::/:\n%0256d:x:70032:70032::/:\nann:x:70001:70010::/:\n", 0, 0);
    const char *passwd = file_of(text);
    CHECK_EQUAL(resolve(passwd, group, "ann"), 0);
    CHECK(identity.count == 4 && has_group(70020) && has_group(70021) && has_group(70022));
    CHECK_EQUAL(resolve(passwd, group, "70031"), ENOENT);
    CHECK_EQUAL(resolve(passwd, group, "70032"), 0);
    free(text);
}

static void too_many_groups_are_not_cut(void) {
    char *text = malloc(1 << 20);
    CHECK(text != NULL);
    size_t length = 0;
    for (int i = 0; i < GROUPS_MAXIMUM; i++) {
        length += (size_t) sprintf(text + length, "g%d:x:%d:ann\n", i, 80000 + i);
    }
    const char *passwd = file_of("ann:x:70001:70010::/:\n");
    CHECK_EQUAL(resolve(passwd, file_of(text), "ann"), EOVERFLOW);
    free(text);
}

static void f25_a_user_deleted_meanwhile_is_not_found(void) {
    const char *group = file_of("");
    CHECK_EQUAL(resolve(file_of("ann:x:70001:70010::/:\n"), group, "ann"), 0);
    CHECK_EQUAL(resolve(file_of(""), group, "ann"), ENOENT);
    CHECK_EQUAL(resolve(file_of(""), group, "70001"), ENOENT);
    /* As given, without looking: nothing to be deleted. */
    CHECK_EQUAL(resolve(file_of(""), group, "70001:70010"), 0);
    CHECK(identity.user == 70001 && identity.group == 70010 && identity.count == 0);
    CHECK_EQUAL(resolve("/no/such/file", group, "ann"), ENOENT);
}

static void ones_own_is_no_change(void) {
    char own[64];
    snprintf(own, sizeof own, "%d:%d", (int) getuid(), (int) getgid());
    CHECK_EQUAL(resolve("/etc/passwd", "/etc/group", ""), 0);
    CHECK(!identity.changes);
    if (getgroups(0, NULL) == 0) {
        CHECK_EQUAL(resolve("/etc/passwd", "/etc/group", own), 0);
        CHECK(!identity.changes);
    }
    if (getuid() != 0) {
        CHECK_EQUAL(resolve("/etc/passwd", "/etc/group", "0:0"), EPERM);
        CHECK_EQUAL(resolve("/etc/passwd", "/etc/group", "root"), EPERM);
    }
}

static struct ended run_as(const char *user, const char *text, struct attempt_client *attempt) {
    struct order order = shell(text);
    order.user = user;
    struct attempt_client sent = send_order(shared_launcher(), &order);
    uint8_t payload[1024];
    size_t length = sizeof payload;
    if (receive_frame(sent.connection, payload, &length) == FRAME_STARTED) {
        *attempt = sent;
        return await_ended(attempt);
    }
    close(sent.connection);
    *attempt = sent;
    return read_record(sent.file);
}

static void a_user_is_taken_or_refused(void) {
    struct attempt_client attempt;
    struct ended ended = run_as("65533:65532", "test \"$(id -u):$(id -G)\" = 65533:65532 && exit 7", &attempt);
    if (getuid() == 0) {
        CHECK(ended.kind == 1 && ended.value == 7);
    } else {
        CHECK(ended.kind == 3 && ended.value == EPERM && ended.detail == STAGE_USER);
    }
    ended = run_as("no-such-user", "exit 7", &attempt);
    CHECK(ended.kind == 3 && ended.value == ENOENT && ended.detail == STAGE_USER);
    ended = run_as("no-such:user", "exit 7", &attempt);
    CHECK(ended.kind == 3 && ended.value == EINVAL && ended.detail == STAGE_USER);
}

static void a_root_without_capabilities_is_what_commands_are(void) {
    struct attempt_client attempt;
    struct ended ended = run_shell("grep -q '^CapEff:.*0000000000000000$' /proc/self/status && exit 7", &attempt);
    CHECK(ended.kind == 1 && ended.value == 7);
    if (getuid() == 0) {
        ended = run_shell("grep -q '^CapBnd:.*0000000000000000$' /proc/self/status && exit 7", &attempt);
        CHECK(ended.kind == 1 && ended.value == 7);
    }
}

static void kept_capabilities_are_all_there_is(void) {
    if (getuid() != 0) {
        return;
    }
    struct launcher launcher = launcher_start_with("--keep-capabilities", "2001"); /* chown and net_raw */
    struct order order = shell("grep '^CapEff' /proc/self/status | grep -q 0000000000002001 && exit 7");
    struct attempt_client attempt;
    struct ended ended = run_order(&launcher, &order, &attempt);
    CHECK(ended.kind == 1 && ended.value == 7);
    launcher_end(&launcher);
}

static void bounds_are_set(void) {
    struct order order = shell("test \"$(ulimit -Hn) $(ulimit -Sn)\" = '17 17' && exit 7");
    struct attempt_client attempt;
    order.descriptor_limit = 17;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK(ended.kind == 1 && ended.value == 7);
    order = shell("grep -q '^Max data size  *33554432  *33554432' /proc/self/limits && exit 7");
    order.data_limit = 32 << 20;
    ended = run_order(shared_launcher(), &order, &attempt);
    CHECK(ended.kind == 1 && ended.value == 7);
}

/* The kernel does not count root's, and would count all that the agent's own user runs. */
static void processes_are_bounded_only_for_a_user_of_their_own(void) {
    struct order order = shell("exit 7");
    order.process_limit = 10;
    struct attempt_client sent = send_order(shared_launcher(), &order);
    CHECK_EQUAL(next_frame(&sent), FRAME_ENDED);
    close(sent.connection);
    struct ended ended = read_record(sent.file);
    CHECK(ended.kind == 3 && ended.value == EOPNOTSUPP && ended.detail == STAGE_LIMITS);
}

/* What it could do to those who watch over it; each attempt that is denied counts one. */
static int32_t denied_to(const char *user) {
    static char text[1200];
    const char *theirs = fresh("f");
    int fd = open(theirs, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
    snprintf(text, sizeof text,
            "n=0; no() { n=$((n + 1)); }; launcher=%d; for pid in $PPID $launcher; do"
            " (head -c 1 /proc/$pid/mem) 2>/dev/null || no; (: >> /proc/$pid/mem) 2>/dev/null || no;"
            " (cat /proc/$pid/environ) >/dev/null 2>&1 || no; (: >> /proc/$pid/exe) 2>/dev/null || no;"
            " if [ \"$(id -u)\" != 0 ]; then kill -STOP $pid 2>/dev/null || no; kill -KILL $pid 2>/dev/null || no;"
            " (: >> %s) 2>/dev/null || no; fi; done; exit $n",
            (int) shared_launcher()->pid, theirs);
    struct order order = shell(text);
    order.user = user;
    struct attempt_client attempt;
    struct ended ended = run_order(shared_launcher(), &order, &attempt);
    CHECK_EQUAL(ended.kind, 1);
    CHECK_EQUAL(ended.cause, CAUSE_NONE);
    return ended.value;
}

static void b41_another_user_reaches_neither_supervisor_nor_launcher(void) {
    if (geteuid() != 0) {
        printf("skipped: takes root\n");
        return;
    }
    CHECK_EQUAL(denied_to("65534:65534"), 14);
}

/* Its commands have no capabilities, and so may not trace who has some. That they may signal is told by doctor. */
static void b41_a_command_of_root_does_not_trace_its_supervisor_or_launcher(void) {
    if (geteuid() != 0) {
        printf("skipped: takes root\n");
        return;
    }
    CHECK_EQUAL(denied_to(NULL), 8);
}

const struct test_case identity_cases[] = {
    {"b41_another_user_reaches_neither_supervisor_nor_launcher", b41_another_user_reaches_neither_supervisor_nor_launcher},
    {"b41_a_command_of_root_does_not_trace_its_supervisor_or_launcher",
            b41_a_command_of_root_does_not_trace_its_supervisor_or_launcher},
    {"users_are_looked_up_with_their_groups", users_are_looked_up_with_their_groups},
    {"a_file_that_cannot_be_read_is_no_file_without_the_user", a_file_that_cannot_be_read_is_no_file_without_the_user},
    {"long_lines_hide_nobody", long_lines_hide_nobody},
    {"too_many_groups_are_not_cut", too_many_groups_are_not_cut},
    {"f25_a_user_deleted_meanwhile_is_not_found", f25_a_user_deleted_meanwhile_is_not_found},
    {"ones_own_is_no_change", ones_own_is_no_change},
    {"a_user_is_taken_or_refused", a_user_is_taken_or_refused},
    {"a_root_without_capabilities_is_what_commands_are", a_root_without_capabilities_is_what_commands_are},
    {"kept_capabilities_are_all_there_is", kept_capabilities_are_all_there_is},
    {"bounds_are_set", bounds_are_set},
    {"processes_are_bounded_only_for_a_user_of_their_own", processes_are_bounded_only_for_a_user_of_their_own},
    {NULL, NULL},
};
