package dev.hufu.client;

import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The lines of an answer, as they come. For one thread, which waits without a buffer of more than the longest line; any thread
 * may close it, and a read that waits then fails.
 */
final class Lines implements AutoCloseable {
    /** The longest legal line is a run with a request of a megabyte in it, or a frame of 64 KiB. */
    private static final int LONGEST = 16 << 20;

    private final HttpURLConnection connection;
    private final InputStream in;
    private byte[] buffer = new byte[16 << 10];
    private int from;
    private int to;

    Lines(HttpURLConnection connection) throws IOException {
        this.connection = connection;
        this.in = connection.getInputStream();
    }

    /** The next line without its end; null at the end of the answer, where a piece of a line does not count. */
    byte @Nullable [] next() throws IOException {
        int searched = from;
        while (true) {
            for (int i = searched; i < to; i++) {
                if (buffer[i] == '\n') {
                    byte[] line = Arrays.copyOfRange(buffer, from, i > from && buffer[i - 1] == '\r' ? i - 1 : i);
                    from = i + 1;
                    return line;
                }
            }
            makeRoom();
            searched = to;
            int read = in.read(buffer, to, buffer.length - to);
            if (read < 0) {
                return null;
            }
            to += read;
        }
    }

    /** Whether the next line is here, or about to be. */
    boolean ready() throws IOException {
        return from < to || in.available() > 0;
    }

    private void makeRoom() throws IOException {
        if (from > 0) {
            System.arraycopy(buffer, from, buffer, 0, to - from);
            to -= from;
            from = 0;
        }
        if (to == buffer.length) {
            if (buffer.length >= LONGEST) {
                throw new IOException("a line is longer than " + LONGEST + " bytes");
            }
            buffer = Arrays.copyOf(buffer, buffer.length * 2);
        }
    }

    /** Ends the connection: of an answer that goes on, nothing else would stop the server's sending. */
    @Override
    public void close() {
        connection.disconnect();
    }
}
