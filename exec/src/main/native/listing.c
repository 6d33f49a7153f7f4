#include "listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As the kernel hands it out; readdir would allocate. */
struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short length;
    unsigned char type;
    char name[];
};

bool listing_open(struct listing *listing, const char *path) {
    listing->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    listing->length = 0;
    listing->at = 0;
    listing->error = listing->directory < 0 ? errno : 0;
    return listing->directory >= 0;
}

/* NULL at the end, where the directory has been closed. */
static const struct entry *next_entry(struct listing *listing) {
    if (listing->at >= listing->length) {
        listing->at = 0;
        listing->length = syscall(SYS_getdents64, listing->directory, listing->entries, sizeof listing->entries);
        if (listing->length <= 0) {
            listing->error = listing->length < 0 ? errno : 0;
            close(listing->directory);
            return NULL;
        }
    }
    const struct entry *entry = (const void *) (listing->entries + listing->at);
    listing->at += entry->length;
    return entry;
}

bool listing_next(struct listing *listing, pid_t *number) {
    const struct entry *entry;
    while ((entry = next_entry(listing)) != NULL) {
        if (entry->name[0] >= '1' && entry->name[0] <= '9') {
            *number = (pid_t) strtol(entry->name, NULL, 10);
            return true;
        }
    }
    return false;
}

bool listing_enter_first(struct listing *listing, char *path, size_t room) {
    size_t length = strlen(path);
    if (!listing_open(listing, path)) {
        return false;
    }
    const struct entry *entry;
    while ((entry = next_entry(listing)) != NULL) {
        if (entry->type == DT_DIR && strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0) {
            close(listing->directory);
            size_t name_length = strlen(entry->name);
            if (length + 1 + name_length >= room) {
                return false;
            }
            path[length] = '/';
            memcpy(path + length + 1, entry->name, name_length + 1);
            return true;
        }
    }
    return false;
}
