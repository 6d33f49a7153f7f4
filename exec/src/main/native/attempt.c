#include "attempt.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "control.h"
#include "identity.h"
#include "input.h"
#include "instruction.h"
#include "pump.h"
#include "record.h"
#include "start.h"
#include "stop.h"
#include "sys.h"

struct attempt {
    struct attempt_file file;
    struct pump pumps[STREAMS];
    struct cgroup group;
    struct identity identity;
    struct stop stop;
    struct control control;
    struct ending ending;
    int signals;
    int deadline; /* timerfd, -1 where there is none */
    uint64_t kill_grace;
    uint64_t drain_grace;
    int64_t started_at;
    int64_t drain_until; /* NEVER as long as the main process runs */
    bool no_children;
    bool script;
    char path[PATH_MAX];
};

static struct attempt current;

static void fail_to_start(struct attempt *attempt, int error, uint32_t stage) {
    attempt->ending.kind = EXIT_LAUNCH_FAILED;
    attempt->ending.value = error;
    attempt->ending.detail = stage;
    attempt->no_children = true;
}

static void account(struct attempt *attempt, const struct rusage *usage) {
    struct ending *ending = &attempt->ending;
    ending->user_microseconds += (uint64_t) usage->ru_utime.tv_sec * 1000000 + (uint64_t) usage->ru_utime.tv_usec;
    ending->system_microseconds += (uint64_t) usage->ru_stime.tv_sec * 1000000 + (uint64_t) usage->ru_stime.tv_usec;
    uint64_t resident = (uint64_t) usage->ru_maxrss * 1024;
    if (resident > ending->maximum_resident) {
        ending->maximum_resident = resident;
    }
}

static void main_ended(struct attempt *attempt, int status) {
    struct ending *ending = &attempt->ending;
    if (WIFEXITED(status)) {
        ending->kind = EXIT_EXITED;
        ending->value = WEXITSTATUS(status);
        ending->detail = 0;
    } else {
        ending->kind = EXIT_SIGNALED;
        ending->value = WTERMSIG(status);
        ending->detail = WCOREDUMP(status) ? 1 : 0;
    }
    int64_t now = now_monotonic();
    ending->wall = now - attempt->started_at;
    ending->end_realtime = now_realtime();
    attempt->stop.main = 0;
    attempt->drain_until = after(now, attempt->drain_grace);
    /* It bounds the main process; what that left behind is bounded by the drain grace. */
    close_if_open(&attempt->deadline);
}

static void reap(struct attempt *attempt) {
    for (;;) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG | __WALL, &usage);
        if (pid > 0) {
            account(attempt, &usage);
            if (pid == attempt->stop.main) {
                main_ended(attempt, status);
            }
        } else if (pid == 0) {
            return;
        } else if (errno != EINTR) {
            attempt->no_children = errno == ECHILD;
            return;
        }
    }
}

/* Descriptors for the command, kept only until it has them. */
struct passed {
    int input;
    int script;
    int ends[STREAMS];
};

static bool prepare(struct attempt *attempt, const struct request *request, struct passed *passed) {
    *passed = (struct passed){.input = -1, .script = -1, .ends = {-1, -1}};
    /* Looked at again right before exec: what is late by now is only not worth the preparations. */
    if (too_late(request->not_after)) {
        fail_to_start(attempt, ETIME, STAGE_NOT_AFTER);
        return false;
    }
    int error = input_open(request->attempt_file, request->input, &passed->input);
    if (error != 0) {
        fail_to_start(attempt, error, STAGE_STDIN);
        return false;
    }
    if ((request->flags & LAUNCH_SCRIPT) != 0) {
        error = script_open(request->attempt_file, request->script, &passed->script);
        attempt->script = error == 0;
        if (error != 0) {
            fail_to_start(attempt, error, STAGE_SCRIPT);
            return false;
        }
    }
    for (enum stream stream = STREAM_STDOUT; stream < STREAMS; stream++) {
        error = pump_open(&attempt->pumps[stream], stream, &passed->ends[stream]);
        if (error != 0) {
            fail_to_start(attempt, error, STAGE_PIPE);
            return false;
        }
    }
    /* Made before the command starts, so that none ever runs without the deadline it was promised. */
    if (request->timeout != 0) {
        attempt->deadline = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
        if (attempt->deadline < 0) {
            fail_to_start(attempt, errno, STAGE_LIMITS);
            return false;
        }
    }
    return true;
}

