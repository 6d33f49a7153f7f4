#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "accounts.h"
#include "sys.h"

#ifndef HUFU_STATIC

#define LOOKING_UP_MAXIMUM (10 * SECOND)

/* What the process that looks up answers with. */
struct answer {
    int error;
    struct identity identity;
};

static struct answer answer;

static void ask_library(const char *user) {
    uint32_t id;
    errno = 0;
    const struct passwd *entry = parse_id(user, strlen(user), &id) ? getpwuid(id) : getpwnam(user);
    if (entry == NULL) {
        bool unknown = errno == 0 || errno == ESRCH || errno == EBADF || errno == EPERM;
        answer.error = unknown ? ENOENT : errno;
        return;
    }
    struct identity *identity = &answer.identity;
    identity->user = entry->pw_uid;
    identity->group = entry->pw_gid;
    identity->count = GROUPS_MAXIMUM;
    if (getgrouplist(entry->pw_name, entry->pw_gid, identity->groups, &identity->count) < 0) {
        answer.error = EOVERFLOW;
    }
}

static bool read_answer(int fd) {
    size_t done = 0;
    int64_t until = after(now_monotonic(), LOOKING_UP_MAXIMUM);
    while (done < sizeof answer) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        int ready = poll(&readable, 1, poll_timeout(until));
        if (ready == 0) {
            errno = ETIMEDOUT;
            return false;
        }
        ssize_t length = ready > 0 ? read(fd, (char *) &answer + done, sizeof answer - done) : -1;
        if (length > 0) {
            done += (size_t) length;
        } else if (length == 0 || errno != EINTR) {
            errno = length == 0 ? EIO : errno;
            return false;
        }
    }
    return true;
}

/*
 * Users of a directory service, by a process of its own: asking may load libraries, allocate, wait for the network and hang,
 * and none of that is to happen to what watches over the command.
 */
static int look_elsewhere(struct identity *identity, const char *user) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    pid_t pid = fork();
    if (pid == 0) {
        memset(&answer, 0, sizeof answer);
        ask_library(user);
        _exit(write_whole(ends[1], &answer, sizeof answer) == sizeof answer ? 0 : 1);
    }
    int error = pid < 0 ? errno : 0;
    close(ends[1]);
    if (pid > 0) {
        error = read_answer(ends[0]) ? answer.error : errno;
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) {
        }
    }
    close(ends[0]);
    if (error == 0) {
        *identity = answer.identity;
    }
    return error;
}

#else

/* A C library that is linked in cannot be relied upon to load what asks directory services. */
static int look_elsewhere(struct identity *identity, const char *user) {
    (void) identity;
    (void) user;
    return ENOENT;
}

#endif

static int look_up(struct identity *identity, const char *user) {
    static struct account account;
    int error = account_find(user, &account);
    if (error != 0) {
        return error == ENOENT ? look_elsewhere(identity, user) : error;
    }
    identity->user = account.user;
    identity->group = account.group;
    identity->count = account_groups(&account, identity->groups, GROUPS_MAXIMUM);
    return identity->count < 0 ? errno : 0;
}

static bool holds(const gid_t *groups, int count, gid_t group) {
    for (int i = 0; i < count; i++) {
        if (groups[i] == group) {
            return true;
        }
    }
    return false;
}

static bool is_own(const struct identity *identity) {
    static gid_t own[GROUPS_MAXIMUM];
    uid_t users[3];
    gid_t group[3];
    int count = getgroups(GROUPS_MAXIMUM, own);
    if (count < 0 || getresuid(&users[0], &users[1], &users[2]) != 0
            || getresgid(&group[0], &group[1], &group[2]) != 0) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        if (users[i] != identity->user || group[i] != identity->group) {
            return false;
        }
    }
    for (int i = 0; i < count; i++) {
        if (own[i] != identity->group && !holds(identity->groups, identity->count, own[i])) {
            return false;
        }
    }
    for (int i = 0; i < identity->count; i++) {
        if (identity->groups[i] != identity->group && !holds(own, count, identity->groups[i])) {
            return false;
        }
    }
    return true;
}

int identity_resolve(struct identity *identity, const char *user) {
    uint32_t uid;
    uint32_t gid;
    identity->changes = false;
    if (user[0] == 0) {
        return 0;
    }
    const char *colon = strchr(user, ':');
    if (colon != NULL) {
        if (!parse_id(user, (size_t) (colon - user), &uid) || !parse_id(colon + 1, strlen(colon + 1), &gid)) {
            return EINVAL;
        }
        identity->user = uid;
        identity->group = gid;
        identity->count = 0;
    } else {
        if (strlen(user) > ACCOUNT_NAME_MAXIMUM) {
            return ENOENT;
        }
        int error = look_up(identity, user);
        if (error != 0) {
            return error;
        }
    }
    /* Whoever is not root cannot bound what root may do. */
    if (identity->user == 0 && geteuid() != 0) {
        return EPERM;
    }
    /* Without the right to change, one's own is still there to be had. */
    identity->changes = !is_own(identity);
    return 0;
}

/* Past the C library, whose calls would change every thread it knows of, and those are the supervisor's. */
__attribute__((no_sanitize("address", "undefined"))) bool identity_assume(const struct identity *identity) {
    return syscall(SYS_setgroups, (size_t) identity->count, identity->groups) == 0
            && syscall(SYS_setresgid, identity->group, identity->group, identity->group) == 0
            && syscall(SYS_setresuid, identity->user, identity->user, identity->user) == 0;
}
