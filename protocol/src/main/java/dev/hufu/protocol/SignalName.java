package dev.hufu.protocol;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A signal that a process can be sent, by its name: a number means different signals on different machines.
 *
 * @param word as in {@code SIGTERM} or {@code SIGRTMIN+3}
 */
public record SignalName(String word) {
    /** In the order of their numbers on x86-64 and aarch64 (source: {@code signal(7)}). */
    private static final List<String> NAMES = List.of(
            "SIGHUP",
            "SIGINT",
            "SIGQUIT",
            "SIGILL",
            "SIGTRAP",
            "SIGABRT",
            "SIGBUS",
            "SIGFPE",
            "SIGKILL",
            "SIGUSR1",
            "SIGSEGV",
            "SIGUSR2",
            "SIGPIPE",
            "SIGALRM",
            "SIGTERM",
            "SIGSTKFLT",
            "SIGCHLD",
            "SIGCONT",
            "SIGSTOP",
            "SIGTSTP",
            "SIGTTIN",
            "SIGTTOU",
            "SIGURG",
            "SIGXCPU",
            "SIGXFSZ",
            "SIGVTALRM",
            "SIGPROF",
            "SIGWINCH",
            "SIGIO",
            "SIGPWR",
            "SIGSYS");

    private static final String REALTIME = "SIGRTMIN(\\+([1-9]|[12][0-9]|30))?";

    public SignalName {
        if (!NAMES.contains(word) && !word.matches(REALTIME)) {
            throw new IllegalArgumentException("not a signal: " + word);
        }
    }

    /** The signal of exactly that name. */
    public static Optional<SignalName> of(String word) {
        return NAMES.contains(word) || word.matches(REALTIME) ? Optional.of(new SignalName(word)) : Optional.empty();
    }

    /** The signal as people type it: in any case, without {@code SIG}, or by its number (1 to 31). */
    public static Optional<SignalName> typed(String text) {
        if (text.matches("[0-9]{1,2}")) {
            int number = Integer.parseInt(text);
            return number >= 1 && number <= NAMES.size()
                    ? Optional.of(new SignalName(NAMES.get(number - 1)))
                    : Optional.empty();
        }
        String upper = text.toUpperCase(Locale.ROOT);
        return of(upper.startsWith("SIG") ? upper : "SIG" + upper);
    }

    /** The names but those of real-time signals, in the order of their numbers. */
    public static List<String> names() {
        return NAMES;
    }

    @Override
    public String toString() {
        return word;
    }
}
