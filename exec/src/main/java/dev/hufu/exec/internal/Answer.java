package dev.hufu.exec.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A frame from the launcher or a supervisor. */
sealed interface Answer {
    record Started(long pid, long startRealtime) implements Answer {}

    record Attached(long pid, long startRealtime) implements Answer {}

    record Ended(ExitRecord record) implements Answer {}

    record Refused(int errno, int stage) implements Answer {}

    record KillPending(int survivors, long pid) implements Answer {}

    record Swept(int killed, int survivors) implements Answer {}

    static Answer parse(int type, ByteBuffer payload) throws MalformedException {
        ByteBuffer in = payload.slice().order(ByteOrder.LITTLE_ENDIAN);
        return switch (type) {
            case Protocol.STARTED -> {
                requireLength(type, in, 16);
                yield new Started(in.getLong(0), in.getLong(8));
            }
            case Protocol.ATTACHED -> {
                requireLength(type, in, 16);
                yield new Attached(in.getLong(0), in.getLong(8));
            }
            case Protocol.ENDED -> new Ended(ExitRecord.parse(in));
            case Protocol.REFUSED -> {
                requireLength(type, in, 8);
                yield new Refused(in.getInt(0), in.getInt(4));
            }
            case Protocol.KILL_PENDING -> {
                requireLength(type, in, 12);
                yield new KillPending(in.getInt(0), in.getLong(4));
            }
            case Protocol.SWEPT -> {
                requireLength(type, in, 8);
                yield new Swept(in.getInt(0), in.getInt(4));
            }
            default -> throw new MalformedException("frame of unknown type " + type);
        };
    }

    private static void requireLength(int type, ByteBuffer in, int length) throws MalformedException {
        if (in.remaining() != length) {
            throw new MalformedException("frame of type " + type + " has " + in.remaining() + " bytes");
        }
    }
}
