package dev.hufu.server.http.stream;

import dev.hufu.server.http.json.Json;
import dev.hufu.server.output.AttemptOutput.Stream;
import dev.hufu.server.output.OutputCursor.Piece;
import dev.hufu.server.output.OutputCursor.Positions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * One JSON object for each piece: as a line, or as the data of a server-sent event that is identified by where the next one
 * begins. Text is copied without being decoded. Holds no output; not for several threads.
 */
public final class FrameFormat implements OutputFormat {
    private static final byte[][] ESCAPES = escapes();
    private static final byte[] DATA = ascii("data: ");
    private static final byte[] LINE_END = ascii("\n");
    private static final byte[] EVENT_END = ascii("\n\n");
    private static final byte[] COMMENT = ascii(":\n\n");

    private final boolean events;
    private final boolean tellsEnd;
    private @Nullable Positions positions;

    private FrameFormat(boolean events, boolean tellsEnd, @Nullable Positions positions) {
        this.events = events;
        this.tellsEnd = tellsEnd;
        this.positions = positions;
    }

    /** Lines. */
    public static FrameFormat lines() {
        return new FrameFormat(false, true, null);
    }

    /** Lines that somebody else ends. */
    public static FrameFormat linesWithoutEnd() {
        return new FrameFormat(false, false, null);
    }

    /** Server-sent events. */
    public static FrameFormat events(Positions from) {
        return new FrameFormat(true, true, from);
    }

    @Override
    public int write(Piece piece, byte[] bytes, boolean whole, OutputStream target) throws IOException {
        if (piece.hasGap()) {
            begin(target, piece.stream(), piece.position());
            text(
                    target,
                    "{\"stream\":\"" + name(piece.stream()) + "\",\"gap\":{\"from\":" + piece.gapFrom() + ",\"to\":"
                            + piece.position() + "}}");
            end(target);
        }
        int length = piece.length();
        if (length == 0) {
            return 0;
        }
        Utf8.Checked checked = Utf8.check(bytes, 0, length);
        if (checked.cut()) {
            // The rest of a character may have come behind bytes of the other stream.
            Utf8.Checked further = Utf8.check(bytes, checked.valid(), length + piece.overhang());
            int character = characterLength(bytes, checked.valid(), further);
            if (checked.valid() + character > length) {
                length = checked.valid() + character;
                checked = new Utf8.Checked(length, false);
            }
        }
        if (checked.all(length)) {
            frame(target, piece, bytes, length, true);
            return length;
        }
        if (checked.cut() && checked.valid() > 0) {
            frame(target, piece, bytes, checked.valid(), true);
            return checked.valid();
        }
        if (checked.cut()) {
            if (!whole) {
                return 0;
            }
            frame(target, piece, bytes, length, false);
            return length;
        }
        return binary(target, piece, bytes, length);
    }

    /** The length of the whole character that begins there; 0 where none does. */
    private static int characterLength(byte[] bytes, int at, Utf8.Checked checked) {
        if (checked.valid() == 0) {
            return 0;
        }
        int length = 1;
        while (length < checked.valid() && Utf8.isContinuation(bytes[at + length])) {
            length++;
        }
        return length;
    }

    /** What is not UTF-8; but the end of a character whose beginning was sent before does not spoil what follows. */
    private int binary(OutputStream target, Piece piece, byte[] bytes, int length) throws IOException {
        int rest = 0;
        while (rest < 3 && rest < length && Utf8.isContinuation(bytes[rest])) {
            rest++;
        }
        if (rest > 0 && rest < length) {
            Utf8.Checked following = Utf8.check(bytes, rest, length);
            if (following.all(length - rest) || following.cut()) {
                frame(target, piece, bytes, rest, false);
                return rest;
            }
        }
        frame(target, piece, bytes, length, false);
        return length;
    }

    private void frame(OutputStream target, Piece piece, byte[] bytes, int length, boolean isText) throws IOException {
        begin(target, piece.stream(), piece.position() + length);
        text(
                target,
                "{\"at\":\"" + Json.timeText(Instant.ofEpochSecond(0, piece.realtimeNanos())) + "\",\"stream\":\""
                        + name(piece.stream()) + "\",\"offset\":" + piece.position()
                        + (isText ? ",\"text\":\"" : ",\"base64\":\""));
        if (isText) {
            escaped(target, bytes, length);
        } else {
            target.write(Base64.getEncoder().encode(Arrays.copyOf(bytes, length)));
        }
        text(target, "\"}");
        end(target);
    }

    private static void escaped(OutputStream target, byte[] bytes, int length) throws IOException {
        int plain = 0;
        for (int i = 0; i < length; i++) {
            byte value = bytes[i];
            byte[] escape = value >= 0 ? ESCAPES[value] : null;
            if (escape != null && escape.length > 0) {
                target.write(bytes, plain, i - plain);
                target.write(escape);
                plain = i + 1;
            }
        }
        target.write(bytes, plain, length - plain);
    }

    @Override
    public void heartbeat(OutputStream target) throws IOException {
        target.write(events ? COMMENT : LINE_END);
    }

    @Override
    public void end(Counts counts, OutputStream target) throws IOException {
        if (!tellsEnd) {
            return;
        }
        line(
                target,
                ascii("{\"end\":{\"stdoutBytes\":" + counts.stdoutBytes() + ",\"stderrBytes\":" + counts.stderrBytes()
                        + ",\"truncated\":" + counts.truncated() + "}}"));
    }

    @Override
    public boolean error(byte[] problem, OutputStream target) throws IOException {
        text(target, events ? "data: {\"error\":" : "{\"error\":");
        target.write(problem);
        text(target, "}");
        end(target);
        return true;
    }

    /** A line of one's own. */
    public void line(OutputStream target, byte[] json) throws IOException {
        if (events) {
            target.write(DATA);
        }
        target.write(json);
        end(target);
    }

    private void begin(OutputStream target, Stream stream, long next) throws IOException {
        Positions now = positions;
        if (events && now != null) {
            positions = stream == Stream.STDOUT ? new Positions(next, now.stderr()) : new Positions(now.stdout(), next);
            text(target, "id: " + positions.stdout() + "," + positions.stderr() + "\ndata: ");
        }
    }

    private void end(OutputStream target) throws IOException {
        target.write(events ? EVENT_END : LINE_END);
    }

    private static String name(Stream stream) {
        return switch (stream) {
            case STDOUT -> "stdout";
            case STDERR -> "stderr";
        };
    }

    private static void text(OutputStream target, String text) throws IOException {
        target.write(ascii(text));
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** By byte; empty for those that stand for themselves. */
    private static byte[][] escapes() {
        byte[][] escapes = new byte[128][];
        Arrays.fill(escapes, new byte[0]);
        for (int i = 0; i < ' '; i++) {
            escapes[i] = ascii("\\u00" + HexFormat.of().toHexDigits((byte) i));
        }
        escapes['\n'] = ascii("\\n");
        escapes['\r'] = ascii("\\r");
        escapes['\t'] = ascii("\\t");
        escapes['"'] = ascii("\\\"");
        escapes['\\'] = ascii("\\\\");
        return escapes;
    }
}
