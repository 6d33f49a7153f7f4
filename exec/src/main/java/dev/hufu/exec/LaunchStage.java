package dev.hufu.exec;

/** What was being done when a launch failed. The numbers are those of the launcher's protocol. */
public enum LaunchStage {
    EXEC(1, "exec"),
    CHDIR(2, "chdir"),
    USER(3, "user"),
    LIMITS(4, "limits"),
    FORK(5, "fork"),
    PIPE(6, "pipe"),
    STDIN(7, "stdin"),
    SCRIPT(8, "script"),
    ATTEMPT_FILE(9, "attempt-file"),
    REQUEST(10, "request"),
    /** It was too late for it: {@link ProcessSpec#notAfter} had passed. */
    NOT_AFTER(11, "not-after");

    private final int number;
    private final String word;

    LaunchStage(int number, String word) {
        this.number = number;
        this.word = word;
    }

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
