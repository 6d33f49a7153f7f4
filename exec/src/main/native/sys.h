/* Clocks and system calls that need a defined answer to short and interrupted calls. */
#ifndef HUFU_SYS_H
#define HUFU_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define NEVER INT64_MAX
#define MILLISECOND INT64_C(1000000)
#define SECOND INT64_C(1000000000)

int64_t now_monotonic(void);
int64_t now_realtime(void);
int64_t now_boottime(void);

/* A moment `span` after `moment`; spans beyond a century count as a century, so that sums cannot overflow. */
int64_t after(int64_t moment, uint64_t span);

/* What poll wants: milliseconds from now to `moment`, rounded up, -1 for NEVER. */
int poll_timeout(int64_t moment);

/* Bytes written, which is less than `length` only where errno says why. */
size_t write_at(int fd, const void *bytes, size_t length, uint64_t offset);
size_t write_whole(int fd, const void *bytes, size_t length);

void close_if_open(int *fd);

/* Closes every descriptor from `first` on. */
void close_from(int first);

int pidfd_of(pid_t pid);
int pidfd_signal(int pidfd, int signal);

#endif
