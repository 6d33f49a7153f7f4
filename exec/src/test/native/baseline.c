/*
 * What plain C achieves: vfork and exec, output captured through a pipe, N at a time. One JSON line with commands per
 * second and the 50th and 99th percentile of the latency in microseconds.
 * Usage: baseline CONCURRENCY COUNT COMMAND [ARGUMENT...]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONCURRENCY_MAXIMUM = 1024 };

struct running {
    pid_t pid;
    int64_t since;
};

static struct pollfd pipes[CONCURRENCY_MAXIMUM];
static struct running running[CONCURRENCY_MAXIMUM];

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void start(int slot, char **argv) {
    int ends[2];
    running[slot].since = now();
    if (pipe2(ends, O_CLOEXEC) != 0) {
        fail("pipe");
    }
    pid_t pid = vfork();
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (pid < 0) {
        fail("vfork");
    }
    close(ends[1]);
    running[slot].pid = pid;
    pipes[slot] = (struct pollfd){.fd = ends[0], .events = POLLIN};
}

/* The command's end, once its output is at an end. */
static int64_t finish(int slot) {
    int status;
    close(pipes[slot].fd);
    pipes[slot].fd = -1;
    while (waitpid(running[slot].pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127) {
        fprintf(stderr, "the command failed\n");
        exit(1);
    }
    return now() - running[slot].since;
}

static int compare(const void *a, const void *b) {
    int64_t left = *(const int64_t *) a;
    int64_t right = *(const int64_t *) b;
    return (left > right) - (left < right);
}

int main(int argc, char **argv) {
    int concurrency = argc > 3 ? atoi(argv[1]) : 0;
    int count = argc > 3 ? atoi(argv[2]) : 0;
    if (concurrency < 1 || concurrency > CONCURRENCY_MAXIMUM || count < concurrency) {
        fprintf(stderr, "usage: baseline CONCURRENCY COUNT COMMAND [ARGUMENT...]\n");
        return 2;
    }
    int64_t *latencies = calloc((size_t) count, sizeof *latencies);
    if (latencies == NULL) {
        fail("memory");
    }
    static char buffer[65536];
    int started = 0;
    int ended = 0;
    int64_t begin = now();
    for (; started < concurrency; started++) {
        start(started, argv + 3);
    }
    while (ended < count) {
        if (poll(pipes, (nfds_t) concurrency, -1) < 0 && errno != EINTR) {
            fail("poll");
        }
        for (int slot = 0; slot < concurrency; slot++) {
            if (pipes[slot].fd < 0 || pipes[slot].revents == 0 || read(pipes[slot].fd, buffer, sizeof buffer) > 0) {
                continue;
            }
            latencies[ended++] = finish(slot);
            if (started < count) {
                start(slot, argv + 3);
                started++;
            }
        }
    }
    double seconds = (double) (now() - begin) / 1e9;
    qsort(latencies, (size_t) count, sizeof *latencies, compare);
    printf("{\"concurrency\":%d,\"count\":%d,\"perSecond\":%.1f,\"p50Micros\":%.1f,\"p99Micros\":%.1f}\n", concurrency, count,
            count / seconds, (double) latencies[count / 2] / 1e3, (double) latencies[(int64_t) count * 99 / 100] / 1e3);
    free(latencies);
    return 0;
}
