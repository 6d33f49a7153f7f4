package dev.hufu.cli;

import dev.hufu.support.Timers;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * What a command finds around it; tests put their own in its place.
 *
 * @param leave ends the process at once with this exit code
 */
record Surroundings(
        Map<String, String> env,
        ZoneId zone,
        InputStream stdin,
        Sink stdout,
        Sink stderr,
        StopSignals signals,
        Timers timers,
        IntConsumer leave) {

    /** What Hufu itself prints on stdout; flushed by whoever prints. */
    PrintStream page() {
        return stdout.printer();
    }

    /** Prints a message of Hufu's own on stderr, as one line that cannot steer a terminal. */
    void say(String message) {
        stderr.printer().println("hufu: " + SafeText.of(message));
        stderr.printer().flush();
    }

    /** As {@link #say}, where a person is watching. */
    void remark(String message) {
        if (stderr.terminal()) {
            say(message);
        }
    }

    boolean coloured() {
        return stdout.terminal() && env.getOrDefault("NO_COLOR", "").isEmpty();
    }

    /** Where bytes go. */
    interface Sink {
        /** Unbuffered. */
        OutputStream bytes();

        /** UTF-8. */
        PrintStream printer();

        boolean terminal();

        /** Whether another process reads what is written here, so that a failed write means that it has gone. */
        boolean pipe();
    }
}
