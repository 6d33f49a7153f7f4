package dev.hufu.server.http;

import dev.hufu.protocol.ErrorKind;
import dev.hufu.server.run.Refusal;
import dev.hufu.server.store.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Which status an error has, and which error a failure is. The one place that says so; pure. */
final class ErrorMapper {
    private ErrorMapper() {}

    static int status(ErrorKind kind) {
        return switch (kind) {
            case INVALID_REQUEST -> 400;
            case UNAUTHENTICATED -> 401;
            case FORBIDDEN -> 403;
            case NOT_FOUND -> 404;
            case METHOD_NOT_ALLOWED -> 405;
            case CONFLICT -> 409;
            case OUTPUT_EXPIRED -> 410;
            case PAYLOAD_TOO_LARGE -> 413;
            case UNSUPPORTED_MEDIA_TYPE -> 415;
            case IDEMPOTENCY_KEY_REUSED -> 422;
            case RATE_LIMITED, QUEUE_FULL -> 429;
            case INTERNAL -> 500;
            case DRAINING, UNAVAILABLE -> 503;
        };
    }

    /** When it is worth trying again. */
    static Optional<Duration> retryAfter(ErrorKind kind) {
        return switch (kind) {
            case RATE_LIMITED, QUEUE_FULL -> Optional.of(Duration.ofSeconds(1));
            case DRAINING, UNAVAILABLE -> Optional.of(Duration.ofSeconds(5));
            case INVALID_REQUEST,
                    UNAUTHENTICATED,
                    FORBIDDEN,
                    NOT_FOUND,
                    METHOD_NOT_ALLOWED,
                    UNSUPPORTED_MEDIA_TYPE,
                    CONFLICT,
                    OUTPUT_EXPIRED,
                    PAYLOAD_TOO_LARGE,
                    IDEMPOTENCY_KEY_REUSED,
                    INTERNAL -> Optional.empty();
        };
    }

    /** What the caller is told of a failure. Of one that is not meant for a caller, nothing. */
    static Problem problem(Throwable failure) {
        return switch (failure) {
            case Refusal refusal ->
                new Problem(refusal.kind(), status(refusal.kind()), refusal.detail(), refusal.errors());
            case StoreUnavailableException unavailable
            when unavailable.full() ->
                Problem.of(
                        ErrorKind.UNAVAILABLE,
                        "The store's volume is full: nothing was done. Reads and cancels go on; runs are accepted again"
                                + " once there is room.");
            case StoreUnavailableException _ ->
                Problem.of(
                        ErrorKind.UNAVAILABLE, "The store cannot be reached; it is not known whether this was done.");
            default -> Problem.of(ErrorKind.INTERNAL, "Something went wrong; the log has it under this traceId.");
        };
    }

    /** What the HTTP layer refuses by itself, by the status that it chose. */
    static Problem problem(int status) {
        ErrorKind kind = switch (status) {
            case 401 -> ErrorKind.UNAUTHENTICATED;
            case 403 -> ErrorKind.FORBIDDEN;
            case 404 -> ErrorKind.NOT_FOUND;
            case 405 -> ErrorKind.METHOD_NOT_ALLOWED;
            case 413 -> ErrorKind.PAYLOAD_TOO_LARGE;
            case 415 -> ErrorKind.UNSUPPORTED_MEDIA_TYPE;
            case 501, 505 -> ErrorKind.INVALID_REQUEST;
            case 503 -> ErrorKind.UNAVAILABLE;
            default -> status < 500 ? ErrorKind.INVALID_REQUEST : ErrorKind.INTERNAL;
        };
        String detail = switch (status) {
            case 404 -> "There is nothing at this path.";
            case 408 -> "The request took too long to arrive.";
            case 414 -> "The path is too long.";
            case 417 -> "This expectation cannot be met.";
            case 431 -> "The headers are too large.";
            case 426, 505 -> "This version of HTTP is not supported.";
            default -> kind == ErrorKind.INVALID_REQUEST ? "The request is malformed." : kind.title() + ".";
        };
        return new Problem(kind, shown(status), detail, List.of());
    }

    /** HTTP has more words for a request that cannot be understood than the API. */
    private static int shown(int status) {
        return switch (status) {
            case 414, 417, 426, 501, 505 -> 400;
            default -> status;
        };
    }
}
