package dev.hufu.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.server.config.RuntimeConfig;
import dev.hufu.support.RuntimeFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a server says that its files were replaced, and when it asks to be drained. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
final class RuntimeWatchTest {
    private static final Duration PERIOD = Duration.ofMinutes(1);

    @TempDir
    private Path directory;

    private final FakeTimers timers = new FakeTimers();
    private final AtomicInteger drained = new AtomicInteger();
    private Path image;
    private Path archive;
    private RuntimeWatch watch;

    @BeforeEach
    void open() throws IOException {
        image = Files.writeString(directory.resolve("modules"), "image 1");
        archive = Files.writeString(directory.resolve("server.jar"), "archive 1");
        watch = watch(RuntimeConfig.OnReplaced.DRAIN);
    }

    @AfterEach
    void close() {
        watch.stop();
    }

    private RuntimeWatch watch(RuntimeConfig.OnReplaced policy) {
        RuntimeWatch started = new RuntimeWatch(
                new RuntimeConfig(policy, PERIOD),
                List.of(image, archive, directory.resolve("never-there")),
                timers,
                drained::incrementAndGet);
        started.start();
        return started;
    }

    /** One look, to its end. */
    private void look() throws InterruptedException {
        timers.advance(PERIOD);
        while (timers.scheduled() == 0) {
            Thread.onSpinWait();
        }
    }

    private void replace(Path file, String by) throws IOException {
        Path next = Files.writeString(directory.resolve("next"), by);
        // Builds that can be repeated give all their files one time.
        Files.setLastModifiedTime(next, Files.getLastModifiedTime(file));
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void f39_whatIsAsItWasIsNotSpokenOf() throws Exception {
        for (int i = 0; i < 3; i++) {
            look();
        }
        assertThat(watch.notice()).isEmpty();
        assertThat(drained).hasValue(0);
    }

    @Test
    void f39_anotherFileOfTheSameSizeAndTimeIsNoticedAtOnceAndDrainedForOnce() throws Exception {
        replace(image, "image 2");
        look();
        assertThat(watch.notice()).isPresent();
        assertThat(drained).as("the update may be at work").hasValue(0);
        look();
        look();
        assertThat(drained).hasValue(1);
    }

    @Test
    void f39_aFileThatIsWrittenOverIsNoticed() throws Exception {
        Files.writeString(archive, "archive 2");
        Files.setLastModifiedTime(archive, FileTime.from(Instant.EPOCH));
        look();
        assertThat(watch.notice()).isPresent();
    }

    @Test
    void f39_anUpdateAtWorkIsNotMetHalfWay() throws Exception {
        replace(image, "image 2");
        look();
        replace(archive, "archive 2");
        look();
        assertThat(drained).hasValue(0);
        look();
        assertThat(drained).hasValue(1);
    }

    @Test
    void f39_whileAFileIsMissingTheServerStays() throws Exception {
        Files.delete(image);
        look();
        look();
        look();
        assertThat(watch.notice()).isPresent();
        assertThat(drained).as("nobody could start the next one").hasValue(0);
        Files.writeString(image, "image 2");
        look();
        look();
        assertThat(drained).hasValue(1);
    }

    @Test
    void f39_filesThatArePutBackAreNoReason() throws Exception {
        Files.move(image, directory.resolve("aside"));
        look();
        assertThat(watch.notice()).isPresent();
        Files.move(directory.resolve("aside"), image);
        look();
        look();
        assertThat(watch.notice()).isEmpty();
        assertThat(drained).hasValue(0);
    }

    @Test
    void f39_anOperatorMayWantToBeWarnedOnly() throws Exception {
        watch.stop();
        watch = watch(RuntimeConfig.OnReplaced.WARN);
        replace(image, "image 2");
        look();
        look();
        look();
        assertThat(watch.notice()).isPresent();
        assertThat(drained).hasValue(0);
    }

    @Test
    void nothingIsLookedAtAfterTheStop() {
        watch.stop();
        assertThat(timers.scheduled()).isZero();
    }

    @Test
    void thisProcessRunsFromAJdkAndArchives() {
        assertThat(RuntimeFiles.ofThisProcess())
                .anySatisfy(file -> assertThat(file).exists().hasFileName("modules"))
                .anySatisfy(file -> assertThat(file).exists().hasFileName("libjvm.so"))
                .anySatisfy(file -> assertThat(file).exists().asString().endsWith(".jar"));
    }
}
