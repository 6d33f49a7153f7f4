/* Children of the launcher that are no supervisors: what a dead supervisor left. */
#ifndef HUFU_ORPHANS_H
#define HUFU_ORPHANS_H

#include <stdint.h>

/* There may be some now. */
void orphans_expected(void);

/* Kills what is due, until a look finds none. */
void orphans_tend(void);

/* When it is due next; NEVER: none are left. */
int64_t orphans_due(void);

/* In a new supervisor: back to the priority the launcher began with. */
void orphans_restore_priority(void);

#endif
