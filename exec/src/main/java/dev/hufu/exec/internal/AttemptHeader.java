package dev.hufu.exec.internal;

import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.internal.confine.GroupPlan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The fixed part of an attempt file's header. */
record AttemptHeader(
        Layout layout,
        String bootId,
        long supervisor,
        Target main,
        long startRealtime,
        String controlSocket,
        String marker,
        GroupPlan.Names groups) {

    private static final int POLICY_AT = 656;
    private static final int GROUPS_AT = 660;
    private static final int GROUP_NAMES_AT = 1152;
    private static final int GROUP_NAMES_SIZE = 2048;
    private static final int MAX_GROUPS = 8;

    /** Where things lie; every sum of these has been checked against overflow. */
    record Layout(
            int metadataLength,
            Retention retention,
            long tailOffset,
            long indexOffset,
            long indexCapacity,
            long stdoutOffset,
            long stderrOffset) {}

    /** A process told apart from a later one with the same id. */
    record Target(long pid, long startTicks) {
        static final Target NONE = new Target(0, 0);
    }

    /** Parses a header; null where none was written yet. */
    static @Nullable AttemptHeader parse(ByteBuffer page) throws MalformedException {
        ByteBuffer in = page.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (in.remaining() < Protocol.HEADER_SIZE || in.getLong(0) == 0) {
            return null;
        }
        byte[] magic = new byte[Protocol.HEADER_MAGIC.length];
        in.get(0, magic);
        require(Arrays.equals(magic, Protocol.HEADER_MAGIC), "magic");
        require(in.getInt(8) == Protocol.RECORD_VERSION, "version");
        return new AttemptHeader(
                layout(in),
                text(in, 64, 40),
                in.getLong(104),
                new Target(in.getLong(112), in.getLong(120)),
                in.getLong(128),
                text(in, 144, 256),
                text(in, 400, 256),
                groups(in));
    }

    private static GroupPlan.Names groups(ByteBuffer in) throws MalformedException {
        int version = in.getInt(GROUPS_AT);
        int count = in.getInt(GROUPS_AT + Integer.BYTES);
        require(version >= 0 && version <= 2, "version of control groups");
        require(count >= 0 && count <= MAX_GROUPS && (version == 0) == (count == 0), "number of control groups");
        List<String> directories = new ArrayList<>(count);
        int at = GROUP_NAMES_AT;
        for (int group = 0; group < count; group++) {
            int end = at;
            while (end < GROUP_NAMES_AT + GROUP_NAMES_SIZE && in.get(end) != 0) {
                end++;
            }
            require(end < GROUP_NAMES_AT + GROUP_NAMES_SIZE, "names of control groups");
            byte[] name = new byte[end - at];
            in.get(at, name);
            directories.add(new String(name, StandardCharsets.UTF_8));
            at = end + 1;
        }
        return new GroupPlan.Names(version, directories);
    }

    private static Layout layout(ByteBuffer in) throws MalformedException {
        Layout layout = new Layout(
                in.getInt(12),
                new Retention(in.getLong(16), policy(in.getInt(POLICY_AT))),
                in.getLong(24),
                in.getLong(32),
                in.getLong(40),
                in.getLong(48),
                in.getLong(56));
        try {
            require(layout.metadataLength >= 0 && layout.retention.limit() >= 0, "lengths");
            require(layout.tailOffset >= Math.addExact(Protocol.METADATA_AT, layout.metadataLength), "tail offset");
            require(layout.indexOffset >= Math.addExact(layout.tailOffset, 2L * Protocol.RING_SIZE), "index offset");
            require(layout.indexCapacity >= 0, "index capacity");
            long indexSize = Math.multiplyExact(layout.indexCapacity, (long) Protocol.INDEX_ENTRY);
            require(layout.stdoutOffset >= Math.addExact(layout.indexOffset, indexSize), "stdout offset");
            long size = layout.retention.regionSize();
            require(layout.stderrOffset >= Math.addExact(layout.stdoutOffset, size), "stderr offset");
            Math.addExact(layout.stderrOffset, size);
        } catch (ArithmeticException e) {
            throw malformed("offsets", e);
        }
        return layout;
    }

    private static OutputPolicy policy(int number) throws MalformedException {
        return switch (number) {
            case 0 -> OutputPolicy.TRUNCATE;
            case 1 -> OutputPolicy.KILL;
            case 2 -> OutputPolicy.BLOCK;
            default -> throw new MalformedException("bad header: output policy");
        };
    }

    private static String text(ByteBuffer in, int at, int size) throws MalformedException {
        byte[] bytes = new byte[size];
        in.get(at, bytes);
        int length = 0;
        while (length < size && bytes[length] != 0) {
            length++;
        }
        require(length < size, "text at " + at);
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    private static void require(boolean holds, String what) throws MalformedException {
        if (!holds) {
            throw new MalformedException("bad header: " + what);
        }
    }

    private static MalformedException malformed(String what, Throwable cause) {
        MalformedException malformed = new MalformedException("bad header: " + what);
        malformed.initCause(cause);
        return malformed;
    }
}
