package dev.hufu.client;

import dev.hufu.protocol.ErrorKind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a call came to nothing: the server refused, could not be reached, or answered what is not Hufu's API. */
public abstract sealed class HufuException extends RuntimeException {
    private HufuException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    /** The server answered, and refused. */
    public static final class Refused extends HufuException {
        private final transient Problem problem;

        Refused(Problem problem) {
            super(problem.message(), null);
            this.problem = problem;
        }

        /** Empty where the refusal is of no known kind: of a newer server, or of a proxy before it. */
        public Optional<ErrorKind> kind() {
            return Optional.ofNullable(problem.kind());
        }

        /** The HTTP status. */
        public int status() {
            return problem.status();
        }

        public String detail() {
            return problem.detail();
        }

        /** What was wrong with each field of the request; may be empty. */
        public List<FieldError> errors() {
            return problem.errors();
        }

        /** When it may be asked again at the soonest, where the server said so. */
        public Optional<Duration> retryAfter() {
            return Optional.ofNullable(problem.retryAfter());
        }

        /** Finds the refusal in the server's log. */
        public Optional<String> traceId() {
            return Optional.ofNullable(problem.traceId());
        }
    }

    /** No answer came within the time allowed. What was asked may have been done. */
    public static final class Unreachable extends HufuException {
        Unreachable(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** Something answered, but not as Hufu does; the message says what is amiss. */
    public static final class Unintelligible extends HufuException {
        Unintelligible(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }

    /** The thread was interrupted while an iterator waited; its interrupt is set again. */
    public static final class Interrupted extends HufuException {
        Interrupted() {
            super("Interrupted while waiting for the server.", null);
        }
    }

    /**
     * One thing wrong in a request.
     *
     * @param pointer a JSON pointer into the request, as in {@code /timeout}
     */
    public record FieldError(String pointer, String detail) {}

    record Problem(
            int status,
            @Nullable ErrorKind kind,
            String detail,
            List<FieldError> errors,
            @Nullable String traceId,
            @Nullable Duration retryAfter) {
        Problem {
            errors = List.copyOf(errors);
        }

        private String message() {
            StringBuilder text = new StringBuilder(detail);
            for (FieldError error : errors) {
                text.append("; ").append(error.pointer()).append(": ").append(error.detail());
            }
            return text.toString();
        }
    }
}
