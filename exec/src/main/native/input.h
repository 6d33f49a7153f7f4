/* What the command reads: its standard input and its script, both real files. */
#ifndef HUFU_INPUT_H
#define HUFU_INPUT_H

#include "request.h"

/* A nameless file holding the bytes, read-only, positioned at 0; -1 where they are none. 0 or errno. */
int input_open(const char *attempt_file, struct bytes bytes, int *fd);

/* `<attempt file>.script`, mode 0444, opened read-only. 0 or errno; after an error no such file is left. */
int script_open(const char *attempt_file, struct bytes bytes, int *fd);

void script_remove(const char *attempt_file);

#endif
