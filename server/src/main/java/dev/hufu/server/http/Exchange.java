package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.auth.Caller;
import dev.hufu.server.http.header.StandardHeaders;
import dev.hufu.server.http.header.TraceContext;
import dev.hufu.server.http.stream.MediaType;
import dev.hufu.server.http.stream.OpenStream;
import dev.hufu.server.http.stream.Streams;
import dev.hufu.server.run.Refusal;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Enumeration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One request and its answer, as routes see them. Not for several threads. */
final class Exchange {
    private static final String JSON = "application/json";

    private final Context context;
    private final HttpServletRequest request;
    private final HttpServletResponse response;
    private final TraceContext trace;
    private final RequestBodies bodies;
    private final RequestBodies.Hold bodyHold;
    private final BooleanSupplier closing;
    private final RequestListener listener;
    private @Nullable Caller caller;
    private boolean begun;

    Exchange(
            Context context,
            TraceContext trace,
            RequestBodies bodies,
            BooleanSupplier closing,
            RequestListener listener) {
        this.context = context;
        this.request = context.req();
        this.response = context.res();
        this.trace = trace;
        this.bodies = bodies;
        this.bodyHold = bodies.hold();
        this.closing = closing;
        this.listener = listener;
    }

    TraceContext trace() {
        return trace;
    }

    void admitted(Caller known) {
        caller = known;
    }

    /** Who calls; only on routes that are not public. */
    Caller caller() {
        if (caller == null) {
            throw new IllegalStateException("nobody was asked for credentials here");
        }
        return caller;
    }

    String pathParameter(String name) {
        return context.pathParam(name);
    }

    @Nullable
    String header(String name) {
        return request.getHeader(name);
    }

    Enumeration<String> headers(String name) {
        return request.getHeaders(name);
    }

    String method() {
        return request.getMethod();
    }

    /** Without what follows a question mark. */
    String path() {
        return request.getRequestURI();
    }

    String remoteAddress() {
        return request.getRemoteAddr();
    }

    boolean isHead() {
        return request.getMethod().equals("HEAD");
    }

    QueryParameters query(String... known) {
        return new QueryParameters(request.getQueryString(), Set.of(known));
    }

    /** For requests with one parameter that may be given more than once. */
    QueryParameters queryWith(String repeatable, String... known) {
        return new QueryParameters(request.getQueryString(), Set.of(known), repeatable);
    }

    /** For requests whose path says all. */
    void noQuery() {
        if (request.getQueryString() != null) {
            query().throwIfWrong();
        }
    }

    /** A body that must be JSON by its Content-Type. */
    byte[] jsonBody() {
        checkMediaType(request.getContentType());
        return body();
    }

    /** A body that may be absent, and must be JSON where it is not. */
    byte[] optionalJsonBody() {
        byte[] body = body();
        if (body.length > 0) {
            checkMediaType(request.getContentType());
        }
        return body;
    }

