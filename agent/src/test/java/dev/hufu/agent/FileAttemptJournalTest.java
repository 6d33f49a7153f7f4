package dev.hufu.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hufu.protocol.AttemptId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileAttemptJournalTest extends AttemptJournalContract {
    @TempDir
    private Path folder;

    private Path directory() {
        return folder.resolve("däta of one/journal");
    }

    @Override
    AttemptJournal journal() {
        return new FileAttemptJournal(directory());
    }

    private Path onlySegment() throws IOException {
        try (Stream<Path> files = Files.list(directory())) {
            List<Path> segments = files.filter(file -> !file.endsWith("lock")).toList();
            assertThat(segments).hasSize(1);
            return segments.getFirst();
        }
    }

    private byte[] written(AttemptId... attempts) throws Exception {
        try (AttemptJournal journal = journal()) {
            journal.open();
            for (AttemptId attempt : attempts) {
                journal.starting(attempt, Samples.AT);
            }
        }
        return Files.readAllBytes(onlySegment());
    }

    @Test
    void aWriteCutShortAtAnyByteIsDroppedAndTheRestKept() throws Exception {
        written(FIRST, SECOND);
        byte[] whole = written(THIRD);
        Path segment = onlySegment();
        // Opening wrote the first two again, as one batch.
        int third = whole.length
                - JournalFormat.batch(List.of(JournalFormat.encode(starting(THIRD))))
                        .remaining();
        for (int length = third; length < whole.length; length++) {
            Files.delete(onlySegment());
            Files.write(segment, Arrays.copyOf(whole, length));
            assertThat(reopened()).as("cut at byte " + length).containsExactly(starting(FIRST), starting(SECOND));
        }
    }

    @Test
    void aLastWriteWithADamagedByteIsDropped() throws Exception {
        written(FIRST);
        byte[] whole = written(SECOND);
        Path segment = onlySegment();
        int second = whole.length
                - JournalFormat.batch(List.of(JournalFormat.encode(starting(SECOND))))
                        .remaining();
        for (int at = second; at < whole.length; at++) {
            Files.delete(onlySegment());
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x10;
            Files.write(segment, damaged);
            assertThat(reopened()).as("damaged at byte " + at).containsExactly(starting(FIRST));
        }
    }

    @Test
    void f32_damageBeforeWhatWasAcknowledgedIsRefusedByName() throws Exception {
        written(FIRST);
        byte[] whole = written(SECOND, THIRD);
        Path segment = onlySegment();
        int third = whole.length
                - JournalFormat.batch(List.of(JournalFormat.encode(starting(THIRD))))
                        .remaining();
        for (int at = 0; at < third; at++) {
            byte[] damaged = whole.clone();
            damaged[at] ^= 0x10;
            Files.write(segment, damaged);
            assertThatThrownBy(this::reopened)
                    .as("damaged at byte " + at)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(segment.toString())
                    .hasMessageContaining("damaged at byte");
            assertThat(Files.readAllBytes(segment)).as("nothing is touched").isEqualTo(damaged);
        }
        Files.write(segment, whole);
        assertThat(reopened()).containsExactly(starting(FIRST), starting(SECOND), starting(THIRD));
    }

    @Test
    void aSegmentWithoutItsWholeHeaderIsRefused() throws Exception {
        byte[] whole = written(FIRST);
        Path segment = onlySegment();
        for (int length = 0; length < JournalFormat.HEADER_LENGTH; length++) {
            Files.write(segment, Arrays.copyOf(whole, length));
            assertThatThrownBy(this::reopened).isInstanceOf(IOException.class).hasMessageContaining("damaged");
        }
    }

    @Test
    void aLaterVersionIsRefusedWithTheRemedy() throws Exception {
        byte[] whole = written(FIRST);
        Path segment = onlySegment();
        java.nio.ByteBuffer header = java.nio.ByteBuffer.wrap(whole).putInt(8, 2);
        java.util.zip.CRC32C checksum = new java.util.zip.CRC32C();
        checksum.update(whole, 0, 12);
        header.putInt(12, (int) checksum.getValue());
        Files.write(segment, whole);
        assertThatThrownBy(this::reopened)
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has version 2")
                .hasMessageContaining(segment.toString());
    }

    @Test
    void rotationKeepsExactlyWhatIsLive() throws Exception {
        List<JournalRecord> expected = new ArrayList<>();
        try (AttemptJournal journal = new FileAttemptJournal(directory(), 4_096, FileAttemptJournal.Sync.DATA)) {
            journal.open();
            for (int task = 0; task < 400; task++) {
                AttemptId attempt = Samples.attempt(task);
                journal.starting(attempt, Samples.AT);
                if (task % 10 == 3) {
                    journal.ended(attempt, Samples.outcome(task % 256));
                    expected.add(ended(attempt, task % 256));
                } else if (task % 10 == 7) {
                    expected.add(starting(attempt));
                } else {
                    journal.ended(attempt, Samples.outcome(0));
                    journal.acknowledged(attempt);
                }
            }
            assertThat(Files.size(onlySegment()))
                    .as("many segments were replaced")
                    .isLessThan(100_000);
            assertThat(onlySegment().getFileName().toString()).isGreaterThan("0000000000000005.journal");
        }
        assertThat(reopened()).containsExactlyElementsOf(expected);
    }

    @Test
    void whatACrashDuringRotationLeftIsPutAside() throws Exception {
        byte[] older = written(FIRST);
        Path old = onlySegment();
        written(SECOND);
        Files.write(old, older);
        Files.write(directory().resolve("00000000000000ff.journal.new"), new byte[] {1, 2, 3});
        assertThat(reopened()).containsExactly(starting(FIRST), starting(SECOND));
        assertThat(onlySegment()).isNotEqualTo(old);
    }

    @Test
    void callersShareSyncs() throws Exception {
        int callers = 300;
        AtomicInteger syncs = new AtomicInteger();
        CountDownLatch firstIsInSync = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        AtomicBoolean opened = new AtomicBoolean();
        try (AttemptJournal journal = new FileAttemptJournal(directory(), FileAttemptJournal.SEGMENT_LIMIT, file -> {
                    if (opened.get()) {
                        syncs.incrementAndGet();
                        firstIsInSync.countDown();
                        await(goOn);
                    }
                    file.force(false);
                });
                ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            journal.open();
            opened.set(true);
            Future<?> first = executor.submit(() -> {
                journal.starting(Samples.attempt(0), Samples.AT);
                return true;
            });
            await(firstIsInSync);
            CountDownLatch under = new CountDownLatch(callers);
            List<Future<?>> others = new ArrayList<>();
            for (int caller = 1; caller <= callers; caller++) {
                AttemptId attempt = Samples.attempt(caller);
                others.add(executor.submit(() -> {
                    under.countDown();
                    journal.starting(attempt, Samples.AT);
                    return true;
                }));
            }
            await(under);
            assertThat(first.isDone()).as("nothing returns before its sync").isFalse();
            goOn.countDown();
            first.get(30, TimeUnit.SECONDS);
            for (Future<?> other : others) {
                other.get(30, TimeUnit.SECONDS);
            }
        }
        assertThat(syncs.get()).isBetween(2, callers / 2);
        assertThat(reopened()).hasSize(callers + 1);
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
    }

    @Test
    void f05_afterASyncErrorNothingIsTakenAnyMore() throws Exception {
        AtomicBoolean broken = new AtomicBoolean();
        try (AttemptJournal journal = new FileAttemptJournal(directory(), FileAttemptJournal.SEGMENT_LIMIT, file -> {
            if (broken.get()) {
                throw new IOException("Input/output error");
            }
            file.force(false);
        })) {
            journal.open();
            journal.starting(FIRST, Samples.AT);
            broken.set(true);
            assertThatThrownBy(() -> journal.starting(SECOND, Samples.AT))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("takes no more")
                    .hasRootCauseMessage("Input/output error");
            broken.set(false);
            assertThatThrownBy(() -> journal.ended(FIRST, Samples.outcome(0)))
                    .as("also when the disk feels better")
                    .isInstanceOf(IOException.class);
            journal.acknowledged(FIRST);
        }
        assertThat(reopened()).as("what was acknowledged is there").contains(starting(FIRST));
    }

    /** A real small volume is in the tests of whole servers; here it is one that is full whenever it is asked. */
    @Test
    void f28_onAFullVolumeItWaitsAndGoesOnWithoutLosingItsPlace() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        CountDownLatch waits = new CountDownLatch(2);
        FileAttemptJournal.Volume volume = _ -> {
            asked.incrementAndGet();
            waits.countDown();
            return true;
        };
        AtomicBoolean full = new AtomicBoolean();
        FileAttemptJournal.Appender appender = (file, bytes) -> {
            if (full.get()) {
                ByteBuffer half = bytes.duplicate();
                half.limit(half.position() + half.remaining() / 2);
                file.write(half);
                throw new IOException("No space left on device");
            }
            return FileAttemptJournal.Appender.WHOLE.append(file, bytes);
        };
        try (AttemptJournal journal = new FileAttemptJournal(
                        directory(), FileAttemptJournal.SEGMENT_LIMIT, FileAttemptJournal.Sync.DATA, volume, appender);
                ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            journal.open();
            journal.starting(FIRST, Samples.AT);
            full.set(true);
            Future<?> waiting = callers.submit(() -> {
                journal.ended(FIRST, Samples.outcome(0));
                return null;
            });
            assertThat(waits.await(30, TimeUnit.SECONDS)).isTrue();
            assertThat(waiting.isDone()).isFalse();
            full.set(false);
            waiting.get(30, TimeUnit.SECONDS);
            journal.starting(SECOND, Samples.AT);
        }
        assertThat(asked.get()).isGreaterThanOrEqualTo(2);
        assertThat(reopened()).containsExactly(new JournalRecord.Ended(FIRST, Samples.outcome(0)), starting(SECOND));
    }

    @Test
    void aWriteThatFailsOnAVolumeWithRoomBreaksIt() throws Exception {
        AtomicBoolean broken = new AtomicBoolean();
        FileAttemptJournal.Appender appender = (file, bytes) -> {
            if (broken.get()) {
                throw new IOException("Input/output error");
            }
            return FileAttemptJournal.Appender.WHOLE.append(file, bytes);
        };
        try (AttemptJournal journal = new FileAttemptJournal(
                directory(), FileAttemptJournal.SEGMENT_LIMIT, FileAttemptJournal.Sync.DATA, _ -> false, appender)) {
            journal.open();
            broken.set(true);
            assertThatThrownBy(() -> journal.starting(FIRST, Samples.AT)).hasMessageContaining("takes no more");
        }
    }

    @Test
    void filesAndDirectoriesAreTheUsersOwn() throws Exception {
        written(FIRST);
        for (Path path : List.of(directory(), directory().getParent())) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rwx------");
        }
        for (Path path : List.of(onlySegment(), directory().resolve("lock"))) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-------");
        }
    }
}
