#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "attempt.h"
#include "frame.h"
#include "start.h"
#include "sweep.h"
#include "sys.h"
#include "wire.h"

/* The next connection, or -1 where there will be none. */
static int await_connection(void) {
    char byte;
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } space;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    for (;;) {
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = sizeof space.bytes};
        ssize_t length = recvmsg(LAUNCHER_FD, &message, MSG_CMSG_CLOEXEC);
        if (length < 0 && errno == EINTR) {
            continue;
        }
        const struct cmsghdr *header = length > 0 ? CMSG_FIRSTHDR(&message) : NULL;
        if (header == NULL || header->cmsg_type != SCM_RIGHTS) {
            return -1;
        }
        int connection;
        memcpy(&connection, CMSG_DATA(header), sizeof connection);
        return connection;
    }
}

/* The launcher does not know that we are idle: it would wait for us for ever. */
static bool forgotten;

static void tell_idle(void) {
    ssize_t sent;
    do {
        sent = send(LAUNCHER_FD, "i", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    forgotten = sent != 1;
}

static enum attempt_outcome serve(const struct attempt_surroundings *surroundings, int connection) {
    struct received received;
    int error = request_receive(connection, &received);
    if (error == 0 && received.type == FRAME_LAUNCH) {
        return attempt_run(surroundings, connection, &received);
    }
    if (error == 0 && received.type == FRAME_SWEEP) {
        error = sweep_serve(connection, &received);
        request_discard(&received);
        if (error == 0) {
            tell_idle();
            close(connection);
            return ATTEMPT_USUAL;
        }
    } else if (error == 0) {
        request_discard(&received);
        error = EPROTO;
    }
    tell_idle();
    frame_refuse(connection, error, STAGE_REQUEST);
    return ATTEMPT_USUAL;
}

_Noreturn void supervisor_run(void) {
    start_prepare();
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    struct attempt_surroundings surroundings = {
        .signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK), .about_to_end = tell_idle};
    if (surroundings.signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        _exit(SUPERVISOR_LEFT_NOTHING);
    }
    for (;;) {
        int connection = await_connection();
        if (connection < 0 || serve(&surroundings, connection) != ATTEMPT_USUAL || forgotten) {
            _exit(SUPERVISOR_LEFT_NOTHING);
        }
    }
}
