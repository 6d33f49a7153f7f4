package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;

/**
 * Every verb once, against a server that is there for that: what is loaded then is what the launcher's cache holds. Nobody looks
 * at the exit codes.
 */
public final class Rehearsal {
    private static final String[][] LINES = {
        {"--help"},
        {"version"},
        {"run", "--label", "rehearsal=1", "--env", "A=b", "--", "sh", "-c", "echo out; echo err >&2; exit 3"},
        {"runs"},
        {"runs", "-o", "json"},
        {"nodes"},
        {"run", "--nope"},
    };

    private Rehearsal() {}

    public static void main(String[] arguments) {
        Surroundings surroundings = Main.surroundings();
        for (String[] line : LINES) {
            HufuCommand.run(surroundings, line);
        }
    }
}
