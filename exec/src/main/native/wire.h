/* Numbers of PROTOCOL.md and little-endian access to bytes. */
#ifndef HUFU_WIRE_H
#define HUFU_WIRE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum frame_type {
    FRAME_LAUNCH = 1,
    FRAME_STOP = 2,
    FRAME_SIGNAL = 3,
    FRAME_ATTACH = 4,
    FRAME_SWEEP = 5,
    FRAME_CONSUMED = 6,
    FRAME_STARTED = 129,
    FRAME_ENDED = 130,
    FRAME_REFUSED = 131,
    FRAME_KILL_PENDING = 132,
    FRAME_ATTACHED = 133,
    FRAME_SWEPT = 134
};

enum stage {
    STAGE_EXEC = 1,
    STAGE_CHDIR = 2,
    STAGE_USER = 3,
    STAGE_LIMITS = 4,
    STAGE_FORK = 5,
    STAGE_PIPE = 6,
    STAGE_STDIN = 7,
    STAGE_SCRIPT = 8,
    STAGE_ATTEMPT_FILE = 9,
    STAGE_REQUEST = 10,
    STAGE_NOT_AFTER = 11
};

enum cause {
    CAUSE_NONE = 0,
    CAUSE_DEADLINE = 1,
    CAUSE_REQUESTED = 2,
    CAUSE_OUTPUT = 3,
    CAUSE_MEMORY = 4,
    CAUSE_PIDS = 5,
    CAUSE_LAST = CAUSE_PIDS
};

enum output_policy { OUTPUT_TRUNCATE = 0, OUTPUT_KILL = 1, OUTPUT_BLOCK = 2 };

enum cgroup_version { CGROUP_NONE = 0, CGROUP_V1 = 1, CGROUP_V2 = 2, CGROUP_LAST = CGROUP_V2 };

enum state { STATE_PREPARING = 0, STATE_RUNNING = 1, STATE_STOPPING = 2, STATE_KILL_PENDING = 3, STATE_ENDED = 4 };

enum {
    REQUEST_VERSION = 3,
    RECORD_VERSION = 1,
    FRAME_HEADER = 8,
    FRAME_MAXIMUM = 64 << 20,
    LAUNCH_ALLOW_PRIVILEGE_GAIN = 1,
    LAUNCH_SCRIPT = 2,
    LAUNCH_OUTPUT_KILL = 4,
    LAUNCH_OUTPUT_BLOCK = 8,
    CONTROL_SOCKET_MAXIMUM = 107,
    CGROUPS_MAXIMUM = 8,
    /* Room for the paths of an attempt's groups, all together. */
    CGROUP_TEXT_MAXIMUM = 2048,
    SETTINGS_MAXIMUM = 16,
    EVENTS_MAXIMUM = 2,
    EVENT_KEY_MAXIMUM = 16
};

static inline uint16_t get16(const uint8_t *at) {
    uint16_t value;
    memcpy(&value, at, sizeof value);
    return le16toh(value);
}

static inline uint32_t get32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

static inline uint64_t get64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return le64toh(value);
}

static inline void put16(uint8_t *at, uint16_t value) {
    value = htole16(value);
    memcpy(at, &value, sizeof value);
}

static inline void put32(uint8_t *at, uint32_t value) {
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static inline void put64(uint8_t *at, uint64_t value) {
    value = htole64(value);
    memcpy(at, &value, sizeof value);
}

#endif
