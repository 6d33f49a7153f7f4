/* The agent's side of the protocol, for tests. Every wait ends, at the latest, with a failed check. */
#ifndef HUFU_CLIENT_H
#define HUFU_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct launcher {
    pid_t pid;
    int input; /* closing it is the death of the agent */
    char socket[108];
};

struct setting_order {
    uint32_t needed;
    const char *file;
    const char *value;
};

struct event_order {
    uint32_t cause;
    const char *file;
    const char *key;
};

struct order {
    const char *const *argv;
    const char *const *envp;
    const char *cwd;
    const char *marker;
    const char *input;
    size_t input_length;
    const char *script;
    const char *metadata;
    uint32_t flags;
    uint64_t output_limit;
    uint64_t timeout;
    uint64_t kill_grace;
    uint64_t drain_grace;
    int64_t not_after;
    const char *user; /* NULL: the launcher's own */
    uint64_t data_limit; /* 0: none, as the two below */
    uint64_t process_limit;
    uint64_t descriptor_limit;
    uint32_t cgroup;
    const char *const *directories; /* ended by NULL, as the two below */
    const struct setting_order *settings;
    const struct event_order *events;
};

struct attempt_client {
    int connection;
    char file[200];
    char control[108];
    int64_t pid;
};

struct step {
    uint32_t signal;
    uint32_t signalled;
    uint32_t survivors;
};

struct ended {
    uint32_t kind;
    int32_t value;
    uint32_t detail;
    uint32_t cause;
    uint32_t flags;
    int64_t start_realtime;
    int64_t end_realtime;
    uint64_t wall;
    uint64_t user;
    uint64_t system;
    uint64_t resident;
    uint64_t written[2];
    uint32_t proof;
    uint32_t kill_cause;
    uint64_t kill_duration;
    uint32_t steps;
    struct step step[32];
};

enum { SPOOL_FULL = 1, STRAYS_KILLED = 2 };

/* The launcher's wall clock is set by the case: its moments need not follow each other. */
extern bool clock_is_set;

/* A launcher of the case's own. */
struct launcher launcher_start(int max_idle);
struct launcher launcher_start_limited(int max_idle, int resource, uint64_t maximum);
struct launcher launcher_start_with(const char *option, const char *value);

/* Ends it as the agent's death does; checks that it goes with status 0 and leaves no socket. */
void launcher_end(struct launcher *launcher);

/* The launcher most cases share. */
struct launcher *shared_launcher(void);
void shared_launcher_end(void);

/* `sh -c text` with PATH, 1 MiB of output, no timeout, one second of each grace. */
struct order shell(const char *text);
struct order command(const char *const *argv);

/* Builds a LAUNCH payload; the caller frees it. */
uint8_t *build_launch(const struct order *order, const char *file, const char *control, size_t *length);

int connect_to(const char *path);
void send_frame(int connection, uint16_t type, const void *payload, size_t length);

/* The next frame's type, or 0 at the end of the connection. `length` comes as room and goes as length. */
uint16_t receive_frame(int connection, uint8_t *payload, size_t *length);

/* Sends the order, and expects STARTED. */
struct attempt_client launch(struct launcher *launcher, const struct order *order);

/* Only sends it. */
struct attempt_client send_order(struct launcher *launcher, const struct order *order);

/* The type of the next frame that is no KILL_PENDING; 0 at the end. */
uint16_t next_frame(struct attempt_client *attempt);

/* Waits for ENDED, passing over KILL_PENDING; checks that the record in the file says the same. */
struct ended await_ended(struct attempt_client *attempt);
struct ended run_order(struct launcher *launcher, const struct order *order, struct attempt_client *attempt);
struct ended run_shell(const char *text, struct attempt_client *attempt);

void stop(struct attempt_client *attempt, uint32_t cause, uint64_t grace);
void attach(struct attempt_client *attempt);

struct ended read_record(const char *file);
struct ended parse_ended(const uint8_t *payload, size_t length);

/* Whether a whole exit record is there by now. */
bool has_record(const char *file);
uint64_t header64(const char *file, size_t offset);
uint32_t header32(const char *file, size_t offset);
bool is_locked(const char *file);

/* Output as a reader sees it; the caller frees it. */
char *read_head(const char *file, int stream, size_t *length);
void read_position(const char *file, int stream, uint64_t position, char *bytes, size_t length);

/* How many processes carry the marker in their environment. */
int count_marked(const char *marker);

bool alive(pid_t pid);
bool exists(const char *path);

/* Polls until the condition holds; false after `seconds`. */
bool eventually(bool (*condition)(const void *), const void *argument, int seconds);
void await_gone(pid_t pid, int seconds);
void await_file(const char *path, int seconds);

/* Whether the command has printed this as its whole standard output. */
void await_output(const char *file, uint64_t length);

/* The number in a file that a command has written, once it is there. */
pid_t await_number(const char *path, int seconds);

/* A fresh path in the scratch directory. */
const char *fresh(const char *name);

/* -1 where there is no such process. */
int descriptors_of(pid_t pid);
int children_of(pid_t pid, pid_t *pids, int room);
char state_of(pid_t pid);

#endif
