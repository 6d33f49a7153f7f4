/*
 * What plain C achieves on this machine: the limits that Hufu is measured against. Each mode prints one line of JSON,
 * but for emit, stamp and clean.
 *
 *   limit spawn CONCURRENCY COUNT COMMAND [ARGUMENT...]   vfork and exec, output captured through a pipe
 *   limit sync FILE COUNT BYTES                           append and fdatasync
 *   limit drain BYTES                                     read what a child writes, 64 KiB at a time
 *   limit store BYTES FILE                                the same, written to a file
 *   limit latency COUNT                                   vfork to exec; a line from child to reader; TERM to reaped
 *   limit read FILE                                       a whole file, once
 *   limit emit BYTES                                      writes that many bytes
 *   limit stamp COUNT MILLISECONDS                        a line with the time (nanoseconds since the epoch) at that pace
 *   limit clean PROGRAM [ARGUMENT...]                     becomes a program, with every signal as it is at a login
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CONCURRENCY_MAXIMUM = 1024, CHUNK = 65536 };

struct running {
    pid_t pid;
    int64_t since;
};

static struct pollfd pipes[CONCURRENCY_MAXIMUM];
static struct running running[CONCURRENCY_MAXIMUM];
static char buffer[CHUNK];

static int64_t clock_nanos(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static int64_t now(void) {
    return clock_nanos(CLOCK_MONOTONIC);
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t *room_for(int count) {
    int64_t *nanos = calloc((size_t) count, sizeof *nanos);
    if (nanos == NULL) {
        fail("memory");
    }
    return nanos;
}

static int compare(const void *a, const void *b) {
    int64_t left = *(const int64_t *) a;
    int64_t right = *(const int64_t *) b;
    return (left > right) - (left < right);
}

static double percentile(int64_t *nanos, int count, int percent) {
    qsort(nanos, (size_t) count, sizeof *nanos, compare);
    int at = (int) ((int64_t) count * percent / 100);
    return (double) nanos[at < count ? at : count - 1] / 1e3;
}

static void print_rate(int64_t *nanos, int count, int64_t elapsed) {
    printf("{\"perSecond\":%.1f,\"p50Micros\":%.1f,\"p99Micros\":%.1f}\n", count / ((double) elapsed / 1e9),
            percentile(nanos, count, 50), percentile(nanos, count, 99));
}

/* A child with its output in a pipe. Answers our end. */
static int spawn(char **argv, pid_t *pid) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        fail("pipe");
    }
    *pid = vfork();
    if (*pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        execvp(argv[0], argv);
        _exit(127);
    }
    if (*pid < 0) {
        fail("vfork");
    }
    close(ends[1]);
    return ends[0];
}

static int reap(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

static void start(int slot, char **argv) {
    running[slot].since = now();
    pipes[slot] = (struct pollfd){.fd = spawn(argv, &running[slot].pid), .events = POLLIN};
}

/* The command's end, once its output is at an end. */
static int64_t finish(int slot) {
    close(pipes[slot].fd);
    pipes[slot].fd = -1;
    int status = reap(running[slot].pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) == 127) {
        fprintf(stderr, "the command failed\n");
        exit(1);
    }
    return now() - running[slot].since;
}

static void measure_spawn(int concurrency, int count, char **argv) {
    int64_t *latencies = room_for(count);
    int started = 0;
    int ended = 0;
    int64_t begin = now();
    for (; started < concurrency; started++) {
        start(started, argv);
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
                start(slot, argv);
                started++;
            }
        }
    }
    print_rate(latencies, count, now() - begin);
    free(latencies);
}

static void measure_sync(const char *path, int count, int bytes) {
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) {
        fail(path);
    }
    int64_t *latencies = room_for(count);
    int64_t begin = now();
    for (int i = 0; i < count; i++) {
        int64_t since = now();
        if (write(file, buffer, (size_t) bytes) != bytes || fdatasync(file) != 0) {
            fail(path);
        }
        latencies[i] = now() - since;
    }
    print_rate(latencies, count, now() - begin);
    free(latencies);
    close(file);
}

static void emit(int64_t bytes) {
    memset(buffer, 'x', sizeof buffer);
    while (bytes > 0) {
        ssize_t written = write(STDOUT_FILENO, buffer, bytes < CHUNK ? (size_t) bytes : CHUNK);
        if (written < 0) {
            fail("write");
        }
        bytes -= written;
    }
}

