package dev.hufu.protocol;

import java.util.Optional;

/** The closed set of errors that a caller can meet. HTTP status and exit code are mapped in one place each. */
public enum ErrorKind {
    INVALID_REQUEST("invalid-request", "The request is not valid"),
    UNAUTHENTICATED("unauthenticated", "Credentials are missing or wrong"),
    FORBIDDEN("forbidden", "This is not allowed"),
    NOT_FOUND("not-found", "There is no such thing"),
    METHOD_NOT_ALLOWED("method-not-allowed", "The method is not allowed here"),
    UNSUPPORTED_MEDIA_TYPE("unsupported-media-type", "The content type is not supported"),
    CONFLICT("conflict", "The state does not allow it"),
    OUTPUT_EXPIRED("output-expired", "The output is past its retention"),
    PAYLOAD_TOO_LARGE("payload-too-large", "The body is too large"),
    IDEMPOTENCY_KEY_REUSED("idempotency-key-reused", "The key was used for a different request"),
    RATE_LIMITED("rate-limited", "Too many requests"),
    QUEUE_FULL("queue-full", "The queue is full"),
    DRAINING("draining", "The server is shutting down"),
    UNAVAILABLE("unavailable", "The store cannot be reached"),
    INTERNAL("internal", "Something went wrong here");

    private final String code;
    private final String title;

    ErrorKind(String code, String title) {
        this.code = code;
        this.title = title;
    }

    public String code() {
        return code;
    }

    public String title() {
        return title;
    }

    public static Optional<ErrorKind> of(String code) {
        for (ErrorKind kind : values()) {
            if (kind.code.equals(code)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }
}
