package dev.hufu.cli;

import dev.hufu.cli.terminal.Surroundings;
import dev.hufu.support.SystemTimers;
import dev.hufu.support.Threads;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A command line and its surroundings in the hands of a test. */
final class Cockpit {
    final Map<String, String> env = new HashMap<>();
    final Capture stdout = new Capture();
    final Capture stderr = new Capture();
    final CompletableFuture<Integer> left = new CompletableFuture<>();
    private final CountDownLatch listening = new CountDownLatch(1);
    private volatile @Nullable Runnable signal;
    private byte[] stdin = new byte[0];

    Cockpit(URI server) {
        env.put("HUFU_URL", server.toString());
        env.put("HUFU_TOKEN", FakeServer.TOKEN);
    }

    /** What was written, which can be made to fail. */
    static final class Capture implements Surroundings.Sink {
        private final ByteArrayOutputStream content = new ByteArrayOutputStream();
        volatile boolean terminal;
        volatile int columns = 80;
        volatile boolean pipe;
        volatile boolean broken;

        private final OutputStream bytes = new OutputStream() {
            @Override
            public void write(int single) throws IOException {
                write(new byte[] {(byte) single}, 0, 1);
            }

            @Override
            public void write(byte[] from, int offset, int length) throws IOException {
                if (broken) {
                    throw new IOException("no more");
                }
                content.write(from, offset, length);
            }
        };
        private final PrintStream printer = new PrintStream(bytes, true, StandardCharsets.UTF_8);

        String text() {
            return content.toString(StandardCharsets.UTF_8);
        }

        byte[] toBytes() {
            return content.toByteArray();
        }

        @Override
        public OutputStream bytes() {
            return bytes;
        }

        @Override
        public PrintStream printer() {
            return printer;
        }

        @Override
        public boolean terminal() {
            return terminal;
        }

        @Override
        public int columns() {
            return columns;
        }

        @Override
        public boolean pipe() {
            return pipe;
        }
    }

    void stdin(byte[] content) {
        stdin = content.clone();
    }

    int run(String... arguments) {
        return HufuCommand.run(surroundings(), arguments);
    }

    FutureTask<Integer> start(String... arguments) {
        FutureTask<Integer> running = new FutureTask<>(() -> run(arguments));
        Threads.platform("command-line", running).start();
        return running;
    }

    /** As if Ctrl-C was pressed; waits until the command line listens to it. */
    void interrupt() throws InterruptedException {
        if (!listening.await(60, TimeUnit.SECONDS) || signal == null) {
            throw new AssertionError("nobody listens to signals");
        }
        signal.run();
    }

    private Surroundings surroundings() {
        return new Surroundings(
                env,
                () -> ZoneId.of("Europe/Berlin"),
                new ByteArrayInputStream(stdin),
                stdout,
                stderr,
                action -> {
                    signal = action;
                    listening.countDown();
                },
                new SystemTimers(),
                left::complete);
    }
}
