package dev.hufu.protocol;

/** Why a task is in its state. */
public enum Reason {
    EXIT("exit"),
    SIGNAL("signal"),
    TIMEOUT("timeout"),
    CANCELLED("cancelled"),
    SPAWN_FAILED("spawn-failed"),
    OUTPUT_LIMIT("output-limit"),
    MEMORY_LIMIT("memory-limit"),
    PID_LIMIT("pid-limit"),
    EXPIRED("expired"),
    NODE_LOST("node-lost"),
    SUPERVISOR_LOST("supervisor-lost"),
    RECORD_DAMAGED("record-damaged"),
    SPOOL_FULL("spool-full"),
    REJECTED("rejected"),
    KILL_PENDING("kill-pending");

    private final String word;

    Reason(String word) {
        this.word = word;
    }

    /** The reason as it is written in the API and the store. */
    public String word() {
        return word;
    }

    public static Reason of(String word) {
        for (Reason reason : values()) {
            if (reason.word.equals(word)) {
                return reason;
            }
        }
        throw new IllegalArgumentException("not a reason: " + word);
    }
}
