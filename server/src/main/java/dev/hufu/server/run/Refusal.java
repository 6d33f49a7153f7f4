package dev.hufu.server.run;

import dev.hufu.protocol.ErrorKind;
import java.io.Serial;
import java.util.List;

/** An order that is not accepted, with what the caller is told. Nothing was changed. */
public final class Refusal extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    /**
     * One thing wrong with a request.
     *
     * @param pointer a JSON pointer into the body
     */
    public record FieldError(String pointer, String detail) {}

    private final ErrorKind kind;
    private final transient List<FieldError> errors;

    public Refusal(ErrorKind kind, String detail, List<FieldError> errors) {
        super(detail, null, false, false);
        this.kind = kind;
        this.errors = List.copyOf(errors);
    }

    public Refusal(ErrorKind kind, String detail) {
        this(kind, detail, List.of());
    }

    public ErrorKind kind() {
        return kind;
    }

    public String detail() {
        return String.valueOf(getMessage());
    }

    public List<FieldError> errors() {
        return errors;
    }
}
