package dev.hufu.server.config;

import java.io.Serial;
import java.util.List;

/** The configuration is wrong, in all the ways that are named. */
public final class InvalidConfigException extends RuntimeException {
    @Serial
    private static final long serialVersionUID = 1;

    private final transient List<String> problems;
    private final boolean usage;

    InvalidConfigException(List<String> problems, boolean usage) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
        this.usage = usage;
    }

    public List<String> problems() {
        return problems;
    }

    /** Whether an option of the command line is among them; else it is the file alone. */
    public boolean usage() {
        return usage;
    }
}
