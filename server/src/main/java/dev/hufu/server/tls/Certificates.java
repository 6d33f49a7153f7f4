package dev.hufu.server.tls;

import dev.hufu.support.Service;
import dev.hufu.support.Timers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The server's certificate and key, looked at again and again: a new pair serves the connections made from then on, and one
 * that cannot be used leaves the old one in force. Looks on threads of the timers; ends at {@link #stop}.
 */
public final class Certificates implements Service {
    private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);
    private static final Duration BETWEEN_WARNINGS = Duration.ofHours(12);

    private final Path certificateFile;
    private final Path keyFile;
    private final Duration interval;
    private final Duration warnBefore;
    private final Timers timers;
    private final ServerKeys keys;
    private final SSLContext context;

    /* Known to one look at a time, which schedules the next. */
    private Seen seen;
    private volatile Instant expiresAt;
    private @Nullable Instant warnedAt;
    private volatile Timers.@Nullable Scheduled next;
    private volatile boolean stopped;
    private final AtomicLong failures = new AtomicLong();
    private final AtomicLong reloads = new AtomicLong();

    /** What tells a file from the one that was there before. */
    private record Mark(
            Instant modified, long size, @Nullable Object file) {
        static Mark of(Path path) throws IOException {
            BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
            return new Mark(attributes.lastModifiedTime().toInstant(), attributes.size(), attributes.fileKey());
        }
    }

    private record Seen(
            @Nullable Mark certificate, @Nullable Mark key) {}

    private Certificates(
            Path certificateFile,
            Path keyFile,
            Duration interval,
            Duration warnBefore,
            Timers timers,
            Seen seen,
            Identity identity) {
        this.certificateFile = certificateFile;
        this.keyFile = keyFile;
        this.interval = interval;
        this.warnBefore = warnBefore;
        this.timers = timers;
        this.seen = seen;
        keys = new ServerKeys(identity);
        expiresAt = identity.expiresAt();
        context = context(keys);
    }

    /**
     * Reads the files for the first time.
     *
     * @param interval between looks
     * @param warnBefore how long before its end the certificate is warned of
     * @throws UncheckedIOException with a message for people, where they cannot be used
     */
    public static Certificates open(
            Path certificateFile, Path keyFile, Duration interval, Duration warnBefore, Timers timers) {
        try {
            Seen seen = new Seen(Mark.of(certificateFile), Mark.of(keyFile));
            Identity identity = Identity.read(certificateFile, keyFile);
            return new Certificates(certificateFile, keyFile, interval, warnBefore, timers, seen, identity);
        } catch (IOException unusable) {
            throw new UncheckedIOException("no TLS with these files: " + reason(unusable), unusable);
        }
    }

    @Override
    public void start() {
        if (stopped || next != null) {
            throw new IllegalStateException("was started or stopped before");
        }
        if (openToOthers()) {
            LOG.warn("The private key {} can be read by everybody on this machine", keyFile);
        }
        warn();
        schedule();
    }

    @Override
    public void stop() {
        stopped = true;
        Timers.Scheduled scheduled = next;
        if (scheduled != null) {
            scheduled.cancel();
        }
    }

    /** For servers; hands out what is in force when a connection is made. */
    public SSLContext context() {
        return context;
    }

    /** When the certificate in force, or one that leads to its root, ends. */
    public Instant expiresAt() {
        return expiresAt;
    }

    /** How many new pairs were taken. */
    public long reloads() {
        return reloads.get();
    }

    /** How many new pairs could not be used. */
    public long failures() {
        return failures.get();
    }

    private void schedule() {
        next = timers.schedule(interval, this::look);
        if (stopped) {
            stop();
        }
    }

    private void look() {
        if (stopped) {
            return;
        }
        try {
            Seen now = new Seen(mark(certificateFile), mark(keyFile));
            if (!now.equals(seen)) {
                seen = now;
                reload();
            }
            warn();
        } finally {
            schedule();
        }
    }

    private void reload() {
        try {
            Identity identity = Identity.read(certificateFile, keyFile);
            keys.replace(identity);
            expiresAt = identity.expiresAt();
            warnedAt = null;
            reloads.incrementAndGet();
            LOG.info("A new certificate is in force; it ends at {}", expiresAt);
        } catch (IOException | RuntimeException unusable) {
            failures.incrementAndGet();
            LOG.error("The new certificate is not used, the old one stays in force: {}", reason(unusable), unusable);
        }
    }

    private void warn() {
        Instant now = timers.now();
        boolean warnedLately = warnedAt != null && now.isBefore(warnedAt.plus(BETWEEN_WARNINGS));
        if (now.isBefore(expiresAt.minus(warnBefore)) || warnedLately) {
            return;
        }
        warnedAt = now;
        LOG.warn("The certificate {} {} at {}", certificateFile, now.isBefore(expiresAt) ? "ends" : "ended", expiresAt);
    }

    private boolean openToOthers() {
        try {
            return Files.getPosixFilePermissions(keyFile).contains(PosixFilePermission.OTHERS_READ);
        } catch (IOException | UnsupportedOperationException unknown) {
            return false;
        }
    }

    private static @Nullable Mark mark(Path path) {
        try {
            return Mark.of(path);
        } catch (IOException gone) {
            // Between two files that replace each other there may be none.
            return null;
        }
    }

    private static String reason(Exception failed) {
        return failed instanceof NoSuchFileException missing
                ? missing.getMessage() + " does not exist"
                : String.valueOf(failed.getMessage());
    }

    private static SSLContext context(ServerKeys keys) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {keys}, new TrustManager[0], null);
            return context;
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has TLS", impossible);
        }
    }
}
