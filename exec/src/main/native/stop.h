/* Ending the tree below the supervisor: TERM, a grace, then KILL in rounds. Steps go into the kill report. */
#ifndef HUFU_STOP_H
#define HUFU_STOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgroup.h"
#include "record.h"

enum stop_phase { STOP_NONE, STOP_TERM, STOP_KILL };

struct stop {
    enum stop_phase phase;
    enum cause cause;
    struct cgroup *group;
    int rounds; /* of KILL */
    pid_t main; /* 0 once reaped: its group's number may then be another's */
    int64_t began;
    int64_t kill_at;
    int64_t kill_began;
    int64_t round_at;
    int64_t pause;
    int64_t pending_told_at;
    int survivors;
    pid_t survivor;
    int priority;
    struct kill_report report;
};

void stop_begin(struct stop *stop, struct cgroup *group);

/* The first cause stands; a later call can only shorten the grace. */
void stop_request(struct stop *stop, enum cause cause, uint64_t grace);

/* KILL at once, without a cause of its own. */
void stop_strays(struct stop *stop);

/* Does what is due. True: KILL does not take effect, and it is time to say so. */
bool stop_tend(struct stop *stop);
int64_t stop_due(const struct stop *stop);

/* Nothing is left: completes the report. `by_group`: its group was killed, and was empty then. */
void stop_proven(struct stop *stop, bool by_group);

void stop_signal(const struct stop *stop, int signal, bool whole_tree);

#endif
