package dev.hufu.exec;

import java.util.List;

/** What a process executes. */
public sealed interface Program {
    /**
     * An argument vector, passed verbatim; no shell sees it.
     *
     * @param argv at least one element; the first is the program: with a {@code /} it is used as it is, without it is
     *     searched in the {@code PATH} of the process's own environment
     */
    record CommandLine(List<String> argv) implements Program {
        /** @throws IllegalArgumentException if {@code argv} is empty */
        public CommandLine {
            argv = List.copyOf(argv);
            if (argv.isEmpty()) {
                throw new IllegalArgumentException("argv is empty");
            }
        }
    }

    /**
     * A script, handed to its interpreter as a read-only file ({@code /dev/fd/3}).
     *
     * @param text the script, encoded as UTF-8
     * @param interpreter the interpreter's argument vector, at least one element
     * @param arguments what follows the script's name
     */
    record Script(String text, List<String> interpreter, List<String> arguments) implements Program {
        /** @throws IllegalArgumentException if {@code interpreter} is empty */
        public Script {
            interpreter = List.copyOf(interpreter);
            arguments = List.copyOf(arguments);
            if (interpreter.isEmpty()) {
                throw new IllegalArgumentException("interpreter is empty");
            }
        }
    }
}
