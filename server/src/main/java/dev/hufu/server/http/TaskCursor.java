package dev.hufu.server.http;

import dev.hufu.protocol.RunId;
import dev.hufu.protocol.TaskState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.OptionalInt;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Where a list of tasks goes on. Says nothing to its holder, and fits only the list that it came from. Pure. */
final class TaskCursor {
    private static final int BYTES = 2 * Integer.BYTES;

    private TaskCursor() {}

    static String encode(RunId run, @Nullable TaskState state, int fromIndex) {
        byte[] bytes = ByteBuffer.allocate(BYTES)
                .putInt(fromIndex)
                .putInt(check(run, state, fromIndex))
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** The index; empty where the cursor is not of this list. */
    static OptionalInt decode(RunId run, @Nullable TaskState state, String cursor) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(cursor);
        } catch (IllegalArgumentException malformed) {
            return OptionalInt.empty();
        }
        if (bytes.length != BYTES) {
            return OptionalInt.empty();
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        int index = buffer.getInt();
        return index >= 0 && buffer.getInt() == check(run, state, index) ? OptionalInt.of(index) : OptionalInt.empty();
    }

    private static int check(RunId run, @Nullable TaskState state, int index) {
        CRC32C sum = new CRC32C();
        sum.update(("tasks of " + run + " in " + state + " from " + index).getBytes(StandardCharsets.US_ASCII));
        return (int) sum.getValue();
    }
}
