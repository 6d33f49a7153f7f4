#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listing.h"
#include "sys.h"

enum {
    FOUND_MAXIMUM = 1 << 16,
    SLOTS = 2 * FOUND_MAXIMUM,
    /* Field 22 lies within: 21 numbers of at most 20 digits, and a name of 64 bytes. */
    STAT_SIZE = 1024
};

/*
 * A process is known by pid and start time. Once below us it stays below us until it dies, so a process found once needs
 * no second proof of descent, only of being the same.
 */
struct found {
    pid_t pid;
    pid_t group;
    uint64_t start_ticks;
    bool direct; /* our own child: its pid stays its own until we reap it */
};

static struct found found[FOUND_MAXIMUM];
static uint32_t slots[SLOTS]; /* index + 1 into found, by pid */
static int count;
static const char *proc = "/proc";
static bool children_lists = true;
static struct listing listing;
static bool blind;

void tree_use(const char *proc_path, bool use_children_lists) {
    proc = proc_path;
    children_lists = use_children_lists;
}

void tree_blinded_by(int error) {
    blind = blind || (error != 0 && error != ENOENT && error != ESRCH && error != EACCES && error != EPERM);
}

bool tree_was_blind(void) {
    bool was = blind;
    blind = false;
    return was;
}

static ssize_t read_file(const char *path, char *bytes, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        tree_blinded_by(errno);
        return -1;
    }
    ssize_t length;
    do {
        length = read(fd, bytes, size - 1);
    } while (length < 0 && errno == EINTR);
    tree_blinded_by(length < 0 ? errno : 0);
    close(fd);
    if (length >= 0) {
        bytes[length] = 0;
    }
    return length;
}

bool read_stat(pid_t pid, struct process_stat *stat) {
    char path[64];
    char text[STAT_SIZE];
    snprintf(path, sizeof path, "%s/%d/stat", proc, (int) pid);
    if (read_file(path, text, sizeof text) <= 0) {
        return false;
    }
    /* The name may hold anything, also parentheses. */
    char *at = strrchr(text, ')');
    if (at == NULL || at[1] != ' ' || at[2] == 0) {
        return false;
    }
    stat->state = at[2];
    at += 3;
    stat->parent = (pid_t) strtol(at, &at, 10);
    stat->group = (pid_t) strtol(at, &at, 10);
    for (int field = 6; field < 22; field++) {
        at = *at == ' ' ? strchr(at + 1, ' ') : NULL;
        if (at == NULL) {
            return false;
        }
    }
    stat->start_ticks = strtoull(at, NULL, 10);
    return true;
}

