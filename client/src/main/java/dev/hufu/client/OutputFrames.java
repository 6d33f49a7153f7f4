package dev.hufu.client;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * Turns frames of output into events, each byte once: what was had already is cut off, and what is jumped becomes a gap. For
 * one thread.
 */
final class OutputFrames {
    private final Map<Output.Stream, Long> positions = new EnumMap<>(Output.Stream.class);
    private final boolean oneConnection;
    private final Queue<OutputEvent> events = new ArrayDeque<>();

    OutputFrames(long stdout, long stderr) {
        this(stdout, stderr, false);
    }

    /** Of one connection, where no byte comes twice: what begins anew is another attempt's. */
    static OutputFrames ofOneConnection() {
        return new OutputFrames(0, 0, true);
    }

    private OutputFrames(long stdout, long stderr, boolean oneConnection) {
        this.oneConnection = oneConnection;
        positions.put(Output.Stream.STDOUT, stdout);
        positions.put(Output.Stream.STDERR, stderr);
    }

    /** Position of the next byte that was not had yet. */
    long position(Output.Stream stream) {
        return positions.getOrDefault(stream, 0L);
    }

    @Nullable
    OutputEvent poll() {
        return events.poll();
    }

    /** Takes a frame of bytes, or of a gap. */
    void accept(Json frame) {
        Output.Stream stream = frame.required("stream", OutputFrames::stream);
        if (frame.present("gap")) {
            jump(stream, frame.within("gap", gap -> gap.number("to")));
            return;
        }
        byte[] content = frame.present("base64")
                ? frame.required("base64", Base64.getDecoder()::decode)
                : frame.text("text").getBytes(StandardCharsets.UTF_8);
        long offset = frame.number("offset");
        if (oneConnection && offset < position(stream)) {
            positions.put(stream, offset);
        }
        jump(stream, offset);
        long known = position(stream) - offset;
        if (known < content.length) {
            events.add(new OutputEvent.Chunk(stream, position(stream), content, (int) known));
            positions.put(stream, offset + content.length);
        }
    }

    private void jump(Output.Stream stream, long to) {
        long from = position(stream);
        if (to > from) {
            events.add(new OutputEvent.Gap(stream, from, to));
            positions.put(stream, to);
        }
    }

    private static Output.Stream stream(String word) {
        return Output.Stream.valueOf(word.toUpperCase(Locale.ROOT));
    }
}
