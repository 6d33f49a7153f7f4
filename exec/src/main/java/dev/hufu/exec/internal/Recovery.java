package dev.hufu.exec.internal;

import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.OutputSummary;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessTree;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.internal.confine.GroupPlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds out from an attempt's file what became of it, and does what then remains to be done. Any thread may use it. */
final class Recovery {
    private static final Path PROC = Path.of("/proc");
    private static final Path BOOT_ID = PROC.resolve("sys/kernel/random/boot_id");

    /** What is left to say of an attempt that was launched and whose file somebody removed. */
    static final Finding.Lost FILE_GONE = new Finding.Lost(
            new ExitStatus.Unknown(ExitStatus.Unknown.Why.SUPERVISOR_LOST), null, LiveCounters.NOTHING);

    private static final int LOOKS_AT_BLANK = 20;
    private static final long BETWEEN_LOOKS_MILLIS = 50;

    private final LauncherHost host;
    private final InstantSource clock;
    private final String bootId;

    /** What a file says. */
    sealed interface Finding {
        record Missing() implements Finding {}

        record Ended(ProcessResult result) implements Finding {}

        /** Its supervisor lives; the header is null where it is not written yet, or damaged. */
        record Alive(@Nullable AttemptHeader header) implements Finding {}

        /** Neither supervisor nor record is left. */
        record Lost(ExitStatus.Unknown status, @Nullable AttemptHeader header, LiveCounters live) implements Finding {}
    }

    Recovery(LauncherHost host, InstantSource clock) throws IOException {
        this.host = host;
        this.clock = clock;
        this.bootId = Files.readString(BOOT_ID, StandardCharsets.US_ASCII).trim();
    }

    Finding find(Path file) throws IOException {
        Finding finding = look(file);
        for (int looks = 1; looks < LOOKS_AT_BLANK && isBlank(finding); looks++) {
            host.pause(BETWEEN_LOOKS_MILLIS);
            finding = look(file);
        }
        return finding;
    }

    /** Whether the supervisor was lost before it wrote anything, or has just made the file and is about to lock it. */
    private static boolean isBlank(Finding finding) {
        return finding instanceof Finding.Lost lost
                && lost.header() == null
                && lost.status().why() == ExitStatus.Unknown.Why.SUPERVISOR_LOST;
    }

    private Finding look(Path file) throws IOException {
        try (AttemptFile attempt = new AttemptFile(file)) {
            AttemptFile.Snapshot before = attempt.snapshot();
            if (before.record() instanceof AttemptFile.RecordState.Valid(ExitRecord record)) {
                return ended(before, record);
            }
            if (Liveness.isHeld(file)) {
                return new Finding.Alive(before.header());
            }
            if (before.header() == null && before.record() instanceof AttemptFile.RecordState.Absent) {
                // The header comes after the lock: without one, the lock may just not have been taken yet.
                return lost(ExitStatus.Unknown.Why.SUPERVISOR_LOST, before);
            }
            // It may have ended between the two looks; now that nobody writes any more, what is there counts.
            AttemptFile.Snapshot last = attempt.snapshot();
            return switch (last.record()) {
                case AttemptFile.RecordState.Valid(ExitRecord record) -> ended(last, record);
                case AttemptFile.RecordState.Damaged() -> lost(ExitStatus.Unknown.Why.RECORD_DAMAGED, last);
                case AttemptFile.RecordState.Absent() -> lost(ExitStatus.Unknown.Why.SUPERVISOR_LOST, last);
            };
        } catch (NoSuchFileException e) {
            return new Finding.Missing();
        }
    }

    private static Finding ended(AttemptFile.Snapshot snapshot, ExitRecord record) {
        AttemptHeader header = snapshot.header();
        if (header == null) {
            throw new IllegalStateException("a record counts only beside its header");
        }
        return new Finding.Ended(record.result(header.layout().retention()));
    }

    private static Finding lost(ExitStatus.Unknown.Why why, AttemptFile.Snapshot snapshot) {
        return new Finding.Lost(new ExitStatus.Unknown(why), snapshot.header(), snapshot.live());
    }

    /** What is below the supervisor of this attempt; nothing where it has none any more. */
    ProcessTree processes(Path file, int atMost) throws IOException {
        AttemptHeader header;
        try (AttemptFile attempt = new AttemptFile(file)) {
            header = attempt.snapshot().header();
        }
        ProcessTree tree = new ProcessTree(clock.instant(), List.of(), false);
        if (header != null && header.supervisor() > 0) {
            tree = new ProcessScan(PROC, atMost).below(header.supervisor(), clock.instant());
        }
        // A supervisor that let go of the file may have been at another attempt by the time it was looked at.
        return Liveness.isHeld(file) ? tree : new ProcessTree(tree.takenAt(), List.of(), false);
    }

    /** A connection to the supervisor's control socket, not yet used. */
    Connection reach(AttemptHeader header) throws IOException {
        if (header.controlSocket().isEmpty()) {
            throw new MalformedException("attempt without a control socket");
        }
        try {
            return Connection.open(Path.of(header.controlSocket()), _ -> {});
        } catch (InvalidPathException e) {
            throw new IOException("control socket's name does not exist in this locale", e);
        }
    }

    /**
     * Kills what a lost supervisor left, which can be told from others only within the boot it was started in.
     *
     * @param marker the attempt's, where the caller knows it; else empty
     * @return whether nothing is left
     */
    boolean sweep(String marker, @Nullable AttemptHeader header) throws IOException {
        boolean sameBoot = header == null || header.bootId().equals(bootId);
        String known = marker.isEmpty() && header != null ? header.marker() : marker;
        AttemptHeader.Target main = header == null ? AttemptHeader.Target.NONE : header.main();
        GroupPlan.Names groups = header == null ? GroupPlan.Names.NONE : header.groups();
        if (!sameBoot || (known.isEmpty() && main.pid() == 0 && groups.version() == 0)) {
            return true;
        }
        try (Connection connection = host.connect()) {
            connection.send(Requests.sweep(known, main, groups));
            if (connection.receive() instanceof Answer.Swept(int _, int survivors)) {
                return survivors == 0;
            }
        }
        throw new IOException("the native launcher did not answer a sweep");
    }

    /** The result of an attempt of which nothing is left to ask; the last thing to do about it. */
    ProcessResult unknown(Finding.Lost lost) {
        AttemptHeader header = lost.header();
        if (header != null) {
            discardSocketOf(header);
        }
        OutputSummary output = lost.live()
                .summary()
                .summary(header == null ? Retention.NOTHING : header.layout().retention());
        StopCause cause = lost.status().why() == ExitStatus.Unknown.Why.SUPERVISOR_LOST
                ? StopCause.SUPERVISOR_LOST
                : StopCause.NONE;
        return new ProcessResult(lost.status(), cause, startedAt(header), clock.instant(), null, output, null);
    }

    private void discardSocketOf(AttemptHeader header) {
        try {
            host.discard(Path.of(header.controlSocket()));
        } catch (IOException | InvalidPathException e) {
            // A socket's name that stays behind does no harm.
        }
    }

    private static @Nullable Instant startedAt(@Nullable AttemptHeader header) {
        return header == null || header.startRealtime() == 0 ? null : ExitRecord.instant(header.startRealtime());
    }
}
