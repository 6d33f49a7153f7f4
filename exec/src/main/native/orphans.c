#include "orphans.h"

#include <stdbool.h>

#include "kill.h"
#include "pool.h"
#include "sys.h"
#include "tree.h"

#define FIRST_PAUSE MILLISECOND
#define LONGEST_PAUSE (100 * MILLISECOND)

static int64_t round_at = NEVER;
static int64_t pause = FIRST_PAUSE;
static bool raised;
static int priority;

void orphans_expected(void) {
    round_at = now_monotonic();
    pause = FIRST_PAUSE;
}

int64_t orphans_due(void) {
    return round_at;
}

void orphans_restore_priority(void) {
    if (raised) {
        restore_priority(priority);
        raised = false;
    }
}

void orphans_tend(void) {
    if (round_at == NEVER || now_monotonic() < round_at) {
        return;
    }
    if (!raised) {
        priority = raise_priority();
        raised = true;
    }
    (void) tree_was_blind();
    (void) kill_found(pool_holds);
    if (tree_count() == 0 && !tree_was_blind()) {
        /* What dies later and was missed here is reaped as no supervisor, and brings us back. */
        round_at = NEVER;
        orphans_restore_priority();
        return;
    }
    round_at = after(now_monotonic(), (uint64_t) pause);
    pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
}
