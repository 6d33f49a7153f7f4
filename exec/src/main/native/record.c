#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys.h"

enum {
    BOOT_ID_SIZE = 40,
    NAME_SIZE = 256,
    START_OFFSET = 112,
    POLICY_OFFSET = 656,
    CGROUP_OFFSET = 660,
    CGROUP_TEXT_OFFSET = 1152,
    LIVE_WRITTEN = 1024,
    LIVE_INDEX = 1040,
    LIVE_KEPT = 1048,
    LIVE_STATE = 1064,
    LIVE_FLAGS = 1068,
    LIVE_END = 1072,
    SPOOL_FULL = 1,
    STRAYS_KILLED = 2,
    PAGE = 4096
};

static char boot_id[BOOT_ID_SIZE];

/*
 * Header and exit record as they are when the file is made; of the second nothing is ever touched. The header is kept as
 * it is in the file. What changes goes there by pwrite: a shared mapping costs a fault, a page table and two more calls.
 */
static uint8_t first_pages[METADATA_OFFSET];

void record_read_boot_id(void) {
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    ssize_t length = read(fd, boot_id, sizeof boot_id - 1);
    close(fd);
    if (length > 0 && boot_id[length - 1] == '\n') {
        boot_id[length - 1] = 0;
    }
}

static uint64_t whole_pages(uint64_t bytes) {
    return (bytes + PAGE - 1) / PAGE * PAGE;
}

static void lay_out(struct attempt_file *file, const struct request *request) {
    *file = (struct attempt_file){
        .fd = -1, .policy = request->output_policy, .output_limit = request->output_limit};
    file->stream_size = file->output_limit + (file->policy == OUTPUT_BLOCK ? HISTORY : 0);
    file->tail_offset = METADATA_OFFSET + whole_pages(request->metadata.length);
    file->index_offset = file->tail_offset + (uint64_t) STREAMS * RING_SIZE;
    file->index_capacity = 2 * file->output_limit / PAGE + 65536;
    file->stream_offset[STREAM_STDOUT] = file->index_offset + whole_pages(file->index_capacity * INDEX_ENTRY);
    file->stream_offset[STREAM_STDERR] = file->stream_offset[STREAM_STDOUT] + whole_pages(file->stream_size);
}

static void copy_name(uint8_t *target, const char *name) {
    size_t length = strlen(name);
    if (length < NAME_SIZE) {
        memcpy(target, name, length);
    }
}

/* Before any of them is made: whoever finds the supervisor dead looks there. */
static void note_cgroups(uint8_t *header, const struct request *request) {
    static bool noted;
    if (noted) {
        memset(header + CGROUP_TEXT_OFFSET, 0, CGROUP_TEXT_MAXIMUM);
    }
    noted = request->cgroup != CGROUP_NONE;
    put32(header + CGROUP_OFFSET, request->cgroup);
    put32(header + CGROUP_OFFSET + 4, (uint32_t) request->directories.count);
    uint8_t *at = header + CGROUP_TEXT_OFFSET;
    for (int i = 0; i < request->directories.count; i++) {
        size_t length = strlen(request->directories.at[i]) + 1;
        memcpy(at, request->directories.at[i], length);
        at += length;
    }
}

static void fill_header(const struct attempt_file *file, const struct request *request) {
    uint8_t *header = first_pages;
    memset(header + START_OFFSET, 0, LIVE_END - START_OFFSET);
    memcpy(header, "HUFUATT1", 8);
    put32(header + 8, RECORD_VERSION);
    put32(header + 12, (uint32_t) request->metadata.length);
    put64(header + 16, file->output_limit);
    put64(header + 24, file->tail_offset);
    put64(header + 32, file->index_offset);
    put64(header + 40, file->index_capacity);
    put64(header + 48, file->stream_offset[STREAM_STDOUT]);
    put64(header + 56, file->stream_offset[STREAM_STDERR]);
    memcpy(header + 64, boot_id, BOOT_ID_SIZE);
    put64(header + 104, (uint64_t) getpid());
    copy_name(header + 144, request->control_socket);
    copy_name(header + 400, request->marker);
    put32(header + POLICY_OFFSET, file->policy);
    note_cgroups(header, request);
}

