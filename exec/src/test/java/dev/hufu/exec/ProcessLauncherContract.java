package dev.hufu.exec;

import static dev.hufu.exec.LauncherFixture.LONG;
import static dev.hufu.exec.LauncherFixture.awaitOutput;
import static dev.hufu.exec.LauncherFixture.end;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hufu.exec.ExitStatus.Exited;
import dev.hufu.exec.ExitStatus.LaunchFailed;
import dev.hufu.exec.ExitStatus.Signaled;
import dev.hufu.exec.LauncherFixture.Outcome;
import dev.hufu.exec.ProcessLauncher.Attachment;
import dev.hufu.exec.ProcessLauncher.Capability;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every launcher does: starting, input, output, exit. What it does only as far as it says so is skipped elsewhere. */
@SuppressWarnings("NullAway.Init") // JUnit fills the fields before each test.
public abstract class ProcessLauncherContract {
    @TempDir
    Path directory;

    protected ProcessLauncher launcher;
    protected LauncherFixture fixture;

    protected abstract ProcessLauncher newLauncher() throws IOException;

    @BeforeEach
    void start() throws IOException {
        launcher = newLauncher();
        fixture = new LauncherFixture(directory);
    }

    @AfterEach
    void stop() {
        if (launcher == null) {
            return; // Skipped: this machine lacks what the launcher was to use.
        }
        launcher.close();
    }

    @Test
    void b27_argumentsArriveVerbatim() throws Exception {
        need(Capability.ANY_TEXT);
        List<String> arguments = List.of(
                "$(x)",
                "`x`",
                "-rf",
                "@file",
                "",
                " ",
                "a b",
                "*",
                "'",
                "\"",
                "\\",
                "line\nbreak",
                "ä中🙂",
                "%s",
                "--",
                "#");
        List<String> argv = new ArrayList<>(List.of("/usr/bin/printf", "%s\\0"));
        argv.addAll(arguments);

        Outcome outcome = fixture.run(
                launcher, fixture.spec(new Program.CommandLine(argv)).build());

        assertThat(outcome.status()).isEqualTo(new Exited(0));
        assertThat(outcome.out()).isEqualTo(String.join("\0", arguments) + "\0");
    }

    @Test
    void environmentIsExactlyWhatWasGiven() throws Exception {
        need(Capability.ANY_TEXT);
        ProcessSpec spec = ProcessSpec.builder(
                        directory.resolve("attempt"),
                        new Program.CommandLine(List.of("/bin/cat", "/proc/self/environ")))
                .environment("B", "2")
                .environment("A", "ä = $HOME\nnext")
                .environment("EMPTY", "")
                .build();

        Outcome outcome = fixture.run(launcher, spec);

        assertThat(outcome.out().split("\0", -1)).containsExactlyInAnyOrder("B=2", "A=ä = $HOME\nnext", "EMPTY=", "");
    }

    @Test
    void workingDirectoryIsWhereItRuns() throws Exception {
        Path place = Files.createDirectory(directory.resolve("with space"));

        Outcome outcome = fixture.run(
                launcher,
                fixture.command("/bin/pwd", "-P").workingDirectory(place).build());

        assertThat(outcome.out()).isEqualTo(place.toRealPath() + "\n");
    }

    @Test
    void programIsSearchedInItsOwnPath() throws Exception {
        Path program = executable("own-program", "#!/bin/sh\necho found \"$1\"\n");

        Outcome outcome = fixture.run(
                launcher,
                fixture.command("own-program", "it")
                        .environment("PATH", "/nonexistent:" + directory)
                        .build());

        assertThat(Files.exists(program)).isTrue();
        assertThat(outcome.out()).isEqualTo("found it\n");
    }

    @Test
    void inputArrivesWhole() throws Exception {
        byte[] input = new byte[1 << 20];
        new Random(1).nextBytes(input);

        Outcome small = fixture.run(
                launcher,
                fixture.command("cat")
                        .stdin("äöü\n".getBytes(StandardCharsets.UTF_8))
                        .build());
        Outcome large =
                fixture.run(launcher, fixture.command("cat").stdin(input).build());
        Outcome none = fixture.run(launcher, fixture.command("cat").build());

        assertThat(small.out()).isEqualTo("äöü\n");
        assertThat(large.stdout()).isEqualTo(input);
        assertThat(none.stdout()).isEmpty();
    }

