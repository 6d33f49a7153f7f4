/* The numbers among a directory's entries: processes of /proc, threads of a process. */
#ifndef HUFU_LISTING_H
#define HUFU_LISTING_H

#include <stdbool.h>
#include <sys/types.h>

struct listing {
    int directory;
    long length;
    long at;
    int error; /* what ended it before its end; 0: nothing */
    char entries[16 << 10] __attribute__((aligned(8)));
};

bool listing_open(struct listing *listing, const char *path);

/* False at the end, or where `error` is set, where the directory has been closed. */
bool listing_next(struct listing *listing, pid_t *number);

#endif
