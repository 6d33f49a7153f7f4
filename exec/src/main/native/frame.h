/* Small frames over a socket that may break or stop reading at any time. */
#ifndef HUFU_FRAME_H
#define HUFU_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_PAYLOAD_SENT = 1024, FRAME_PAYLOAD_READ = 32 };

/* Never waits. False: the connection is of no more use. */
bool frame_send(int connection, uint16_t type, const void *payload, size_t length);

/* Answers REFUSED and closes. */
void frame_refuse(int connection, int error, uint32_t stage);

struct frame_reader {
    size_t used;
    uint8_t bytes[256];
};

struct frame {
    uint16_t type;
    size_t length;
    uint8_t payload[FRAME_PAYLOAD_READ];
};

/* Takes in what has arrived, without waiting. False: the connection is broken. */
bool frame_receive(int connection, struct frame_reader *reader);

enum frame_found { FRAME_NONE, FRAME_READY, FRAME_MALFORMED };

enum frame_found frame_next(struct frame_reader *reader, struct frame *frame);

#endif
