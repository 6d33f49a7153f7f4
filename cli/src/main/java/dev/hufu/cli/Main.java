package dev.hufu.cli;

import dev.hufu.cli.terminal.FileSink;
import dev.hufu.cli.terminal.ProcessSignals;
import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.support.SystemTimers;
import java.time.ZoneId;

/** The process of every verb but {@code server}. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        System.exit(HufuCommand.run(surroundings(), arguments));
    }

    static Surroundings surroundings() {
        return new Surroundings(
                System.getenv(),
                ZoneId::systemDefault,
                System.in,
                FileSink.stdout(),
                FileSink.stderr(),
                new ProcessSignals(),
                new SystemTimers(),
                // Not exit: that would wait for a lock that a main thread which is ending may hold.
                code -> Runtime.getRuntime().halt(code));
    }
}
