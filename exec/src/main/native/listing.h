/* A directory's entries, without allocation: processes of /proc, threads of a process, groups inside a group. */
#ifndef HUFU_LISTING_H
#define HUFU_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct listing {
    int directory;
    long length;
    long at;
    int error; /* what ended it before its end; 0: nothing */
    char entries[16 << 10] __attribute__((aligned(8)));
};

bool listing_open(struct listing *listing, const char *path);

/* The next number; false at the end, or where `error` is set, where the directory has been closed. */
bool listing_next(struct listing *listing, pid_t *number);

/* Lengthens the path of a directory by the first directory in it. False: there is none, or no room for its name. */
bool listing_enter_first(struct listing *listing, char *path, size_t room);

#endif
