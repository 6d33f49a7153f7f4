package dev.hufu.server.http.stream;

import dev.hufu.server.output.OutputCursor.Piece;
import java.io.IOException;
import java.io.OutputStream;

/** The bytes as they are; gaps are jumped. Stateless. */
public final class RawFormat implements OutputFormat {
    @Override
    public int write(Piece piece, byte[] bytes, boolean whole, OutputStream target) throws IOException {
        target.write(bytes, 0, piece.length());
        return piece.length();
    }

    @Override
    public void heartbeat(OutputStream target) {}

    @Override
    public void end(Counts counts, OutputStream target) {}

    @Override
    public boolean error(byte[] problem, OutputStream target) {
        return false;
    }
}
