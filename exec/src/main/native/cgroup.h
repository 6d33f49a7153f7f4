/* The control groups of one attempt: made before the command starts, killed as a whole, removed at the end. */
#ifndef HUFU_CGROUP_H
#define HUFU_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "request.h"

struct cgroup {
    enum cgroup_version version; /* CGROUP_NONE: there are none */
    int count;
    char directories[CGROUP_TEXT_MAXIMUM]; /* one behind the other, each ended by NUL; the first is the one to kill by */
    int join[CGROUPS_MAXIMUM]; /* cgroup.procs, -1 once it is not needed any more */
    struct {
        enum cause cause;
        const char *key;
        char name[EVENT_KEY_MAXIMUM];
        int fd;
        int notice; /* what poll is to look at; -1: nothing, it is only looked at now and then */
    } event[EVENTS_MAXIMUM];
    int events;
    int64_t look_until; /* NEVER: nothing was noticed that is not seen yet */
    bool killed;
};

/* Nothing is there; safe to be ended. */
void cgroup_none(struct cgroup *group);

/* Makes and sets up what the request wants. 0 or errno; cgroup_end is due in any case. */
int cgroup_make(struct cgroup *group, const struct request *request);

/* In the child: only raw system calls. */
bool cgroup_join(const struct cgroup *group);
void cgroup_joined(struct cgroup *group);

/* The first limit that was hit, or CAUSE_NONE; and when to look again without being told, or NEVER. */
enum cause cgroup_event(struct cgroup *group);
int64_t cgroup_due(const struct cgroup *group);

/* One round: whatever is inside is killed, however it came there and whosever it is; how many that was. */
int cgroup_kill(struct cgroup *group);

/* Kills what is left inside, within a second, and removes the groups. True: they are gone, so nothing was left. */
bool cgroup_end(struct cgroup *group);

/* Those of an attempt whose supervisor is gone, by the names it left. False: these are no groups of ours. */
bool cgroup_adopt(struct cgroup *group, enum cgroup_version version, const struct strings *directories);

#endif
