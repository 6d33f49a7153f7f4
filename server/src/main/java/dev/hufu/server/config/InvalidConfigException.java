package dev.hufu.server;

import java.io.Serial;
import java.util.List;

/** The configuration is wrong, in all the ways that are named. */
public final class InvalidConfigException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final transient List<String> problems;

    public InvalidConfigException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    public List<String> problems() {
        return problems;
    }
}
