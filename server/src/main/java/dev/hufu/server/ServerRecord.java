package dev.hufu.server;

import dev.hufu.server.audit.AuditAction;
import dev.hufu.server.config.ConfigDigest;
import dev.hufu.server.config.ServerConfig;
import dev.hufu.server.store.AuditEvent;
import dev.hufu.server.store.RunStore;
import dev.hufu.server.store.StoreUnavailableException;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the server's own starts and ends on record, and that it is configured otherwise than before. What cannot be recorded at a
 * start is tried again, on threads of the timers, until {@link #stopped}.
 */
final class ServerRecord {
    private static final Logger LOG = LoggerFactory.getLogger(ServerRecord.class);
    private static final Duration RETRY = Duration.ofSeconds(10);
    private static final String ACTOR = "server";
    private static final String DIGEST_FILE = "audit-config.digest";

    private final RunStore store;
    private final ServerConfig config;
    private final Path digestFile;
    private final String version;
    private final Timers timers;
    private boolean started;
    private boolean stopped;

    /** @param config what is in force */
    ServerRecord(RunStore store, ServerConfig config, String version, Timers timers) {
        this.store = store;
        this.config = config;
        this.digestFile = config.data().resolve(DIGEST_FILE);
        this.version = version;
        this.timers = timers;
    }

    void started() {
        started(timers.now());
    }

    private synchronized void started(Instant at) {
        if (stopped) {
            return;
        }
        started = true;
        String digest = ConfigDigest.of(config);
        try {
            store.recordNeeded(AuditEvent.of(
                    at, ACTOR, AuditAction.SERVER_STARTED, ACTOR, Map.of("version", version, "configuration", digest)));
        } catch (StoreUnavailableException unavailable) {
            LOG.warn("The start of the server could not be recorded; it is tried again", unavailable);
            timers.schedule(RETRY, () -> started(at));
            return;
        }
        recordChange(at, digest);
    }

    private void recordChange(Instant at, String digest) {
        try {
            String before = lastDigest();
            if (before.equals(digest)) {
                return;
            }
            if (!before.isEmpty()) {
                store.recordNeeded(AuditEvent.of(
                        at, ACTOR, AuditAction.CONFIG_CHANGED, ACTOR, Map.of("from", before, "to", digest)));
            }
            // After the entry: at worst a change is on record twice.
            Path fresh = digestFile.resolveSibling(DIGEST_FILE + ".new");
            Files.writeString(fresh, digest + "\n", StandardCharsets.US_ASCII);
            Files.move(fresh, digestFile, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException | StoreUnavailableException failed) {
            LOG.warn("That the configuration changed could not be recorded; the next start tells of it", failed);
        }
    }

    /** What was in force at the last start; empty where that is not known. */
    private String lastDigest() throws IOException {
        try {
            return Files.readString(digestFile, StandardCharsets.ISO_8859_1).strip();
        } catch (NoSuchFileException first) {
            return "";
        }
    }

    synchronized void stopped() {
        if (!started || stopped) {
            return;
        }
        stopped = true;
        try {
            store.recordNeeded(AuditEvent.of(timers.now(), ACTOR, AuditAction.SERVER_STOPPED, ACTOR, Map.of()));
        } catch (StoreUnavailableException unavailable) {
            LOG.warn("The end of the server could not be recorded", unavailable);
        }
    }
}