/* Whom it runs as, and in what bounds. */
static bool confine(struct attempt *attempt, const struct request *request) {
    int error = identity_resolve(&attempt->identity, request->user);
    if (error != 0) {
        fail_to_start(attempt, error, STAGE_USER);
        return false;
    }
    /* The kernel counts the processes of a user, not of a tree, and those of root not at all. */
    bool foreign = attempt->identity.changes && attempt->identity.user != 0;
    error = request->bounds.processes != NO_LIMIT && !foreign ? EOPNOTSUPP : cgroup_make(&attempt->group, request);
    if (error != 0) {
        fail_to_start(attempt, error, STAGE_LIMITS);
        return false;
    }
    return true;
}

/* So that it can open them by name, as /dev/stdout. Best effort: it has them open as they are. */
static void give_to(const struct identity *identity, const struct passed *passed) {
    const int fds[] = {passed->input, passed->ends[STREAM_STDOUT], passed->ends[STREAM_STDERR]};
    for (size_t i = 0; identity->changes && i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            int ignored = fchown(fds[i], identity->user, identity->group);
            (void) ignored;
        }
    }
}

static uint64_t arm_deadline(const struct attempt *attempt, uint64_t timeout) {
    if (attempt->deadline < 0) {
        return 0;
    }
    int64_t moment = after(now_boottime(), timeout);
    struct itimerspec when = {.it_value = {.tv_sec = moment / SECOND, .tv_nsec = moment % SECOND}};
    /* Cannot fail: the descriptor is a timer and the time is in range. */
    timerfd_settime(attempt->deadline, TFD_TIMER_ABSTIME, &when, NULL);
    return (uint64_t) moment;
}

static void tell_start(struct attempt *attempt, uint16_t type) {
    uint8_t payload[16];
    put64(payload, (uint64_t) attempt->file.pid);
    put64(payload + 8, (uint64_t) attempt->file.start_realtime);
    control_send(&attempt->control, type, payload, sizeof payload);
}

static void start(struct attempt *attempt, const struct request *request) {
    struct passed passed;
    if (prepare(attempt, request, &passed) && confine(attempt, request)) {
        give_to(&attempt->identity, &passed);
        struct start birth = {
            .argv = request->argv,
            .envp = request->envp,
            .cwd = request->cwd,
            .group = &attempt->group,
            .bounds = &request->bounds,
            .identity = &attempt->identity,
            .allow_privilege_gain = (request->flags & LAUNCH_ALLOW_PRIVILEGE_GAIN) != 0,
            .not_after = request->not_after,
            .input = passed.input,
            .output = passed.ends[STREAM_STDOUT],
            .errors = passed.ends[STREAM_STDERR],
            .script = passed.script,
        };
        int64_t realtime = now_realtime();
        attempt->started_at = now_monotonic();
        struct started started = start_command(&birth);
        cgroup_joined(&attempt->group);
        if (started.pid > 0) {
            attempt->stop.main = started.pid;
            attempt->ending.start_realtime = realtime;
            uint64_t deadline = arm_deadline(attempt, request->timeout);
            attempt_started(&attempt->file, started.pid, started.ticks, realtime, deadline);
            tell_start(attempt, FRAME_STARTED);
        } else {
            fail_to_start(attempt, started.error, started.stage);
        }
    }
    close_if_open(&passed.input);
    close_if_open(&passed.script);
    close_if_open(&passed.ends[STREAM_STDOUT]);
    close_if_open(&passed.ends[STREAM_STDERR]);
}