static uint32_t slot_of(pid_t pid) {
    uint32_t slot = (uint32_t) pid * 2654435761U % SLOTS;
    while (slots[slot] != 0 && found[slots[slot] - 1].pid != pid) {
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

void tree_clear(void) {
    /* By entry, not all: what was never used is never touched. */
    for (int i = 0; i < count; i++) {
        uint32_t slot = (uint32_t) found[i].pid * 2654435761U % SLOTS;
        while (slots[slot] != 0) {
            slots[slot] = 0;
            slot = (slot + 1) % SLOTS;
        }
    }
    count = 0;
}

static bool add(pid_t pid, const struct process_stat *stat, bool direct) {
    uint32_t slot = slot_of(pid);
    struct found entry = {.pid = pid, .group = stat->group, .start_ticks = stat->start_ticks, .direct = direct};
    if (slots[slot] != 0) {
        struct found *known = &found[slots[slot] - 1];
        bool same = known->start_ticks == entry.start_ticks;
        *known = entry;
        return !same;
    }
    /* What finds no room is found when the others are gone. */
    if (count == FOUND_MAXIMUM) {
        return false;
    }
    found[count++] = entry;
    slots[slot] = (uint32_t) count;
    return true;
}

bool tree_add(pid_t pid, uint64_t start_ticks) {
    struct process_stat stat;
    return read_stat(pid, &stat) && stat.start_ticks == start_ticks && add(pid, &stat, false);
}

int tree_count(void) {
    return count;
}

static bool still(const struct found *entry, struct process_stat *stat) {
    return read_stat(entry->pid, stat) && stat->start_ticks == entry->start_ticks;
}

/* Adds the process if it is a child of ours or of something found; whether it was new. */
static bool consider(pid_t pid, bool (*spared)(pid_t)) {
    struct process_stat stat;
    if (!read_stat(pid, &stat)) {
        return false;
    }
    if (stat.parent == getpid()) {
        return !(spared != NULL && spared(pid)) && add(pid, &stat, true);
    }
    uint32_t slot = slot_of(stat.parent);
    if (slots[slot] == 0) {
        return false;
    }
    /* The parent named may have died and its pid have passed to a stranger: it counts if it is, after all, the same. */
    struct process_stat parent;
    return still(&found[slots[slot] - 1], &parent) && add(pid, &stat, false);
}

static int find_by_scan(bool (*spared)(pid_t)) {
    int added = 0;
    pid_t pid;
    if (!listing_open(&listing, proc)) {
        blind = true;
        return 0;
    }
    while (listing_next(&listing, &pid)) {
        added += consider(pid, spared);
    }
    tree_blinded_by(listing.error);
    return added;
}

/* One thread's children; -1 where the kernel keeps no such list. */
static int find_in_list(const char *path, bool (*spared)(pid_t)) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        tree_blinded_by(errno);
        return -1;
    }
    int added = 0;
    pid_t pid = 0;
    char text[STAT_SIZE];
    ssize_t length;
    while ((length = read(fd, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
            } else if (pid != 0) {
                added += consider(pid, spared);
                pid = 0;
            }
        }
    }
    tree_blinded_by(length < 0 ? errno : 0);
    close(fd);
    return added;
}

static int find_below(pid_t pid) {
    char path[64];
    int added = 0;
    pid_t thread;
    snprintf(path, sizeof path, "%s/%d/task", proc, (int) pid);
    if (!listing_open(&listing, path)) {
        tree_blinded_by(listing.error);
        return 0;
    }
    while (listing_next(&listing, &thread)) {
        snprintf(path, sizeof path, "%s/%d/task/%d/children", proc, (int) pid, (int) thread);
        int in_list = find_in_list(path, NULL);
        added += in_list > 0 ? in_list : 0;
    }
    tree_blinded_by(listing.error);
    return added;
}

int tree_find(bool (*spared)(pid_t)) {
    char path[64];
    pid_t self = getpid();
    snprintf(path, sizeof path, "%s/%d/task/%d/children", proc, (int) self, (int) self);
    int added = children_lists ? find_in_list(path, spared) : -1;
    if (added < 0) {
        return find_by_scan(spared);
    }
    /* What is added on the way is walked in its turn. */
    for (int i = 0; i < count; i++) {
        added += find_below(found[i].pid);
    }
    return added;
}

/* 1 if it was signalled and alive, 0 if it was gone, a zombie or out of our reach. */
static int signal_one(const struct found *entry, int signal) {
    struct process_stat stat;
    if (entry->direct) {
        bool alive = still(entry, &stat) && stat.state != 'Z';
        /* A zombie too: its leader may have ended before its other threads. */
        return kill(entry->pid, signal) == 0 && alive;
    }
    int pidfd = pidfd_of(entry->pid);
    if (pidfd < 0) {
        /* No such call or no descriptor left: when its parents are dead it is our own child, and comes to its turn. */
        return 0;
    }
    /* The same process after the descriptor was opened: what the descriptor stands for is that process, or nothing. */
    bool signalled = still(entry, &stat) && pidfd_signal(pidfd, signal) == 0;
    close(pidfd);
    return signalled && stat.state != 'Z';
}

int tree_signal(int signal, int first, pid_t passed_over) {
    int signalled = 0;
    for (int i = first; i < count; i++) {
        if (passed_over == 0 || found[i].group != passed_over) {
            signalled += signal_one(&found[i], signal);
        }
    }
    return signalled;
}

int tree_alive(pid_t *one) {
    int alive = 0;
    for (int i = 0; i < count; i++) {
        struct process_stat stat;
        if (still(&found[i], &stat) && stat.state != 'Z' && stat.state != 'X') {
            *one = found[i].pid;
            alive++;
        }
    }
    return alive;
}