static bool write_first_part(const struct attempt_file *file, const struct request *request) {
    struct iovec parts[2] = {
        {.iov_base = first_pages, .iov_len = sizeof first_pages},
        {.iov_base = (void *) (uintptr_t) request->metadata.at, .iov_len = request->metadata.length},
    };
    size_t whole = parts[0].iov_len + parts[1].iov_len;
    ssize_t count = pwritev(file->fd, parts, 2, 0);
    if (count == (ssize_t) whole) {
        return true;
    }
    if (count < 0 && errno != EINTR) {
        return false;
    }
    /* A short write says no reason: writing the rest does. */
    return write_at(file->fd, first_pages, sizeof first_pages, 0) == sizeof first_pages
            && write_at(file->fd, request->metadata.at, request->metadata.length, METADATA_OFFSET)
                    == request->metadata.length;
}

int attempt_create(struct attempt_file *file, const struct request *request) {
    lay_out(file, request);
    file->fd = open(request->attempt_file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file->fd < 0) {
        return errno;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    fill_header(file, request);
    /* Waits for a reader that looks, for an instant, whether we live. */
    if (fcntl(file->fd, F_OFD_SETLKW, &lock) == 0 && write_first_part(file, request)) {
        return 0;
    }
    int error = errno;
    unlink(request->attempt_file);
    close_if_open(&file->fd);
    return error;
}

/* Over bytes that are there: on no sane file system does this fail, and if so the exit record still says it all. */
static void publish(const struct attempt_file *file, size_t from, size_t to) {
    (void) write_at(file->fd, first_pages + from, to - from, from);
}

void attempt_started(struct attempt_file *file, pid_t pid, uint64_t ticks, int64_t realtime, uint64_t deadline) {
    file->pid = pid;
    file->start_realtime = realtime;
    file->state = STATE_RUNNING;
    put64(first_pages + 112, (uint64_t) pid);
    put64(first_pages + 120, ticks);
    put64(first_pages + 128, (uint64_t) realtime);
    put64(first_pages + 136, deadline);
    put32(first_pages + LIVE_STATE, STATE_RUNNING);
    publish(file, START_OFFSET, LIVE_END);
}

void attempt_state(struct attempt_file *file, enum state state) {
    if (file->state != state) {
        file->state = state;
        put32(first_pages + LIVE_STATE, state);
        publish(file, LIVE_STATE, LIVE_FLAGS);
    }
}

/* What the counters need to be understood is there before they are. */
static void publish_counters(const struct attempt_file *file) {
    for (enum stream stream = STREAM_STDOUT; stream < STREAMS; stream++) {
        put64(first_pages + LIVE_WRITTEN + 8 * (size_t) stream, file->written[stream]);
        put64(first_pages + LIVE_KEPT + 8 * (size_t) stream, file->kept[stream]);
    }
    put64(first_pages + LIVE_INDEX, file->index_count);
    put32(first_pages + LIVE_FLAGS, file->full ? SPOOL_FULL : 0);
    publish(file, LIVE_INDEX, LIVE_END);
    publish(file, LIVE_WRITTEN, LIVE_INDEX);
}

struct ring {
    uint64_t offset;
    uint64_t size;
};

/* How many of the bytes were written, from the first on. */
static size_t store_in_ring(int fd, struct ring ring, uint64_t position, const uint8_t *bytes, size_t length) {
    uint64_t at = position % ring.size;
    size_t before_end = ring.size - at < length ? (size_t) (ring.size - at) : length;
    size_t stored = write_at(fd, bytes, before_end, ring.offset + at);
    return stored < before_end ? stored : stored + write_at(fd, bytes + before_end, length - before_end, ring.offset);
}

static bool store_bytes(struct attempt_file *file, enum stream stream, const uint8_t *bytes, size_t length) {
    uint64_t position = file->written[stream];
    if (file->policy == OUTPUT_BLOCK) {
        struct ring whole = {.offset = file->stream_offset[stream], .size = file->stream_size};
        size_t stored = store_in_ring(file->fd, whole, position, bytes, length);
        file->kept[stream] += stored;
        return stored == length;
    }
    size_t head = 0;
    if (position < file->output_limit) {
        uint64_t room = file->output_limit - position;
        head = room < length ? (size_t) room : length;
        size_t stored = write_at(file->fd, bytes, head, file->stream_offset[stream] + position);
        file->kept[stream] += stored;
        if (stored < head) {
            return false;
        }
    }
    struct ring tail = {.offset = file->tail_offset + (uint64_t) stream * RING_SIZE, .size = RING_SIZE};
    return head == length
            || store_in_ring(file->fd, tail, position + head - file->output_limit, bytes + head, length - head)
                    == length - head;
}

static bool store_arrival(struct attempt_file *file, enum stream stream, int64_t realtime) {
    uint64_t position = file->written[stream];
    bool covered = file->index_count > 0 && file->last_stream == stream && realtime - file->last_time < 10 * MILLISECOND
            && realtime >= file->last_time && position - file->last_position < 4096;
    /* An attempt that waits for its reader may write for ever, and its index is a ring as its output is. */
    bool index_full = file->index_count >= file->index_capacity && file->policy != OUTPUT_BLOCK;
    if (covered || index_full) {
        return true;
    }
    uint8_t entry[INDEX_ENTRY];
    put64(entry, (uint64_t) realtime);
    put64(entry + 8, (uint64_t) stream << 63 | position);
    uint64_t place = file->index_count % file->index_capacity;
    if (write_at(file->fd, entry, sizeof entry, file->index_offset + place * INDEX_ENTRY) < sizeof entry) {
        return false;
    }
    file->index_count++;
    file->last_stream = stream;
    file->last_time = realtime;
    file->last_position = position;
    return true;
}

void attempt_append(struct attempt_file *file, enum stream stream, const uint8_t *bytes, size_t length,
        int64_t realtime) {
    if (!file->full && (!store_bytes(file, stream, bytes, length) || !store_arrival(file, stream, realtime))) {
        file->full = true;
    }
    file->written[stream] += length;
    publish_counters(file);
}

static size_t build_payload(const struct attempt_file *file, const struct ending *ending,
        const struct kill_report *report, uint8_t *at) {
    put32(at, RECORD_VERSION);
    put32(at + 4, ending->kind);
    put32(at + 8, (uint32_t) ending->value);
    put32(at + 12, ending->detail);
    put32(at + 16, ending->cause);
    put32(at + 20, (file->full ? SPOOL_FULL : 0) | (ending->strays_killed ? STRAYS_KILLED : 0));
    put64(at + 24, (uint64_t) ending->start_realtime);
    put64(at + 32, (uint64_t) ending->end_realtime);
    put64(at + 40, (uint64_t) ending->wall);
    put64(at + 48, ending->user_microseconds);
    put64(at + 56, ending->system_microseconds);
    put64(at + 64, ending->maximum_resident);
    put64(at + 72, file->written[STREAM_STDOUT]);
    put64(at + 80, file->written[STREAM_STDERR]);
    put32(at + 88, report->proof);
    put32(at + 92, report->cause);
    put64(at + 96, (uint64_t) report->duration);
    put32(at + 104, report->count);
    put32(at + 108, 0);
    for (uint32_t i = 0; i < report->count; i++) {
        const struct kill_step *step = &report->steps[i];
        uint8_t *target = at + EXIT_PAYLOAD_FIXED + (size_t) i * STEP_SIZE;
        put32(target, step->signal);
        put32(target + 4, step->signalled);
        put32(target + 8, step->survivors);
        put32(target + 12, 0);
        put64(target + 16, (uint64_t) step->realtime);
    }
    return EXIT_PAYLOAD_FIXED + (size_t) report->count * STEP_SIZE;
}

bool attempt_end(struct attempt_file *file, const struct ending *ending, const struct kill_report *report,
        uint8_t payload[EXIT_PAYLOAD_MAXIMUM], size_t *length) {
    uint8_t record[EXIT_RECORD_HEADER + EXIT_PAYLOAD_MAXIMUM];
    *length = build_payload(file, ending, report, payload);
    put32(record, EXIT_RECORD_MAGIC);
    put32(record + 4, (uint32_t) *length);
    put32(record + 8, crc32_of(payload, *length));
    put32(record + 12, 0);
    memcpy(record + EXIT_RECORD_HEADER, payload, *length);
    size_t whole = EXIT_RECORD_HEADER + *length;
    if (write_at(file->fd, record, whole, EXIT_RECORD_OFFSET) < whole) {
        return false;
    }
    /* All that changed, once more: nobody writes it after this, should it have failed before. */
    file->state = STATE_ENDED;
    put32(first_pages + LIVE_STATE, STATE_ENDED);
    put32(first_pages + LIVE_FLAGS, file->full ? SPOOL_FULL : 0);
    publish(file, START_OFFSET, LIVE_END);
    return true;
}

void attempt_close(struct attempt_file *file) {
    close_if_open(&file->fd);
}

uint32_t crc32_of(const uint8_t *bytes, size_t length) {
    /* By half bytes: a table of 64 bytes touches no page of its own. */
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < length; i++) {
        crc = table[(crc ^ bytes[i]) & 15] ^ (crc >> 4);
        crc = table[(crc ^ (uint32_t) (bytes[i] >> 4)) & 15] ^ (crc >> 4);
    }
    return ~crc;
}
