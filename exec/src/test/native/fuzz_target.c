/*
 * What a connection may bring, byte for byte: the first byte of an input chooses the pieces it arrives in, and whether they
 * come to the launcher's socket or follow a launch; the rest is the stream. Whatever it is must be understood or refused,
 * never read beyond (the sanitizers watch), and what was understood must be all that was said.
 */
#include "fuzz_target.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "../../main/native/frame.h"
#include "../../main/native/instruction.h"
#include "../../main/native/request.h"
#include "../../main/native/wire.h"

#define REQUIRE(condition)                                                   \
    do {                                                                     \
        if (!(condition)) {                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);  \
            abort();                                                         \
        }                                                                    \
    } while (0)

static struct {
    const uint8_t *bytes;
    size_t left;
    size_t piece;
    unsigned turn;
} stream;

/* The two calls by which the parser takes in bytes; linked in under these names. */
ssize_t fuzz_recv(int connection, void *bytes, size_t length, int flags);
int fuzz_poll(struct pollfd *watched, nfds_t count, int timeout);

ssize_t fuzz_recv(int connection, void *bytes, size_t length, int flags) {
    REQUIRE(connection == FUZZ_CONNECTION && flags == MSG_DONTWAIT && length > 0);
    if (stream.piece != 0 && stream.turn++ % 3 == 2) {
        errno = stream.turn % 2 == 0 ? EINTR : EAGAIN;
        return -1;
    }
    size_t count = length < stream.left ? length : stream.left;
    if (stream.piece != 0 && count > stream.piece) {
        count = stream.piece;
    }
    memcpy(bytes, stream.bytes, count);
    stream.bytes += count;
    stream.left -= count;
    return (ssize_t) count;
}

int fuzz_poll(struct pollfd *watched, nfds_t count, int timeout) {
    (void) watched;
    REQUIRE(count == 1 && timeout > 0);
    return 1;
}

struct said {
    const uint8_t *at;
    const uint8_t *end;
};

static void same(struct said *said, const void *bytes, size_t length) {
    REQUIRE((size_t) (said->end - said->at) >= length);
    REQUIRE(length == 0 || memcmp(said->at, bytes, length) == 0);
    said->at += length;
}

static void same32(struct said *said, uint32_t value) {
    uint8_t bytes[4];
    put32(bytes, value);
    same(said, bytes, sizeof bytes);
}

static void same64(struct said *said, uint64_t value) {
    uint8_t bytes[8];
    put64(bytes, value);
    same(said, bytes, sizeof bytes);
}

static void same_string(struct said *said, const char *string) {
    same32(said, (uint32_t) strlen(string) + 1);
    same(said, string, strlen(string) + 1);
}

static void same_blob(struct said *said, struct bytes blob) {
    same32(said, (uint32_t) blob.length);
    same(said, blob.at, blob.length);
}

static uint32_t count_of(char *const *strings) {
    uint32_t count = 0;
    while (strings[count] != NULL) {
        count++;
    }
    return count;
}

static void same_directories(struct said *said, const struct strings *directories) {
    for (int i = 0; i < directories->count; i++) {
        const char *name = strrchr(directories->at[i], '/');
        REQUIRE(directories->at[i][0] == '/' && strncmp(name, "/hufu-", 6) == 0);
        same_string(said, directories->at[i]);
    }
}

static void same_groups(struct said *said, const struct request *request) {
    same_directories(said, &request->directories);
    for (int i = 0; i < request->setting_count; i++) {
        same32(said, request->settings[i].needed ? 1 : 0);
        same_string(said, request->settings[i].file);
        same_string(said, request->settings[i].value);
    }
    for (int i = 0; i < request->event_count; i++) {
        same32(said, request->events[i].cause);
        same_string(said, request->events[i].file);
        same_string(said, request->events[i].key);
        REQUIRE(strlen(request->events[i].key) < EVENT_KEY_MAXIMUM);
    }
}

/* Said again from what was understood, it is the same. */
static void check_launch(const struct request *request, struct said said) {
    same32(&said, REQUEST_VERSION);
    same32(&said, request->flags);
    same64(&said, request->output_limit);
    same64(&said, request->timeout);
    same64(&said, request->kill_grace);
    same64(&said, request->drain_grace);
    same64(&said, (uint64_t) request->not_after);
    same32(&said, count_of(request->argv));
    same32(&said, count_of(request->envp));
    same64(&said, request->bounds.data);
    same64(&said, request->bounds.processes);
    same64(&said, request->bounds.descriptors);
    same32(&said, request->cgroup);
    same32(&said, (uint32_t) request->directories.count);
    same32(&said, (uint32_t) request->setting_count);
    same32(&said, (uint32_t) request->event_count);
    same_string(&said, request->attempt_file);
    same_string(&said, request->control_socket);
    same_string(&said, request->cwd);
    same_string(&said, request->marker);
    same_string(&said, request->user);
    same_groups(&said, request);
    same_blob(&said, request->metadata);
    same_blob(&said, request->input);
    same_blob(&said, request->script);
    for (char *const *argument = request->argv; *argument != NULL; argument++) {
        same_string(&said, *argument);
    }
    for (char *const *entry = request->envp; *entry != NULL; entry++) {
        same_string(&said, *entry);
    }
    REQUIRE(said.at == said.end);
    REQUIRE(request->argv[0] != NULL);
    REQUIRE(request->attempt_file[0] == '/' && request->control_socket[0] == '/' && request->cwd[0] == '/');
    REQUIRE(strlen(request->control_socket) <= CONTROL_SOCKET_MAXIMUM);
}

