/* The connection to the agent: the one the attempt came by, then, where that broke, those to the control socket. */
#ifndef HUFU_CONTROL_H
#define HUFU_CONTROL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"
#include "wire.h"

struct control {
    int connection; /* -1 while detached */
    int listener; /* -1 as long as the first connection holds */
    int candidate; /* accepted, and not yet heard of */
    int64_t candidate_until;
    int64_t check_at;
    ino_t socket_inode;
    bool was_detached;
    struct frame_reader reader;
    struct frame_reader candidate_reader;
    char path[CONTROL_SOCKET_MAXIMUM + 1];
};

void control_begin(struct control *control, int connection, const char *path);

/* Sends, or detaches where that fails. */
void control_send(struct control *control, uint16_t type, const void *payload, size_t length);

/* The next frame that has arrived. False: none; the connection may have been given up. */
bool control_next(struct control *control, struct frame *frame);
void control_receive(struct control *control);

/* Gives the connection up, and listens for the next. */
void control_detach(struct control *control);

void control_accept(struct control *control);

/* True where the candidate has become the connection: ATTACHED is due. */
bool control_candidate(struct control *control);

/* Periodic work, and when it is due next. */
void control_tend(struct control *control);
int64_t control_due(const struct control *control);

void control_end(struct control *control);

/* A listening socket at `path`, mode 0600; -1 with errno. */
int listen_at(const char *path, int backlog);

#endif
