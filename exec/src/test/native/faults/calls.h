/*
 * Every system call of the sources, one a line: CALL(function, the errors it is made to fail with). What is in neither this
 * list nor FREE, and appears in a source, makes the tests red: add it here with what the kernel may answer (see its manual
 * page, section ERRORS), or there with the reason why it cannot fail. SHORT is no error: less is taken than was asked for.
 * RAW names numbers given to syscall(2).
 */
#ifndef HUFU_FAULTS_CALLS_H
#define HUFU_FAULTS_CALLS_H

#include <errno.h>

enum { SHORT = -1 };

#define CALLS                              \
    CALL(access, EACCES)                   \
    CALL(accept4, EMFILE, ECONNABORTED)    \
    CALL(bind, EACCES, EADDRINUSE)         \
    CALL(chdir, EACCES)                    \
    CALL(clone, EAGAIN)                    \
    CALL(close, EIO)                       \
    CALL(connect, ECONNREFUSED)            \
    CALL(dup2, EMFILE)                     \
    CALL(dup3, EMFILE)                     \
    CALL(epoll_create1, EMFILE)            \
    CALL(epoll_ctl, ENOSPC)                \
    CALL(epoll_wait, EINTR)                \
    CALL(eventfd, EMFILE)                  \
    CALL(execve, ENOMEM, ENOENT)           \
    CALL(faccessat, EACCES)                \
    CALL(fchown, EPERM)                    \
    CALL(fcntl, ENOLCK, EINTR)             \
    CALL(fork, EAGAIN)                     \
    CALL(fstatat, EIO)                     \
    CALL(getpriority, ESRCH)               \
    CALL(getrlimit, EPERM)                 \
    CALL(kill, EPERM)                      \
    CALL(listen, EADDRINUSE)               \
    CALL(lstat, ENOENT)                    \
    CALL(mkdir, EACCES, ENOSPC)            \
    CALL(mmap, ENOMEM)                     \
    CALL(munmap, ENOMEM)                   \
    CALL(nanosleep, EINTR)                 \
    CALL(open, EMFILE, EIO)                \
    CALL(pipe2, EMFILE)                    \
    CALL(poll, EINTR, ENOMEM)              \
    CALL(pread, EIO)                       \
    CALL(prctl, EPERM)                     \
    CALL(pwrite, ENOSPC, EINTR, SHORT)     \
    CALL(pwritev, ENOSPC, EINTR, SHORT)    \
    CALL(read, EINTR, EIO)                 \
    CALL(recv, EINTR, ECONNRESET, SHORT)   \
    CALL(recvmsg, EINTR, ENOMEM)           \
    CALL(rmdir, EBUSY, EACCES)             \
    CALL(send, EINTR, EPIPE)               \
    CALL(sendmsg, EINTR, EAGAIN)           \
    CALL(setpgid, EPERM)                   \
    CALL(setpriority, EACCES)              \
    CALL(setrlimit, EPERM)                 \
    CALL(setsid, EPERM)                    \
    CALL(signalfd, EMFILE)                 \
    CALL(socket, EMFILE)                   \
    CALL(socketpair, EMFILE)               \
    CALL(statfs, EIO)                      \
    CALL(timerfd_create, EMFILE)           \
    CALL(unlink, EIO)                      \
    CALL(wait4, EINTR)                     \
    CALL(waitpid, EINTR)                   \
    CALL(write, ENOSPC, EINTR, SHORT)      \
    RAW(capget, EPERM)                     \
    RAW(capset, EPERM)                     \
    RAW(close_range, ENOSYS)               \
    RAW(getdents64, EIO)                   \
    RAW(pidfd_open, ENOSYS, EMFILE)        \
    RAW(pidfd_send_signal, EPERM)          \
    RAW(prlimit64, EPERM)                  \
    RAW(rt_sigaction, EINVAL)              \
    RAW(setgroups, EPERM)                  \
    RAW(setresgid, EPERM)                  \
    RAW(setresuid, EPERM, EAGAIN)

/*
 * clock_gettime, getpid, umask, sigaction, sigprocmask and timerfd_settime cannot fail with what they are given; _exit and exit do not
 * return; syscall: see RAW. getgroups, getresuid, getresgid, getuid and geteuid cannot either. getpwnam, getpwuid and getgrouplist are only called in a process
 * made for it. The others call no kernel.
 */
#define FREE                                                                                                        \
    clock_gettime getpid getuid geteuid getgroups getresuid getresgid getpwnam getpwuid getgrouplist strstr memcmp umask sigaction sigprocmask timerfd_settime _exit exit syscall __errno_location memchr memcpy memmove memset sigaddset sigemptyset \
    sigfillset snprintf strchr strchrnul strcmp strcpy strerror strlen strncmp strnlen strrchr strtol strtoull      \
    _GLOBAL_OFFSET_TABLE_ __isoc23_strtol __isoc23_strtoull __stack_chk_fail

#define CALL(name, ...) CALL_##name,
#define RAW(name, ...) RAW_##name,
enum call_index { CALLS CALL_COUNT };
#undef CALL
#undef RAW

/* Shared by the test and all processes of its launcher. */
struct faults {
    unsigned call; /* index of the call that is to fail, CALL_COUNT: none */
    unsigned turn; /* which one of them, from 1 on */
    int error;
    unsigned fired;
    int descriptors[2]; /* of launcher and idle supervisor, without those for each other */
    unsigned unknown; /* number given to syscall that is not listed; 0: none */
    unsigned made[CALL_COUNT];
};

#endif
