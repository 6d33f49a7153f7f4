package dev.hufu.exec.internal;

import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.KillReport;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.OutputSummary;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ResourceUsage;
import dev.hufu.exec.StopCause;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** What the supervisor recorded of an attempt's end; only the retention is missing to know whether output was cut. */
record ExitRecord(
        ExitStatus status,
        StopCause stopCause,
        @Nullable Instant startedAt,
        Instant finishedAt,
        @Nullable ResourceUsage usage,
        Written written,
        @Nullable KillReport killReport) {

    /** What was written to the streams. */
    record Written(long stdout, long stderr, boolean spoolFull) {
        OutputSummary summary(Retention retention) {
            boolean truncated = spoolFull || retention.truncates(stdout) || retention.truncates(stderr);
            return new OutputSummary(stdout, stderr, truncated, spoolFull);
        }
    }

    ProcessResult result(Retention retention) {
        return new ProcessResult(
                status, stopCause, startedAt, finishedAt, usage, written.summary(retention), killReport);
    }

    /** Parses a record as it lies in the file: header with length and check sum, then the payload. */
    static ExitRecord parseStored(ByteBuffer stored) throws MalformedException {
        ByteBuffer in = stored.slice().order(ByteOrder.LITTLE_ENDIAN);
        require(in.remaining() >= Protocol.RECORD_HEADER, "exit record cut");
        require(in.getInt() == Protocol.RECORD_MAGIC, "exit record's magic");
        int length = in.getInt();
        int expected = in.getInt();
        require(in.getInt() == 0, "exit record's header");
        require(length >= Protocol.RECORD_FIXED && length <= in.remaining(), "exit record's length");
        ByteBuffer payload = in.slice(in.position(), length);
        CRC32 crc = new CRC32();
        crc.update(payload.duplicate());
        require((int) crc.getValue() == expected, "exit record's check sum");
        return parse(payload);
    }

    /** Parses a payload, which ends where the buffer does. */
    static ExitRecord parse(ByteBuffer payload) throws MalformedException {
        ByteBuffer in = payload.slice().order(ByteOrder.LITTLE_ENDIAN);
        require(in.remaining() >= Protocol.RECORD_FIXED, "exit record cut");
        require(in.getInt(0) == Protocol.RECORD_VERSION, "exit record's version");
        int steps = in.getInt(104);
        require(steps >= 0 && steps <= Protocol.MAX_STEPS, "exit record's steps");
        require(in.remaining() == Protocol.RECORD_FIXED + steps * Protocol.STEP_SIZE, "exit record's length");
        int kind = in.getInt(4);
        ExitStatus status = status(kind, in.getInt(8), in.getInt(12));
        boolean launched = !(status instanceof ExitStatus.LaunchFailed);
        long start = in.getLong(24);
        long stdout = in.getLong(72);
        long stderr = in.getLong(80);
        require(stdout >= 0 && stderr >= 0, "exit record's counts");
        return new ExitRecord(
                status,
                StopCauses.of(in.getInt(16)),
                start == 0 ? null : instant(start),
                instant(in.getLong(32)),
                launched && (in.getInt(20) & Protocol.USAGE_UNKNOWN) == 0 ? usage(in) : null,
                new Written(stdout, stderr, (in.getInt(20) & Protocol.SPOOL_FULL) != 0),
                killReport(in, steps));
    }

    /** The payload that {@link #parse} makes this record of again. */
    ByteBuffer encode() {
        List<KillReport.Step> steps = killReport == null ? List.of() : killReport.steps();
        ByteBuffer out = ByteBuffer.allocate(Protocol.RECORD_FIXED + steps.size() * Protocol.STEP_SIZE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0, Protocol.RECORD_VERSION)
                .putInt(16, StopCauses.number(stopCause))
                .putLong(24, startedAt == null ? 0 : realtime(startedAt))
                .putLong(32, realtime(finishedAt))
                .putLong(72, written.stdout)
                .putLong(80, written.stderr)
                .putInt(104, steps.size());
        switch (status) {
            case ExitStatus.Exited(int code) -> out.putInt(4, 1).putInt(8, code);
            case ExitStatus.Signaled(int signal, boolean core) ->
                out.putInt(4, 2).putInt(8, signal).putInt(12, core ? 1 : 0);
            case ExitStatus.LaunchFailed(int errno, LaunchStage stage) ->
                out.putInt(4, 3).putInt(8, errno).putInt(12, stage.number());
            case ExitStatus.Unknown unknown -> throw new IllegalArgumentException("nothing to record: " + unknown);
        }
        int flags = written.spoolFull ? Protocol.SPOOL_FULL : 0;
        if (usage == null) {
            flags |= Protocol.USAGE_UNKNOWN;
        } else {
            out.putLong(40, usage.wall().toNanos())
                    .putLong(48, usage.user().toNanos() / 1_000)
                    .putLong(56, usage.system().toNanos() / 1_000)
                    .putLong(64, usage.maxResidentBytes());
        }
        if (killReport != null) {
            out.putInt(88, number(killReport.proof()))
                    .putInt(92, StopCauses.number(killReport.cause()))
                    .putLong(96, killReport.duration().toNanos());
            flags |= killReport.cause() == StopCause.NONE ? Protocol.STRAYS_KILLED : 0;
        }
        for (int step = 0; step < steps.size(); step++) {
            KillReport.Step round = steps.get(step);
            int at = Protocol.RECORD_FIXED + step * Protocol.STEP_SIZE;
            out.putInt(at, round.signal())
                    .putInt(at + 4, round.signalled())
                    .putInt(at + 8, round.survivors())
                    .putLong(at + 16, realtime(round.at()));
        }
        return out.putInt(20, flags);
    }

    private static int number(KillReport.Proof proof) {
        return switch (proof) {
            case CGROUP -> 1;
            case NO_CHILDREN -> 2;
            case WHAT_WAS_FOUND -> 3;
        };
    }

    static long realtime(Instant moment) {
        return Math.addExact(Math.multiplyExact(moment.getEpochSecond(), 1_000_000_000L), moment.getNano());
    }

    static Instant instant(long realtimeNanos) {
        return Instant.ofEpochSecond(
                Math.floorDiv(realtimeNanos, 1_000_000_000L), Math.floorMod(realtimeNanos, 1_000_000_000L));
    }

    private static ExitStatus status(int kind, int value, int detail) throws MalformedException {
        return switch (kind) {
            case 1 -> {
                require(value >= 0 && value <= 255, "exit code");
                yield new ExitStatus.Exited(value);
            }
            case 2 -> {
                require(value >= 1 && value <= 127, "exit signal");
                yield new ExitStatus.Signaled(value, detail != 0);
            }
            case 3 -> new ExitStatus.LaunchFailed(value, LaunchStage.of(detail));
            default -> throw new MalformedException("exit record's kind " + kind);
        };
    }

    private static ResourceUsage usage(ByteBuffer in) {
        return new ResourceUsage(
                Duration.ofNanos(in.getLong(40)), micros(in.getLong(48)), micros(in.getLong(56)), in.getLong(64));
    }

    private static Duration micros(long count) {
        return Duration.of(count, ChronoUnit.MICROS);
    }

    private static @Nullable KillReport killReport(ByteBuffer in, int steps) throws MalformedException {
        KillReport.Proof proof = switch (in.getInt(88)) {
            case 0 -> null;
            case 1 -> KillReport.Proof.CGROUP;
            case 2 -> KillReport.Proof.NO_CHILDREN;
            case 3 -> KillReport.Proof.WHAT_WAS_FOUND;
            default -> throw new MalformedException("kill report's proof");
        };
        if (proof == null) {
            return null;
        }
        List<KillReport.Step> rounds = new ArrayList<>(steps);
        for (int step = 0; step < steps; step++) {
            int at = Protocol.RECORD_FIXED + step * Protocol.STEP_SIZE;
            rounds.add(new KillReport.Step(
                    in.getInt(at), instant(in.getLong(at + 16)), in.getInt(at + 4), in.getInt(at + 8)));
        }
        return new KillReport(StopCauses.of(in.getInt(92)), proof, rounds, Duration.ofNanos(in.getLong(96)));
    }

    private static void require(boolean holds, String what) throws MalformedException {
        if (!holds) {
            throw new MalformedException("bad " + what);
        }
    }
}
