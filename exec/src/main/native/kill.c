#include "kill.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "sys.h"
#include "tree.h"

/* After this long without an end of new processes, those found are killed all the same. */
#define STOPPING_MAXIMUM (2 * SECOND)

struct kill_counts kill_known(bool (*spared)(pid_t child)) {
    struct kill_counts counts = {0};
    int64_t until = after(now_monotonic(), STOPPING_MAXIMUM);
    int from = 0;
    do {
        (void) tree_find(spared);
        counts.stopped += tree_signal(SIGSTOP, from, 0);
        if (tree_count() == from) {
            break;
        }
        from = tree_count();
    } while (now_monotonic() < until);
    counts.killed = tree_signal(SIGKILL, 0, 0);
    return counts;
}

struct kill_counts kill_found(bool (*spared)(pid_t child)) {
    tree_clear();
    return kill_known(spared);
}

int raise_priority(void) {
    errno = 0;
    int before = getpriority(PRIO_PROCESS, 0);
    if (before == -1 && errno != 0) {
        before = 0;
    }
    (void) setpriority(PRIO_PROCESS, 0, -20);
    return before;
}

void restore_priority(int before) {
    (void) setpriority(PRIO_PROCESS, 0, before);
}
