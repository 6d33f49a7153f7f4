#include "resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys.h"

static const char *path_of(char *const *envp) {
    for (; *envp != NULL; envp++) {
        if (strncmp(*envp, "PATH=", 5) == 0) {
            return *envp + 5;
        }
    }
    return "/bin:/usr/bin";
}

void search_begin(struct search *search, const char *name, char *const *envp, const char *cwd) {
    search->name = name;
    search->cwd = cwd;
    search->cwd_fd = -1;
    search->denied = false;
    search->error = ENOENT;
    search->by_path = strchr(name, '/') == NULL;
    search->path = name[0] == 0 ? NULL : search->by_path ? path_of(envp) : name;
    if (search->by_path && strnlen(name, NAME_MAX + 1) > NAME_MAX) {
        search->path = NULL;
        search->error = ENAMETOOLONG;
    }
}

/* Moves on by one entry of PATH. False: too long to be a path, to be passed over. */
static bool compose(struct search *search) {
    const char *entry = search->path;
    const char *colon = strchrnul(entry, ':');
    size_t entry_length = (size_t) (colon - entry);
    size_t name_length = strlen(search->name);
    search->path = *colon == 0 ? NULL : colon + 1;
    if (entry_length + 1 + name_length + 1 > sizeof search->candidate) {
        return false;
    }
    char *at = search->candidate;
    if (entry_length > 0) {
        memcpy(at, entry, entry_length);
        at += entry_length;
        *at++ = '/';
    }
    memcpy(at, search->name, name_length + 1);
    return true;
}

/* 0, or why this candidate cannot be executed. */
static int look_at(struct search *search) {
    if (search->candidate[0] != '/' && search->cwd_fd < 0) {
        search->cwd_fd = open(search->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (search->cwd_fd < 0) {
            return errno;
        }
    }
    struct stat status;
    if (faccessat(search->cwd_fd, search->candidate, X_OK, 0) != 0
            || fstatat(search->cwd_fd, search->candidate, &status, 0) != 0) {
        return errno;
    }
    return S_ISREG(status.st_mode) ? 0 : EACCES;
}

const char *search_next(struct search *search) {
    if (search->path == NULL) {
        return NULL;
    }
    if (!search->by_path) {
        search->path = NULL;
        return search->name;
    }
    while (search->path != NULL) {
        if (!compose(search)) {
            continue;
        }
        int error = look_at(search);
        if (error == 0) {
            return search->candidate;
        }
        if (!search_continues(search, error)) {
            search->path = NULL;
            search->error = error;
            return NULL;
        }
    }
    return NULL;
}

bool search_continues(struct search *search, int error) {
    if (!search->by_path) {
        search->error = error;
        return false;
    }
    switch (error) {
        case EACCES:
            search->denied = true;
            search->error = EACCES;
            return true;
        case ENOENT:
        case ENOTDIR:
        case ESTALE:
        case ENODEV:
        case ETIMEDOUT:
            search->error = search->denied ? EACCES : ENOENT;
            return true;
        default:
            search->error = error;
            return false;
    }
}

void search_end(struct search *search) {
    close_if_open(&search->cwd_fd);
}
