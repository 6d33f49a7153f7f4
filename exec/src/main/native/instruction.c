#include "instruction.h"

#include <signal.h>

bool instruction_parse(struct instruction *instruction, const struct frame *frame) {
    const uint8_t *payload = frame->payload;
    *instruction = (struct instruction){.kind = INSTRUCTION_NOTHING};
    if (frame->type == FRAME_STOP && frame->length == 12) {
        uint32_t cause = get32(payload);
        instruction->kind = INSTRUCTION_STOP;
        instruction->cause = (enum cause) cause;
        instruction->grace = get64(payload + 4);
        return cause != CAUSE_NONE && cause <= CAUSE_LAST;
    }
    if (frame->type == FRAME_SIGNAL && frame->length == 8) {
        uint32_t signal = get32(payload);
        instruction->kind = INSTRUCTION_SIGNAL;
        instruction->signal = (int) signal;
        instruction->whole_tree = get32(payload + 4) != 0;
        return signal != 0 && signal < (uint32_t) NSIG;
    }
    if (frame->type == FRAME_CONSUMED && frame->length == 16) {
        instruction->kind = INSTRUCTION_CONSUMED;
        instruction->consumed[0] = get64(payload);
        instruction->consumed[1] = get64(payload + 8);
        return true;
    }
    return frame->type == FRAME_ATTACH && frame->length == 0;
}