static void request_stop(struct attempt *attempt, enum cause cause, uint64_t grace) {
    stop_request(&attempt->stop, cause, grace);
    if (attempt->file.state != STATE_KILL_PENDING) {
        attempt_state(&attempt->file, STATE_STOPPING);
    }
}

static void obey(struct attempt *attempt, const struct instruction *instruction) {
    switch (instruction->kind) {
        case INSTRUCTION_STOP:
            request_stop(attempt, instruction->cause, instruction->grace);
            break;
        case INSTRUCTION_SIGNAL:
            stop_signal(&attempt->stop, instruction->signal, instruction->whole_tree);
            break;
        case INSTRUCTION_CONSUMED:
            pump_consumed(&attempt->pumps[STREAM_STDOUT], instruction->consumed[STREAM_STDOUT]);
            pump_consumed(&attempt->pumps[STREAM_STDERR], instruction->consumed[STREAM_STDERR]);
            break;
        case INSTRUCTION_NOTHING:
            break;
    }
}

static void listen_to_agent(struct attempt *attempt) {
    struct frame frame;
    struct instruction instruction;
    while (control_next(&attempt->control, &frame)) {
        if (instruction_parse(&instruction, &frame)) {
            obey(attempt, &instruction);
        } else {
            control_detach(&attempt->control);
        }
    }
}

static void tell_kill_pending(struct attempt *attempt) {
    uint8_t payload[12];
    put32(payload, (uint32_t) attempt->stop.survivors);
    put64(payload + 4, (uint64_t) attempt->stop.survivor);
    attempt_state(&attempt->file, STATE_KILL_PENDING);
    control_send(&attempt->control, FRAME_KILL_PENDING, payload, sizeof payload);
}

static bool drained(const struct attempt *attempt) {
    return attempt->pumps[STREAM_STDOUT].fd < 0 && attempt->pumps[STREAM_STDERR].fd < 0;
}

/* The main process has ended, and its grace for what it left is over. */
static void stop_draining(struct attempt *attempt) {
    if (attempt->no_children) {
        /* Somebody outside of the tree holds them. */
        close_if_open(&attempt->pumps[STREAM_STDOUT].fd);
        close_if_open(&attempt->pumps[STREAM_STDERR].fd);
    } else if (attempt->stop.phase == STOP_NONE) {
        attempt->ending.strays_killed = true;
        stop_strays(&attempt->stop);
    }
}

static void tend(struct attempt *attempt) {
    if (!attempt->no_children && stop_tend(&attempt->stop)) {
        tell_kill_pending(attempt);
    }
    if (now_monotonic() >= attempt->drain_until) {
        stop_draining(attempt);
    }
    if (attempt->control.was_detached) {
        control_tend(&attempt->control);
    }
}

static int64_t due(const struct attempt *attempt) {
    int64_t moment = control_due(&attempt->control);
    int64_t look = attempt->stop.phase == STOP_NONE ? cgroup_due(&attempt->group) : NEVER;
    moment = look < moment ? look : moment;
    int64_t stop = attempt->no_children ? NEVER : stop_due(&attempt->stop);
    moment = stop < moment ? stop : moment;
    /* Past its time the drain grace has nothing more to say but to a drain without children. */
    bool drain_counts = attempt->no_children || attempt->stop.phase == STOP_NONE;
    return drain_counts && attempt->drain_until < moment ? attempt->drain_until : moment;
}

enum watched {
    WATCH_STDOUT,
    WATCH_STDERR,
    WATCH_CHILDREN,
    WATCH_AGENT,
    WATCH_DEADLINE,
    WATCH_LISTENER,
    WATCH_CANDIDATE,
    WATCH_EVENTS,
    WATCHED = WATCH_EVENTS + EVENTS_MAXIMUM
};

