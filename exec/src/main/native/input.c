#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "sys.h"

static const char *path_beside(const char *attempt_file, const char *suffix) {
    static char path[PATH_MAX];
    size_t length = strlen(attempt_file);
    memcpy(path, attempt_file, length);
    memcpy(path + length, suffix, strlen(suffix) + 1);
    return path;
}

/* Left over from an attempt whose file was removed, so nobody's: the attempt file beside it is ours alone. */
static void remove_leftover(const char *path) {
    unlink(path);
}

static int make_file(const char *path, mode_t mode, struct bytes bytes, int *fd) {
    *fd = -1;
    int writer = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (writer < 0 && errno == EEXIST) {
        remove_leftover(path);
        writer = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    }
    if (writer < 0) {
        return errno;
    }
    int error = 0;
    if (write_whole(writer, bytes.at, bytes.length) < bytes.length) {
        error = errno;
    } else {
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        error = *fd < 0 ? errno : 0;
    }
    /* Closed before any fork, so that no writer is left when the script is executed. */
    close(writer);
    return error;
}

int input_open(const char *attempt_file, struct bytes bytes, int *fd) {
    *fd = -1;
    if (bytes.length == 0) {
        return 0;
    }
    const char *path = path_beside(attempt_file, ".stdin");
    int error = make_file(path, 0600, bytes, fd);
    unlink(path);
    return error;
}

int script_open(const char *attempt_file, struct bytes bytes, int *fd) {
    const char *path = path_beside(attempt_file, ".script");
    int error = make_file(path, 0444, bytes, fd);
    if (error != 0) {
        unlink(path);
    }
    return error;
}

void script_remove(const char *attempt_file) {
    unlink(path_beside(attempt_file, ".script"));
}
