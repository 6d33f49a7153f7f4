package dev.hufu.contract;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** HTTP by hand, for what libraries would correct or refuse to send. One connection for each request. */
final class Wire {
    private static final int PATIENCE_MILLIS = 30_000;

    private final int port;

    Wire(int port) {
        this.port = port;
    }

    Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    Reply send(Request request) throws IOException {
        return send(request.bytes(), request.method().equals("HEAD"));
    }

    Reply send(byte[] request, boolean head) throws IOException {
        try (Socket socket = connect()) {
            try {
                socket.getOutputStream().write(request);
                socket.getOutputStream().flush();
            } catch (SocketException early) {
                // The server has answered and closed before it read all of it; the answer is what counts.
            }
            return read(new BufferedInputStream(socket.getInputStream()), head);
        }
    }

    Reply send(String lines) throws IOException {
        return send(lines.getBytes(StandardCharsets.ISO_8859_1), false);
    }

    static Reply read(InputStream in, boolean head) throws IOException {
        String statusLine = line(in);
        if (!statusLine.matches("HTTP/1\\.1 [1-5][0-9]{2}( .*)?")) {
            throw new IOException("no status line: " + statusLine);
        }
        int status = Integer.parseInt(statusLine.substring(9, 12));
        List<Map.Entry<String, String>> headers = new ArrayList<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            if (colon < 1) {
                throw new IOException("no header: " + line);
            }
            headers.add(Map.entry(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip()));
        }
        Reply bare = new Reply(status, List.copyOf(headers), new byte[0]);
        if (head || status == 204 || status == 304) {
            return bare;
        }
        byte[] body;
        if (bare.header("Transfer-Encoding").equals("chunked")) {
            body = chunks(in);
        } else if (bare.header("Content-Length").isEmpty()) {
            body = in.readAllBytes();
        } else {
            int length = Integer.parseInt(bare.header("Content-Length"));
            body = in.readNBytes(length);
            if (body.length < length) {
                throw new EOFException("the body ends after " + body.length + " of " + length + " bytes");
            }
        }
        return new Reply(status, bare.headers(), body);
    }

    private static byte[] chunks(InputStream in) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        while (true) {
            int size = Integer.parseInt(line(in), 16);
            all.writeBytes(in.readNBytes(size));
            line(in);
            if (size == 0) {
                return all.toByteArray();
            }
        }
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int each = in.read(); each != '\n'; each = in.read()) {
            if (each < 0) {
                throw new EOFException("the answer ends after \"" + line + "\"");
            }
            line.write(each);
        }
        String text = line.toString(StandardCharsets.UTF_8);
        if (!text.endsWith("\r")) {
            throw new IOException("a line without CR: " + text);
        }
        return text.substring(0, text.length() - 1);
    }
}
