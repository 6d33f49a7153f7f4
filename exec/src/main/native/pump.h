/* From the command's pipes into the attempt file. */
#ifndef HUFU_PUMP_H
#define HUFU_PUMP_H

#include <stdbool.h>

#include "record.h"

struct pump {
    int fd; /* our end, -1 at end-of-file */
    enum stream stream;
    int capacity; /* of the pipe, 0 while it is the kernel's default */
};

/* Makes the pipe; `*other_end` is for the command. 0 or errno. */
int pump_open(struct pump *pump, enum stream stream, int *other_end);

/* Takes in what is there, up to a fair share. With `hung_up` also the end-of-file, if that is next. */
void pump_some(struct pump *pump, struct attempt_file *file, bool hung_up);

/* Takes in all that is there, for when nobody is left to write. */
void pump_all(struct pump *pump, struct attempt_file *file);

#endif