    @Test
    void b32_inputThatIsNotReadDoesNotMatter() throws Exception {
        byte[] input = new byte[1 << 20];

        Outcome unread =
                fixture.run(launcher, fixture.command("true").stdin(input).build());
        Outcome closed = fixture.run(
                launcher,
                fixture.shell("head -c 3 | wc -c; exec 0<&-; echo on")
                        .stdin(input)
                        .build());

        assertThat(unread.status()).isEqualTo(new Exited(0));
        assertThat(closed.status()).isEqualTo(new Exited(0));
        assertThat(closed.out().strip()).endsWith("on");
    }

    @Test
    void scriptsRunInTheirInterpreter() throws Exception {
        Outcome shell = fixture.run(
                launcher,
                fixture.shell("# comment\necho \"$#\" \"$1\" \"$2\" # more\n", "a b", "#c")
                        .build());
        Outcome awk = fixture.run(
                launcher,
                fixture.spec(new Program.Script(
                                "# comment\nBEGIN { print \"awk\", ARGV[1] }", List.of("awk", "-f"), List.of("x")))
                        .build());

        assertThat(shell.out()).isEqualTo("2 a b #c\n");
        assertThat(awk.out()).isEqualTo("awk x\n");
    }

    @Test
    void scriptReadsItsInputToo() throws Exception {
        Outcome outcome = fixture.run(
                launcher,
                fixture.shell("read line; echo \"got $line\"; exit 4")
                        .stdin("hello\n".getBytes(StandardCharsets.UTF_8))
                        .build());

        assertThat(outcome.out()).isEqualTo("got hello\n");
        assertThat(outcome.status()).isEqualTo(new Exited(4));
    }

    @Test
    void scriptsRunInPythonWhereThereIsOne() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")));

        Outcome outcome = fixture.run(
                launcher,
                fixture.spec(new Program.Script(
                                "# -*- coding: utf-8 -*-\nimport sys\nprint('ä', sys.argv[1:])",
                                List.of("/usr/bin/python3", "-X", "utf8"),
                                List.of("1", "2")))
                        .build());

