/* Whatever comes in must be parsed or refused, and never read beyond: the sanitizers watch. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../main/native/frame.h"
#include "../../main/native/request.h"
#include "../../main/native/wire.h"
#include "check.h"
#include "client.h"

static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t random_below(uint32_t limit) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t) ((seed >> 16) % limit);
}

static uint8_t *sample(size_t *length) {
    struct order order = shell("echo hello");
    static const char *const envp[] = {"PATH=/bin", "HOME=/", "EMPTY=", NULL};
    order.envp = envp;
    order.marker = "HUFU_TASK_ID=1";
    order.metadata = "metadata";
    order.input = "input";
    order.input_length = 5;
    order.script = "script";
    order.not_after = INT64_C(-2);
    static const char *const directories[] = {"/cgroup/freezer/hufu-1", "/cgroup/memory/hufu-1", NULL};
    static const struct setting_order settings[] = {
        {1, "/cgroup/memory/hufu-1/memory.limit_in_bytes", "1048576"},
        {0, "/cgroup/memory/hufu-1/memory.memsw.limit_in_bytes", "1048576"},
        {0, NULL, NULL},
    };
    static const struct event_order limit_events[] = {
        {CAUSE_MEMORY, "/cgroup/memory/hufu-1/memory.oom_control", "oom_kill"}, {0, NULL, NULL}};
    order.user = "nobody";
    order.data_limit = 1 << 20;
    order.descriptor_limit = 64;
    order.cgroup = CGROUP_V1;
    order.directories = directories;
    order.settings = settings;
    order.events = limit_events;
    return build_launch(&order, "/data/attempt", "/run/control", length);
}

/* In a block of exactly this size, so that a read beyond it is seen. */
static int parse_copy(const uint8_t *payload, size_t length, struct request *request) {
    uint8_t *copy = malloc(length > 0 ? length : 1);
    CHECK(copy != NULL);
    memcpy(copy, payload, length);
    int error = request_parse(request, copy, length);
    if (error == 0) {
        /* All that it says must be there to be read. */
        size_t sum = strlen(request->attempt_file) + strlen(request->cwd) + strlen(request->marker);
        for (char **argument = request->argv; *argument != NULL; argument++) {
            sum += strlen(*argument);
        }
        for (char **entry = request->envp; *entry != NULL; entry++) {
            sum += strlen(*entry);
        }
        for (size_t i = 0; i < request->metadata.length; i++) {
            sum += request->metadata.at[i];
        }
        CHECK(sum > 0);
        CHECK(request->argv[0] != NULL && request->attempt_file[0] == '/');
    }
    request_release(request);
    free(copy);
    return error;
}

static void whole_request_is_understood(void) {
    size_t length;
    uint8_t *payload = sample(&length);
    struct request request;
    CHECK_EQUAL(request_parse(&request, payload, length), 0);
    CHECK_EQUAL(request.flags, LAUNCH_SCRIPT);
    CHECK_EQUAL(request.output_limit, 1 << 20);
    CHECK_EQUAL(request.kill_grace, 1000000000);
    CHECK_EQUAL(request.drain_grace, 1000000000);
    CHECK_EQUAL(request.not_after, -2);
    CHECK(strcmp(request.attempt_file, "/data/attempt") == 0);
    CHECK(strcmp(request.control_socket, "/run/control") == 0);
    CHECK(strcmp(request.marker, "HUFU_TASK_ID=1") == 0);
    CHECK(request.metadata.length == 8 && memcmp(request.metadata.at, "metadata", 8) == 0);
    CHECK(request.input.length == 5 && memcmp(request.input.at, "input", 5) == 0);
    CHECK(request.script.length == 6 && memcmp(request.script.at, "script", 6) == 0);
    CHECK(strcmp(request.argv[2], "echo hello") == 0 && request.argv[3] == NULL);
    CHECK(strcmp(request.envp[2], "EMPTY=") == 0 && request.envp[3] == NULL);
    CHECK(strcmp(request.user, "nobody") == 0);
    CHECK(request.bounds.data == 1 << 20 && request.bounds.processes == NO_LIMIT && request.bounds.descriptors == 64);
    CHECK(request.cgroup == CGROUP_V1 && request.directories.count == 2);
    CHECK(strcmp(request.directories.at[1], "/cgroup/memory/hufu-1") == 0);
    CHECK(request.setting_count == 2 && request.settings[0].needed && !request.settings[1].needed);
    CHECK(strcmp(request.settings[1].value, "1048576") == 0);
    CHECK(request.event_count == 1 && request.events[0].cause == CAUSE_MEMORY);
    CHECK(strcmp(request.events[0].key, "oom_kill") == 0);
    request_release(&request);
    free(payload);
}

static void every_truncation_is_refused(void) {
    size_t length;
    uint8_t *payload = sample(&length);
    struct request request;
    for (size_t cut = 0; cut < length; cut++) {
        CHECK_EQUAL(parse_copy(payload, cut, &request), EPROTO);
    }
    uint8_t *longer = calloc(1, length + 1);
    memcpy(longer, payload, length);
    CHECK_EQUAL(parse_copy(longer, length + 1, &request), EPROTO);
    free(longer);
    free(payload);
}

