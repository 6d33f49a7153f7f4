/* One round of killing everything below this process, used by supervisors and, for orphans, by the launcher. */
#ifndef HUFU_KILL_H
#define HUFU_KILL_H

#include <stdbool.h>
#include <sys/types.h>

struct kill_counts {
    int stopped;
    int killed;
};

/* Stops all that can be found until nothing new appears, then kills it. What is already found stays a target. */
struct kill_counts kill_known(bool (*spared)(pid_t child));

/* The same, starting from nothing found. */
struct kill_counts kill_found(bool (*spared)(pid_t child));

/* So that a fork bomb does not outrun us. Answers what to restore; best effort. */
int raise_priority(void);
void restore_priority(int before);

#endif
