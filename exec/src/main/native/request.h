/* The first frame of a connection: read whole, then parsed in place. */
#ifndef HUFU_REQUEST_H
#define HUFU_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct bytes {
    const uint8_t *at;
    size_t length;
};

struct strings {
    int count;
    const char *at[CGROUPS_MAXIMUM];
};

struct setting {
    const char *file;
    const char *value;
    bool needed;
};

/* The cause is there once the number behind the key, in that file of a group, is more than 0. */
struct limit_event {
    enum cause cause;
    const char *file;
    const char *key;
};

#define NO_LIMIT UINT64_MAX

/* What setrlimit is to bound; NO_LIMIT leaves the supervisor's own. */
struct bounds {
    uint64_t data;
    uint64_t processes;
    uint64_t descriptors;
};

/* Pointers lead into the frame, and end with request_release. */
struct request {
    uint32_t flags;
    enum output_policy output_policy;
    uint64_t output_limit;
    uint64_t timeout;
    uint64_t kill_grace;
    uint64_t drain_grace;
    int64_t not_after; /* realtime; 0: any time will do */
    const char *attempt_file;
    const char *control_socket;
    const char *cwd;
    const char *marker;
    const char *user; /* empty: the supervisor's own */
    struct bounds bounds;
    enum cgroup_version cgroup;
    struct strings directories;
    struct setting settings[SETTINGS_MAXIMUM];
    int setting_count;
    struct limit_event events[EVENTS_MAXIMUM];
    int event_count;
    struct bytes metadata;
    struct bytes input;
    struct bytes script;
    char **argv;
    char **envp;
    void *pointers_mapped;
    size_t pointers_length;
};

struct sweep_request {
    const char *marker;
    int64_t pid;
    uint64_t start_ticks;
    enum cgroup_version cgroup;
    struct strings directories;
};

/* A frame in memory: small ones share one buffer, others are mapped. */
struct received {
    uint16_t type;
    uint8_t *payload;
    size_t length;
    void *mapped;
    size_t mapped_length;
};

/* 0, or the errno to refuse with; ECONNRESET where nobody is left to be told. */
int request_receive(int connection, struct received *received);
void request_discard(struct received *received);

/* 0, or the errno to refuse with. */
int request_parse(struct request *request, uint8_t *payload, size_t length);
void request_release(struct request *request);

int sweep_parse(struct sweep_request *request, uint8_t *payload, size_t length);

#endif
