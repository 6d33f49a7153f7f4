package dev.hufu.exec;

/** What was being done when a launch failed. The numbers are those of the launcher's protocol. */
public enum LaunchStage {
    /** Executing the program. */
    EXEC(1, "exec"),
    /** Changing to the working directory. */
    CHDIR(2, "chdir"),
    /** Becoming the user. */
    USER(3, "user"),
    /** Setting limits, the deadline among them. */
    LIMITS(4, "limits"),
    /** Making the process. */
    FORK(5, "fork"),
    /** Making the pipes for its output. */
    PIPE(6, "pipe"),
    /** Writing its input to a file. */
    STDIN(7, "stdin"),
    /** Writing its script to a file. */
    SCRIPT(8, "script"),
    /** Making the attempt file. */
    ATTEMPT_FILE(9, "attempt-file"),
    /** Understanding the request. */
    REQUEST(10, "request"),
    /** It was too late for it: {@link ProcessSpec#notAfter} had passed. */
    NOT_AFTER(11, "not-after");

    private final int number;
    private final String word;

    LaunchStage(int number, String word) {
        this.number = number;
        this.word = word;
    }

    /** The number in the launcher's protocol and in the attempt file. */
    public int number() {
        return number;
    }

    /** The stage as it is shown to people and programs. */
    public String word() {
        return word;
    }

    /** The stage with that number; {@link #REQUEST} for a number this version does not know. */
    public static LaunchStage of(int number) {
        for (LaunchStage stage : values()) {
            if (stage.number == number) {
                return stage;
            }
        }
        return REQUEST;
    }
}
