#include "stop.h"

#include <signal.h>
#include <stddef.h>
#include <sys/resource.h>

#include "kill.h"
#include "sys.h"
#include "tree.h"

#define FIRST_PAUSE MILLISECOND
#define LONGEST_PAUSE SECOND
#define PENDING_AFTER SECOND
#define FINDING_MAXIMUM (50 * MILLISECOND)

void stop_begin(struct stop *stop, struct cgroup *group) {
    stop->group = group;
    stop->rounds = 0;
    stop->phase = STOP_NONE;
    stop->cause = CAUSE_NONE;
    stop->main = 0;
    stop->kill_at = NEVER;
    stop->round_at = NEVER;
    stop->pending_told_at = 0;
    stop->survivors = 0;
    stop->survivor = 0;
    stop->report.proof = PROOF_NONE;
    stop->report.cause = CAUSE_NONE;
    stop->report.duration = 0;
    stop->report.count = 0;
}

static void note_survivors(struct stop *stop, int survivors) {
    if (stop->report.count > 0) {
        stop->report.steps[stop->report.count - 1].survivors = (uint32_t) survivors;
    }
}

static void note_step(struct stop *stop, int signal, int signalled) {
    struct kill_report *report = &stop->report;
    if (report->count < STEPS_MAXIMUM) {
        report->count++;
    }
    report->steps[report->count - 1] = (struct kill_step){
        .signal = (uint32_t) signal,
        .signalled = (uint32_t) signalled,
        .survivors = (uint32_t) signalled,
        .realtime = now_realtime(),
    };
}

/* Bounded: a tree that grows faster than it is read would be read for ever, and its kill never begin. */
static void find_all(void) {
    int64_t until = after(now_monotonic(), FINDING_MAXIMUM);
    tree_clear();
    while (tree_find(NULL) > 0 && now_monotonic() < until) {
    }
}

void stop_signal(const struct stop *stop, int signal, bool whole_tree) {
    if (whole_tree) {
        find_all();
        (void) tree_signal(signal, 0, 0);
    } else if (stop->main != 0) {
        kill(stop->main, signal);
    }
}

/* TERM first: what was stopped finds it waiting when CONT lets it go on. */
static void terminate(struct stop *stop) {
    static const int signals[] = {SIGTERM, SIGCONT};
    find_all();
    int found = tree_alive(&stop->survivor);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        /* Members of the group get it once, from the group. */
        pid_t group = stop->main != 0 && kill(-stop->main, signals[i]) == 0 ? stop->main : 0;
        (void) tree_signal(signals[i], 0, group);
    }
    note_step(stop, SIGTERM, found);
}

static void begin_kill(struct stop *stop) {
    if (stop->phase == STOP_TERM) {
        find_all();
        note_survivors(stop, tree_alive(&stop->survivor));
    }
    stop->phase = STOP_KILL;
    stop->kill_at = NEVER;
    stop->kill_began = now_monotonic();
    stop->round_at = stop->kill_began;
    stop->pause = FIRST_PAUSE;
    stop->priority = raise_priority();
}

void stop_request(struct stop *stop, enum cause cause, uint64_t grace) {
    int64_t now = now_monotonic();
    switch (stop->phase) {
        case STOP_NONE:
            stop->cause = cause;
            stop->report.cause = cause;
            stop->began = now;
            stop->phase = STOP_TERM;
            stop->kill_at = after(now, grace);
            if (grace == 0) {
                stop->phase = STOP_NONE;
                begin_kill(stop);
            } else {
                terminate(stop);
            }
            break;
        case STOP_TERM:
            if (after(now, grace) < stop->kill_at) {
                stop->kill_at = after(now, grace);
            }
            break;
        case STOP_KILL:
            break;
    }
}

void stop_strays(struct stop *stop) {
    if (stop->phase == STOP_NONE) {
        stop->began = now_monotonic();
    }
    if (stop->phase != STOP_KILL) {
        begin_kill(stop);
    }
}

/* What is in the group is all there mostly is; what got out of it is below us all the same. */
static void kill_by_group(struct stop *stop) {
    int inside = cgroup_kill(stop->group);
    note_survivors(stop, inside);
    if (inside > 0) {
        note_step(stop, SIGKILL, inside);
    }
    stop->survivors = inside;
}

static void kill_by_descent(struct stop *stop) {
    struct kill_counts counts = kill_found(NULL);
    note_survivors(stop, counts.killed);
    if (counts.stopped > 0) {
        note_step(stop, SIGSTOP, counts.stopped);
    }
    if (counts.killed > 0) {
        note_step(stop, SIGKILL, counts.killed);
    } else if (stop->main != 0) {
        /* Without /proc there is still the one whose pid is known. */
        kill(stop->main, SIGKILL);
    }
    stop->survivors = counts.killed;
}

static void kill_round(struct stop *stop) {
    bool has_group = stop->group->version != CGROUP_NONE;
    if (has_group) {
        kill_by_group(stop);
    }
    if (!has_group || stop->rounds > 0) {
        kill_by_descent(stop);
    }
    stop->rounds++;
    stop->round_at = after(now_monotonic(), (uint64_t) stop->pause);
    stop->pause = stop->pause * 2 < LONGEST_PAUSE ? stop->pause * 2 : LONGEST_PAUSE;
}

bool stop_tend(struct stop *stop) {
    int64_t now = now_monotonic();
    if (now >= stop->kill_at) {
        begin_kill(stop);
    }
    if (stop->phase != STOP_KILL || now_monotonic() < stop->round_at) {
        return false;
    }
    kill_round(stop);
    now = now_monotonic();
    if (now - stop->kill_began < PENDING_AFTER || now - stop->pending_told_at < PENDING_AFTER) {
        return false;
    }
    stop->survivors = tree_alive(&stop->survivor);
    if (stop->survivors == 0) {
        return false;
    }
    stop->pending_told_at = now;
    return true;
}

int64_t stop_due(const struct stop *stop) {
    return stop->kill_at < stop->round_at ? stop->kill_at : stop->round_at;
}

void stop_proven(struct stop *stop, bool by_group) {
    if (stop->phase == STOP_NONE) {
        return;
    }
    if (stop->phase == STOP_KILL) {
        restore_priority(stop->priority);
    }
    note_survivors(stop, 0);
    stop->report.proof = by_group ? PROOF_CGROUP : PROOF_NO_CHILDREN;
    stop->report.duration = now_monotonic() - stop->began;
    stop->kill_at = NEVER;
    stop->round_at = NEVER;
}
