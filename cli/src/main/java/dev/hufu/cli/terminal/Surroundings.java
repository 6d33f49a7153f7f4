package dev.hufu.cli.terminal;

import dev.hufu.cli.page.SafeText;
import dev.hufu.support.Timers;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.ZoneId;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.function.Supplier;

/**
 * What a command finds around it; tests put their own in its place.
 *
 * @param zone asked only by who prints times: to know it costs the JDK all zones of the world
 * @param leave ends the process at once with this exit code
 */
public record Surroundings(
        Map<String, String> env,
        Supplier<ZoneId> zone,
        InputStream stdin,
        Sink stdout,
        Sink stderr,
        StopSignals signals,
        Timers timers,
        IntConsumer leave) {
    private static final int WIDEST_PAGE = 80;
    private static final int NARROWEST_PAGE = 40;

    /** What Hufu itself prints on stdout; flushed by whoever prints. */
    public PrintStream page() {
        return stdout.printer();
    }

    /** Prints a message of Hufu's own on stderr, as one line that cannot steer a terminal. */
    public void say(String message) {
        stderr.printer().println("hufu: " + SafeText.of(message));
        stderr.printer().flush();
    }

    /** As {@link #say}, where a person is watching. */
    public void remark(String message) {
        if (stderr.terminal()) {
            say(message);
        }
    }

    public boolean coloured() {
        return stdout.terminal() && env.getOrDefault("NO_COLOR", "").isEmpty();
    }

    /** How wide a line may be: what the terminal has; 0 where something else reads it. */
    public int columns() {
        return stdout.terminal() ? stdout.columns() : 0;
    }

    /** How wide a page of text is: no wider than a reader's eye likes, no wider than the terminal. */
    public int pageWidth() {
        int columns = columns();
        return columns == 0 ? WIDEST_PAGE : Math.min(WIDEST_PAGE, Math.max(NARROWEST_PAGE, columns));
    }

    /** Where bytes go. */
    public interface Sink {
        /** Unbuffered. */
        OutputStream bytes();

        /** UTF-8. */
        PrintStream printer();

        boolean terminal();

        /** Of a terminal. */
        int columns();

        /** Whether another process reads what is written here, so that a failed write means that it has gone. */
        boolean pipe();
    }
}
