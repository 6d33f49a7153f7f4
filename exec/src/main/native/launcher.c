/* The main loop: accepts connections, hands them to supervisors, reaps those, and cleans up after dead ones. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"
#include "frame.h"
#include "orphans.h"
#include "pool.h"
#include "privileges.h"
#include "record.h"
#include "supervisor.h"
#include "sys.h"
#include "wire.h"

enum { BACKLOG = 4096, EVENTS = 64, ACCEPTS_IN_A_ROW = 16 };

#define USAGE "usage: hufu-launcher --socket ABSOLUTE-PATH [--max-idle N] [--keep-capabilities BITS]"

/* Tags of epoll events beyond the pool's slots. */
enum tag { TAG_LISTENER = POOL_SIZE, TAG_PARENT, TAG_CHILDREN };

static const char *socket_path;
static struct stat socket_status;
static int events = -1;
static int listener = -1;
static int children = -1;
static bool parent_stays;
static uint64_t kept_capabilities;
static int spare = -1; /* given up for a moment where descriptors have run out */

static void say(const char *what, int error) {
    const char *why = error == 0 ? "" : strerror(error);
    const char *parts[] = {"hufu-launcher: ", what, error == 0 ? "" : ": ", why, "\n"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        (void) write_whole(STDERR_FILENO, parts[i], strlen(parts[i]));
    }
}

static void unlink_socket(void) {
    struct stat status;
    if (listener >= 0 && lstat(socket_path, &status) == 0 && status.st_ino == socket_status.st_ino
            && status.st_dev == socket_status.st_dev) {
        unlink(socket_path);
    }
}

static _Noreturn void fail(const char *what, int error) {
    unlink_socket();
    say(what, error);
    exit(1);
}

static bool watch(int fd, uint64_t tag) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = tag}};
    return epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* A path left behind by a launcher that was killed is taken over; one in use is not. */
static void listen_on_path(void) {
    listener = listen_at(socket_path, BACKLOG);
    if (listener < 0 && errno == EADDRINUSE) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        strcpy(address.sun_path, socket_path);
        int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool dead = probe >= 0 && connect(probe, (const struct sockaddr *) &address, sizeof address) != 0
                && errno == ECONNREFUSED;
        close_if_open(&probe);
        if (!dead) {
            fail(socket_path, EADDRINUSE);
        }
        unlink(socket_path);
        listener = listen_at(socket_path, BACKLOG);
    }
    if (listener < 0 || lstat(socket_path, &socket_status) != 0) {
        fail(socket_path, errno);
    }
}

static void default_signals(void) {
    /* Past the C library, which keeps two to itself, and past what our parent ignored. */
    uint64_t action[4] = {0};
    for (int signal = 1; signal < NSIG; signal++) {
        syscall(SYS_rt_sigaction, signal, action, NULL, 8);
    }
    struct sigaction quiet = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
    sigaction(SIGCHLD, &quiet, NULL);
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
}

/* A group leader cannot begin a session: a child can, and the leader waits for it. */
static void become_session_leader(void) {
    if (setsid() >= 0) {
        return;
    }
    pid_t pid = fork();
    if (pid < 0) {
        fail("fork", errno);
    }
    if (pid == 0) {
        setsid();
        return;
    }
    int status;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static void set_up_process(void) {
    close_from(STDERR_FILENO + 1);
    default_signals();
    become_session_leader();
    umask(022);
    if (chdir("/") != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) {
        fail("cannot set up the process", errno);
    }
    int error = privileges_bound(kept_capabilities);
    if (error != 0) {
        fail("cannot bound the capabilities of commands", error);
    }
    struct rlimit no_core = {0};
    setrlimit(RLIMIT_CORE, &no_core);
    /* Descriptors 0 to 3 must be taken, also where the parent closed some of them. */
    int null;
    do {
        null = open("/dev/null", O_RDWR);
    } while (null >= 0 && null < RESERVED_FD);
    if (null != RESERVED_FD || fcntl(null, F_SETFD, FD_CLOEXEC) != 0) {
        fail("/dev/null", errno);
    }
}

static void set_up_events(void) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    events = epoll_create1(EPOLL_CLOEXEC);
    spare = fcntl(RESERVED_FD, F_DUPFD_CLOEXEC, 0);
    if (children < 0 || events < 0 || spare < 0 || !watch(children, TAG_CHILDREN) || !watch(listener, TAG_LISTENER)) {
        fail("cannot set up the events", errno);
    }
    parent_stays = watch(STDIN_FILENO, TAG_PARENT);
    if (!parent_stays && errno != EPERM) {
        fail("cannot watch the parent", errno);
    }
    pool_begin(events);
}

