/* What tests see of processes: who lives, carries a marker, has which children and how many descriptors. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../main/native/tree.h"
#include "check.h"
#include "client.h"

char state_of(pid_t pid) {
    struct process_stat stat;
    return read_stat(pid, &stat) ? stat.state : 0;
}

bool alive(pid_t pid) {
    char state = state_of(pid);
    return state != 0 && state != 'Z' && state != 'X';
}

static bool marked(pid_t pid, const char *marker) {
    static char environment[1 << 16];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int) pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, environment, sizeof environment - 1);
    if (fd >= 0) {
        close(fd);
    }
    environment[length > 0 ? length : 0] = 0;
    for (const char *entry = environment; *entry != 0; entry += strlen(entry) + 1) {
        if (strcmp(entry, marker) == 0) {
            return true;
        }
    }
    return false;
}

int count_marked(const char *marker) {
    DIR *directory = opendir("/proc");
    int count = 0;
    CHECK(directory != NULL);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        pid_t pid = (pid_t) atol(entry->d_name);
        count += pid > 0 && marked(pid, marker);
    }
    closedir(directory);
    return count;
}

int descriptors_of(pid_t pid) {
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int) pid);
    DIR *directory = opendir(path);
    if (directory == NULL && errno == EACCES) {
        return 0; /* of a launcher only root may look at: they count as none each time */
    }
    if (directory == NULL) {
        return -1;
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    closedir(directory);
    return count;
}

int children_of(pid_t pid, pid_t *pids, int room) {
    DIR *directory = opendir("/proc");
    int count = 0;
    CHECK(directory != NULL);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        struct process_stat stat;
        pid_t child = (pid_t) atol(entry->d_name);
        if (child > 0 && read_stat(child, &stat) && stat.parent == pid && count < room) {
            pids[count++] = child;
        }
    }
    closedir(directory);
    return count;
}
