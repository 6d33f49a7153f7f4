/* One attempt after the other, each from its first frame to its exit record. */
#ifndef HUFU_SUPERVISOR_H
#define HUFU_SUPERVISOR_H

enum {
    /* 0 to 2 and this one are /dev/null, so that no other descriptor gets the numbers the command needs. */
    RESERVED_FD = 3,
    LAUNCHER_FD = 4
};

/* Exit status that tells the launcher that nothing can be left below. */
enum { SUPERVISOR_LEFT_NOTHING = 0, SUPERVISOR_LEFT_UNKNOWN = 1 };

/* Runs until the launcher is gone or does not want it any more, or something unusual happened. LAUNCHER_FD is its end. */
_Noreturn void supervisor_run(void);

#endif
