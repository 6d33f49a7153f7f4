#include "listing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
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

bool listing_next(struct listing *listing, pid_t *number) {
    for (;;) {
        if (listing->at >= listing->length) {
            listing->at = 0;
            listing->length = syscall(SYS_getdents64, listing->directory, listing->entries, sizeof listing->entries);
            if (listing->length <= 0) {
                listing->error = listing->length < 0 ? errno : 0;
                close(listing->directory);
                return false;
            }
        }
        const struct entry *entry = (const void *) (listing->entries + listing->at);
        listing->at += entry->length;
        if (entry->name[0] >= '1' && entry->name[0] <= '9') {
            *number = (pid_t) strtol(entry->name, NULL, 10);
            return true;
        }
    }
}
