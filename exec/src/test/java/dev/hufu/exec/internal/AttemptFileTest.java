package dev.hufu.exec.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.ExitStatus.Signaled;
import dev.hufu.exec.KillReport;
import dev.hufu.exec.LaunchStage;
import dev.hufu.exec.OutputPolicy;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.OutputReader.Arrival;
import dev.hufu.exec.OutputReader.Extent;
import dev.hufu.exec.OutputSummary;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ResourceUsage;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.StreamName;
import dev.hufu.exec.internal.AttemptFile.RecordState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init") // JUnit fills the field before each test.
final class AttemptFileTest {
    private static final int LIMIT = AttemptFileWriter.LIMIT;
    private static final Retention KEPT = new Retention(LIMIT, OutputPolicy.TRUNCATE);

    @TempDir
    Path directory;

    @Test
    void headerIsRead() throws Exception {
        AttemptHeader header =
                Objects.requireNonNull(snapshot(new AttemptFileWriter()).header());

        assertThat(header.bootId()).isEqualTo("11111111-2222-3333-4444-555555555555");
        assertThat(header.main()).isEqualTo(new AttemptHeader.Target(4_712, 99));
        assertThat(header.startRealtime()).isEqualTo(1_700_000_000_123_456_789L);
        assertThat(header.controlSocket()).isEqualTo("/run/c");
        assertThat(header.marker()).isEqualTo("ID=ä");
        assertThat(header.layout().retention()).isEqualTo(KEPT);
        assertThat(AttemptFiles.metadata(directory.resolve("file")))
                .isEqualTo("metadata".getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void damagedHeadersAreNoticed() throws Exception {
        List<AttemptFileWriter> damaged = List.of(
                new AttemptFileWriter().put(0, 1),
                new AttemptFileWriter().put(8, 2),
                new AttemptFileWriter().put(12, -1),
                new AttemptFileWriter().put(12, 1 << 20),
                new AttemptFileWriter().putLong(16, -1),
                new AttemptFileWriter().putLong(16, LIMIT + 1),
                new AttemptFileWriter().putLong(24, 0),
                new AttemptFileWriter().putLong(32, Long.MAX_VALUE),
                new AttemptFileWriter().putLong(40, Long.MAX_VALUE),
                new AttemptFileWriter().putLong(40, -1),
                new AttemptFileWriter().putLong(48, 0),
                new AttemptFileWriter().putLong(56, Long.MAX_VALUE),
                new AttemptFileWriter().put(656, 3),
                new AttemptFileWriter().put(656, 2));

        for (AttemptFileWriter writer : damaged) {
            AttemptFile.Snapshot snapshot =
                    snapshot(writer.state(LiveCounters.STATE_ENDED).record(AttemptFileWriter.payload(1, 0, 0)));
            assertThat(snapshot.record()).isEqualTo(new RecordState.Damaged());
            assertThatThrownBy(() -> AttemptFiles.output(directory.resolve("file")))
                    .isInstanceOf(MalformedException.class);
        }
    }

    @Test
    void fileWithoutHeaderHasNoRecord() throws Exception {
        Path file = directory.resolve("file");

        for (int size : new int[] {0, 7, 4_096, 8_192}) {
            Files.write(file, new byte[size]);
            try (AttemptFile attempt = new AttemptFile(file)) {
                assertThat(attempt.snapshot().record()).isEqualTo(new RecordState.Absent());
                assertThat(attempt.snapshot().header()).isNull();
                assertThatThrownBy(attempt::header).isInstanceOf(MalformedException.class);
            }
        }
    }

    @Test
    void recordsAreRead() throws Exception {
        assertThat(result(1, 255, 0).status()).isEqualTo(new Exited(255));
        assertThat(result(2, 9, 0).status()).isEqualTo(new Signaled(9, false));

        ProcessResult result = result(1, 0, 32);
        assertThat(result.stopCause()).isEqualTo(StopCause.REQUESTED);
        assertThat(result.startedAt()).isEqualTo(Instant.ofEpochSecond(1_700_000_000, 1));
        assertThat(result.finishedAt()).isEqualTo(Instant.ofEpochSecond(1_700_000_002, 2));
        assertThat(result.usage())
                .isEqualTo(new ResourceUsage(
                        Duration.ofNanos(2_000_000_001),
                        Duration.ofNanos(1_500_000),
                        Duration.ofNanos(2_500_000),
                        1 << 20));
        assertThat(result.output()).isEqualTo(new OutputSummary(80_000, 5, true, false));
        KillReport report = Objects.requireNonNull(result.killReport());
        assertThat(report.proof()).isEqualTo(KillReport.Proof.NO_CHILDREN);
        assertThat(report.duration()).isEqualTo(Duration.ofNanos(77));
        assertThat(report.steps()).hasSize(32);
        assertThat(report.steps().get(1))
                .isEqualTo(new KillReport.Step(15, Instant.ofEpochSecond(1_700_000_001, 1), 3, 30));
    }

    @Test
    void failedLaunchHasNeitherStartNorUsage() throws Exception {
        ByteBuffer payload = AttemptFileWriter.payload(3, 2, 0)
                .putInt(12, 2)
                .putInt(16, 0)
                .putLong(24, 0)
                .putInt(88, 0);

        ProcessResult result = ExitRecord.parse(payload).result(KEPT);

        assertThat(result.status()).isEqualTo(new LaunchFailed(2, LaunchStage.CHDIR));
        assertThat(result.startedAt()).isNull();
        assertThat(result.usage()).isNull();
        assertThat(result.killReport()).isNull();
    }

    @Test
    void f32_recordsThatCannotBeAreDamaged() {
        List<ByteBuffer> payloads = List.of(
                AttemptFileWriter.payload(0, 0, 0),
                AttemptFileWriter.payload(4, 0, 0),
                AttemptFileWriter.payload(1, 256, 0),
                AttemptFileWriter.payload(1, -1, 0),
                AttemptFileWriter.payload(2, 0, 0),
                AttemptFileWriter.payload(1, 0, 0).putInt(0, 2),
                AttemptFileWriter.payload(1, 0, 0).putInt(16, 6),
                AttemptFileWriter.payload(1, 0, 0).putLong(72, -1),
                AttemptFileWriter.payload(1, 0, 0).putInt(88, 4),
                AttemptFileWriter.payload(1, 0, 0).putInt(104, 1),
                AttemptFileWriter.payload(1, 0, 1).putInt(104, 0),
                AttemptFileWriter.payload(1, 0, 33),
                AttemptFileWriter.payload(1, 0, 0).putInt(104, -1),
                AttemptFileWriter.payload(1, 0, 0).slice(0, 100));

        for (ByteBuffer payload : payloads) {
            assertThatThrownBy(() -> ExitRecord.parse(payload)).isInstanceOf(MalformedException.class);
        }
    }

    @Test
    void f32_endWithoutRecordIsDamage() throws Exception {
        assertThat(snapshot(new AttemptFileWriter()).record()).isEqualTo(new RecordState.Absent());
        assertThat(snapshot(new AttemptFileWriter().state(LiveCounters.STATE_ENDED))
                        .record())
                .isEqualTo(new RecordState.Damaged());
        assertThat(snapshot(new AttemptFileWriter().put(Protocol.RECORD_AT + 20, 1))
                        .record())
                .isEqualTo(new RecordState.Absent());
        assertThat(snapshot(new AttemptFileWriter().put(Protocol.RECORD_AT, Protocol.RECORD_MAGIC))
                        .record())
                .isEqualTo(new RecordState.Damaged());
        try (AttemptFile cut = new AttemptFile(new AttemptFileWriter().to(directory.resolve("cut"), 4_100))) {
            assertThat(cut.snapshot().record()).isEqualTo(new RecordState.Damaged());
        }
    }

    @Test
    void headGapAndTailAreTold() throws Exception {
        try (OutputReader output =
                output(new AttemptFileWriter().counters(false, 9_999, 9_999).counters(true, LIMIT, LIMIT))) {
            assertThat(output.extent(StreamName.STDOUT)).isEqualTo(new Extent(9_999, 9_999, 9_999));
            assertThat(output.extent(StreamName.STDERR)).isEqualTo(new Extent(LIMIT, LIMIT, LIMIT));
        }
        try (OutputReader output = output(
                new AttemptFileWriter().counters(false, LIMIT + 65_536, LIMIT).counters(true, LIMIT + 65_537, LIMIT))) {
            assertThat(output.extent(StreamName.STDOUT)).isEqualTo(new Extent(LIMIT + 65_536, LIMIT, LIMIT));
            assertThat(output.extent(StreamName.STDERR)).isEqualTo(new Extent(LIMIT + 65_537, LIMIT, LIMIT + 1));
        }
    }

    @Test
    void countersPublishedOneAfterTheOtherMakeNoGap() throws Exception {
        try (OutputReader output = output(new AttemptFileWriter().counters(false, 500, 100))) {
            assertThat(output.extent(StreamName.STDOUT)).isEqualTo(new Extent(500, 500, 500));
        }
        try (OutputReader output = output(new AttemptFileWriter().counters(false, 100, 500))) {
            assertThat(output.extent(StreamName.STDOUT)).isEqualTo(new Extent(100, 100, 100));
        }
    }

    @Test
    void f28_fullSpoolKeepsItsHeadOnly() throws Exception {
        AttemptFileWriter full = new AttemptFileWriter()
                .flags(Protocol.SPOOL_FULL)
                .counters(false, 5_000, 4_096)
                .counters(true, 77, 77);

        try (OutputReader output = output(full)) {
            assertThat(output.extent(StreamName.STDOUT)).isEqualTo(new Extent(5_000, 4_096, 5_000));
            assertThat(output.extent(StreamName.STDERR)).isEqualTo(new Extent(77, 77, 77));
            assertThat(output.read(StreamName.STDOUT, 4_096, ByteBuffer.allocate(10)))
                    .isZero();
            assertThat(output.extent(StreamName.STDOUT).nextKept(4_096)).isEqualTo(5_000);
        }
    }

    @Test
    void everyPositionIsReadExactly() throws Exception {
        for (int size : new int[] {0, 1, LIMIT, LIMIT + 1, LIMIT + 65_536, LIMIT + 65_537, LIMIT + 131_072, 400_001}) {
            byte[] written = new byte[size];
            new Random(size).nextBytes(written);
            try (OutputReader output = output(new AttemptFileWriter().write(true, written))) {
                Random random = new Random(1);
                for (int turn = 0; turn < 200; turn++) {
                    int position = turn == 0 ? 0 : random.nextInt(size + 10);
                    int wanted = random.nextInt(size + 20);
                    byte[] read = read(output, position, wanted);
                    byte[] expected = expected(written, position, wanted);
                    assertThat(read)
                            .as("%d bytes at %d of %d", wanted, position, size)
                            .isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void everyPositionOfABlockedStreamIsReadExactly() throws Exception {
        int kept = LIMIT + Protocol.HISTORY - Protocol.WRITTEN_AHEAD;
        for (int size : new int[] {0, 1, LIMIT, kept, kept + 1, LIMIT + Protocol.HISTORY, 20_000_001}) {
            byte[] written = new byte[size];
            new Random(size).nextBytes(written);
            int first = Math.max(0, size - kept);
            try (OutputReader output = output(AttemptFileWriter.ofBlocked().write(true, written))) {
                long head = first == 0 ? size : 0;
                assertThat(output.extent(StreamName.STDERR)).isEqualTo(new Extent(size, head, Math.max(head, first)));
                for (int position : new int[] {0, first - 1, first, first + 1, size / 2, size - 1, size, size + 1}) {
                    if (position >= 0) {
                        boolean there = position >= first && position < size;
                        byte[] expected = Arrays.copyOfRange(
                                written, there ? position : 0, there ? Math.min(size, position + 9_000_000) : 0);
                        assertThat(Arrays.equals(read(output, position, 9_000_000), expected))
                                .as("%d of %d", position, size)
                                .isTrue();
                    }
                }
            }
        }
    }

    @Test
    void f28_fullSpoolOfABlockedStreamKeepsWhatWasPutThere() throws Exception {
        AttemptFileWriter full = AttemptFileWriter.ofBlocked()
                .write(true, new byte[5_000])
                .flags(Protocol.SPOOL_FULL)
                .counters(false, 60_000_000, 9_000_000)
                .counters(true, 60_000_000, 5_000);

        try (OutputReader output = output(full)) {
            assertThat(output.extent(StreamName.STDOUT)).isEqualTo(new Extent(60_000_000, 0, 60_000_000));
            assertThat(output.extent(StreamName.STDERR)).isEqualTo(new Extent(60_000_000, 5_000, 60_000_000));
            assertThat(read(output, 100, 10_000)).hasSize(4_900);
            assertThat(read(output, 5_000, 10_000)).isEmpty();
        }
    }

    @Test
    void arrivalsOfABlockedProcessAreTheLastOnes() throws Exception {
        AttemptFileWriter writer = AttemptFileWriter.ofBlocked();
        int count = 2 * AttemptFileWriter.CAPACITY + 100;
        for (int number = 0; number < count; number++) {
            writer.arrival(number, number, false, 10L * number);
        }

        try (OutputReader output = output(writer)) {
            int first = count - AttemptFileWriter.CAPACITY + 1;
            assertThat(output.firstArrival()).isEqualTo(first);
            assertThat(output.arrivals(first - 1, 10)).isEmpty();
            List<Arrival> all = output.arrivals(first, Integer.MAX_VALUE);
            assertThat(all).hasSize(count - first);
            for (int at = 0; at < all.size(); at++) {
                assertThat(all.get(at).realtimeNanos()).isEqualTo(first + at);
            }
        }
        try (OutputReader output = output(new AttemptFileWriter().arrival(0, 1, false, 0))) {
            assertThat(output.firstArrival()).isZero();
        }
    }

    @Test
    void readerOfAFileWithoutFirstByteComesToLife() throws Exception {
        Path file = Files.createFile(directory.resolve("file"));

        try (OutputReader output = AttemptFiles.output(file)) {
            assertThat(output.extent(StreamName.STDERR)).isEqualTo(new Extent(0, 0, 0));
            assertThat(read(output, 0, 10)).isEmpty();
            assertThat(output.arrivals(0, 10)).isEmpty();
            assertThat(output.firstArrival()).isZero();

            new AttemptFileWriter()
                    .write(true, new byte[] {7, 8})
                    .arrival(0, 1, true, 0)
                    .to(file);

            assertThat(output.extent(StreamName.STDERR)).isEqualTo(new Extent(2, 2, 2));
            assertThat(read(output, 1, 10)).isEqualTo(new byte[] {8});
            assertThat(output.arrivals(0, 10)).hasSize(1);
        }
    }

    private static byte[] expected(byte[] written, int position, int wanted) {
        int tail = Math.max(LIMIT, written.length - Protocol.TAIL_KEPT);
        boolean gap = tail > LIMIT;
        if (position >= written.length || (gap && position >= LIMIT && position < tail)) {
            return new byte[0];
        }
        int end = gap && position < LIMIT ? LIMIT : written.length;
        return Arrays.copyOfRange(written, position, Math.min(end, position + wanted));
    }

    @Test
    void fileShorterThanItsCountersIsAnError() throws Exception {
        Path file = new AttemptFileWriter().counters(false, 100, 100).to(directory.resolve("cut"), 300_000);

        try (OutputReader output = AttemptFiles.output(file)) {
            assertThatThrownBy(() -> output.read(StreamName.STDOUT, 0, ByteBuffer.allocate(10)))
                    .isInstanceOf(MalformedException.class);
        }
    }

    @Test
    void arrivalsAreReadByNumber() throws Exception {
        AttemptFileWriter writer = new AttemptFileWriter();
        for (int number = 0; number < 3_000; number++) {
            writer.arrival(number, 1_000L + number, number % 3 == 0, 10L * number);
        }

        try (OutputReader output = output(writer)) {
            assertThat(output.arrivals(0, 1)).containsExactly(new Arrival(StreamName.STDERR, 0, 1_000));
            assertThat(output.arrivals(2_998, 100))
                    .containsExactly(
                            new Arrival(StreamName.STDOUT, 29_980, 3_998),
                            new Arrival(StreamName.STDOUT, 29_990, 3_999));
            assertThat(output.arrivals(0, 10_000)).hasSize(3_000);
            assertThat(output.arrivals(3_000, 1)).isEmpty();
            assertThat(output.arrivals(Long.MAX_VALUE, 1)).isEmpty();
            assertThat(output.arrivals(0, 0)).isEmpty();
        }
    }

    private AttemptFile.Snapshot snapshot(AttemptFileWriter writer) throws IOException {
        try (AttemptFile file = new AttemptFile(writer.to(directory.resolve("file")))) {
            return file.snapshot();
        }
    }

    private ProcessResult result(int kind, int value, int steps) throws IOException {
        AttemptFileWriter writer = new AttemptFileWriter().record(AttemptFileWriter.payload(kind, value, steps));
        RecordState.Valid valid = (RecordState.Valid) snapshot(writer).record();
        return valid.record().result(KEPT);
    }

    private OutputReader output(AttemptFileWriter writer) throws IOException {
        return AttemptFiles.output(writer.to(directory.resolve("file")));
    }

    private static byte[] read(OutputReader output, long position, int size) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(size);
        int count = output.read(StreamName.STDERR, position, buffer);
        assertThat(count).isEqualTo(buffer.position());
        return Arrays.copyOf(buffer.array(), count);
    }
}
