/* Stands between the launcher's sources and the C library, and lets one call fail. Also runs in the child of a vfork. */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

/* Of whole registers, as x86-64 and aarch64 pass every argument there is here. */
typedef long (*any_call)(long, long, long, long, long, long);

static struct faults *faults;

__attribute__((constructor)) static void find_plan(void) {
    const char *path = getenv("HUFU_FAULTS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        _exit(99);
    }
    faults = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
}

static long through(unsigned call, any_call real, const long *a) {
    unsigned turn = __atomic_add_fetch(&faults->made[call], 1, __ATOMIC_SEQ_CST);
    if (call != faults->call || turn != faults->turn) {
        return real(a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    faults->fired = 1;
    if (faults->error == SHORT) {
        return real(a[0], a[1], a[2] > 1 ? a[2] / 2 : a[2], a[3], a[4], a[5]);
    }
    if (call == CALL_close) {
        /* The descriptor is gone whatever it answers. */
        (void) real(a[0], a[1], a[2], a[3], a[4], a[5]);
    }
    errno = faults->error;
    return -1;
}

#define CALL(name, ...)                                                              \
    long faulty_##name(long a, long b, long c, long d, long e, long f);              \
    long faulty_##name(long a, long b, long c, long d, long e, long f) {             \
        return through(CALL_##name, (any_call) (void *) name, (long[]){a, b, c, d, e, f}); \
    }
#define RAW(name, ...)
CALLS
#undef CALL
#undef RAW

static unsigned index_of(long number) {
#define CALL(name, ...)
#define RAW(name, ...)           \
    if (number == SYS_##name) {  \
        return RAW_##name;       \
    }
    CALLS
#undef CALL
#undef RAW
    return CALL_COUNT;
}

static long raw(long number, long a, long b, long c, long d, long e) {
    return syscall(number, a, b, c, d, e);
}

long faulty_syscall(long number, long a, long b, long c, long d, long e);

long faulty_syscall(long number, long a, long b, long c, long d, long e) {
    unsigned call = index_of(number);
    if (call == CALL_COUNT) {
        faults->unknown = (unsigned) number;
        return raw(number, a, b, c, d, e);
    }
    return through(call, raw, (long[]){number, a, b, c, d, e});
}
