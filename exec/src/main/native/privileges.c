#include "privileges.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPABILITIES_MAXIMUM = 64 };

static bool is_kept(uint64_t kept, int capability) {
    return (kept >> capability & 1) != 0;
}

/* What a command would inherit as it is; what is not inheritable is not ambient either. */
static bool bound_inheritable(uint64_t kept) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct sets[2];
    if (syscall(SYS_capget, &header, sets) != 0) {
        return false;
    }
    sets[0].inheritable &= (uint32_t) kept;
    sets[1].inheritable &= (uint32_t) (kept >> 32);
    return syscall(SYS_capset, &header, sets) == 0;
}

int privileges_bound(uint64_t kept) {
    for (int capability = 0; capability < CAPABILITIES_MAXIMUM; capability++) {
        int there = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
        if (there < 0 && errno == EINVAL) {
            break; /* past the last that this kernel knows */
        }
        if (there == 0 || (there > 0 && (is_kept(kept, capability) || prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0))) {
            continue;
        }
        /* An ordinary user may not, and has none that a command could get but by a set-user-id program. */
        if (errno != EPERM || getuid() == 0 || geteuid() == 0) {
            return errno;
        }
    }
    return bound_inheritable(kept) ? 0 : errno;
}
