/* The attempt file against PROTOCOL.md and against a naive model of a stream. */
#include "../../main/native/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "client.h"

enum { TAIL = 65536, MODEL = 1 << 20 };

static uint64_t seed = 88172645463325252;

static uint32_t random_below(uint32_t limit) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t) ((seed >> 16) % limit);
}

static struct request request_for(const char *path, uint64_t limit, const char *metadata) {
    return (struct request){
        .attempt_file = path,
        .control_socket = "/run/control",
        .cwd = "/",
        .marker = "NAME=value",
        .output_limit = limit,
        .metadata = {(const uint8_t *) metadata, strlen(metadata)},
    };
}

static void crc_is_zlib_s(void) {
    CHECK_EQUAL(crc32_of((const uint8_t *) "123456789", 9), 0xcbf43926);
    CHECK_EQUAL(crc32_of((const uint8_t *) "", 0), 0);
    uint8_t zeros[32] = {0};
    CHECK_EQUAL(crc32_of(zeros, sizeof zeros), 0x190a55ad);
}

static void parts_do_not_overlap(void) {
    static const uint64_t limits[] = {0, 1, 4095, 4096, 4097, 1 << 20, UINT64_C(1) << 40};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const char *path = fresh("r");
        struct request request = request_for(path, limits[i], "metadata");
        struct attempt_file file;
        CHECK_EQUAL(attempt_create(&file, &request), 0);
        uint64_t tail = header64(path, 24);
        uint64_t index = header64(path, 32);
        uint64_t capacity = header64(path, 40);
        uint64_t output = header64(path, 48);
        uint64_t errors = header64(path, 56);
        CHECK_EQUAL(tail, 8192 + 4096);
        CHECK_EQUAL(index, tail + 2 * 131072);
        CHECK_EQUAL(capacity, 2 * limits[i] / 4096 + 65536);
        CHECK(output >= index + capacity * 16 && output % 4096 == 0);
        CHECK(errors >= output + limits[i] && errors % 4096 == 0);
        CHECK_EQUAL(header64(path, 16), limits[i]);
        CHECK_EQUAL(header64(path, 104), getpid());
        struct stat status;
        CHECK(stat(path, &status) == 0);
        /* Exit record's room is there, and metadata. */
        CHECK_EQUAL(status.st_size, 8192 + 8);
        CHECK(status.st_blocks * 512 >= 8192);
        attempt_close(&file);
        unlink(path);
    }
}

static void existing_or_impossible_files_are_refused(void) {
    struct attempt_file file;
    struct attempt_file other;
    const char *path = fresh("r");
    struct request request = request_for(path, 10, "");
    CHECK_EQUAL(attempt_create(&file, &request), 0);
    CHECK(is_locked(path));
    CHECK_EQUAL(attempt_create(&other, &request), EEXIST);
    attempt_close(&file);
    CHECK(!is_locked(path));
    CHECK(exists(path));
    request = request_for("/no/such/directory/file", 10, "");
    CHECK_EQUAL(attempt_create(&other, &request), ENOENT);
}

static void exit_record_is_as_written(void) {
    const char *path = fresh("r");
    struct request request = request_for(path, 10, "");
    struct attempt_file file;
    CHECK_EQUAL(attempt_create(&file, &request), 0);
    attempt_append(&file, STREAM_STDERR, (const uint8_t *) "abc", 3, 5);
    struct ending ending = {
        .kind = EXIT_SIGNALED,
        .value = 9,
        .detail = 1,
        .cause = CAUSE_DEADLINE,
        .strays_killed = true,
        .start_realtime = 11,
        .end_realtime = 12,
        .wall = 13,
        .user_microseconds = 14,
        .system_microseconds = 15,
        .maximum_resident = 16,
    };
    struct kill_report report = {.proof = PROOF_NO_CHILDREN, .cause = CAUSE_DEADLINE, .duration = 17, .count = 32};
    for (uint32_t i = 0; i < 32; i++) {
        report.steps[i] = (struct kill_step){.signal = i, .signalled = 100 + i, .survivors = 200 + i, .realtime = 300 + i};
    }
    uint8_t payload[EXIT_PAYLOAD_MAXIMUM];
    size_t length;
    CHECK(attempt_end(&file, &ending, &report, payload, &length));
    CHECK_EQUAL(length, 112 + 32 * 24);
    CHECK_EQUAL(header32(path, 1064), STATE_ENDED);
    struct ended read = read_record(path);
    CHECK(read.kind == 2 && read.value == 9 && read.detail == 1 && read.cause == 1 && read.flags == STRAYS_KILLED);
    CHECK(read.start_realtime == 11 && read.end_realtime == 12 && read.wall == 13 && read.user == 14);
    CHECK(read.system == 15 && read.resident == 16 && read.written[0] == 0 && read.written[1] == 3);
    CHECK(read.proof == 2 && read.kill_cause == 1 && read.kill_duration == 17 && read.steps == 32);
    CHECK(read.step[31].signal == 31 && read.step[31].signalled == 131 && read.step[31].survivors == 231);
    attempt_close(&file);
}

struct model {
    size_t length;
    uint8_t bytes[MODEL];
};

static struct model models[2];

