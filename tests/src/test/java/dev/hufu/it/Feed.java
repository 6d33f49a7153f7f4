package dev.hufu.it;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client of an answer that goes on, down to its socket: it reads when it is told to, and closes as it is told to. */
final class Feed implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 60_000;

    private final Socket socket;
    private final InputStream in;
    private final String head;
    private int chunkLeft;
    private boolean ended;

    private Feed(Socket socket, String head) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.head = head.isEmpty() ? readLine() : head;
        String header = readLine();
        while (!header.isEmpty()) {
            header = readLine();
        }
    }

    static Feed get(ServerProcess server, String path, String... headers) throws IOException {
        return open(server.address(), server.api().token(), "GET " + path, "", 0, headers);
    }

    static Feed post(ServerProcess server, String path, String body, String... headers) throws IOException {
        return open(server.address(), server.api().token(), "POST " + path, body, 0, headers);
    }

    /** With a receive buffer of this size, so that little is on its way. */
    static Feed narrow(ServerProcess server, String path, int buffer, String... headers) throws IOException {
        return open(server.address(), server.api().token(), "GET " + path, "", buffer, headers);
    }

    private static Feed open(URI address, String token, String what, String body, int buffer, String... headers)
            throws IOException {
        Socket socket = new Socket();
        if (buffer > 0) {
            socket.setReceiveBufferSize(buffer);
        }
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort()));
        socket.setSoTimeout(PATIENCE_MILLIS);
        StringBuilder request = new StringBuilder(what)
                .append(" HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ")
                .append(token)
                .append("\r\n");
        for (int i = 0; i < headers.length; i += 2) {
            request.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
        }
        if (!body.isEmpty()) {
            request.append("Content-Type: application/json\r\nContent-Length: ")
                    .append(body.getBytes(StandardCharsets.UTF_8).length)
                    .append("\r\n");
        }
        request.append("\r\n").append(body);
        OutputStream out = socket.getOutputStream();
        out.write(request.toString().getBytes(StandardCharsets.UTF_8));
        out.flush();
        return new Feed(socket, "");
    }

    String head() {
        return head;
    }

    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new EOFException("cut within a line");
            }
            if (next != '\r') {
                line.write(next);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    /**
     * What comes next of the body, at most this much; empty at its end.
     *
     * @throws IOException where it is cut before its end
     */
    byte[] some(int most) throws IOException {
        if (chunkLeft == 0 && !ended) {
            chunkLeft = Integer.parseInt(readLine(), 16);
            if (chunkLeft == 0) {
                ended = true;
                readLine();
            }
        }
        if (ended) {
            return new byte[0];
        }
        byte[] bytes = new byte[Math.min(most, chunkLeft)];
        int count = in.read(bytes);
        if (count < 0) {
            throw new EOFException("cut within the body");
        }
        chunkLeft -= count;
        if (chunkLeft == 0) {
            readLine();
        }
        return Arrays.copyOf(bytes, count);
    }

    /** The next line of the body; empty for a heartbeat, or at the end. */
    String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        while (true) {
            byte[] next = some(1);
            if (next.length == 0 || next[0] == '\n') {
                return line.toString(StandardCharsets.UTF_8);
            }
            line.write(next[0]);
        }
    }

    boolean ended() {
        return ended;
    }

    /** The next frame, heartbeats left out; missing at the end. */
    JsonNode frame() throws IOException {
        while (!ended) {
            String line = line();
            if (!line.isEmpty()) {
                return JsonMapper.shared().readTree(line);
            }
        }
        return JsonMapper.shared().missingNode();
    }

    static byte[] data(JsonNode frame) {
        return frame.has("text")
                ? frame.get("text").asString().getBytes(StandardCharsets.UTF_8)
                : Base64.getDecoder().decode(frame.get("base64").asString());
    }

    /** Leaves without a word, as a process that is killed while it has not read all. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
