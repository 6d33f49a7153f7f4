/* Which files argv[0] may mean, by the C library's execvp rules, in the request's own PATH and directory. */
#ifndef HUFU_RESOLVE_H
#define HUFU_RESOLVE_H

#include <limits.h>
#include <stdbool.h>

struct search {
    const char *name;
    const char *cwd;
    const char *path; /* what of PATH is still to be tried; NULL at the end */
    bool by_path;
    int error; /* why nothing was found, once search_next has answered NULL */
    int cwd_fd;
    bool denied;
    char candidate[PATH_MAX];
};

void search_begin(struct search *search, const char *name, char *const *envp, const char *cwd);

/* The next file to execute (from `cwd`, if relative), or NULL. */
const char *search_next(struct search *search);

/* Whether, after exec failed like this, the next file is to be tried. */
bool search_continues(struct search *search, int error);

void search_end(struct search *search);

#endif