static void compare(const char *path, int fd, int stream, uint64_t limit) {
    static uint8_t kept[MODEL];
    const struct model *model = &models[stream];
    uint64_t head = model->length < limit ? model->length : limit;
    CHECK_EQUAL(header64(path, stream == 0 ? 1024 : 1032), model->length);
    CHECK_EQUAL(header64(path, stream == 0 ? 1048 : 1056), head);
    CHECK_EQUAL(pread(fd, kept, head, (off_t) header64(path, stream == 0 ? 48 : 56)), head);
    CHECK(memcmp(kept, model->bytes, head) == 0);
    uint64_t ring = header64(path, 24) + (uint64_t) stream * 131072;
    uint64_t from = model->length > TAIL ? model->length - TAIL : 0;
    for (uint64_t position = from < limit ? limit : from; position < model->length;) {
        uint64_t at = (position - limit) % 131072;
        uint64_t count = 131072 - at < model->length - position ? 131072 - at : model->length - position;
        CHECK_EQUAL(pread(fd, kept, count, (off_t) (ring + at)), count);
        CHECK(memcmp(kept, model->bytes + position, count) == 0);
        position += count;
    }
}

static void streams_are_kept_like_the_model_s(void) {
    static const uint64_t limits[] = {0, 1, 1000, 65536, 100000, 131072, 300000};
    static uint8_t chunk[APPEND_MAXIMUM];
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        const char *path = fresh("r");
        struct request request = request_for(path, limits[i], "m");
        struct attempt_file file;
        CHECK_EQUAL(attempt_create(&file, &request), 0);
        models[0].length = models[1].length = 0;
        for (int round = 0; round < 60; round++) {
            int stream = (int) random_below(2);
            struct model *model = &models[stream];
            size_t length = random_below(3) == 0 ? APPEND_MAXIMUM : 1 + random_below(random_below(2) != 0 ? 100 : 40000);
            if (model->length + length > MODEL) {
                continue;
            }
            for (size_t j = 0; j < length; j++) {
                chunk[j] = (uint8_t) random_below(256);
            }
            attempt_append(&file, (enum stream) stream, chunk, length, 1);
            memcpy(model->bytes + model->length, chunk, length);
            model->length += length;
            compare(path, file.fd, stream, limits[i]);
        }
        compare(path, file.fd, 0, limits[i]);
        compare(path, file.fd, 1, limits[i]);
        attempt_close(&file);
        unlink(path);
    }
}

static void index_is_like_the_model_s(void) {
    const char *path = fresh("r");
    struct request request = request_for(path, 0, "");
    struct attempt_file file;
    uint8_t chunk[5000] = {0};
    CHECK_EQUAL(attempt_create(&file, &request), 0);
    uint64_t written[2] = {0};
    uint64_t count = 0;
    uint64_t last_position = 0;
    int last_stream = -1;
    int64_t last_time = 0;
    int64_t time = INT64_C(1700000000000000000);
    for (int round = 0; round < 70000; round++) {
        int stream = random_below(5) == 0;
        size_t length = 1 + random_below(random_below(10) == 0 ? 5000 : 20);
        time += random_below(4000000);
        bool expected = stream != last_stream || time - last_time >= 10000000 || written[stream] - last_position >= 4096;
        if (expected && count < 65536) {
            last_stream = stream;
            last_time = time;
            last_position = written[stream];
            count++;
        }
        attempt_append(&file, (enum stream) stream, chunk, length, time);
        written[stream] += length;
        if (round % 1000 == 0 || (expected && round < 2000)) {
            CHECK_EQUAL(header64(path, 1040), count);
            uint64_t at = header64(path, 32) + (count - 1) * 16;
            CHECK_EQUAL(header64(path, at), last_time);
            CHECK_EQUAL(header64(path, at + 8), (uint64_t) last_stream << 63 | last_position);
        }
    }
    CHECK(count > 10000);
    attempt_close(&file);
    unlink(path);
}

static void full_index_takes_no_more(void) {
    const char *path = fresh("r");
    struct request request = request_for(path, 0, "");
    struct attempt_file file;
    CHECK_EQUAL(attempt_create(&file, &request), 0);
    for (int i = 0; i < 65536 + 100; i++) {
        attempt_append(&file, (enum stream) (i % 2), (const uint8_t *) "x", 1, i);
    }
    CHECK_EQUAL(header64(path, 1040), 65536);
    CHECK_EQUAL(header64(path, 1024), (65536 + 100) / 2);
    CHECK_EQUAL(header32(path, 1068), 0);
    attempt_close(&file);
    unlink(path);
}

const struct test_case record_cases[] = {
    {"crc_is_zlib_s", crc_is_zlib_s},
    {"parts_do_not_overlap", parts_do_not_overlap},
    {"existing_or_impossible_files_are_refused", existing_or_impossible_files_are_refused},
    {"exit_record_is_as_written", exit_record_is_as_written},
    {"streams_are_kept_like_the_model_s", streams_are_kept_like_the_model_s},
    {"index_is_like_the_model_s", index_is_like_the_model_s},
    {"full_index_takes_no_more", full_index_takes_no_more},
    {NULL, NULL},
};
