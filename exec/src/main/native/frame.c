#include "frame.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

bool frame_send(int connection, uint16_t type, const void *payload, size_t length) {
    uint8_t bytes[FRAME_HEADER + FRAME_PAYLOAD_SENT];
    if (connection < 0 || length > FRAME_PAYLOAD_SENT) {
        return false;
    }
    put32(bytes, (uint32_t) (length + FRAME_HEADER - 4));
    put16(bytes + 4, type);
    put16(bytes + 6, 0);
    if (length > 0) {
        memcpy(bytes + FRAME_HEADER, payload, length);
    }
    ssize_t sent;
    do {
        sent = send(connection, bytes, FRAME_HEADER + length, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t) (FRAME_HEADER + length);
}

void frame_refuse(int connection, int error, uint32_t stage) {
    uint8_t payload[8];
    put32(payload, (uint32_t) error);
    put32(payload + 4, stage);
    /* A peer that has gone learns nothing, and needs to learn nothing. */
    (void) frame_send(connection, FRAME_REFUSED, payload, sizeof payload);
    close(connection);
}

bool frame_receive(int connection, struct frame_reader *reader) {
    size_t room = sizeof reader->bytes - reader->used;
    if (room == 0) {
        return false;
    }
    ssize_t count;
    do {
        count = recv(connection, reader->bytes + reader->used, room, MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return errno == EAGAIN;
    }
    reader->used += (size_t) count;
    return count > 0;
}

enum frame_found frame_next(struct frame_reader *reader, struct frame *frame) {
    if (reader->used < FRAME_HEADER) {
        return FRAME_NONE;
    }
    uint32_t length = get32(reader->bytes);
    if (length < FRAME_HEADER - 4 || length > FRAME_HEADER - 4 + FRAME_PAYLOAD_READ || get16(reader->bytes + 6) != 0) {
        return FRAME_MALFORMED;
    }
    size_t whole = (size_t) length + 4;
    if (reader->used < whole) {
        return FRAME_NONE;
    }
    frame->type = get16(reader->bytes + 4);
    frame->length = whole - FRAME_HEADER;
    memcpy(frame->payload, reader->bytes + FRAME_HEADER, frame->length);
    reader->used -= whole;
    memmove(reader->bytes, reader->bytes + whole, reader->used);
    return FRAME_READY;
}