static uint64_t room(const struct attempt *attempt, enum stream stream) {
    bool ending = attempt->stop.phase != STOP_NONE || attempt->drain_until != NEVER;
    return pump_room(&attempt->pumps[stream], &attempt->file, ending);
}

/* A pipe that is not looked at fills, and then its writers wait. */
static int readable(const struct attempt *attempt, enum stream stream) {
    return room(attempt, stream) > 0 ? attempt->pumps[stream].fd : -1;
}

/* Also where nobody is left to be stopped: whether the limit was passed must not depend on who was faster. */
static void check_limit(struct attempt *attempt) {
    const struct attempt_file *file = &attempt->file;
    bool passed = file->written[STREAM_STDOUT] > file->output_limit || file->written[STREAM_STDERR] > file->output_limit;
    if (passed && file->policy == OUTPUT_KILL && attempt->stop.phase == STOP_NONE) {
        request_stop(attempt, CAUSE_OUTPUT, attempt->kill_grace);
    }
}

/*
 * A limit of the group is no brake: whoever hits it is stopped at once, all of it. Looked at also whenever something has
 * ended, since it may have ended by that.
 */
static void check_group(struct attempt *attempt, const struct pollfd *ready) {
    bool due = ready[WATCH_CHILDREN].revents != 0 || cgroup_due(&attempt->group) != NEVER;
    for (int i = 0; i < attempt->group.events; i++) {
        due = due || ready[WATCH_EVENTS + i].revents != 0;
    }
    enum cause cause = due ? cgroup_event(&attempt->group) : CAUSE_NONE;
    if (cause != CAUSE_NONE && attempt->stop.phase == STOP_NONE) {
        request_stop(attempt, cause, 0);
    }
}

static void act(struct attempt *attempt, const struct pollfd *ready) {
    for (enum stream stream = STREAM_STDOUT; stream < STREAMS; stream++) {
        short events = ready[WATCH_STDOUT + stream].revents;
        if (events != 0) {
            pump_some(&attempt->pumps[stream], &attempt->file, (events & POLLHUP) != 0, room(attempt, stream));
        }
    }
    if (ready[WATCH_CHILDREN].revents != 0) {
        struct signalfd_siginfo ignored;
        ssize_t length = read(attempt->signals, &ignored, sizeof ignored);
        (void) length;
        reap(attempt);
        if (attempt->no_children) {
            pump_all(&attempt->pumps[STREAM_STDOUT], &attempt->file);
            pump_all(&attempt->pumps[STREAM_STDERR], &attempt->file);
        }
    }
    if (ready[WATCH_DEADLINE].revents != 0 && attempt->deadline >= 0) {
        close_if_open(&attempt->deadline);
        request_stop(attempt, CAUSE_DEADLINE, attempt->kill_grace);
    }
    if (ready[WATCH_CANDIDATE].revents != 0 && control_candidate(&attempt->control)) {
        tell_start(attempt, FRAME_ATTACHED);
        listen_to_agent(attempt);
    } else if (ready[WATCH_AGENT].revents != 0) {
        control_receive(&attempt->control);
        listen_to_agent(attempt);
    }
    if (ready[WATCH_LISTENER].revents != 0) {
        control_accept(&attempt->control);
    }
    check_group(attempt, ready);
    check_limit(attempt);
}

/* A file of a group tells of a change as an exception, a notice by being readable. */
static struct pollfd event_of(const struct cgroup *group, int i) {
    bool is_file = group->event[i].notice == group->event[i].fd;
    return (struct pollfd){.fd = group->event[i].notice, .events = is_file ? POLLPRI : POLLIN};
}

