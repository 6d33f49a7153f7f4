/* One attempt: from a parsed request to the exit record. */
#ifndef HUFU_ATTEMPT_H
#define HUFU_ATTEMPT_H

#include <stdbool.h>

#include "request.h"

struct attempt_surroundings {
    int signals; /* signalfd of SIGCHLD */
    void (*about_to_end)(void); /* nothing is left to do but to tell the agent; only where the supervisor can be reused */
};

enum attempt_outcome {
    ATTEMPT_USUAL,
    ATTEMPT_UNUSUAL /* the supervisor is to be retired */
};

/* Owns the connection and the received frame. */
enum attempt_outcome attempt_run(const struct attempt_surroundings *surroundings, int connection,
        struct received *received);

#endif
