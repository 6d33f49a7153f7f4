package dev.hufu.agent;

import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;

/**
 * What a start can fail for, by name.
 *
 * @param program the first word of what is executed; empty where it is not known any more
 * @param directory the working directory; empty where it is not known any more
 */
record SpawnSubjects(String program, String directory) {
    /** For an attempt of a former agent, whose specification is gone. */
    static final SpawnSubjects NOT_KNOWN = new SpawnSubjects("", "");

    private static final int LONGEST = 1_024;

    static SpawnSubjects of(ProcessSpec spec) {
        String program = switch (spec.program()) {
            case Program.CommandLine commandLine -> commandLine.argv().getFirst();
            case Program.Script script -> script.interpreter().getFirst();
        };
        return new SpawnSubjects(program, spec.workingDirectory().toString());
    }

    /** What follows the errno's text in a message. */
    String suffix(LaunchStage stage) {
        String subject = switch (stage) {
            case EXEC -> program;
            case CHDIR -> directory;
            case USER, LIMITS, FORK, PIPE, STDIN, SCRIPT, ATTEMPT_FILE, REQUEST, NOT_AFTER -> "";
        };
        if (subject.isEmpty()) {
            return "";
        }
        return ": " + (subject.length() <= LONGEST ? subject : subject.substring(0, LONGEST) + "…");
    }
}