    private static void checkMediaType(@Nullable String header) {
        if (header == null) {
            throw new Refusal(ErrorKind.UNSUPPORTED_MEDIA_TYPE, "Content-Type is missing; it must be " + JSON + ".");
        }
        if (header.equals(JSON)) {
            return;
        }
        String[] parts = header.toLowerCase(Locale.ROOT).split(";", -1);
        if (!parts[0].strip().equals(JSON)) {
            throw new Refusal(ErrorKind.UNSUPPORTED_MEDIA_TYPE, "Content-Type must be " + JSON + ".");
        }
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
                throw new Refusal(ErrorKind.UNSUPPORTED_MEDIA_TYPE, "The charset must be utf-8.");
            }
        }
    }

    /** The body, of which no more than the limit is ever read. */
    private byte[] body() {
        if (request.getHeader("Content-Encoding") != null) {
            throw new Refusal(
                    ErrorKind.UNSUPPORTED_MEDIA_TYPE, "Bodies must not be encoded; leave Content-Encoding out.");
        }
        String transfer = request.getHeader("Transfer-Encoding");
        if (transfer != null && !transfer.equalsIgnoreCase("chunked")) {
            throw new Refusal(
                    ErrorKind.UNSUPPORTED_MEDIA_TYPE,
                    "Bodies must not be encoded; Transfer-Encoding may be chunked only.");
        }
        try {
            return bodies.read(request, bodyHold);
        } catch (Refusal refused) {
            // What was not read cannot be told from a next request.
            response.setHeader("Connection", "close");
            throw refused;
        } catch (IOException broken) {
            response.setHeader("Connection", "close");
            throw new Refusal(ErrorKind.INVALID_REQUEST, "The body broke off, came too slowly, or is malformed.");
        }
    }

    int status() {
        return response.getStatus();
    }

    /** The body and what was made of it are not needed any more. Idempotent. */
    void releaseBody() {
        bodyHold.close();
    }

    void header(String name, String value) {
        response.setHeader(name, value);
    }

    void addHeader(String name, String value) {
        response.addHeader(name, value);
    }

    /** The type of these that the caller prefers. */
    MediaType accepted(MediaType... offered) {
        List<MediaType> all = List.of(offered);
        return MediaType.preferred(request.getHeaders("Accept"), all)
                .orElseThrow(() -> new Refusal(
                        ErrorKind.INVALID_REQUEST,
                        "Accept asks for what is not served here; it may be "
                                + all.stream().map(MediaType::text).collect(Collectors.joining(", ")) + "."));
    }

    void json(int status, byte[] body) throws IOException {
        send(status, JSON, body);
    }

    void problem(Problem problem) throws IOException {
        if (response.isCommitted()) {
            throw new IOException("a part of the answer has been sent");
        }
        if (begun) {
            response.reset();
            StandardHeaders.write(this::header);
        }
        ErrorMapper.retryAfter(problem.kind())
                .ifPresent(wait -> header("Retry-After", Long.toString(wait.toSeconds())));
        send(problem.status(), Problem.MEDIA_TYPE, problem.toJson(trace.traceId()));
    }

    private void send(int status, String mediaType, byte[] body) throws IOException {
        begin(status, mediaType, body.length).write(body);
    }

    /** An answer that would go on, to {@code HEAD}. */
    void beginHead(MediaType mediaType) throws IOException {
        beginStream(mediaType);
        response.flushBuffer();
    }

    /** Begins an answer that goes on. Its headers are sent; the caller closes it. */
    OpenStream stream(RequestListener.Stream kind, MediaType mediaType, Streams streams) throws IOException {
        releaseBody();
        beginStream(mediaType);
        OutputStream target = response.getOutputStream();
        response.flushBuffer();
        listener.streams(kind, 1);
        return streams.open(request, target, () -> listener.streams(kind, -1));
    }

    private void beginStream(MediaType mediaType) {
        begun = true;
        // The connection is read meanwhile, to notice its end, so that no other request can come on it.
        response.setHeader("Connection", "close");
        endsByItself();
        response.setStatus(200);
        response.setContentType(mediaType.text());
    }

    /** Begins an answer of a known length; the container leaves its body out for {@code HEAD}. */
    OutputStream begin(int status, String mediaType, long length) throws IOException {
        OutputStream target = begun(status, mediaType);
        response.setContentLengthLong(length);
        return target;
    }

    OutputStream beginOfUnknownLength(String mediaType) throws IOException {
        endsByItself();
        return begun(200, mediaType);
    }

    /** Said here, because else an answer on a connection that closes would end with it, cut or not. */
    private void endsByItself() {
        if (request.getProtocol().equals("HTTP/1.1")) {
            response.setHeader("Transfer-Encoding", "chunked");
        }
    }

    private OutputStream begun(int status, String mediaType) throws IOException {
        begun = true;
        if (closing.getAsBoolean()) {
            response.setHeader("Connection", "close");
        }
        response.setStatus(status);
        response.setContentType(mediaType);
        return response.getOutputStream();
    }
}