static void random_mutations_do_no_harm(void) {
    size_t length;
    uint8_t *payload = sample(&length);
    uint8_t *mutated = malloc(length);
    int understood = 0;
    for (int round = 0; round < 200000; round++) {
        struct request request;
        memcpy(mutated, payload, length);
        for (uint32_t changes = 1 + random_below(4); changes > 0; changes--) {
            size_t at = random_below((uint32_t) length);
            switch (random_below(4)) {
                case 0:
                    mutated[at] = (uint8_t) random_below(256);
                    break;
                case 1:
                    mutated[at] ^= (uint8_t) (1U << random_below(8));
                    break;
                case 2:
                    mutated[at] = random_below(2) != 0 ? 0xff : 0;
                    break;
                default:
                    /* A length or count gone wrong. */
                    put32(mutated + (at > length - 4 ? length - 4 : at), random_below(2) != 0 ? ~0U - random_below(16) : random_below(64));
                    break;
            }
        }
        size_t part = random_below(8) == 0 ? random_below((uint32_t) length) : length;
        int error = parse_copy(mutated, part, &request);
        CHECK(error == 0 || error == EPROTO || error == ENAMETOOLONG || error == EINVAL);
        understood += error == 0;
    }
    CHECK(understood > 1000);
    free(mutated);
    free(payload);
}

static void offset32(size_t offset, uint32_t value, int error) {
    size_t length;
    uint8_t *payload = sample(&length);
    struct request request;
    put32(payload + offset, value);
    CHECK_EQUAL(parse_copy(payload, length, &request), error);
    free(payload);
}

static void counts_and_flags_are_checked(void) {
    offset32(0, 2, EPROTO); /* the version before */
    offset32(0, 4, EPROTO);
    offset32(4, LAUNCH_SCRIPT | 16, EPROTO); /* unknown flag */
    offset32(4, LAUNCH_SCRIPT | LAUNCH_OUTPUT_KILL | LAUNCH_OUTPUT_BLOCK, EPROTO); /* which of the two? */
    offset32(4, 0, EPROTO); /* a script without its flag */
    offset32(48, 0, EPROTO); /* no argument */
    offset32(48, UINT32_MAX, EPROTO);
    offset32(52, UINT32_MAX, EPROTO);
    offset32(80, CGROUP_NONE, EPROTO); /* groups of no hierarchy */
    offset32(80, CGROUP_LAST + 1, EPROTO);
    offset32(84, CGROUPS_MAXIMUM + 1, EPROTO);
    offset32(88, SETTINGS_MAXIMUM + 1, EPROTO);
    offset32(92, EVENTS_MAXIMUM + 1, EPROTO);
    offset32(12, 1 << 16, EINVAL); /* output limit beyond any file */
}

static void sweep_requests(void) {
    uint8_t payload[] = {4, 0, 0, 0, 'A', '=', 'b', 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,
        2, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, '/', 'c', '/', 'h', 'u', 'f', 'u', '-', 0};
    struct sweep_request request;
    CHECK_EQUAL(sweep_parse(&request, payload, sizeof payload), 0);
    CHECK(strcmp(request.marker, "A=b") == 0 && request.pid == 7 && request.start_ticks == 9);
    CHECK(request.cgroup == CGROUP_V2 && request.directories.count == 1);
    CHECK(strcmp(request.directories.at[0], "/c/hufu-") == 0);
    for (size_t cut = 0; cut < sizeof payload; cut++) {
        uint8_t *copy = malloc(cut + 1);
        memcpy(copy, payload, cut);
        CHECK_EQUAL(sweep_parse(&request, copy, cut), EPROTO);
        free(copy);
    }
    payload[43] = '_'; /* no group of ours */
    CHECK_EQUAL(sweep_parse(&request, payload, sizeof payload), EPROTO);
    payload[43] = '-';
    payload[15] = 0x80; /* a negative pid */
    CHECK_EQUAL(sweep_parse(&request, payload, sizeof payload), EPROTO);
}

static void control_frames_in_any_pieces(void) {
    struct frame_reader reader = {.used = 0};
    struct frame frame;
    for (int round = 0; round < 100000; round++) {
        size_t room = sizeof reader.bytes - reader.used;
        size_t count = random_below(12);
        for (size_t i = 0; i < count && i < room; i++) {
            reader.bytes[reader.used++] = (uint8_t) (random_below(3) == 0 ? random_below(256) : 0);
        }
        if (random_below(4) == 0 && reader.used == 0) {
            put32(reader.bytes, 4 + random_below(33));
            put32(reader.bytes + 4, random_below(8));
            reader.used = 8 + random_below(33);
        }
        enum frame_found found = frame_next(&reader, &frame);
        CHECK(reader.used <= sizeof reader.bytes);
        if (found == FRAME_READY) {
            CHECK(frame.length <= FRAME_PAYLOAD_READ);
        } else if (found == FRAME_MALFORMED || reader.used == sizeof reader.bytes) {
            reader.used = 0;
        }
    }
}

const struct test_case parser_cases[] = {
    {"whole_request_is_understood", whole_request_is_understood},
    {"every_truncation_is_refused", every_truncation_is_refused},
    {"random_mutations_do_no_harm", random_mutations_do_no_harm},
    {"counts_and_flags_are_checked", counts_and_flags_are_checked},
    {"sweep_requests", sweep_requests},
    {"control_frames_in_any_pieces", control_frames_in_any_pieces},
    {NULL, NULL},
};
