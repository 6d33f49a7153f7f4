/* The attempt file: header, exit record, output, index. Layout in PROTOCOL.md. */
#ifndef HUFU_RECORD_H
#define HUFU_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "request.h"
#include "wire.h"

enum {
    HEADER_SIZE = 4096,
    EXIT_RECORD_OFFSET = 4096,
    METADATA_OFFSET = 8192,
    RING_SIZE = 131072,
    /* Bytes appended at once: never more of the ring is overwritten ahead of the counter than readers are told. */
    APPEND_MAXIMUM = 65536,
    /* What a blocked attempt's file holds of a stream beyond the limit. */
    HISTORY = 8 << 20,
    INDEX_ENTRY = 16,
    EXIT_RECORD_HEADER = 16,
    EXIT_PAYLOAD_FIXED = 112,
    STEP_SIZE = 24,
    STEPS_MAXIMUM = 32,
    EXIT_PAYLOAD_MAXIMUM = EXIT_PAYLOAD_FIXED + STEPS_MAXIMUM * STEP_SIZE,
    EXIT_RECORD_MAGIC = 0x52584648
};

enum stream { STREAM_STDOUT, STREAM_STDERR, STREAMS };

struct attempt_file {
    int fd;
    pid_t pid;
    int64_t start_realtime;
    enum state state;
    enum output_policy policy;
    uint64_t output_limit;
    uint64_t tail_offset;
    uint64_t index_offset;
    uint64_t index_capacity;
    uint64_t stream_offset[STREAMS];
    uint64_t stream_size; /* of each stream's region; a ring where the policy is to block */
    uint64_t written[STREAMS];
    uint64_t kept[STREAMS];
    uint64_t index_count;
    int64_t last_time;
    uint64_t last_position;
    enum stream last_stream;
    bool full;
};

struct kill_step {
    uint32_t signal;
    uint32_t signalled;
    uint32_t survivors;
    int64_t realtime;
};

enum proof { PROOF_NONE = 0, PROOF_CGROUP = 1, PROOF_NO_CHILDREN = 2 };

struct kill_report {
    enum proof proof;
    enum cause cause;
    int64_t duration;
    uint32_t count;
    struct kill_step steps[STEPS_MAXIMUM];
};

enum exit_kind { EXIT_EXITED = 1, EXIT_SIGNALED = 2, EXIT_LAUNCH_FAILED = 3 };

struct ending {
    enum exit_kind kind;
    int32_t value;
    uint32_t detail;
    enum cause cause;
    bool strays_killed;
    int64_t start_realtime;
    int64_t end_realtime;
    int64_t wall;
    uint64_t user_microseconds;
    uint64_t system_microseconds;
    uint64_t maximum_resident;
};

/* Once, before any attempt. */
void record_read_boot_id(void);

/* Makes, locks and fills the file. 0 or errno; after an error no file of ours is left. */
int attempt_create(struct attempt_file *file, const struct request *request);
void attempt_started(struct attempt_file *file, pid_t pid, uint64_t ticks, int64_t realtime, uint64_t deadline);
void attempt_state(struct attempt_file *file, enum state state);
void attempt_append(struct attempt_file *file, enum stream stream, const uint8_t *bytes, size_t length, int64_t realtime);

/* Writes the exit record. `payload` gets what ENDED carries, in any case. False: the record could not be written. */
bool attempt_end(struct attempt_file *file, const struct ending *ending, const struct kill_report *report,
        uint8_t payload[EXIT_PAYLOAD_MAXIMUM], size_t *length);
void attempt_close(struct attempt_file *file);

uint32_t crc32_of(const uint8_t *bytes, size_t length);

#endif
