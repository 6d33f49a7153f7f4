/* The first frame of a connection: read whole, then parsed in place. */
#ifndef HUFU_REQUEST_H
#define HUFU_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct bytes {
    const uint8_t *at;
    size_t length;
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