static void leave(void) {
    if (listener < 0) {
        return;
    }
    unlink_socket();
    close_if_open(&listener);
    pool_dismiss();
}

/* End-of-file means that the agent is gone. Whatever it says means nothing. */
static void hear_parent(void) {
    char ignored[256];
    ssize_t length = read(STDIN_FILENO, ignored, sizeof ignored);
    if (length == 0 || (length < 0 && errno != EINTR && errno != EAGAIN)) {
        epoll_ctl(events, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
        leave();
    }
}

/* Without a descriptor to spare a connection can be neither served nor refused, and would be announced for ever. */
static void refuse_one(int error) {
    close_if_open(&spare);
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection >= 0) {
        frame_refuse(connection, error, STAGE_REQUEST);
    }
    spare = fcntl(RESERVED_FD, F_DUPFD_CLOEXEC, 0);
}

static void accept_some(void) {
    for (int i = 0; i < ACCEPTS_IN_A_ROW && listener >= 0; i++) {
        int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (connection < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                refuse_one(errno);
            }
            return;
        }
        uint32_t stage;
        int error = pool_hand_over(connection, &stage);
        if (error != 0) {
            frame_refuse(connection, error, stage);
        } else {
            close(connection);
        }
    }
}

static void reap(void) {
    struct signalfd_siginfo ignored;
    ssize_t length = read(children, &ignored, sizeof ignored);
    (void) length;
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
        if (pid <= 0) {
            if (pid < 0 && errno == EINTR) {
                continue;
            }
            return;
        }
        bool proved = WIFEXITED(status) && WEXITSTATUS(status) == SUPERVISOR_LEFT_NOTHING;
        if (!pool_remove(pid) || !proved) {
            orphans_expected();
        }
    }
}

static void run(void) {
    while (listener >= 0 || pool_count() > 0 || orphans_due() != NEVER) {
        struct epoll_event ready[EVENTS];
        int count = epoll_wait(events, ready, EVENTS, poll_timeout(orphans_due()));
        bool connections = false;
        for (int i = 0; i < count; i++) {
            switch (ready[i].data.u64) {
                case TAG_LISTENER:
                    connections = true;
                    break;
                case TAG_PARENT:
                    hear_parent();
                    break;
                case TAG_CHILDREN:
                    reap();
                    break;
                default:
                    pool_hear((int) ready[i].data.u64);
                    break;
            }
        }
        /* Last, so that who has become idle is known. */
        if (connections) {
            accept_some();
        }
        orphans_tend();
    }
}

static int number(const char *text) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == 0 || *end != 0 || value < 0 || value > POOL_SIZE) {
        fail("--max-idle is not a number in range", 0);
    }
    return (int) value;
}

static uint64_t set_of_bits(const char *text) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 16);
    if (*text == 0 || *end != 0 || errno != 0) {
        fail("--keep-capabilities is not a hexadecimal number in range", 0);
    }
    return value;
}

static void parse_arguments(int argc, char **argv) {
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            fail("an option lacks its value", 0);
        }
        if (strcmp(argv[i], "--socket") == 0) {
            socket_path = argv[i + 1];
        } else if (strcmp(argv[i], "--max-idle") == 0) {
            pool_keep(number(argv[i + 1]));
        } else if (strcmp(argv[i], "--keep-capabilities") == 0) {
            kept_capabilities = set_of_bits(argv[i + 1]);
        } else {
            fail(USAGE, 0);
        }
    }
    if (socket_path == NULL || socket_path[0] != '/') {
        fail(USAGE, 0);
    }
}

int main(int argc, char **argv) {
    parse_arguments(argc, argv);
    set_up_process();
    record_read_boot_id();
    listen_on_path();
    set_up_events();
    if (write_whole(STDOUT_FILENO, "ready\n", 6) != 6) {
        fail("cannot report to the parent", errno);
    }
    /* Nothing is ever written there again: where it stays as it is, that does no harm. */
    (void) dup2(RESERVED_FD, STDOUT_FILENO);
    if (!parent_stays) {
        /* Not a pipe: nobody stays at the other end. */
        leave();
    }
    run();
    return 0;
}