static void watch(struct attempt *attempt) {
    while (!attempt->no_children || !drained(attempt)) {
        struct pollfd watched[WATCHED] = {
            [WATCH_STDOUT] = {.fd = readable(attempt, STREAM_STDOUT), .events = POLLIN},
            [WATCH_STDERR] = {.fd = readable(attempt, STREAM_STDERR), .events = POLLIN},
            [WATCH_CHILDREN] = {.fd = attempt->no_children ? -1 : attempt->signals, .events = POLLIN},
            [WATCH_AGENT] = {.fd = attempt->control.connection, .events = POLLIN},
            [WATCH_DEADLINE] = {.fd = attempt->deadline, .events = POLLIN},
            [WATCH_LISTENER] = {.fd = attempt->control.listener, .events = POLLIN},
            [WATCH_CANDIDATE] = {.fd = attempt->control.candidate, .events = POLLIN},
        };
        for (int i = 0; i < attempt->group.events; i++) {
            watched[WATCH_EVENTS + i] = event_of(&attempt->group, i);
        }
        nfds_t watching = WATCH_EVENTS + (nfds_t) attempt->group.events;
        int count = poll(watched, watching, poll_timeout(due(attempt)));
        if (count > 0) {
            act(attempt, watched);
        } else {
            check_group(attempt, watched);
        }
        tend(attempt);
    }
    bool by_group = cgroup_end(&attempt->group);
    stop_proven(&attempt->stop, by_group);
}

static enum attempt_outcome finish(const struct attempt_surroundings *surroundings, struct attempt *attempt) {
    uint8_t payload[EXIT_PAYLOAD_MAXIMUM];
    attempt->ending.cause = attempt->stop.cause;
    /* Also where nothing was started. */
    (void) cgroup_end(&attempt->group);
    if (attempt->script) {
        script_remove(attempt->path);
    }
    if (attempt->ending.end_realtime == 0) {
        attempt->ending.end_realtime = now_realtime();
    }
    size_t length;
    bool recorded = attempt_end(&attempt->file, &attempt->ending, &attempt->stop.report, payload, &length);
    bool usual = recorded && !attempt->file.full && !attempt->control.was_detached
            && attempt->stop.phase == STOP_NONE;
    if (usual) {
        /* Before the agent hears of it: its next request must not find us busy. */
        surroundings->about_to_end();
    }
    control_send(&attempt->control, FRAME_ENDED, payload, length);
    attempt_close(&attempt->file);
    control_end(&attempt->control);
    close_if_open(&attempt->deadline);
    close_if_open(&attempt->pumps[STREAM_STDOUT].fd);
    close_if_open(&attempt->pumps[STREAM_STDERR].fd);
    return usual ? ATTEMPT_USUAL : ATTEMPT_UNUSUAL;
}

static void begin(struct attempt *attempt, const struct attempt_surroundings *surroundings, int connection,
        const struct request *request) {
    control_begin(&attempt->control, connection, request->control_socket);
    cgroup_none(&attempt->group);
    stop_begin(&attempt->stop, &attempt->group);
    attempt->ending = (struct ending){0};
    attempt->pumps[STREAM_STDOUT].fd = -1;
    attempt->pumps[STREAM_STDERR].fd = -1;
    attempt->signals = surroundings->signals;
    attempt->deadline = -1;
    attempt->kill_grace = request->kill_grace;
    attempt->drain_grace = request->drain_grace;
    attempt->started_at = 0;
    attempt->drain_until = NEVER;
    attempt->no_children = false;
    attempt->script = false;
    strcpy(attempt->path, request->attempt_file);
}

enum attempt_outcome attempt_run(const struct attempt_surroundings *surroundings, int connection,
        struct received *received) {
    struct request request;
    uint32_t stage = STAGE_REQUEST;
    int error = request_parse(&request, received->payload, received->length);
    if (error == 0) {
        stage = STAGE_ATTEMPT_FILE;
        error = attempt_create(&current.file, &request);
    }
    if (error != 0) {
        request_release(&request);
        request_discard(received);
        surroundings->about_to_end();
        frame_refuse(connection, error, stage);
        return ATTEMPT_USUAL;
    }
    begin(&current, surroundings, connection, &request);
    start(&current, &request);
    request_release(&request);
    request_discard(received);
    if (current.stop.main != 0) {
        watch(&current);
    }
    return finish(surroundings, &current);
}
