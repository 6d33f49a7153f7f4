package dev.hufu.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Authenticator;
import java.net.HttpURLConnection;
import java.net.ProtocolException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP request and its whole answer, on the calling thread. Follows no redirect and knows no other credentials than the
 * token. {@code HttpURLConnection} and not {@code java.net.http}: that costs a short command half a second, and has no bound
 * on the time between two bytes.
 */
final class HttpCalls {
    private static final int MAXIMUM_ANSWER = 128 << 20;
    /** A body larger than this is announced before it is sent, so that a refusal of its size can still be read. */
    private static final int ANNOUNCED = 64 << 10;

    private final URI base;
    private final @Nullable String token;
    private final Duration connectTimeout;
    private final @Nullable SSLSocketFactory trust;

    /**
     * Makes one for the server at {@code base}, which ends without a slash.
     *
     * @param trust whose certificates are believed; null for those that this Java believes
     */
    HttpCalls(URI base, @Nullable String token, Duration connectTimeout, @Nullable SSLSocketFactory trust) {
        this.base = base;
        this.token = token;
        this.connectTimeout = connectTimeout;
        this.trust = trust;
    }

    /**
     * A request to a path below the base.
     *
     * @param readTimeout between two bytes of the answer
     */
    record Request(
            String method,
            String path,
            Map<String, String> headers,
            @Nullable Supplier<byte[]> body,
            Duration readTimeout,
            Form form) {
        Request(
                String method,
                String path,
                Map<String, String> headers,
                @Nullable Supplier<byte[]> body,
                Duration readTimeout) {
            this(method, path, headers, body, readTimeout, Form.WHOLE);
        }
    }

    /** What is wanted of an answer. */
    enum Form {
        /** All of it; may be asked for again. */
        WHOLE,
        /** All of it, of a request that must not be sent twice. */
        WHOLE_ONCE,
        /** Its lines as they come; may be asked for again. */
        LINES,
        /** Its lines, of a request that must not be sent twice. */
        LINES_ONCE;

        boolean once() {
            return this == WHOLE_ONCE || this == LINES_ONCE;
        }

        boolean lines() {
            return this == LINES || this == LINES_ONCE;
        }
    }

    /** An answer, its header names in lower case. */
    static final class Response {
        private final int status;
        private final Map<String, List<String>> headers;
        private final byte[] body;
        private final @Nullable Lines lines;

        private Response(int status, Map<String, List<String>> headers, byte[] body, @Nullable Lines lines) {
            this.status = status;
            this.headers = headers;
            this.body = body;
            this.lines = lines;
        }

        /** The caller closes it. */
        Lines lines() {
            if (lines == null) {
                throw new IllegalStateException("the answer was read as a whole");
            }
            return lines;
        }

        int status() {
            return status;
        }

        /** The array itself, which is the caller's from then on. */
        byte[] body() {
            return body;
        }

        Optional<String> header(String name) {
            List<String> values = headers.get(name);
            return values == null || values.isEmpty() ? Optional.empty() : Optional.of(values.getFirst());
        }
    }

    /** Nothing was sent. */
    static final class NotConnectedException extends IOException {
        private NotConnectedException(IOException cause) {
            super(cause.getMessage(), cause);
        }
    }

    Response exchange(Request request) throws IOException {
        HttpURLConnection connection = open(request);
        try {
            connection.connect();
        } catch (IOException failure) {
            throw new NotConnectedException(failure);
        }
        boolean refusedEarly = false;
        if (request.body() != null) {
            try (OutputStream out = connection.getOutputStream()) {
                out.write(request.body().get());
            } catch (ProtocolException refused) {
                refusedEarly = true;
            }
        } else if (request.form().once()) {
            connection.getOutputStream().close();
        }
        int status = connection.getResponseCode();
        Map<String, List<String>> headers = headers(connection);
        if (request.form().lines() && status < 300) {
            return new Response(status, headers, new byte[0], new Lines(connection));
        }
        return new Response(status, headers, refusedEarly ? new byte[0] : content(connection, status), null);
    }

    private HttpURLConnection open(Request request) throws IOException {
        HttpURLConnection connection =
                (HttpURLConnection) URI.create(base + request.path()).toURL().openConnection();
        if (trust != null && connection instanceof HttpsURLConnection secure) {
            secure.setSSLSocketFactory(trust);
        }
        connection.setRequestMethod(request.method());
        connection.setInstanceFollowRedirects(false);
        connection.setUseCaches(false);
        connection.setAuthenticator(new Authenticator() {});
        connection.setConnectTimeout(Math.toIntExact(connectTimeout.toMillis()));
        connection.setReadTimeout(Math.toIntExact(request.readTimeout().toMillis()));
        connection.setRequestProperty("Accept", "application/json");
        connection.setRequestProperty("User-Agent", "hufu-client");
        if (token != null) {
            connection.setRequestProperty("Authorization", "Bearer " + token);
        }
        request.headers().forEach(connection::setRequestProperty);
        int length = request.body() == null ? 0 : request.body().get().length;
        if (length > ANNOUNCED || request.form().once()) {
            // Without this the JDK itself sends a request again whose connection broke.
            connection.setDoOutput(true);
            connection.setFixedLengthStreamingMode(length);
        }
        if (request.body() != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            if (length > ANNOUNCED) {
                connection.setRequestProperty("Expect", "100-Continue");
            }
        }
        return connection;
    }

    private static Map<String, List<String>> headers(HttpURLConnection connection) {
        Map<String, List<String>> headers = new TreeMap<>();
        connection.getHeaderFields().forEach((name, values) -> {
            // The status line is among them, without a name.
            if (name != null) {
                headers.put(name.toLowerCase(Locale.ROOT), values);
            }
        });
        return headers;
    }

    private static byte[] content(HttpURLConnection connection, int status) throws IOException {
        InputStream stream = status >= 400 ? connection.getErrorStream() : connection.getInputStream();
        if (stream == null) {
            return new byte[0];
        }
        try (stream) {
            byte[] content = stream.readNBytes(MAXIMUM_ANSWER + 1);
            if (content.length > MAXIMUM_ANSWER) {
                throw new IOException("the answer is larger than " + MAXIMUM_ANSWER + " bytes");
            }
            // The JDK takes a connection that was cut for the end of the body.
            long announced = connection.getContentLengthLong();
            if (announced > content.length) {
                throw new IOException("the answer was cut at " + content.length + " of " + announced + " bytes");
            }
            return content;
        }
    }
}
