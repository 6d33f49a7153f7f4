#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "orphans.h"
#include "supervisor.h"
#include "sys.h"
#include "wire.h"

enum condition { SLOT_FREE, SLOT_BUSY, SLOT_IDLE };

/* In .bss: pages of slots that were never used are never touched. */
static pid_t pids[POOL_SIZE];
static int sockets[POOL_SIZE];
static uint8_t conditions[POOL_SIZE];
static int idle[POOL_SIZE]; /* a stack: who ended last is warmest */
static int free_slots[POOL_SIZE];
static int idle_count;
static int free_count;
static int used; /* slots beyond were never used */
static int live;
static int keep = 8;
static int events = -1;
static struct rlimit descriptors; /* zeros where it is not known */

void pool_keep(int idle_maximum) {
    keep = idle_maximum;
}

void pool_begin(int events_fd) {
    events = events_fd;
    /* A descriptor for each supervisor; those get back the limit we were given. */
    if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        struct rlimit raised = {.rlim_cur = descriptors.rlim_max, .rlim_max = descriptors.rlim_max};
        setrlimit(RLIMIT_NOFILE, &raised);
    }
}

static _Noreturn void become_supervisor(int socket) {
    orphans_restore_priority();
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        dup2(RESERVED_FD, fd);
    }
    if (dup3(socket, LAUNCHER_FD, O_CLOEXEC) != LAUNCHER_FD && socket != LAUNCHER_FD) {
        _exit(SUPERVISOR_LEFT_NOTHING);
    }
    close_from(LAUNCHER_FD + 1);
    if (descriptors.rlim_max != 0) {
        setrlimit(RLIMIT_NOFILE, &descriptors);
    }
    supervisor_run();
}

static int take_slot(void) {
    return free_count > 0 ? free_slots[--free_count] : used < POOL_SIZE ? used++ : -1;
}

static void give_back(int slot) {
    close_if_open(&sockets[slot]);
    conditions[slot] = SLOT_FREE;
    pids[slot] = 0;
    free_slots[free_count++] = slot;
}

/* The new supervisor's slot, or -1. */
static int start_supervisor(int *error, uint32_t *stage) {
    int ends[2];
    int slot = take_slot();
    if (slot < 0) {
        *error = EAGAIN;
        *stage = STAGE_REQUEST;
        return -1;
    }
    sockets[slot] = -1;
    *stage = STAGE_FORK;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        *error = errno;
        give_back(slot);
        return -1;
    }
    sockets[slot] = ends[0];
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = (uint64_t) slot}};
    pid_t pid = epoll_ctl(events, EPOLL_CTL_ADD, ends[0], &event) == 0 ? fork() : -1;
    if (pid == 0) {
        become_supervisor(ends[1]);
    }
    *error = errno;
    close(ends[1]);
    if (pid < 0) {
        give_back(slot);
        return -1;
    }
    pids[slot] = pid;
    live++;
    return slot;
}

static bool pass(int socket, int connection) {
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } space;
    memset(&space, 0, sizeof space);
    struct iovec part = {.iov_base = "c", .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = sizeof space.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof connection);
    memcpy(CMSG_DATA(header), &connection, sizeof connection);
    ssize_t sent;
    do {
        sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent == 1;
}

int pool_hand_over(int connection, uint32_t *stage) {
    while (idle_count > 0) {
        int slot = idle[--idle_count];
        conditions[slot] = SLOT_BUSY;
        if (pass(sockets[slot], connection)) {
            return 0;
        }
        /* It has died: its end is about to be reaped. */
        close_if_open(&sockets[slot]);
    }
    int error;
    int slot = start_supervisor(&error, stage);
    if (slot < 0) {
        return error;
    }
    conditions[slot] = SLOT_BUSY;
    if (!pass(sockets[slot], connection)) {
        close_if_open(&sockets[slot]);
        return EAGAIN;
    }
    return 0;
}

void pool_hear(int slot) {
    char bytes[16];
    if (slot < 0 || slot >= used || sockets[slot] < 0) {
        return;
    }
    ssize_t length = recv(sockets[slot], bytes, sizeof bytes, MSG_DONTWAIT);
    if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (length <= 0 || idle_count >= keep) {
        /* Ended, or one too many: without its socket it ends. */
        close_if_open(&sockets[slot]);
        return;
    }
    if (conditions[slot] == SLOT_BUSY) {
        conditions[slot] = SLOT_IDLE;
        idle[idle_count++] = slot;
    }
}

static int find(pid_t pid) {
    for (int slot = 0; slot < used; slot++) {
        if (pids[slot] == pid) {
            return slot;
        }
    }
    return -1;
}

static void forget_idle(int slot) {
    for (int i = 0; i < idle_count; i++) {
        if (idle[i] == slot) {
            idle[i] = idle[--idle_count];
            return;
        }
    }
}

bool pool_remove(pid_t pid) {
    int slot = find(pid);
    if (slot < 0) {
        return false;
    }
    if (conditions[slot] == SLOT_IDLE) {
        forget_idle(slot);
    }
    live--;
    give_back(slot);
    return true;
}

bool pool_holds(pid_t pid) {
    return find(pid) >= 0;
}

int pool_count(void) {
    return live;
}

void pool_dismiss(void) {
    keep = 0;
    while (idle_count > 0) {
        int slot = idle[--idle_count];
        conditions[slot] = SLOT_BUSY;
        close_if_open(&sockets[slot]);
    }
}
