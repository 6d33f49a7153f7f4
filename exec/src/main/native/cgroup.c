#include "cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "listing.h"
#include "sys.h"

enum { EVENTS_TEXT = 512, MEMBERS_PART = 4096, V1_MAGIC = 0x27e0eb, V2_MAGIC = 0x63677270 };

/* What every group of ours is called, so that no other is ever removed. */
#define NAME_PREFIX "hufu-"
#define FREEZING_MAXIMUM (100 * MILLISECOND)
#define LOOKING_MAXIMUM (2 * SECOND)
#define LOOKING_PAUSE (10 * MILLISECOND)
#define ENDING_MAXIMUM SECOND
#define LONGEST_PAUSE (50 * MILLISECOND)

static char path[PATH_MAX];
static struct listing listing;

void cgroup_none(struct cgroup *group) {
    group->version = CGROUP_NONE;
    group->count = 0;
    group->events = 0;
    group->look_until = NEVER;
    group->killed = false;
}

static const char *next_directory(const char *directory) {
    return directory + strlen(directory) + 1;
}

static void rest(int64_t nanoseconds) {
    struct timespec time = {.tv_nsec = nanoseconds};
    nanosleep(&time, NULL);
}

static int open_in(const char *directory, const char *file, int flags) {
    int length = snprintf(path, sizeof path, "%s/%s", directory, file);
    if (length < 0 || (size_t) length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(path, flags | O_CLOEXEC);
}

/* One write: that is what the kernel takes for one setting. */
static int put(const char *file, const char *value) {
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    ssize_t written = write(fd, value, strlen(value));
    int error = written < 0 ? errno : (size_t) written < strlen(value) ? EIO : 0;
    close(fd);
    return error;
}

static int put_in(const char *directory, const char *file, const char *value) {
    int fd = open_in(directory, file, O_WRONLY);
    if (fd < 0) {
        return errno;
    }
    ssize_t written = write(fd, value, strlen(value));
    int error = written < 0 ? errno : (size_t) written < strlen(value) ? EIO : 0;
    close(fd);
    return error;
}

static bool copy_directories(struct cgroup *group, const struct strings *directories) {
    size_t used = 0;
    for (int i = 0; i < directories->count; i++) {
        size_t length = strlen(directories->at[i]) + 1;
        if (used + length > sizeof group->directories) {
            return false;
        }
        memcpy(group->directories + used, directories->at[i], length);
        used += length;
    }
    return true;
}

/* A group of that name is what an earlier try of the same launch left: it is taken over if nothing is in it. */
static int make_directory(const char *directory) {
    if (mkdir(directory, 0755) == 0) {
        return 0;
    }
    bool taken_over = errno == EEXIST && rmdir(directory) == 0 && mkdir(directory, 0755) == 0;
    return taken_over ? 0 : errno;
}

/* Version 1 tells of memory only whom it was asked to tell. Without that it is looked at when something ends. */
static int ask_for_notice(const char *file, int events_fd) {
    char request[32];
    const char *slash = strrchr(file, '/');
    int length = snprintf(path, sizeof path, "%.*s/cgroup.event_control", (int) (slash - file), file);
    int notice = length < (int) sizeof path ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1;
    if (notice < 0) {
        return -1;
    }
    snprintf(request, sizeof request, "%d %d", notice, events_fd);
    if (put(path, request) != 0) {
        close_if_open(&notice);
    }
    return notice;
}

static uint64_t count_of(int fd, const char *key) {
    char text[EVENTS_TEXT];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length <= 0) {
        return 0;
    }
    text[length] = 0;
    size_t key_length = strlen(key);
    for (const char *line = text; line != NULL && *line != 0; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, key_length) == 0 && line[key_length] == ' ') {
            return strtoull(line + key_length, NULL, 10);
        }
    }
    return 0;
}

