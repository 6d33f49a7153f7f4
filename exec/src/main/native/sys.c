#include "sys.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

int64_t now_monotonic(void) {
    return now(CLOCK_MONOTONIC);
}

int64_t now_realtime(void) {
    return now(CLOCK_REALTIME);
}

int64_t now_boottime(void) {
    return now(CLOCK_BOOTTIME);
}

int64_t after(int64_t moment, uint64_t span) {
    const uint64_t century = UINT64_C(36525) * 24 * 3600 * SECOND;
    return moment + (int64_t) (span < century ? span : century);
}

int poll_timeout(int64_t moment) {
    if (moment == NEVER) {
        return -1;
    }
    int64_t left = moment - now_monotonic();
    if (left <= 0) {
        return 0;
    }
    const int64_t hour = 3600 * 1000;
    int64_t milliseconds = (left + MILLISECOND - 1) / MILLISECOND;
    return (int) (milliseconds < hour ? milliseconds : hour);
}

size_t write_at(int fd, const void *bytes, size_t length, uint64_t offset) {
    size_t done = 0;
    while (done < length) {
        ssize_t count = pwrite(fd, (const char *) bytes + done, length - done, (off_t) (offset + done));
        if (count > 0) {
            done += (size_t) count;
        } else if (count == 0 || errno != EINTR) {
            break;
        }
    }
    return done;
}

size_t write_whole(int fd, const void *bytes, size_t length) {
    size_t done = 0;
    while (done < length) {
        ssize_t count = write(fd, (const char *) bytes + done, length - done);
        if (count > 0) {
            done += (size_t) count;
        } else if (count == 0 || errno != EINTR) {
            break;
        }
    }
    return done;
}

void close_if_open(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

void close_from(int first) {
    if (syscall(SYS_close_range, (unsigned) first, ~0U, 0U) == 0) {
        return;
    }
    /* Kernels before 5.9. */
    struct rlimit limit;
    rlim_t end = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? limit.rlim_cur : 65536;
    for (int fd = first; (rlim_t) fd < end; fd++) {
        close(fd);
    }
}

int pidfd_of(pid_t pid) {
    return (int) syscall(SYS_pidfd_open, pid, 0U);
}

int pidfd_signal(int pidfd, int signal) {
    return (int) syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0U);
}
