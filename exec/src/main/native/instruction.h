/* What an agent says to a supervisor once its attempt is under way. */
#ifndef HUFU_INSTRUCTION_H
#define HUFU_INSTRUCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "wire.h"

enum instruction_kind { INSTRUCTION_STOP, INSTRUCTION_SIGNAL, INSTRUCTION_CONSUMED, INSTRUCTION_NOTHING };

struct instruction {
    enum instruction_kind kind;
    enum cause cause;
    uint64_t grace;
    int signal;
    bool whole_tree;
    uint64_t consumed[2]; /* of stdout, of stderr */
};

/* False: malformed, and so the connection is broken. */
bool instruction_parse(struct instruction *instruction, const struct frame *frame);

#endif