        assertThat(outcome.out()).isEqualTo("ä ['1', '2']\n");
    }

    @Test
    void exitCodesAreTold() throws Exception {
        for (int code : new int[] {0, 1, 2, 126, 127, 128, 255}) {
            Outcome outcome =
                    fixture.run(launcher, fixture.shell("exit " + code).build());

            assertThat(outcome.status()).isEqualTo(new Exited(code));
            assertThat(outcome.result().stopCause()).isEqualTo(StopCause.NONE);
            assertThat(outcome.result().killReport()).isNull();
        }
    }

    @Test
    void b39_deathBySignalIsNoExitCode() throws Exception {
        need(Capability.EXACT_STATUS);

        Outcome exited = fixture.run(launcher, fixture.shell("exit 137").build());
        Outcome killed = fixture.run(launcher, fixture.shell("kill -KILL $$").build());

        assertThat(exited.status()).isEqualTo(new Exited(137));
        assertThat(killed.status()).isEqualTo(new Signaled(Signals.SIGKILL, false));
    }

    @Test
    void b21_missingProgramIsTold() throws Exception {
        assertThat(launchFailure("/nonexistent/program")).isEqualTo(new LaunchFailed(Errno.ENOENT, LaunchStage.EXEC));
        assertThat(launchFailure("no-such-program")).isEqualTo(new LaunchFailed(Errno.ENOENT, LaunchStage.EXEC));
    }

    @Test
    void b22_fileThatIsNotExecutableIsTold() throws Exception {
        Path file = Files.writeString(directory.resolve("plain"), "#!/bin/sh\n");

        assertThat(launchFailure(file.toString())).isEqualTo(new LaunchFailed(Errno.EACCES, LaunchStage.EXEC));
    }

    @Test
    void b23_directoryAsProgramIsTold() throws Exception {
        assertThat(launchFailure(directory.toString())).isEqualTo(new LaunchFailed(Errno.EACCES, LaunchStage.EXEC));
    }

    @Test
    void b24_scriptWithoutInterpreterLineIsNotGivenToShell() throws Exception {
        Path file = executable("no-interpreter", "echo hi\n");

        assertThat(launchFailure(file.toString())).isEqualTo(new LaunchFailed(8, LaunchStage.EXEC));
        assertThat(Errno.name(8)).isEqualTo("ENOEXEC");
    }

    @Test
    void b25_argumentTooLongIsTold() throws Exception {
        assertThat(launchFailure("/bin/echo", "x".repeat(200_000)))
                .isEqualTo(new LaunchFailed(Errno.E2BIG, LaunchStage.EXEC));
    }

    @Test
    void b25_requestTooLongIsTold() throws Exception {
        ProcessSpec spec = fixture.command("cat").stdin(new byte[65 << 20]).build();

        try (RunningProcess process = launcher.launch(spec)) {
            assertThat(end(process).status()).isEqualTo(new LaunchFailed(Errno.E2BIG, LaunchStage.REQUEST));
        }
    }

    @Test
    void f25_missingWorkingDirectoryIsTold() throws Exception {
        ProcessSpec missing = fixture.command("true")
                .workingDirectory(directory.resolve("gone"))
                .build();
        ProcessSpec file = fixture.command("true")
                .workingDirectory(Files.createFile(directory.resolve("file")))
                .build();

        assertThat(fixture.run(launcher, missing).status())
                .isEqualTo(new LaunchFailed(Errno.ENOENT, LaunchStage.CHDIR));
        assertThat(fixture.run(launcher, file).status()).isEqualTo(new LaunchFailed(20, LaunchStage.CHDIR));
    }

    @Test
    void textThatNoProcessCanBeGivenIsRefused() throws Exception {
        LaunchFailed invalid = new LaunchFailed(Errno.EINVAL, LaunchStage.REQUEST);

        assertThat(launchFailure("/bin/echo", "a\0b")).isEqualTo(invalid);
        assertThat(launchFailure("/bin/echo", "\ud800")).isEqualTo(invalid);
        assertThat(fixture.run(
                                launcher,
                                fixture.command("true").environment("", "x").build())
                        .status())
                .isEqualTo(invalid);
        assertThat(fixture.run(
                                launcher,
                                fixture.command("true").environment("A=B", "x").build())
                        .status())
                .isEqualTo(invalid);
    }

    @Test
    void sameAttemptIsNotStartedTwice() throws Exception {
        ProcessSpec spec = fixture.shell("echo once >> witness").build();

        fixture.run(launcher, spec);

        assertThatThrownBy(() -> launcher.launch(spec)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(Files.readString(directory.resolve("witness"))).isEqualTo("once\n");
    }

    @Test
    void f10_whatComesTooLateIsNeverStarted() throws Exception {
        LaunchFailed tooLate = new LaunchFailed(Errno.ETIME, LaunchStage.NOT_AFTER);
        for (Instant moment : List.of(Instant.now(), Instant.EPOCH, Instant.MIN)) {
            ProcessSpec late =
                    fixture.shell("echo started >> witness").notAfter(moment).build();

            Outcome outcome = fixture.run(launcher, late);

            assertThat(outcome.status()).isEqualTo(tooLate);
            assertThat(outcome.result().startedAt()).isNull();
            assertThat(launcher.attach(late.attemptFile(), LONG))
                    .isInstanceOfSatisfying(
                            Attachment.Ended.class,
                            ended -> assertThat(ended.result().status()).isEqualTo(tooLate));
            assertThatThrownBy(() -> launcher.launch(late))
                    .as("its end stands")
                    .isInstanceOf(FileAlreadyExistsException.class);
        }
        assertThat(directory.resolve("witness")).doesNotExist();
    }

    @Test
    void f10_whatComesInTimeIsStarted() throws Exception {
        for (Instant moment : List.of(Instant.now().plusSeconds(3_600), Instant.MAX)) {
            ProcessSpec inTime = fixture.shell("exit 3").notAfter(moment).build();

            assertThat(fixture.run(launcher, inTime).status()).isEqualTo(new Exited(3));
        }
    }

    @Test
    void b29_outputIsKeptByteForByte() throws Exception {
        byte[] bytes = new byte[300_000];
        new Random(2).nextBytes(bytes);
        Arrays.fill(bytes, 1_000, 2_000, (byte) 0);
        Arrays.fill(bytes, 3_000, 4_000, (byte) 0xff);
        Path file = Files.write(directory.resolve("bytes"), bytes);

        Outcome outcome = fixture.run(
                launcher,
                fixture.shell("cat \"$1\"; cat \"$1\" >&2", file.toString()).build());

        assertThat(outcome.stdout()).isEqualTo(bytes);
        assertThat(outcome.stderr()).isEqualTo(bytes);
        assertThat(outcome.result().output()).isEqualTo(new OutputSummary(bytes.length, bytes.length, false, false));
    }

    @Test
    void b29_oneLongLineIsKept() throws Exception {
        Outcome outcome = fixture.run(
                launcher,
                fixture.shell("head -c 1048576 /dev/zero | tr '\\0' x").build());

        assertThat(outcome.out()).isEqualTo("x".repeat(1 << 20));
    }

    @Test
    void b30_endlessOutputIsCapped() throws Exception {
        int limit = 64 << 10;

        try (RunningProcess process =
                launcher.launch(fixture.command("yes").outputLimit(limit).build())) {
            LauncherFixture.await("much output", () -> {
                try (OutputReader output = process.output()) {
                    return output.extent(StreamName.STDOUT).written() > 10L * limit;
                }
            });
            process.stop(StopPolicy.requested(Duration.ZERO));
            Outcome outcome = fixture.finish(process);

            assertThat(outcome.result().output().truncated()).isTrue();
            assertThat(outcome.stdout()).hasSize(limit + 65_536);
            long written = outcome.result().output().stdoutBytes();
            assertThat(written).isGreaterThan(10L * limit);
            String tail = new String(outcome.stdout(), limit, 65_536, StandardCharsets.US_ASCII);
            assertThat(tail).isEqualTo((written % 2 == 0 ? "y\n" : "\ny").repeat(32_768));
        }
    }

    @Test
    void b30_headGapAndTailAreExact() throws Exception {
        int limit = 100_000;
        byte[] all = LongStream.rangeClosed(1, 100_000)
                .mapToObj(number -> number + "\n")
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.US_ASCII);

        try (RunningProcess process = launcher.launch(
                fixture.command("seq", "1", "100000").outputLimit(limit).build())) {
            end(process);
            try (OutputReader output = process.output()) {
                OutputReader.Extent extent = output.extent(StreamName.STDOUT);
                assertThat(extent).isEqualTo(new OutputReader.Extent(all.length, limit, all.length - 65_536L));
                assertThat(extent.hasGap()).isTrue();
                assertThat(read(output, 0, 50)).isEqualTo(Arrays.copyOf(all, 50));
                assertThat(read(output, limit - 10L, 50)).isEqualTo(Arrays.copyOfRange(all, limit - 10, limit));
                assertThat(read(output, limit, 50)).isEmpty();
                assertThat(extent.nextKept(limit)).isEqualTo(all.length - 65_536L);
                assertThat(read(output, all.length - 65_536L, 65_536))
                        .isEqualTo(Arrays.copyOfRange(all, all.length - 65_536, all.length));
                assertThat(read(output, all.length - 1L, 50)).isEqualTo(new byte[] {'\n'});
                assertThat(read(output, all.length, 50)).isEmpty();
            }
        }
    }

    @Test
    void outputJustPastTheLimitHasNoGap() throws Exception {
        ProcessSpec spec =
                fixture.command("seq", "1", "10000").outputLimit(1_000).build();

        Outcome outcome = fixture.run(launcher, spec);

        assertThat(outcome.out())
                .isEqualTo(LongStream.rangeClosed(1, 10_000)
                        .mapToObj(number -> number + "\n")
                        .collect(Collectors.joining()));
        assertThat(outcome.result().output().truncated()).isFalse();
    }

    @Test
    void b31_streamClosedEarlyIsNotTheEnd() throws Exception {
        Outcome outcome = fixture.run(
                launcher,
                fixture.shell(
                                "echo out; exec 1>&-; sleep 0.3; for i in 1 2 3; do echo err$i >&2; sleep 0.1; done; exit 5")
                        .build());

        assertThat(outcome.out()).isEqualTo("out\n");
        assertThat(outcome.err()).isEqualTo("err1\nerr2\nerr3\n");
        assertThat(outcome.status()).isEqualTo(new Exited(5));
    }

    @Test
    void arrivalsTellTheOrderOfBothStreams() throws Exception {
        Instant before = Instant.now();

        try (RunningProcess process =
                launcher.launch(fixture.shell("for i in 1 2 3 4; do echo o$i; sleep 0.1; echo e$i >&2; sleep 0.1; done")
                        .build())) {
            end(process);
            try (OutputReader output = process.output()) {
                assertThat(LauncherFixture.inOrder(output)).isEqualTo("o1\ne1\no2\ne2\no3\ne3\no4\ne4\n");
                List<OutputReader.Arrival> arrivals = output.arrivals(0, 1_000);
                assertThat(arrivals)
                        .hasSize(8)
                        .isSortedAccordingTo(
                                (left, right) -> Long.compare(left.realtimeNanos(), right.realtimeNanos()));
                assertThat(arrivals.getFirst().realtimeNanos() / 1_000_000)
                        .isBetween(before.toEpochMilli(), Instant.now().toEpochMilli());
                assertThat(output.arrivals(6, 1)).containsExactly(arrivals.get(6));
                assertThat(output.arrivals(8, 10)).isEmpty();
            }
        }
    }

    @Test
    void outputIsReadWhileItIsWritten() throws Exception {
        Path go = directory.resolve("go");
        assertThat(new ProcessBuilder("mkfifo", go.toString()).start().waitFor())
                .isZero();

        try (RunningProcess process = launcher.launch(
                fixture.shell("echo ready; read line < go; echo \"$line\"").build())) {
            awaitOutput(process, "ready\n");
            assertThat(process.awaitExit(Duration.ofMillis(20))).isEmpty();
            Files.writeString(go, "went\n");

            assertThat(fixture.finish(process).out()).isEqualTo("ready\nwent\n");
        }
    }

    @Test
    void b40_thereIsNoTerminal() throws Exception {
        need(Capability.CLEAN_START);
        Outcome outcome = fixture.run(
                launcher,
                fixture.shell("(exec 3<>/dev/tty) 2>/dev/null && echo terminal; tty; exit 0")
                        .build());

        assertThat(outcome.out()).isEqualTo("not a tty\n");
    }

    @Test
    void resultCarriesTimesAndUsage() throws Exception {
        Outcome outcome = fixture.run(launcher, fixture.shell("sleep 0.2").build());

        ProcessResult result = outcome.result();
        assertThat(result.startedAt()).isNotNull();
        assertThat(Duration.between(result.startedAt(), result.finishedAt())).isBetween(Duration.ofMillis(190), LONG);
        assertThat(result.usage() != null).isEqualTo(launcher.capabilities().contains(Capability.RESOURCE_USAGE));
        if (result.usage() != null) {
            ResourceUsage usage = Objects.requireNonNull(result.usage());
            assertThat(usage.wall()).isBetween(Duration.ofMillis(190), LONG);
            assertThat(usage.maxResidentBytes()).isBetween(100_000L, 1L << 30);
        }
    }

    @Test
    void awaitingIsInterruptible() throws Exception {
        try (RunningProcess process =
                launcher.launch(fixture.command("sleep", "300").build())) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(process::awaitExit).isInstanceOf(InterruptedException.class);
            Thread.currentThread().interrupt();
            process.stop(StopPolicy.requested(Duration.ofSeconds(5)));
            assertThat(Thread.interrupted()).isTrue();

            assertThat(end(process).status()).isEqualTo(LauncherFixture.death(launcher, Signals.SIGTERM));
        }
    }

    @Test
    void whatItCannotDoIsRefusedAndNotLeftOut() throws Exception {
        boolean policies = launcher.capabilities().contains(Capability.OUTPUT_POLICIES);
        boolean anyText = launcher.capabilities().contains(Capability.ANY_TEXT);
        LaunchFailed cannot = new LaunchFailed(Errno.EOPNOTSUPP, LaunchStage.REQUEST);

        for (OutputPolicy policy : List.of(OutputPolicy.KILL, OutputPolicy.BLOCK)) {
            ProcessSpec spec = fixture.command("true").outputPolicy(policy).build();
            assertThat(fixture.run(launcher, spec).status()).isEqualTo(policies ? new Exited(0) : cannot);
        }
        assertThat(fixture.run(launcher, fixture.command("echo", "中").build()).status())
                .isEqualTo(anyText ? new Exited(0) : new LaunchFailed(Errno.EINVAL, LaunchStage.REQUEST));
    }

    @Test
    void closedLauncherRefuses() throws Exception {
        launcher.close();
        launcher.close();

        assertThatThrownBy(() -> launcher.launch(fixture.command("true").build()))
                .isInstanceOf(IOException.class);
    }

    /** The case is one of launchers that have this, and skipped for others by nothing else. */
    private void need(Capability capability) {
        assumeTrue(launcher.capabilities().contains(capability), () -> "a launcher without " + capability);
    }

    private ExitStatus launchFailure(String... argv) throws Exception {
        Outcome outcome = fixture.run(launcher, fixture.command(argv).build());
        assertThat(outcome.result().startedAt()).isNull();
        assertThat(outcome.result().usage()).isNull();
        assertThat(outcome.stdout()).isEmpty();
        return outcome.status();
    }

    private Path executable(String name, String text) throws IOException {
        Path file = Files.writeString(directory.resolve(name), text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static byte[] read(OutputReader output, long position, int size) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(size);
        output.read(StreamName.STDOUT, position, buffer);
        return Arrays.copyOf(buffer.array(), buffer.position());
    }
}
