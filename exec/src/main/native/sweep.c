#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cgroup.h"
#include "frame.h"
#include "kill.h"
#include "listing.h"
#include "sys.h"
#include "tree.h"
#include "wire.h"

enum { ANCESTORS_MAXIMUM = 64, ENVIRONMENT_PART = 16 << 10 };

#define SWEEP_MAXIMUM (3 * SECOND)
#define FIRST_PAUSE MILLISECOND
#define LONGEST_PAUSE (100 * MILLISECOND)

static pid_t ancestors[ANCESTORS_MAXIMUM];
static int ancestor_count;
static char part[ENVIRONMENT_PART];
static struct listing listing;

/* This process, the launcher, the agent and what started that: never targets. */
static void find_ancestors(void) {
    struct process_stat stat;
    ancestor_count = 0;
    for (pid_t pid = getpid(); pid > 0 && ancestor_count < ANCESTORS_MAXIMUM; pid = stat.parent) {
        ancestors[ancestor_count++] = pid;
        if (!read_stat(pid, &stat)) {
            return;
        }
    }
}

static bool is_ancestor(pid_t pid) {
    for (int i = 0; i < ancestor_count; i++) {
        if (ancestors[i] == pid) {
            return true;
        }
    }
    return false;
}

/* Whether one entry of the environment is the marker, all of it. Of any length, read in parts. */
static bool carries(pid_t pid, const char *marker) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int) pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        tree_blinded_by(errno);
        return false;
    }
    size_t wanted = strlen(marker);
    size_t matched = 0;
    bool differs = false;
    bool carried = false;
    ssize_t length;
    while (!carried && (length = read(fd, part, sizeof part)) > 0) {
        for (ssize_t i = 0; i < length && !carried; i++) {
            if (part[i] == 0) {
                carried = !differs && matched == wanted;
                matched = 0;
                differs = false;
            } else if (!differs && matched < wanted && part[i] == marker[matched]) {
                matched++;
            } else {
                differs = true;
            }
        }
    }
    tree_blinded_by(length < 0 ? errno : 0);
    close(fd);
    return carried;
}

/* Adds the process if it carries the marker before and after its start time was looked up, so that both are of one. */
static void consider_marked(pid_t pid, const char *marker) {
    struct process_stat stat;
    if (!is_ancestor(pid) && carries(pid, marker) && read_stat(pid, &stat) && carries(pid, marker)) {
        (void) tree_add(pid, stat.start_ticks);
    }
}

static void find_marked(const char *marker) {
    pid_t pid;
    bool opened = listing_open(&listing, "/proc");
    while (opened && listing_next(&listing, &pid)) {
        consider_marked(pid, marker);
    }
    /* Without /proc itself nobody was looked for. */
    tree_blinded_by(listing.error == 0 ? 0 : EIO);
}

/* Whatever is in the attempt's groups, also what carries no marker; how many that was. */
static int sweep_cgroup(const struct sweep_request *request, int64_t until, bool *left) {
    static struct cgroup group;
    int64_t pause = FIRST_PAUSE;
    *left = false;
    if (!cgroup_adopt(&group, request->cgroup, &request->directories)) {
        return 0;
    }
    int killed = cgroup_kill(&group);
    for (int inside = killed; inside > 0 && now_monotonic() < until; inside = cgroup_kill(&group)) {
        struct timespec time = {.tv_nsec = pause};
        nanosleep(&time, NULL);
        pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
    }
    (void) cgroup_end(&group);
    /* One that cannot be removed is not empty, or not to be looked into. */
    *left = request->directories.count > 0 && access(request->directories.at[0], F_OK) == 0;
    return killed;
}

/* 0, or EIO: it cannot be said that nobody is left. */
static int sweep(const struct sweep_request *request, uint32_t *killed, uint32_t *survivors) {
    bool blind;
    int64_t until = after(now_monotonic(), SWEEP_MAXIMUM);
    int64_t pause = FIRST_PAUSE;
    pid_t one = 0;
    bool group_left;
    int killed_by_group = sweep_cgroup(request, until, &group_left);
    find_ancestors();
    tree_clear();
    for (;;) {
        (void) tree_was_blind();
        if (request->pid != 0 && !is_ancestor((pid_t) request->pid)) {
            (void) tree_add((pid_t) request->pid, request->start_ticks);
        }
        if (request->marker[0] != 0) {
            find_marked(request->marker);
        }
        *survivors = (uint32_t) tree_alive(&one);
        blind = tree_was_blind();
        if ((*survivors == 0 && !blind) || now_monotonic() >= until) {
            break;
        }
        (void) kill_known(NULL);
        struct timespec time = {.tv_nsec = pause};
        nanosleep(&time, NULL);
        pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
    }
    *killed = (uint32_t) (killed_by_group + tree_count()) - *survivors;
    tree_clear();
    return *survivors == 0 && (blind || group_left) ? EIO : 0;
}

int sweep_serve(int connection, struct received *received) {
    struct sweep_request request;
    int error = sweep_parse(&request, received->payload, received->length);
    if (error != 0) {
        return error;
    }
    uint32_t killed;
    uint32_t survivors;
    int before = raise_priority();
    error = sweep(&request, &killed, &survivors);
    restore_priority(before);
    if (error != 0) {
        return error;
    }
    uint8_t payload[8];
    put32(payload, killed);
    put32(payload + 4, survivors);
    /* A peer that has gone can ask again. */
    (void) frame_send(connection, FRAME_SWEPT, payload, sizeof payload);
    return 0;
}
