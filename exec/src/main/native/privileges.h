/* Capabilities, and who may look into this process. */
#ifndef HUFU_PRIVILEGES_H
#define HUFU_PRIVILEGES_H

#include <stdint.h>

/*
 * Once, in the launcher: no command will ever have, by exec, a capability whose bit is not set in `kept`. The launcher and
 * its supervisors, which never exec, keep what they have. 0, or errno where a command could still get more.
 */
int privileges_bound(uint64_t kept);

#endif
