package dev.hufu.server;

import dev.hufu.server.config.RuntimeConfig;
import dev.hufu.support.RuntimeFiles;
import dev.hufu.support.Service;
import dev.hufu.support.Timers;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of a server whose files were replaced by an update: it says so, and, where it may, asks to be drained once the
 * update is over. Looks on threads of {@link Timers}; ends with {@link #stop}.
 */
final class RuntimeWatch implements Service, RuntimeFiles.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(RuntimeWatch.class);
    private static final String NOTICE = "Files that this server runs from were replaced; it is to be started again.";

    private final RuntimeConfig.OnReplaced policy;
    private final Runnable drain;
    private final RuntimeFiles files;
    private volatile boolean replaced;

    /** @param drain called at most once, on a thread that may not wait for this to stop */
    RuntimeWatch(RuntimeConfig config, List<Path> watched, Timers timers, Runnable drain) {
        this.policy = config.onReplaced();
        this.drain = drain;
        this.files = new RuntimeFiles(watched, config.look(), timers, this);
    }

    /** What whoever asks for the server's state should know. */
    Optional<String> notice() {
        return replaced ? Optional.of(NOTICE) : Optional.empty();
    }

    @Override
    public void start() {
        files.start();
    }

    @Override
    public void stop() {
        files.stop();
    }

    @Override
    public void prepared() {
        LOG.debug("What a stop needs is loaded");
    }

    @Override
    public void replaced(Set<Path> which) {
        replaced = true;
        LOG.warn(
                "Files that this server runs from were replaced or removed, and what it loads next may fail: {}. {}",
                which,
                switch (policy) {
                    case WARN -> "Restart it: what runs goes on, and the next server takes it over";
                    case DRAIN -> "It drains, to be started again, once all are there and none changes any more";
                });
    }

    @Override
    public void restored() {
        replaced = false;
        LOG.info("The files that this server runs from are there again as they were");
    }

    @Override
    public void settled() {
        if (policy == RuntimeConfig.OnReplaced.DRAIN) {
            drain.run();
        }
    }
}
