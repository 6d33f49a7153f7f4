package dev.hufu.server.maintenance;

import dev.hufu.support.Service;
import dev.hufu.support.Threads;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the lines of the file of checkpoints to one receiver, in order and each until it arrived; how far it came outlives the
 * process. A virtual thread of its own, so that a receiver that is slow holds up nobody; it ends with {@link #stop}.
 */
final class CheckpointDelivery implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointDelivery.class);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(5);
    private static final Duration LAST_WORDS = Duration.ofSeconds(3);

    private final CheckpointFile file;
    private final CheckpointReceiver receiver;
    private final Path position;
    private final Timers timers;
    private final Semaphore more = new Semaphore(1);
    private final AtomicLong failures = new AtomicLong();
    private final Thread thread;
    private volatile boolean stopping;
    private @Nullable Long offset;

    /** @param data where the file that says how far it came is kept */
    CheckpointDelivery(CheckpointFile file, CheckpointReceiver receiver, Path data, Timers timers) {
        this.file = file;
        this.receiver = receiver;
        position = data.resolve("audit-checkpoints." + receiver.name());
        this.timers = timers;
        thread = Threads.virtual("checkpoint-delivery", this::loop);
    }

    String name() {
        return receiver.name();
    }

    /** How often a try failed. */
    long failures() {
        return failures.get();
    }

    /** There is another line. */
    void wake() {
        more.release();
    }

    @Override
    public void start() {
        thread.start();
    }

    /** What is there is tried once more, for a moment; what did not arrive is sent by the next server. */
    @Override
    public void stop() {
        if (stopping) {
            return;
        }
        stopping = true;
        more.release();
        try {
            if (thread.getState() != Thread.State.NEW && !thread.join(LAST_WORDS)) {
                thread.interrupt();
                thread.join();
            }
        } catch (InterruptedException hurried) {
            thread.interrupt();
            Thread.currentThread().interrupt();
        }
    }

    private void loop() {
        Duration pause = FIRST_PAUSE;
        try {
            while (true) {
                boolean last = stopping;
                if (sendAll()) {
                    pause = FIRST_PAUSE;
                    if (last) {
                        return;
                    }
                    more.acquire();
                    more.drainPermits();
                } else {
                    if (last) {
                        return;
                    }
                    pause(pause);
                    pause = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
                }
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    /** Waits, but for an end of the server. */
    private void pause(Duration pause) throws InterruptedException {
        Timers.Scheduled over = timers.schedule(pause, more::release);
        try {
            do {
                more.acquire();
                // A line more is no reason to try at once.
            } while (!stopping && more.tryAcquire());
        } finally {
            over.cancel();
        }
    }

    /** Whether all that is there has arrived. */
    private boolean sendAll() throws InterruptedException {
        try {
            long at = offset == null ? begin() : offset;
            while (true) {
                offset = at;
                Optional<CheckpointFile.Line> line = file.after(at);
                if (line.isEmpty()) {
                    return true;
                }
                receiver.send(line.get().json().toArray());
                at = line.get().end();
                keep(at);
            }
        } catch (IOException failed) {
            failures.incrementAndGet();
            LOG.warn(
                    "A checkpoint of the audit log did not reach the {}; it is tried again: {}",
                    name(),
                    String.valueOf(failed));
            return false;
        }
    }

    /** Where the last server stopped; one that has not sent anything begins with the newest, which covers all before. */
    private long begin() throws IOException {
        try {
            long kept = Long.parseLong(
                    Files.readString(position, StandardCharsets.US_ASCII).strip());
            if (kept >= 0 && !file.endsBefore(kept)) {
                return kept;
            }
            LOG.warn("The file of checkpoints is another one than was sent from; the {} gets all of it", name());
            return 0;
        } catch (NoSuchFileException first) {
            return Math.max(0, file.startOfLast());
        } catch (NumberFormatException damaged) {
            return 0;
        }
    }

    private void keep(long at) throws IOException {
        Path fresh = position.resolveSibling(position.getFileName() + ".new");
        Files.writeString(fresh, at + "\n", StandardCharsets.US_ASCII);
        Files.move(fresh, position, StandardCopyOption.ATOMIC_MOVE);
    }
}
