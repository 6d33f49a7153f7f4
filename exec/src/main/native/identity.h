/* Whom the command runs as. */
#ifndef HUFU_IDENTITY_H
#define HUFU_IDENTITY_H

#include <stdbool.h>
#include <sys/types.h>

enum { GROUPS_MAXIMUM = 1024 };

struct identity {
    bool changes; /* else it is the supervisor's own */
    uid_t user;
    gid_t group;
    int count;
    gid_t groups[GROUPS_MAXIMUM];
};

/*
 * `uid:gid` is taken as it is, with no other group. A name, or a number alone, is looked up now, with all its groups; empty
 * is the supervisor's own. 0 or errno, ENOENT where there is no such user. The calling process must have no children.
 */
int identity_resolve(struct identity *identity, const char *user);

/* In the child: only raw system calls. */
bool identity_assume(const struct identity *identity);

#endif
