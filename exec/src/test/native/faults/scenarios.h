/* What is done with a launcher while one of its calls fails, and what must be true afterwards. */
#ifndef HUFU_FAULTS_SCENARIOS_H
#define HUFU_FAULTS_SCENARIOS_H

#include <stdbool.h>

#include "../client.h"

struct scenario {
    const char *name;
    /* Leaves, by a failed check, where anything that was said is not so. */
    void (*run)(struct launcher *launcher);
    bool ends_launcher; /* closes its input by itself */
};

extern const struct scenario scenarios[];

/* What goes on after the fault: one more attempt, by the book. */
void one_more(struct launcher *launcher);

#endif
