package dev.hufu.client;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** What comes next in a task's output. Positions are bytes from the stream's start, counted as the process wrote them. */
public sealed interface OutputEvent {
    /** Of which stream. */
    Output.Stream stream();

    /** Bytes as the process wrote them; a piece has no meaning of its own, and may end within a character. */
    final class Chunk implements OutputEvent {
        private final Output.Stream stream;
        private final long offset;
        private final byte[] content;
        private final int from;

        Chunk(Output.Stream stream, long offset, byte[] content, int from) {
            this.stream = stream;
            this.offset = offset;
            this.content = content;
            this.from = from;
        }

        @Override
        public Output.Stream stream() {
            return stream;
        }

        /** Position of the first byte. */
        public long offset() {
            return offset;
        }

        public int length() {
            return content.length - from;
        }

        public byte[] bytes() {
            return Arrays.copyOfRange(content, from, content.length);
        }

        public void writeTo(OutputStream target) throws IOException {
            target.write(content, from, content.length - from);
        }
    }

    /** Bytes that were written and not kept: from {@code from} up to, and without, {@code to}. */
    record Gap(Output.Stream stream, long from, long to) implements OutputEvent {
        public long length() {
            return to - from;
        }
    }
}