static int watch_events(struct cgroup *group, const struct request *request) {
    for (int i = 0; i < request->event_count; i++) {
        const struct limit_event *event = &request->events[i];
        int fd = open(event->file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            return errno;
        }
        strcpy(group->event[i].name, event->key);
        group->event[i].cause = event->cause;
        group->event[i].fd = fd;
        group->event[i].notice = fd;
        group->events++;
        if (event->cause == CAUSE_MEMORY && group->version == CGROUP_V1) {
            group->event[i].notice = ask_for_notice(event->file, fd);
        }
        /* From here on a change is told of. */
        (void) count_of(fd, event->key);
    }
    return 0;
}

int cgroup_make(struct cgroup *group, const struct request *request) {
    cgroup_none(group);
    if (request->cgroup == CGROUP_NONE) {
        return 0;
    }
    if (!copy_directories(group, &request->directories)) {
        return ENAMETOOLONG;
    }
    group->version = request->cgroup;
    const char *directory = group->directories;
    for (int i = 0; i < request->directories.count; i++, directory = next_directory(directory)) {
        int error = make_directory(directory);
        if (error != 0) {
            return error;
        }
        int fd = open_in(directory, "cgroup.procs", O_WRONLY);
        group->join[group->count++] = fd;
        if (fd < 0) {
            return errno;
        }
    }
    for (int i = 0; i < request->setting_count; i++) {
        const struct setting *setting = &request->settings[i];
        int error = put(setting->file, setting->value);
        if (error != 0 && setting->needed) {
            return error;
        }
    }
    return watch_events(group, request);
}

__attribute__((no_sanitize("address", "undefined"))) bool cgroup_join(const struct cgroup *group) {
    for (int i = 0; i < group->count; i++) {
        if (write(group->join[i], "0", 1) != 1) {
            return false;
        }
    }
    return true;
}

void cgroup_joined(struct cgroup *group) {
    for (int i = 0; i < group->count; i++) {
        close_if_open(&group->join[i]);
    }
}

enum cause cgroup_event(struct cgroup *group) {
    if (group->look_until != NEVER && now_monotonic() >= group->look_until) {
        group->look_until = NEVER;
    }
    for (int i = 0; i < group->events; i++) {
        uint64_t ignored;
        if (group->event[i].notice != group->event[i].fd && group->event[i].notice >= 0
                && read(group->event[i].notice, &ignored, sizeof ignored) > 0) {
            /* Version 1 gives notice before it looks for a victim, and may then find that it needs none. */
            group->look_until = after(now_monotonic(), LOOKING_MAXIMUM);
        }
        if (count_of(group->event[i].fd, group->event[i].name) > 0) {
            return group->event[i].cause;
        }
    }
    return CAUSE_NONE;
}

int64_t cgroup_due(const struct cgroup *group) {
    return group->look_until == NEVER ? NEVER : after(now_monotonic(), LOOKING_PAUSE);
}

