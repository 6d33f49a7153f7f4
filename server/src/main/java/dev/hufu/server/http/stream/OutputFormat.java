package dev.hufu.server.http.stream;

import dev.hufu.server.output.OutputCursor.Piece;
import java.io.IOException;
import java.io.OutputStream;

/** How output that is followed is written down. Not for several threads. */
public sealed interface OutputFormat permits RawFormat, FrameFormat {
    /** How much was written, at the end. */
    record Counts(long stdoutBytes, long stderrBytes, boolean truncated) {}

    /**
     * Writes a piece.
     *
     * @param bytes those of the piece, and those of its overhang
     * @param whole whether bytes that may be the beginning of a character are written too
     * @return how many of the bytes are written; the rest is to come again
     */
    int write(Piece piece, byte[] bytes, boolean whole, OutputStream target) throws IOException;

    void heartbeat(OutputStream target) throws IOException;

    void end(Counts counts, OutputStream target) throws IOException;

    /**
     * Says why it ends before its end.
     *
     * @return false where this format cannot say it, so that the connection must be cut
     */
    boolean error(byte[] problem, OutputStream target) throws IOException;
}
