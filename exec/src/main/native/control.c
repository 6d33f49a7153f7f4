#include "control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sys.h"

enum { BACKLOG = 8 };

#define CHECK_INTERVAL (5 * SECOND)
#define CANDIDATE_PATIENCE (5 * SECOND)

int listen_at(const char *path, int backlog) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) {
        return -1;
    }
    mode_t before = umask(0177);
    int bound = bind(listener, (const struct sockaddr *) &address, sizeof address);
    int error = errno;
    umask(before);
    if (bound == 0 && listen(listener, backlog) == 0) {
        return listener;
    }
    if (bound == 0) {
        error = errno;
        unlink(path);
    }
    close(listener);
    errno = error;
    return -1;
}

void control_begin(struct control *control, int connection, const char *path) {
    control->connection = connection;
    control->listener = -1;
    control->candidate = -1;
    control->candidate_until = NEVER;
    control->check_at = NEVER;
    control->was_detached = false;
    control->reader.used = 0;
    strcpy(control->path, path);
}

static bool socket_is_there(const struct control *control) {
    struct stat status;
    return control->listener >= 0 && lstat(control->path, &status) == 0 && status.st_ino == control->socket_inode;
}

/* Where it cannot be bound now it is tried again at the next check. */
static void bind_socket(struct control *control) {
    struct stat status;
    close_if_open(&control->listener);
    unlink(control->path);
    control->listener = listen_at(control->path, BACKLOG);
    control->socket_inode = control->listener >= 0 && lstat(control->path, &status) == 0 ? status.st_ino : 0;
}

void control_detach(struct control *control) {
    close_if_open(&control->connection);
    control->was_detached = true;
    control->reader.used = 0;
    control->check_at = after(now_monotonic(), CHECK_INTERVAL);
    if (!socket_is_there(control)) {
        bind_socket(control);
    }
}

void control_send(struct control *control, uint16_t type, const void *payload, size_t length) {
    if (control->connection >= 0 && !frame_send(control->connection, type, payload, length)) {
        control_detach(control);
    }
}

void control_receive(struct control *control) {
    if (control->connection >= 0 && !frame_receive(control->connection, &control->reader)) {
        control_detach(control);
    }
}

bool control_next(struct control *control, struct frame *frame) {
    switch (frame_next(&control->reader, frame)) {
        case FRAME_READY:
            return true;
        case FRAME_MALFORMED:
            control_detach(control);
            return false;
        case FRAME_NONE:
            break;
    }
    return false;
}

static void drop_candidate(struct control *control) {
    close_if_open(&control->candidate);
    control->candidate_until = NEVER;
}

void control_accept(struct control *control) {
    int accepted = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
    if (accepted < 0) {
        return;
    }
    drop_candidate(control);
    control->candidate = accepted;
    control->candidate_until = after(now_monotonic(), CANDIDATE_PATIENCE);
    control->candidate_reader.used = 0;
}

bool control_candidate(struct control *control) {
    struct frame frame;
    bool whole = frame_receive(control->candidate, &control->candidate_reader);
    enum frame_found found = frame_next(&control->candidate_reader, &frame);
    if (found == FRAME_NONE && whole) {
        return false;
    }
    if (found != FRAME_READY || frame.type != FRAME_ATTACH || frame.length != 0) {
        drop_candidate(control);
        return false;
    }
    close_if_open(&control->connection);
    control->connection = control->candidate;
    control->reader = control->candidate_reader;
    control->candidate = -1;
    control->candidate_until = NEVER;
    control->check_at = NEVER;
    return true;
}

void control_tend(struct control *control) {
    int64_t now = now_monotonic();
    if (now >= control->candidate_until) {
        drop_candidate(control);
    }
    if (now >= control->check_at) {
        control->check_at = after(now, CHECK_INTERVAL);
        if (!socket_is_there(control)) {
            bind_socket(control);
        }
    }
}

int64_t control_due(const struct control *control) {
    return control->candidate_until < control->check_at ? control->candidate_until : control->check_at;
}

void control_end(struct control *control) {
    if (socket_is_there(control)) {
        unlink(control->path);
    }
    close_if_open(&control->listener);
    close_if_open(&control->candidate);
    close_if_open(&control->connection);
}
