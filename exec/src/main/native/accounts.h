/* The machine's own users and groups, as /etc/passwd and /etc/group list them at this moment. */
#ifndef HUFU_ACCOUNTS_H
#define HUFU_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { ACCOUNT_NAME_MAXIMUM = 256 };

struct account {
    char name[ACCOUNT_NAME_MAXIMUM + 1];
    uid_t user;
    gid_t group;
};

/* Digits only, and no number that stands for "unchanged". */
bool parse_id(const char *text, size_t length, uint32_t *id);

/* By name, or by number where it is one. 0, ENOENT, or why it could not be looked up. */
int account_find(const char *user, struct account *account);

/* The account's group and all that list it as a member; how many, or -1 with errno. */
int account_groups(const struct account *account, gid_t *groups, int room);

/* For tests: which files those are. */
void accounts_use(const char *passwd, const char *group);

#endif