/* Calls `act` for every process inside; how many. */
static int each_member(const char *directory, void (*act)(pid_t)) {
    char text[MEMBERS_PART];
    int members = 0;
    pid_t pid = 0;
    ssize_t length;
    int fd = open_in(directory, "cgroup.procs", O_RDONLY);
    if (fd < 0) {
        return 0;
    }
    while ((length = read(fd, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (text[i] >= '0' && text[i] <= '9') {
                pid = pid * 10 + (text[i] - '0');
            } else if (pid != 0) {
                act(pid);
                members++;
                pid = 0;
            }
        }
    }
    close(fd);
    return members;
}

static void count_only(pid_t pid) {
    (void) pid;
}

static void send_kill(pid_t pid) {
    kill(pid, SIGKILL);
}

static bool is_frozen(const char *directory) {
    char state[16] = {0};
    int fd = open_in(directory, "freezer.state", O_RDONLY);
    ssize_t length = fd < 0 ? -1 : read(fd, state, sizeof state - 1);
    close_if_open(&fd);
    return length > 0 && strncmp(state, "FROZEN", 6) == 0;
}

/*
 * While all inside stand still, their ids cannot become another's, and nothing new appears. What does not come to a stand
 * in time is left to whoever kills by descent.
 */
static int kill_frozen(const char *directory) {
    int killed = 0;
    int64_t until = after(now_monotonic(), FREEZING_MAXIMUM);
    if (put_in(directory, "freezer.state", "FROZEN") == 0) {
        bool frozen = is_frozen(directory);
        while (!frozen && now_monotonic() < until) {
            rest(MILLISECOND / 10);
            frozen = is_frozen(directory);
        }
        killed = frozen ? each_member(directory, send_kill) : 0;
    }
    (void) put_in(directory, "freezer.state", "THAWED");
    return killed;
}

int cgroup_kill(struct cgroup *group) {
    switch (group->version) {
        case CGROUP_V1:
            group->killed = true;
            return kill_frozen(group->directories);
        case CGROUP_V2: {
            int members = each_member(group->directories, count_only);
            group->killed = put_in(group->directories, "cgroup.kill", "1") == 0 || group->killed;
            return members;
        }
        case CGROUP_NONE:
            break;
    }
    return 0;
}

/* With the groups that were made inside, innermost first. */
static bool remove_directory(const char *directory) {
    char inner[PATH_MAX];
    size_t whole = strlen(directory);
    size_t length = whole;
    memcpy(inner, directory, whole + 1);
    for (;;) {
        if (rmdir(inner) == 0 || errno == ENOENT) {
            if (length == whole) {
                return true;
            }
            length = (size_t) (strrchr(inner, '/') - inner);
            inner[length] = 0;
            continue;
        }
        if (errno != EBUSY || !listing_enter_first(&listing, inner, sizeof inner)) {
            return false;
        }
        length = strlen(inner);
    }
}

static bool remove_directories(const struct cgroup *group) {
    bool removed = true;
    const char *directory = group->directories;
    for (int i = 0; i < group->count; i++, directory = next_directory(directory)) {
        removed = remove_directory(directory) && removed;
    }
    return removed;
}

bool cgroup_end(struct cgroup *group) {
    if (group->version == CGROUP_NONE) {
        return false;
    }
    cgroup_joined(group);
    for (int i = 0; i < group->events; i++) {
        if (group->event[i].notice != group->event[i].fd) {
            close_if_open(&group->event[i].notice);
        }
        close_if_open(&group->event[i].fd);
    }
    int64_t until = after(now_monotonic(), ENDING_MAXIMUM);
    int64_t pause = MILLISECOND / 10;
    bool removed = remove_directories(group);
    while (!removed && now_monotonic() < until) {
        rest(pause);
        pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
        (void) cgroup_kill(group);
        removed = remove_directories(group);
    }
    bool proven = removed && group->killed;
    cgroup_none(group);
    return proven;
}

static bool is_ours(const char *directory, enum cgroup_version version) {
    struct statfs status;
    const char *slash = strrchr(directory, '/');
    if (directory[0] != '/' || strstr(directory, "/../") != NULL
            || strncmp(slash + 1, NAME_PREFIX, sizeof NAME_PREFIX - 1) != 0) {
        return false;
    }
    if (statfs(directory, &status) != 0) {
        /* It was never made, or removed meanwhile: nothing can go wrong there. */
        return errno == ENOENT;
    }
    return status.f_type == (version == CGROUP_V2 ? V2_MAGIC : V1_MAGIC);
}

bool cgroup_adopt(struct cgroup *group, enum cgroup_version version, const struct strings *directories) {
    cgroup_none(group);
    for (int i = 0; i < directories->count; i++) {
        if (!is_ours(directories->at[i], version)) {
            return false;
        }
        group->join[i] = -1;
    }
    if (!copy_directories(group, directories)) {
        return false;
    }
    group->version = version;
    group->count = directories->count;
    return true;
}
