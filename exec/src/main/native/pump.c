#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys.h"

enum {
    PIPE_DEFAULT = 65536,
    PIPE_MAXIMUM = 1 << 20,
    /* Reads in a row before other streams and the control connection have their turn. */
    SHARE = 32,
    /*
     * How far beyond the limit a stream may run ahead of its reader once the attempt is stopping or its main process has
     * ended: what is said at the end is not to wait, and the pipe's last bytes and some history still fit behind it.
     */
    LAST_WORDS = HISTORY / 2
};

static uint8_t buffer[APPEND_MAXIMUM];

int pump_open(struct pump *pump, enum stream stream, int *other_end) {
    int ends[2];
    *pump = (struct pump){.fd = -1, .stream = stream};
    *other_end = -1;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    pump->fd = ends[0];
    *other_end = ends[1];
    return 0;
}

/* A user's pipes may be at the kernel's limit (EPERM): then it stays as it is. */
static void enlarge(struct pump *pump) {
    if (pump->capacity == 0) {
        int capacity = fcntl(pump->fd, F_GETPIPE_SZ);
        pump->capacity = capacity > 0 ? capacity : PIPE_DEFAULT;
    }
    if (pump->capacity < PIPE_MAXIMUM) {
        int wanted = pump->capacity < PIPE_MAXIMUM / 4 ? pump->capacity * 4 : PIPE_MAXIMUM;
        pump->capacity = fcntl(pump->fd, F_SETPIPE_SZ, wanted) > 0 ? wanted : PIPE_MAXIMUM;
    }
}

enum progress { PROGRESS_FULL, PROGRESS_PART, PROGRESS_EMPTY };

static enum progress read_once(struct pump *pump, struct attempt_file *file, uint64_t room) {
    size_t wanted = room < sizeof buffer ? (size_t) room : sizeof buffer;
    ssize_t length;
    do {
        length = read(pump->fd, buffer, wanted);
    } while (length < 0 && errno == EINTR);
    if (length > 0) {
        attempt_append(file, pump->stream, buffer, (size_t) length, now_realtime());
        return length == sizeof buffer ? PROGRESS_FULL : PROGRESS_PART;
    }
    if (length < 0 && errno != EAGAIN) {
        /* No pipe does this. If one did, there would be output that nobody has. */
        file->full = true;
    }
    if (length == 0 || errno != EAGAIN) {
        close_if_open(&pump->fd);
    }
    return PROGRESS_EMPTY;
}

void pump_consumed(struct pump *pump, uint64_t position) {
    if (position > pump->consumed) {
        pump->consumed = position;
    }
}

uint64_t pump_room(const struct pump *pump, const struct attempt_file *file, bool ending) {
    /* Of a full spool a reader would be waited for in vain: it cannot read what was not kept. */
    if (file->policy != OUTPUT_BLOCK || file->full) {
        return UINT64_MAX;
    }
    uint64_t written = file->written[pump->stream];
    uint64_t unread = written > pump->consumed ? written - pump->consumed : 0;
    uint64_t window = file->output_limit > APPEND_MAXIMUM ? file->output_limit : APPEND_MAXIMUM;
    if (ending) {
        window = file->output_limit + LAST_WORDS;
    }
    return unread < window ? window - unread : 0;
}

void pump_some(struct pump *pump, struct attempt_file *file, bool hung_up, uint64_t room) {
    const uint64_t *written = &file->written[pump->stream];
    uint64_t before = *written;
    for (int i = 0; i < SHARE && pump->fd >= 0 && *written - before < room; i++) {
        enum progress progress = read_once(pump, file, room - (*written - before));
        if (progress == PROGRESS_FULL) {
            enlarge(pump);
        } else if (progress == PROGRESS_EMPTY || !hung_up) {
            return;
        }
    }
}

void pump_all(struct pump *pump, struct attempt_file *file) {
    while (pump->fd >= 0 && read_once(pump, file, UINT64_MAX) != PROGRESS_EMPTY) {
    }
}