static int parse_launch(uint8_t *payload, size_t length) {
    struct request request;
    int error = request_parse(&request, payload, length);
    REQUIRE(error == 0 || error == EPROTO || error == ENAMETOOLONG || error == EINVAL);
    if (error == 0) {
        check_launch(&request, (struct said){payload, payload + length});
    }
    request_release(&request);
    return error;
}

static int parse_sweep(uint8_t *payload, size_t length) {
    struct sweep_request request;
    int error = sweep_parse(&request, payload, length);
    REQUIRE(error == 0 || error == EPROTO);
    if (error == 0) {
        struct said said = {payload, payload + length};
        same_string(&said, request.marker);
        same64(&said, (uint64_t) request.pid);
        same64(&said, request.start_ticks);
        same32(&said, request.cgroup);
        same32(&said, (uint32_t) request.directories.count);
        same_directories(&said, &request.directories);
        REQUIRE(said.at == said.end);
    }
    return error;
}

static bool first_frame(void) {
    struct received received;
    int error = request_receive(FUZZ_CONNECTION, &received);
    REQUIRE(error == 0 || error == EPROTO || error == ECONNRESET);
    if (error != 0) {
        return false;
    }
    /* In a block of exactly its size, so that a read beyond it is seen. */
    uint8_t *copy = malloc(received.length > 0 ? received.length : 1);
    REQUIRE(copy != NULL);
    memcpy(copy, received.payload, received.length);
    error = received.type == FRAME_LAUNCH ? parse_launch(copy, received.length)
            : received.type == FRAME_SWEEP ? parse_sweep(copy, received.length)
                                           : EPROTO;
    free(copy);
    request_discard(&received);
    return error == 0;
}

/* What the frames are, found out the simple way: the whole stream is at hand. */
static bool next_said(struct said *said, struct said *frame) {
    size_t left = (size_t) (said->end - said->at);
    if (left < FRAME_HEADER) {
        return false;
    }
    size_t length = get32(said->at);
    if (length < FRAME_HEADER - 4 || length > FRAME_HEADER - 4 + FRAME_PAYLOAD_READ || get16(said->at + 6) != 0
            || left < length + 4) {
        return false;
    }
    *frame = (struct said){said->at, said->at + length + 4};
    said->at = frame->end;
    return true;
}

static void check_frame(const struct frame *frame, struct said said) {
    REQUIRE(said.end - said.at == (ptrdiff_t) (frame->length + FRAME_HEADER));
    REQUIRE(get16(said.at + 4) == frame->type);
    REQUIRE(memcmp(said.at + FRAME_HEADER, frame->payload, frame->length) == 0);
}

static void check_instruction(const struct instruction *instruction, const struct frame *frame) {
    switch (instruction->kind) {
        case INSTRUCTION_STOP:
            REQUIRE(frame->type == FRAME_STOP && instruction->cause > CAUSE_NONE && instruction->cause <= CAUSE_LAST);
            break;
        case INSTRUCTION_SIGNAL:
            REQUIRE(frame->type == FRAME_SIGNAL && instruction->signal >= 1 && instruction->signal <= 64);
            break;
        case INSTRUCTION_CONSUMED:
            REQUIRE(frame->type == FRAME_CONSUMED && frame->length == 16);
            break;
        case INSTRUCTION_NOTHING:
            REQUIRE(frame->type == FRAME_ATTACH && frame->length == 0);
            break;
    }
}

static int control_frames(struct said said) {
    struct frame_reader reader = {.used = 0};
    struct frame frame;
    struct said wanted;
    int understood = 0;
    bool holds = true;
    while (holds) {
        holds = frame_receive(FUZZ_CONNECTION, &reader);
        enum frame_found found;
        while ((found = frame_next(&reader, &frame)) == FRAME_READY) {
            struct instruction instruction;
            REQUIRE(next_said(&said, &wanted));
            check_frame(&frame, wanted);
            if (!instruction_parse(&instruction, &frame)) {
                return understood;
            }
            check_instruction(&instruction, &frame);
            understood++;
        }
        if (found == FRAME_MALFORMED) {
            REQUIRE(!next_said(&said, &wanted));
            return understood;
        }
    }
    REQUIRE(!next_said(&said, &wanted));
    return understood;
}

int fuzz_one(const uint8_t *bytes, size_t length) {
    if (length == 0) {
        return 0;
    }
    stream.bytes = bytes + 1;
    stream.left = length - 1;
    stream.piece = bytes[0] >> 1;
    stream.turn = 0;
    if (bytes[0] & 1) {
        return control_frames((struct said){bytes + 1, bytes + length});
    }
    return first_frame() ? 1 : 0;
}

void fuzz_mend(uint8_t *bytes, size_t length) {
    if (length > FRAME_HEADER) {
        put32(bytes + 1, (uint32_t) length - 5);
        put16(bytes + 7, 0);
    }
}
