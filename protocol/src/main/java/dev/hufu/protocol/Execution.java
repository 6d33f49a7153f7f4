package dev.hufu.protocol;

import java.util.List;

/** What a run executes, as it was ordered. */
public sealed interface Execution {
    /** An argument vector, at least one element. */
    record Argv(List<String> argv) implements Execution {
        public Argv {
            argv = List.copyOf(argv);
        }
    }

    /** A script with its interpreter, at least one element, and arguments. */
    record Script(String script, List<String> interpreter, List<String> args) implements Execution {
        public Script {
            interpreter = List.copyOf(interpreter);
            args = List.copyOf(args);
        }
    }
}
