package dev.hufu.bench.peers;

import java.time.Duration;
import java.util.List;

/** A way to run commands from a program, used as its documentation shows it. Fit for several threads. */
// Orders and answers are not compared.
@SuppressWarnings("ArrayRecordComponent")
public interface Peer extends AutoCloseable {
    /**
     * What to run.
     *
     * @param stdin the whole input
     * @param timeout after which it is to be stopped
     */
    record Order(List<String> argv, byte[] stdin, Duration timeout) {
        public Order {
            argv = List.copyOf(argv);
            stdin = stdin.clone();
        }

        /** Without input. */
        public static Order of(Duration timeout, String... argv) {
            return new Order(List.of(argv), new byte[0], timeout);
        }
    }

    /**
     * What its caller is told.
     *
     * @param end as in {@code exit 0} or {@code signal 9}; {@code timeout} where no more than that is said
     * @param stdout the beginning of its output
     * @param kept bytes of its output that were held in memory
     */
    record Ran(String end, byte[] stdout, long kept) {
        /** With all of the output. */
        public Ran(String end, byte[] stdout) {
            this(end, stdout, stdout.length);
        }
    }

    String name();

    /** Runs a command to its end, or stops it at the timeout, as this peer does. */
    Ran run(Order order) throws Exception;

    /** Threads of this process, or of the peer's own, while this many commands run that write nothing, above those before. */
    int threadsWhileRunning(int count) throws Exception;

    @Override
    void close();
}
