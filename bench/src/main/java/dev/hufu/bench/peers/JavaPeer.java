package dev.hufu.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** A peer that is a library in this process. */
abstract sealed class JavaPeer implements Peer
        permits HufuPeer, ProcessBuilderPeer, NuProcessPeer, ZtExecPeer, CommonsExecPeer {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** Each call on a virtual thread, so that what is counted is what the library needs. */
    @Override
    public final int threadsWhileRunning(int count) throws Exception {
        run(Order.of(PATIENCE, "/bin/true"));
        int before = threads();
        List<Future<?>> running = new ArrayList<>();
        try (Marked sleepers = new Marked(600);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < count; i++) {
                running.add(callers.submit(() -> run(Order.of(Duration.ofHours(1), "sleep", sleepers.seconds()))));
            }
            int alive = sleepers.await(count, PATIENCE);
            int during = threads();
            sleepers.kill();
            for (Future<?> each : running) {
                each.get();
            }
            if (alive != count) {
                throw new IOException(alive + " of " + count + " were running");
            }
            return during - before;
        }
    }

    private static int threads() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            return (int) tasks.count();
        }
    }
}
