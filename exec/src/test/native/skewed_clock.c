/*
 * Linked into the tests' launcher, between its sources and the C library: the wall clock is off by as many nanoseconds as the file
 * named by HUFU_SKEW says, at any time; without it it is as it is. All other clocks are.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

static const volatile int64_t *skew;

__attribute__((constructor)) static void find_skew(void) {
    const char *path = getenv("HUFU_SKEW");
    int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        void *mapped = mmap(NULL, sizeof *skew, PROT_READ, MAP_SHARED, fd, 0);
        skew = mapped == MAP_FAILED ? NULL : mapped;
        close(fd);
    }
}

/* Also called by the child of a vfork. */
__attribute__((no_sanitize("address", "undefined"))) int __wrap_clock_gettime(clockid_t clock, struct timespec *time) {
    int status = __real_clock_gettime(clock, time);
    if (status == 0 && clock == CLOCK_REALTIME && skew != NULL) {
        int64_t skewed = time->tv_sec * INT64_C(1000000000) + time->tv_nsec + *skew;
        time->tv_sec = skewed / INT64_C(1000000000);
        time->tv_nsec = skewed % INT64_C(1000000000);
    }
    return status;
}
