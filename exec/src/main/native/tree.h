/* Finding and signalling everything below a process. /proc only finds targets, it proves nothing. */
#ifndef HUFU_TREE_H
#define HUFU_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_stat {
    char state;
    pid_t parent;
    pid_t group;
    uint64_t start_ticks;
};

bool read_stat(pid_t pid, struct process_stat *stat);

/* Forgets all that was found. */
void tree_clear(void);

/*
 * Adds what is found below this process and below what was found before; how many were new. Children of this process
 * for which `spared` answers true are passed over, with all below them. No child may be reaped between this and
 * tree_signal.
 */
int tree_find(bool (*spared)(pid_t child));

/* Adds a process that is no descendant, known by its start time. */
bool tree_add(pid_t pid, uint64_t start_ticks);

/* Signals the found from the `first` on that are still the same and not of group `passed_over`; how many were alive. */
int tree_signal(int signal, int first, pid_t passed_over);

int tree_count(void);

/* How many of the found are still the same processes and no zombies; the pid of one. */
int tree_alive(pid_t *one);

/*
 * Whether, since this was asked the last time, /proc hid something that may be there: a failure to look that is neither the
 * end of the process looked for nor its being another user's. Nobody found says then nothing.
 */
bool tree_was_blind(void);
void tree_blinded_by(int error);

/* For tests: where /proc is, and whether to use its lists of children. */
void tree_use(const char *proc, bool children_lists);

#endif
