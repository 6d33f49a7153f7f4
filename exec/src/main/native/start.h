/* vfork and exec of the command. */
#ifndef HUFU_START_H
#define HUFU_START_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "identity.h"
#include "request.h"

enum { SCRIPT_FD = 3 };

struct start {
    char *const *argv;
    char *const *envp;
    const char *cwd;
    const struct cgroup *group;
    const struct bounds *bounds;
    const struct identity *identity;
    bool allow_privilege_gain;
    int64_t not_after; /* realtime; 0: any time will do */
    int input; /* -1: /dev/null */
    int output;
    int errors;
    int script; /* -1: none */
};

struct started {
    pid_t pid; /* 0 where it failed */
    int error;
    uint32_t stage;
    uint64_t ticks; /* field 22 of /proc/PID/stat */
};

/* Whether a start is too late by now. */
bool too_late(int64_t not_after);

/* Once, before any start. */
void start_prepare(void);

/* Needs descriptors 0 to 2 on /dev/null and 3 taken by something that need not be passed on. */
struct started start_command(const struct start *start);

#endif
