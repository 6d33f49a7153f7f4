#include "accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sys.h"

enum { FIELDS = 4, PART = 4096 };

/* The C library's way would allocate, and, linked statically, load libraries that may not fit and crash. */
struct reader {
    int fd;
    ssize_t length;
    ssize_t at;
    int error; /* why it ends before its end; 0: it does not */
    char part[PART];
};

/* The first fields of a line; a field that is longer than any name is cut, and then equals none. */
struct line {
    int fields;
    size_t length[FIELDS];
    char text[FIELDS][ACCOUNT_NAME_MAXIMUM + 2];
};

static const char *passwd_file = "/etc/passwd";
static const char *group_file = "/etc/group";
static struct reader reader;
static struct line line;

void accounts_use(const char *passwd, const char *group) {
    passwd_file = passwd;
    group_file = group;
}

bool parse_id(const char *text, size_t length, uint32_t *id) {
    uint64_t value = 0;
    if (length == 0 || length > 10) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (uint64_t) (text[i] - '0');
    }
    *id = (uint32_t) value;
    return value < UINT32_MAX;
}

static bool begin(const char *file) {
    reader.length = 0;
    reader.at = 0;
    reader.error = 0;
    reader.fd = open(file, O_RDONLY | O_CLOEXEC);
    return reader.fd >= 0;
}

/* -1 at the end; 0 is what a line ends by. */
static int next_character(void) {
    if (reader.at == reader.length) {
        do {
            reader.length = read(reader.fd, reader.part, sizeof reader.part);
        } while (reader.length < 0 && errno == EINTR);
        reader.at = 0;
        if (reader.length <= 0) {
            reader.error = reader.length < 0 ? errno : 0;
            reader.length = 0;
            return -1;
        }
    }
    char character = reader.part[reader.at++];
    return character == '\n' ? 0 : (unsigned char) character;
}

/*
 * Reads one line. Of the last field each part between commas is compared with `member`, however long the whole is. False at
 * the end of the file.
 */
static bool next_line(const char *member, bool *is_member) {
    size_t wanted = strlen(member);
    size_t matched = 0;
    bool differs = false;
    bool any = false;
    line.fields = 1;
    memset(line.length, 0, sizeof line.length);
    *is_member = false;
    for (;;) {
        int character = next_character();
        any = any || character >= 0;
        bool last = line.fields == FIELDS;
        if (last && (character <= 0 || character == ',')) {
            *is_member = *is_member || (!differs && matched == wanted && wanted > 0);
            matched = 0;
            differs = false;
        } else if (last && !differs && matched < wanted && (char) character == member[matched]) {
            matched++;
        } else {
            differs = true;
        }
        if (character <= 0) {
            return any;
        }
        if (character == ':' && line.fields <= FIELDS) {
            line.fields++;
            matched = 0;
            differs = false;
        } else if (line.fields <= FIELDS && line.length[line.fields - 1] <= ACCOUNT_NAME_MAXIMUM) {
            line.text[line.fields - 1][line.length[line.fields - 1]++] = (char) character;
        }
    }
}

static bool field_id(int field, uint32_t *id) {
    return line.fields > field && parse_id(line.text[field], line.length[field], id);
}

static bool field_is(int field, const char *text) {
    return line.fields > field && line.length[field] == strlen(text)
            && memcmp(line.text[field], text, line.length[field]) == 0;
}

int account_find(const char *user, struct account *account) {
    uint32_t number = 0;
    bool by_number = parse_id(user, strlen(user), &number);
    bool ignored;
    int found = ENOENT;
    if (strlen(user) > ACCOUNT_NAME_MAXIMUM) {
        return ENOENT;
    }
    if (!begin(passwd_file)) {
        return errno;
    }
    while (found != 0 && next_line("", &ignored)) {
        uint32_t uid;
        uint32_t gid;
        bool complete = field_id(2, &uid) && field_id(3, &gid) && line.length[0] > 0
                && line.length[0] <= ACCOUNT_NAME_MAXIMUM;
        if (complete && (by_number ? uid == number : field_is(0, user))) {
            memcpy(account->name, line.text[0], line.length[0]);
            account->name[line.length[0]] = 0;
            account->user = uid;
            account->group = gid;
            found = 0;
        }
    }
    close(reader.fd);
    return reader.error != 0 ? reader.error : found;
}

int account_groups(const struct account *account, gid_t *groups, int room) {
    int count = 1;
    bool is_member;
    groups[0] = account->group;
    if (!begin(group_file)) {
        return errno == ENOENT ? count : -1;
    }
    while (count >= 0 && next_line(account->name, &is_member)) {
        uint32_t gid;
        if (!is_member || !field_id(2, &gid) || gid == account->group) {
            continue;
        }
        if (count == room) {
            count = -1;
            errno = EOVERFLOW;
        } else {
            groups[count++] = gid;
        }
    }
    close(reader.fd);
    if (reader.error != 0) {
        /* Fewer groups than a user has are another user: what is closed to one of them would be open. */
        errno = reader.error;
        return -1;
    }
    return count;
}
