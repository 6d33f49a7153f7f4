#include "request.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "wire.h"

enum {
    SMALL_FRAME = 64 << 10,
    SMALL_POINTERS = 512,
    PATIENCE_MILLISECONDS = 30000,
    /* Room for what is appended to the attempt file's path. */
    ATTEMPT_FILE_MAXIMUM = PATH_MAX - 16
};

/* Offsets of the attempt file stay far below what any file system allows. */
#define OUTPUT_LIMIT_MAXIMUM (UINT64_C(1) << 40)

static uint8_t small_frame[SMALL_FRAME];
static char *small_pointers[SMALL_POINTERS];

static void *map(size_t length) {
    void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static int receive_whole(int connection, uint8_t *bytes, size_t length) {
    size_t done = 0;
    while (done < length) {
        ssize_t count = recv(connection, bytes + done, length - done, MSG_DONTWAIT);
        if (count > 0) {
            done += (size_t) count;
            continue;
        }
        if (count == 0) {
            return ECONNRESET;
        }
        if (errno == EINTR) {
            continue;
        }
        if (errno != EAGAIN) {
            return ECONNRESET;
        }
        struct pollfd readable = {.fd = connection, .events = POLLIN};
        int ready = poll(&readable, 1, PATIENCE_MILLISECONDS);
        if (ready == 0) {
            return ETIMEDOUT;
        }
        if (ready < 0 && errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

int request_receive(int connection, struct received *received) {
    uint8_t header[FRAME_HEADER];
    *received = (struct received){0};
    int error = receive_whole(connection, header, sizeof header);
    if (error != 0) {
        return error;
    }
    uint32_t length = get32(header);
    if (length < FRAME_HEADER - 4 || length > FRAME_MAXIMUM || get16(header + 6) != 0) {
        return EPROTO;
    }
    received->type = get16(header + 4);
    received->length = length - (FRAME_HEADER - 4);
    received->payload = small_frame;
    if (received->length > sizeof small_frame) {
        received->mapped = map(received->length);
        if (received->mapped == NULL) {
            return ENOMEM;
        }
        received->mapped_length = received->length;
        received->payload = received->mapped;
    }
    error = receive_whole(connection, received->payload, received->length);
    if (error != 0) {
        request_discard(received);
    }
    return error;
}

void request_discard(struct received *received) {
    if (received->mapped != NULL) {
        munmap(received->mapped, received->mapped_length);
        received->mapped = NULL;
    }
}

/* What is left to parse. Once `malformed`, every take answers zero or empty. */
struct cursor {
    uint8_t *at;
    size_t left;
    bool malformed;
};

static uint8_t *take(struct cursor *cursor, size_t length) {
    if (cursor->malformed || length > cursor->left) {
        cursor->malformed = true;
        return NULL;
    }
    uint8_t *taken = cursor->at;
    cursor->at += length;
    cursor->left -= length;
    return taken;
}

static uint32_t take32(struct cursor *cursor) {
    const uint8_t *taken = take(cursor, 4);
    return taken == NULL ? 0 : get32(taken);
}

static uint64_t take64(struct cursor *cursor) {
    const uint8_t *taken = take(cursor, 8);
    return taken == NULL ? 0 : get64(taken);
}

static struct bytes take_blob(struct cursor *cursor) {
    size_t length = take32(cursor);
    const uint8_t *taken = take(cursor, length);
    return (struct bytes){.at = taken, .length = taken == NULL ? 0 : length};
}

static char *take_string(struct cursor *cursor) {
    static char empty[1];
    size_t length = take32(cursor);
    uint8_t *taken = take(cursor, length);
    if (taken == NULL || length == 0 || memchr(taken, 0, length) != taken + length - 1) {
        cursor->malformed = true;
        return empty;
    }
    return (char *) taken;
}

static void take_strings(struct cursor *cursor, char **strings, uint32_t count) {
    for (uint32_t i = 0; i < count && !cursor->malformed; i++) {
        strings[i] = take_string(cursor);
    }
    strings[count] = NULL;
}

/* Groups of ours have names of ours: no other is ever made, killed or removed. */
static bool is_group(const char *directory) {
    const char *slash = strrchr(directory, '/');
    return directory[0] == '/' && strstr(directory, "/../") == NULL && strncmp(slash + 1, "hufu-", 5) == 0;
}

static bool take_cgroup(struct cursor *cursor, uint32_t version, uint32_t count, struct strings *directories) {
    if (version > CGROUP_LAST || count > CGROUPS_MAXIMUM || (version == CGROUP_NONE) != (count == 0)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        directories->at[i] = take_string(cursor);
        if (!cursor->malformed && !is_group(directories->at[i])) {
            return false;
        }
    }
    directories->count = (int) count;
    return !cursor->malformed;
}

static bool take_settings(struct cursor *cursor, struct request *request, uint32_t count) {
    if (count > (request->cgroup == CGROUP_NONE ? 0 : SETTINGS_MAXIMUM)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct setting *setting = &request->settings[i];
        uint32_t needed = take32(cursor);
        setting->needed = needed == 1;
        setting->file = take_string(cursor);
        setting->value = take_string(cursor);
        if (needed > 1 || cursor->malformed || setting->file[0] != '/') {
            return false;
        }
    }
    request->setting_count = (int) count;
    return true;
}

static bool take_events(struct cursor *cursor, struct request *request, uint32_t count) {
    if (count > (request->cgroup == CGROUP_NONE ? 0 : EVENTS_MAXIMUM)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct limit_event *event = &request->events[i];
        uint32_t cause = take32(cursor);
        event->file = take_string(cursor);
        event->key = take_string(cursor);
        if ((cause != CAUSE_MEMORY && cause != CAUSE_PIDS) || cursor->malformed || event->file[0] != '/'
                || strlen(event->key) >= EVENT_KEY_MAXIMUM) {
            return false;
        }
        event->cause = (enum cause) cause;
    }
    request->event_count = (int) count;
    return true;
}

static int check(const struct request *request) {
    const uint32_t policies = LAUNCH_OUTPUT_KILL | LAUNCH_OUTPUT_BLOCK;
    const uint32_t known = LAUNCH_ALLOW_PRIVILEGE_GAIN | LAUNCH_SCRIPT | policies;
    bool script = (request->flags & LAUNCH_SCRIPT) != 0;
    if ((request->flags & ~known) != 0 || (!script && request->script.length > 0)
            || (request->flags & policies) == policies) {
        return EPROTO;
    }
    if (request->attempt_file[0] != '/' || request->control_socket[0] != '/' || request->cwd[0] != '/') {
        return EPROTO;
    }
    if (strlen(request->attempt_file) >= ATTEMPT_FILE_MAXIMUM
            || strlen(request->control_socket) > CONTROL_SOCKET_MAXIMUM) {
        return ENAMETOOLONG;
    }
    size_t names = 0;
    for (int i = 0; i < request->directories.count; i++) {
        names += strlen(request->directories.at[i]) + 1;
    }
    if (names > CGROUP_TEXT_MAXIMUM) {
        return ENAMETOOLONG;
    }
    return request->output_limit > OUTPUT_LIMIT_MAXIMUM ? EINVAL : 0;
}

int request_parse(struct request *request, uint8_t *payload, size_t length) {
    struct cursor cursor = {.at = payload, .left = length};
    *request = (struct request){0};
    uint32_t version = take32(&cursor);
    request->flags = take32(&cursor);
    request->output_policy = (request->flags & LAUNCH_OUTPUT_KILL) != 0 ? OUTPUT_KILL
            : (request->flags & LAUNCH_OUTPUT_BLOCK) != 0               ? OUTPUT_BLOCK
                                                                        : OUTPUT_TRUNCATE;
    request->output_limit = take64(&cursor);
    request->timeout = take64(&cursor);
    request->kill_grace = take64(&cursor);
    request->drain_grace = take64(&cursor);
    request->not_after = (int64_t) take64(&cursor);
    uint32_t argc = take32(&cursor);
    uint32_t envc = take32(&cursor);
    request->bounds.data = take64(&cursor);
    request->bounds.processes = take64(&cursor);
    request->bounds.descriptors = take64(&cursor);
    uint32_t cgroup = take32(&cursor);
    uint32_t directories = take32(&cursor);
    uint32_t settings = take32(&cursor);
    uint32_t limit_events = take32(&cursor);
    request->attempt_file = take_string(&cursor);
    request->control_socket = take_string(&cursor);
    request->cwd = take_string(&cursor);
    request->marker = take_string(&cursor);
    request->user = take_string(&cursor);
    if (cursor.malformed || version != REQUEST_VERSION || !take_cgroup(&cursor, cgroup, directories, &request->directories)) {
        return EPROTO;
    }
    request->cgroup = (enum cgroup_version) cgroup;
    if (!take_settings(&cursor, request, settings) || !take_events(&cursor, request, limit_events)) {
        return EPROTO;
    }
    request->metadata = take_blob(&cursor);
    request->input = take_blob(&cursor);
    request->script = take_blob(&cursor);
    /* The shortest string takes five bytes: counts that cannot be true must not size anything. */
    if (cursor.malformed || argc == 0 || ((uint64_t) argc + envc) * 5 > cursor.left) {
        return EPROTO;
    }
    int error = check(request);
    if (error != 0) {
        return error;
    }

    size_t count = (size_t) argc + envc + 2;
    char **pointers = small_pointers;
    if (count > SMALL_POINTERS) {
        request->pointers_length = count * sizeof(char *);
        request->pointers_mapped = map(request->pointers_length);
        if (request->pointers_mapped == NULL) {
            return ENOMEM;
        }
        pointers = request->pointers_mapped;
    }
    request->argv = pointers;
    request->envp = pointers + argc + 1;
    take_strings(&cursor, request->argv, argc);
    take_strings(&cursor, request->envp, envc);
    if (cursor.malformed || cursor.left != 0) {
        request_release(request);
        return EPROTO;
    }
    return 0;
}

void request_release(struct request *request) {
    if (request->pointers_mapped != NULL) {
        munmap(request->pointers_mapped, request->pointers_length);
        request->pointers_mapped = NULL;
    }
}

int sweep_parse(struct sweep_request *request, uint8_t *payload, size_t length) {
    struct cursor cursor = {.at = payload, .left = length};
    *request = (struct sweep_request){0};
    request->marker = take_string(&cursor);
    request->pid = (int64_t) take64(&cursor);
    request->start_ticks = take64(&cursor);
    uint32_t cgroup = take32(&cursor);
    uint32_t directories = take32(&cursor);
    if (cursor.malformed || !take_cgroup(&cursor, cgroup, directories, &request->directories)) {
        return EPROTO;
    }
    request->cgroup = (enum cgroup_version) cgroup;
    if (cursor.malformed || cursor.left != 0 || request->pid < 0 || request->pid > INT_MAX) {
        return EPROTO;
    }
    return 0;
}
