#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../main/native/record.h"
#include "../../main/native/tree.h"
#include "../../main/native/wire.h"
#include "check.h"

enum { PATIENCE_SECONDS = 20 };

static struct launcher shared;
static bool shared_runs;

const char *fresh(const char *name) {
    static char paths[8][400];
    static int turn;
    static int number;
    char *path = paths[turn++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s-%d", scratch, name, number++);
    return path;
}

static void copy_path(char *target, size_t room, const char *path) {
    CHECK(strlen(path) < room);
    memcpy(target, path, strlen(path) + 1);
}

static void nap(void) {
    struct timespec time = {.tv_nsec = 2000000};
    nanosleep(&time, NULL);
}

bool eventually(bool (*condition)(const void *), const void *argument, int seconds) {
    time_t until = time(NULL) + seconds + 1;
    while (time(NULL) < until) {
        if (condition(argument)) {
            return true;
        }
        nap();
    }
    return condition(argument);
}

static bool is_gone(const void *pid) {
    return !alive(*(const pid_t *) pid);
}

void await_gone(pid_t pid, int seconds) {
    CHECK(eventually(is_gone, &pid, seconds));
}

bool exists(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0;
}

static bool file_is_there(const void *path) {
    return exists(path);
}

void await_file(const char *path, int seconds) {
    CHECK(eventually(file_is_there, path, seconds));
}

static long number_in(const char *path) {
    char text[32] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    return length > 0 && strchr(text, '\n') != NULL ? atol(text) : 0;
}

static bool holds_number(const void *path) {
    return number_in(path) > 0;
}

static bool read_at(const char *file, uint64_t offset, void *bytes, size_t length) {
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    ssize_t count = pread(fd, bytes, length, (off_t) offset);
    close(fd);
    return count == (ssize_t) length;
}

static uint64_t awaited_length;

static bool has_printed(const void *file) {
    uint8_t bytes[8];
    return exists(file) && read_at(file, 1024, bytes, 8) && get64(bytes) >= awaited_length;
}

void await_output(const char *file, uint64_t length) {
    awaited_length = length;
    CHECK(eventually(has_printed, file, PATIENCE_SECONDS));
}

pid_t await_number(const char *path, int seconds) {
    CHECK(eventually(holds_number, path, seconds));
    return (pid_t) number_in(path);
}

static struct launcher start_launcher(int max_idle, int resource, uint64_t maximum, const char *option,
        const char *value);

bool clock_is_set;

struct launcher launcher_start(int max_idle) {
    return launcher_start_limited(max_idle, RLIMIT_NLIMITS, 0);
}

struct launcher launcher_start_limited(int max_idle, int resource, uint64_t maximum) {
    return start_launcher(max_idle, resource, maximum, NULL, NULL);
}

struct launcher launcher_start_with(const char *option, const char *value) {
    return start_launcher(8, RLIMIT_NLIMITS, 0, option, value);
}

static struct launcher start_launcher(int max_idle, int resource, uint64_t maximum, const char *option,
        const char *value) {
    struct launcher launcher;
    int input[2];
    int output[2];
    char idle[16];
    CHECK(pipe2(input, O_CLOEXEC) == 0 && pipe2(output, O_CLOEXEC) == 0);
    copy_path(launcher.socket, sizeof launcher.socket, fresh("l"));
    snprintf(idle, sizeof idle, "%d", max_idle);
    launcher.pid = fork();
    if (launcher.pid == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        if (resource != RLIMIT_NLIMITS) {
            struct rlimit limit = {maximum, maximum};
            setrlimit(resource, &limit);
        }
        signal(SIGQUIT, SIG_IGN);
        execl(launcher_binary, "hufu-launcher", "--socket", launcher.socket, "--max-idle", idle, option, value,
                (char *) NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    launcher.input = input[1];
    char ready[6];
    struct pollfd readable = {.fd = output[0], .events = POLLIN};
    CHECK(poll(&readable, 1, PATIENCE_SECONDS * 1000) == 1);
    CHECK(read(output[0], ready, 6) == 6 && memcmp(ready, "ready\n", 6) == 0);
    close(output[0]);
    return launcher;
}

static int exit_status;

static bool has_exited(const void *pid) {
    return waitpid(*(const pid_t *) pid, &exit_status, WNOHANG) == *(const pid_t *) pid;
}

void launcher_end(struct launcher *launcher) {
    close(launcher->input);
    CHECK(eventually(has_exited, &launcher->pid, PATIENCE_SECONDS));
    CHECK(WIFEXITED(exit_status));
    CHECK_EQUAL(WEXITSTATUS(exit_status), 0);
    CHECK(!exists(launcher->socket));
}

struct launcher *shared_launcher(void) {
    if (!shared_runs) {
        shared = launcher_start(8);
        shared_runs = true;
    }
    return &shared;
}

void shared_launcher_end(void) {
    if (shared_runs) {
        launcher_end(&shared);
        shared_runs = false;
    }
}

static const char *const plain_environment[] = {"PATH=/usr/bin:/bin", NULL};

struct order command(const char *const *argv) {
    return (struct order){
        .argv = argv,
        .envp = plain_environment,
        .cwd = "/",
        .marker = "",
        .metadata = "",
        .output_limit = 1 << 20,
        .kill_grace = 1000000000,
        .drain_grace = 1000000000,
    };
}

struct order shell(const char *text) {
    static const char *argv[8][4];
    static int turn;
    const char **mine = argv[turn++ % 8];
    mine[0] = "sh";
    mine[1] = "-c";
    mine[2] = text;
    mine[3] = NULL;
    return command(mine);
}

struct writer {
    uint8_t *bytes;
    size_t length;
    size_t room;
};

static void add(struct writer *writer, const void *bytes, size_t length) {
    while (writer->length + length > writer->room) {
        writer->room = writer->room * 2 + 1024;
        writer->bytes = realloc(writer->bytes, writer->room);
        CHECK(writer->bytes != NULL);
    }
    if (length > 0) {
        memcpy(writer->bytes + writer->length, bytes, length);
    }
    writer->length += length;
}

static void add32(struct writer *writer, uint32_t value) {
    uint8_t bytes[4];
    put32(bytes, value);
    add(writer, bytes, 4);
}

static void add64(struct writer *writer, uint64_t value) {
    uint8_t bytes[8];
    put64(bytes, value);
    add(writer, bytes, 8);
}

static void add_blob(struct writer *writer, const char *bytes, size_t length) {
    add32(writer, (uint32_t) length);
    add(writer, bytes, length);
}

static void add_string(struct writer *writer, const char *string) {
    add_blob(writer, string, strlen(string) + 1);
}

static uint32_t count_of(const char *const *strings) {
    uint32_t count = 0;
    while (strings[count] != NULL) {
        count++;
    }
    return count;
}

/* The counts go into the head, what they count comes behind the user. */
static void add_groups(struct writer *counts, struct writer *groups, const struct order *order) {
    uint32_t settings = 0;
    uint32_t limit_events = 0;
    for (const char *const *directory = order->directories; directory != NULL && *directory != NULL; directory++) {
        add_string(groups, *directory);
    }
    for (; order->settings != NULL && order->settings[settings].file != NULL; settings++) {
        add32(groups, order->settings[settings].needed);
        add_string(groups, order->settings[settings].file);
        add_string(groups, order->settings[settings].value);
    }
    for (; order->events != NULL && order->events[limit_events].file != NULL; limit_events++) {
        add32(groups, order->events[limit_events].cause);
        add_string(groups, order->events[limit_events].file);
        add_string(groups, order->events[limit_events].key);
    }
    add32(counts, order->directories == NULL ? 0 : count_of(order->directories));
    add32(counts, settings);
    add32(counts, limit_events);
}

uint8_t *build_launch(const struct order *order, const char *file, const char *control, size_t *length) {
    struct writer writer = {0};
    add32(&writer, REQUEST_VERSION);
    add32(&writer, order->flags | (order->script != NULL ? LAUNCH_SCRIPT : 0));
    add64(&writer, order->output_limit);
    add64(&writer, order->timeout);
    add64(&writer, order->kill_grace);
    add64(&writer, order->drain_grace);
    add64(&writer, (uint64_t) order->not_after);
    add32(&writer, count_of(order->argv));
    add32(&writer, count_of(order->envp));
    add64(&writer, order->data_limit == 0 ? NO_LIMIT : order->data_limit);
    add64(&writer, order->process_limit == 0 ? NO_LIMIT : order->process_limit);
    add64(&writer, order->descriptor_limit == 0 ? NO_LIMIT : order->descriptor_limit);
    add32(&writer, order->cgroup);
    struct writer groups = {0};
    add_groups(&writer, &groups, order);
    add_string(&writer, file);
    add_string(&writer, control);
    add_string(&writer, order->cwd);
    add_string(&writer, order->marker);
    add_string(&writer, order->user == NULL ? "" : order->user);
    add(&writer, groups.bytes, groups.length);
    free(groups.bytes);
    add_blob(&writer, order->metadata, strlen(order->metadata));
    add_blob(&writer, order->input, order->input_length);
    add_blob(&writer, order->script, order->script == NULL ? 0 : strlen(order->script));
    for (const char *const *argument = order->argv; *argument != NULL; argument++) {
        add_string(&writer, *argument);
    }
    for (const char *const *entry = order->envp; *entry != NULL; entry++) {
        add_string(&writer, *entry);
    }
    *length = writer.length;
    return writer.bytes;
}

int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    copy_path(address.sun_path, sizeof address.sun_path, path);
    if (connect(connection, (const struct sockaddr *) &address, sizeof address) != 0) {
        close(connection);
        return -1;
    }
    return connection;
}

void send_frame(int connection, uint16_t type, const void *payload, size_t length) {
    struct writer writer = {0};
    add32(&writer, (uint32_t) length + 4);
    add32(&writer, type);
    add(&writer, payload, length);
    for (size_t done = 0; done < writer.length;) {
        ssize_t count = send(connection, writer.bytes + done, writer.length - done, MSG_NOSIGNAL);
        if (count <= 0) {
            break; /* what the peer had to say about it is still to be read */
        }
        done += (size_t) count;
    }
    free(writer.bytes);
}

static bool receive_bytes(int connection, uint8_t *bytes, size_t length) {
    for (size_t done = 0; done < length;) {
        struct pollfd readable = {.fd = connection, .events = POLLIN};
        CHECK(poll(&readable, 1, PATIENCE_SECONDS * 1000) == 1);
        ssize_t count = recv(connection, bytes + done, length - done, 0);
        if (count <= 0) {
            return false;
        }
        done += (size_t) count;
    }
    return true;
}

uint16_t receive_frame(int connection, uint8_t *payload, size_t *length) {
    uint8_t header[FRAME_HEADER];
    if (!receive_bytes(connection, header, sizeof header)) {
        return 0;
    }
    size_t payload_length = get32(header) - 4;
    CHECK(payload_length <= *length);
    CHECK_EQUAL(get16(header + 6), 0);
    *length = payload_length;
    return receive_bytes(connection, payload, payload_length) ? get16(header + 4) : 0;
}

struct attempt_client send_order(struct launcher *launcher, const struct order *order) {
    struct attempt_client attempt = {0};
    copy_path(attempt.file, sizeof attempt.file, fresh("a"));
    copy_path(attempt.control, sizeof attempt.control, fresh("c"));
    attempt.connection = connect_to(launcher->socket);
    CHECK(attempt.connection >= 0);
    size_t length;
    uint8_t *payload = build_launch(order, attempt.file, attempt.control, &length);
    send_frame(attempt.connection, FRAME_LAUNCH, payload, length);
    free(payload);
    return attempt;
}

struct attempt_client launch(struct launcher *launcher, const struct order *order) {
    struct attempt_client attempt = send_order(launcher, order);
    uint8_t payload[1024];
    size_t length = sizeof payload;
    CHECK_EQUAL(receive_frame(attempt.connection, payload, &length), FRAME_STARTED);
    CHECK_EQUAL(length, 16);
    attempt.pid = (int64_t) get64(payload);
    CHECK(attempt.pid > 1);
    return attempt;
}

struct ended parse_ended(const uint8_t *at, size_t length) {
    struct ended ended = {
        .kind = get32(at + 4),
        .value = (int32_t) get32(at + 8),
        .detail = get32(at + 12),
        .cause = get32(at + 16),
        .flags = get32(at + 20),
        .start_realtime = (int64_t) get64(at + 24),
        .end_realtime = (int64_t) get64(at + 32),
        .wall = get64(at + 40),
        .user = get64(at + 48),
        .system = get64(at + 56),
        .resident = get64(at + 64),
        .written = {get64(at + 72), get64(at + 80)},
        .proof = get32(at + 88),
        .kill_cause = get32(at + 92),
        .kill_duration = get64(at + 96),
        .steps = get32(at + 104),
    };
    CHECK_EQUAL(get32(at), 1);
    CHECK(ended.steps <= 32);
    CHECK_EQUAL(length, 112 + 24 * ended.steps);
    for (uint32_t i = 0; i < ended.steps; i++) {
        const uint8_t *step = at + 112 + 24 * i;
        ended.step[i] = (struct step){get32(step), get32(step + 4), get32(step + 8)};
        CHECK(clock_is_set || (int64_t) get64(step + 16) >= ended.start_realtime);
    }
    return ended;
}

uint64_t header64(const char *file, size_t offset) {
    uint8_t bytes[8];
    CHECK(read_at(file, offset, bytes, 8));
    return get64(bytes);
}

uint32_t header32(const char *file, size_t offset) {
    uint8_t bytes[4];
    CHECK(read_at(file, offset, bytes, 4));
    return get32(bytes);
}

/* May be asked at any moment: before the file is there, before its first bytes, in the middle of the record's writing. */
bool has_record(const char *file) {
    uint8_t page[4096];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? 0 : pread(fd, page, sizeof page, EXIT_RECORD_OFFSET);
    if (fd >= 0) {
        close(fd);
    }
    if (count != (ssize_t) sizeof page || get32(page) != EXIT_RECORD_MAGIC) {
        return false;
    }
    uint32_t length = get32(page + 4);
    return length <= sizeof page - EXIT_RECORD_HEADER
            && get32(page + 8) == crc32_of(page + EXIT_RECORD_HEADER, length);
}

struct ended read_record(const char *file) {
    uint8_t page[4096];
    CHECK(read_at(file, EXIT_RECORD_OFFSET, page, sizeof page));
    CHECK_EQUAL(get32(page), EXIT_RECORD_MAGIC);
    uint32_t length = get32(page + 4);
    CHECK(length >= 112 && length <= sizeof page - 16);
    CHECK_EQUAL(get32(page + 8), crc32_of(page + 16, length));
    return parse_ended(page + 16, length);
}

struct ended await_ended(struct attempt_client *attempt) {
    uint8_t payload[1024];
    uint8_t recorded[1024];
    size_t length;
    uint16_t type;
    do {
        length = sizeof payload;
        type = receive_frame(attempt->connection, payload, &length);
    } while (type == FRAME_KILL_PENDING);
    CHECK_EQUAL(type, FRAME_ENDED);
    CHECK(read_at(attempt->file, EXIT_RECORD_OFFSET + 16, recorded, length));
    CHECK(memcmp(payload, recorded, length) == 0);
    CHECK_EQUAL(header32(attempt->file, 1064), STATE_ENDED);
    /* ENDED is the last frame. */
    size_t room = sizeof recorded;
    CHECK_EQUAL(receive_frame(attempt->connection, recorded, &room), 0);
    close(attempt->connection);
    attempt->connection = -1;
    return read_record(attempt->file);
}

struct ended run_order(struct launcher *launcher, const struct order *order, struct attempt_client *attempt) {
    *attempt = launch(launcher, order);
    return await_ended(attempt);
}

struct ended run_shell(const char *text, struct attempt_client *attempt) {
    struct order order = shell(text);
    return run_order(shared_launcher(), &order, attempt);
}

void stop(struct attempt_client *attempt, uint32_t cause, uint64_t grace) {
    uint8_t payload[12];
    put32(payload, cause);
    put64(payload + 4, grace);
    send_frame(attempt->connection, FRAME_STOP, payload, sizeof payload);
}

static bool is_connected(const void *attempt) {
    struct attempt_client *client = (struct attempt_client *) (uintptr_t) attempt;
    client->connection = connect_to(client->control);
    return client->connection >= 0;
}

void attach(struct attempt_client *attempt) {
    await_file(attempt->control, PATIENCE_SECONDS);
    /* Its name is there a moment before anybody listens. */
    CHECK(eventually(is_connected, attempt, PATIENCE_SECONDS));
    send_frame(attempt->connection, FRAME_ATTACH, NULL, 0);
    uint8_t payload[1024];
    size_t length = sizeof payload;
    CHECK_EQUAL(receive_frame(attempt->connection, payload, &length), FRAME_ATTACHED);
    CHECK_EQUAL(get64(payload), attempt->pid);
}

uint16_t next_frame(struct attempt_client *attempt) {
    uint8_t payload[1024];
    uint16_t type;
    do {
        size_t length = sizeof payload;
        type = receive_frame(attempt->connection, payload, &length);
    } while (type == FRAME_KILL_PENDING);
    return type;
}

bool is_locked(const char *file) {
    int fd = open(file, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1};
    int locked = fcntl(fd, F_SETLK, &lock);
    close(fd);
    return locked != 0;
}

void read_position(const char *file, int stream, uint64_t position, char *bytes, size_t length) {
    uint64_t limit = header64(file, 16);
    uint64_t head = header64(file, stream == 0 ? 48 : 56);
    uint64_t ring = header64(file, 24) + (uint64_t) stream * 131072;
    for (size_t i = 0; i < length; i++, position++) {
        uint64_t at = position < limit ? head + position : ring + (position - limit) % 131072;
        CHECK(read_at(file, at, bytes + i, 1));
    }
}

char *read_head(const char *file, int stream, size_t *length) {
    *length = header64(file, stream == 0 ? 1048 : 1056);
    char *bytes = calloc(1, *length + 1);
    CHECK(bytes != NULL);
    CHECK(*length == 0 || read_at(file, header64(file, stream == 0 ? 48 : 56), bytes, *length));
    return bytes;
}
