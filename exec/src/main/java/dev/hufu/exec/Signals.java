package dev.hufu.exec;

import java.util.List;
import java.util.OptionalInt;

/** Signal names and numbers of Linux on x86-64 and aarch64 (source: {@code signal(7)}). */
public final class Signals {
    /** The interrupt, as by Ctrl-C. */
    public static final int SIGINT = 2;
    /** The end that no process can refuse. */
    public static final int SIGKILL = 9;
    /** The request to end, which a process may handle or ignore. */
    public static final int SIGTERM = 15;

    /** The largest number a signal can have. */
    public static final int LAST = 64;

    // The C library keeps 32 and 33 for itself.
    private static final int FIRST_REALTIME = 34;

    private static final List<String> NAMES = List.of(
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
            "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
            "WINCH", "IO", "PWR", "SYS");

    private Signals() {}

    /** The name, such as {@code SIGKILL} or {@code SIGRTMIN+3}; {@code signal 99} for a number that is none. */
    public static String name(int number) {
        if (number >= 1 && number <= NAMES.size()) {
            return "SIG" + NAMES.get(number - 1);
        }
        if (number == FIRST_REALTIME) {
            return "SIGRTMIN";
        }
        if (number > FIRST_REALTIME && number <= LAST) {
            return "SIGRTMIN+" + (number - FIRST_REALTIME);
        }
        return "signal " + number;
    }

    /** The number of a name such as {@code SIGKILL}, in exactly the spelling of {@link #name}; empty for any other. */
    public static OptionalInt number(String name) {
        for (int number = 1; number <= LAST; number++) {
            if (name.startsWith("SIG") && name(number).equals(name)) {
                return OptionalInt.of(number);
            }
        }
        return OptionalInt.empty();
    }
}