static void measure_drain(char *self, char *bytes, const char *path) {
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (path != NULL && file < 0) {
        fail(path);
    }
    int64_t begin = now();
    pid_t pid;
    int input = spawn((char *[]){self, "emit", bytes, NULL}, &pid);
    int64_t total = 0;
    for (ssize_t length = read(input, buffer, CHUNK); length > 0; length = read(input, buffer, CHUNK)) {
        if (file >= 0 && write(file, buffer, (size_t) length) != length) {
            fail(path);
        }
        total += length;
    }
    reap(pid);
    double seconds = (double) (now() - begin) / 1e9;
    printf("{\"bytesPerSecond\":%.0f,\"seconds\":%.4f}\n", (double) total / seconds, seconds);
    close(input);
    if (file >= 0) {
        close(file);
    }
}

static void stamp(int count, int milliseconds) {
    struct timespec pause = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000L};
    for (int i = 0; i < count; i++) {
        printf("%lld\n", (long long) clock_nanos(CLOCK_REALTIME));
        fflush(stdout);
        nanosleep(&pause, NULL);
    }
}

static void measure_latency(char *self, int count) {
    int64_t *starts = room_for(count);
    int64_t *lines = room_for(count);
    int64_t *stops = room_for(count);
    for (int i = 0; i < count; i++) {
        pid_t pid;
        int64_t since = now();
        int input = spawn((char *[]){self, "stamp", "1", "60000", NULL}, &pid);
        starts[i] = now() - since;
        ssize_t length = read(input, buffer, CHUNK - 1);
        buffer[length > 0 ? length : 0] = 0;
        lines[i] = clock_nanos(CLOCK_REALTIME) - strtoll(buffer, NULL, 10);
        since = now();
        kill(pid, SIGTERM);
        reap(pid);
        stops[i] = now() - since;
        close(input);
    }
    printf("{\"startP99Micros\":%.1f,\"lineP99Micros\":%.1f,\"stopP99Micros\":%.1f}\n", percentile(starts, count, 99),
            percentile(lines, count, 99), percentile(stops, count, 99));
    free(starts);
    free(lines);
    free(stops);
}

static void measure_read(const char *path) {
    int64_t begin = now();
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        fail(path);
    }
    int64_t total = 0;
    for (ssize_t length = read(file, buffer, CHUNK); length > 0; length = read(file, buffer, CHUNK)) {
        total += length;
    }
    close(file);
    printf("{\"bytes\":%lld,\"seconds\":%.6f}\n", (long long) total, (double) (now() - begin) / 1e9);
}

/* What Java starts inherits the signals that it blocks and ignores, which says nothing of a peer. */
static void become(char **argv) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int each = 1; each < 32; each++) {
        signal(each, SIG_DFL);
    }
    execv(argv[0], argv);
    perror("limit: clean");
    exit(1);
}

static int number(const char *text, int least, int most) {
    int value = atoi(text);
    if (value < least || value > most) {
        fprintf(stderr, "limit: %s is out of its bounds\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    if (strcmp(mode, "spawn") == 0 && argc > 4) {
        int concurrency = number(argv[2], 1, CONCURRENCY_MAXIMUM);
        measure_spawn(concurrency, number(argv[3], concurrency, 100000000), argv + 4);
    } else if (strcmp(mode, "sync") == 0 && argc == 5) {
        measure_sync(argv[2], number(argv[3], 1, 100000000), number(argv[4], 1, CHUNK));
    } else if (strcmp(mode, "drain") == 0 && argc == 3) {
        measure_drain(argv[0], argv[2], NULL);
    } else if (strcmp(mode, "store") == 0 && argc == 4) {
        measure_drain(argv[0], argv[2], argv[3]);
    } else if (strcmp(mode, "latency") == 0 && argc == 3) {
        measure_latency(argv[0], number(argv[2], 1, 1000000));
    } else if (strcmp(mode, "read") == 0 && argc == 3) {
        measure_read(argv[2]);
    } else if (strcmp(mode, "emit") == 0 && argc == 3) {
        emit(strtoll(argv[2], NULL, 10));
    } else if (strcmp(mode, "stamp") == 0 && argc == 4) {
        stamp(number(argv[2], 1, 1000000), number(argv[3], 0, 60000));
    } else if (strcmp(mode, "clean") == 0 && argc > 2) {
        become(argv + 2);
    } else {
        fprintf(stderr, "limit: unknown mode or arguments\n");
        return 2;
    }
    return 0;
}
