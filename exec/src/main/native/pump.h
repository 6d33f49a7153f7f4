/* From the command's pipes into the attempt file. */
#ifndef HUFU_PUMP_H
#define HUFU_PUMP_H

#include <stdbool.h>

#include "record.h"

struct pump {
    int fd; /* our end, -1 at end-of-file */
    enum stream stream;
    int capacity; /* of the pipe, 0 while it is the kernel's default */
    uint64_t consumed; /* up to here readers have the stream */
};

/* Makes the pipe; `*other_end` is for the command. 0 or errno. */
int pump_open(struct pump *pump, enum stream stream, int *other_end);

/* Readers never go back: a position before the known one changes nothing. */
void pump_consumed(struct pump *pump, uint64_t position);

/* How many bytes may be taken in before a reader is waited for. `ending`: what may still come is little. */
uint64_t pump_room(const struct pump *pump, const struct attempt_file *file, bool ending);

/* Takes in what is there, up to a fair share and the room. With `hung_up` also the end-of-file, if that is next. */
void pump_some(struct pump *pump, struct attempt_file *file, bool hung_up, uint64_t room);

/* Takes in all that is there, for when nobody is left to write; readers are not waited for. */
void pump_all(struct pump *pump, struct attempt_file *file);

#endif
