package dev.hufu.exec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;

/** What tests of launchers share: specifications with sensible paths, reading output, waiting for a condition. */
public final class LauncherFixture {
    /** Far more than anything here takes, on any machine. */
    public static final Duration LONG = Duration.ofSeconds(60);

    public static final String PATH = "/usr/local/bin:/usr/bin:/bin";

    private final Path directory;
    private final AtomicInteger numbers = new AtomicInteger();

    public LauncherFixture(Path directory) {
        this.directory = directory;
    }

    /** How a process ended, and all that was kept of its output. */
    @SuppressWarnings("ArrayRecordComponent") // The bytes themselves are compared, not the records.
    public record Outcome(ProcessResult result, byte[] stdout, byte[] stderr) {
        public ExitStatus status() {
            return result.status();
        }

        public String out() {
            return new String(stdout, StandardCharsets.UTF_8);
        }

        public String err() {
            return new String(stderr, StandardCharsets.UTF_8);
        }
    }

    public Path directory() {
        return directory;
    }

    public ProcessSpec.Builder spec(Program program) {
        int number = numbers.incrementAndGet();
        String marker = "HUFU_TASK_ID=" + directory.getFileName() + "-" + number;
        return ProcessSpec.builder(directory.resolve("attempt-" + number), program)
                .environment("PATH", PATH)
                .environment("HUFU_TASK_ID", marker.substring(marker.indexOf('=') + 1))
                .marker(marker)
                .workingDirectory(directory);
    }

    public ProcessSpec.Builder command(String... argv) {
        return spec(new Program.CommandLine(List.of(argv)));
    }

    public ProcessSpec.Builder shell(String text, String... arguments) {
        return spec(new Program.Script(text, List.of("/bin/sh"), List.of(arguments)));
    }

    public Outcome run(ProcessLauncher launcher, ProcessSpec spec) throws IOException, InterruptedException {
        try (RunningProcess process = launcher.launch(spec)) {
            return finish(process);
        }
    }

    public Outcome finish(RunningProcess process) throws IOException, InterruptedException {
        ProcessResult result = end(process);
        try (OutputReader output = process.output()) {
            return new Outcome(result, kept(output, StreamName.STDOUT), kept(output, StreamName.STDERR));
        }
    }

    /** How a death by that signal reads from this launcher. */
    public static ExitStatus death(ProcessLauncher launcher, int signal) {
        return launcher.capabilities().contains(ProcessLauncher.Capability.EXACT_STATUS)
                ? new ExitStatus.Signaled(signal, false)
                : new ExitStatus.Exited(128 + signal);
    }

    public static ProcessResult end(RunningProcess process) throws InterruptedException {
        return process.awaitExit(LONG).orElseThrow(() -> new AssertionError("still running after " + LONG));
    }

    /** Everything kept, head and tail, without the gap. */
    public static byte[] kept(OutputReader output, StreamName stream) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(10_007);
        OutputReader.Extent extent = output.extent(stream);
        long position = 0;
        while (position < extent.written()) {
            buffer.clear();
            int count = output.read(stream, position, buffer);
            bytes.write(buffer.array(), 0, count);
            if (count == 0) {
                extent = output.extent(stream);
            }
            position = extent.nextKept(position + count);
        }
        return bytes.toByteArray();
    }

    public static String textSoFar(RunningProcess process, StreamName stream) throws IOException {
        try (OutputReader output = process.output()) {
            return new String(kept(output, stream), StandardCharsets.UTF_8);
        }
    }

    /** Both streams in the order of their arrival. */
    public static String inOrder(OutputReader output) throws IOException {
        List<OutputReader.Arrival> arrivals = output.arrivals(0, 1_000);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int at = 0; at < arrivals.size(); at++) {
            OutputReader.Arrival arrival = arrivals.get(at);
            long end = arrivals.subList(at + 1, arrivals.size()).stream()
                    .filter(later -> later.stream() == arrival.stream())
                    .mapToLong(OutputReader.Arrival::position)
                    .findFirst()
                    .orElse(output.extent(arrival.stream()).written());
            ByteBuffer buffer = ByteBuffer.allocate((int) (end - arrival.position()));
            output.read(arrival.stream(), arrival.position(), buffer);
            bytes.writeBytes(buffer.array());
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /** Waits until the process has written that. */
    public static void awaitOutput(RunningProcess process, String text) throws Exception {
        await("output " + text, () -> textSoFar(process, StreamName.STDOUT).contains(text));
    }

    /** Waits for a file that a process writes its id to, and reads it. */
    public static long awaitPid(Path file) throws Exception {
        await(
                "a process id in " + file,
                () -> Files.exists(file) && Files.readString(file).endsWith("\n"));
        return Long.parseLong(Files.readString(file).trim());
    }

    public static void await(String what, Callable<Boolean> condition) throws Exception {
        for (int turn = 0; turn < LONG.toMillis() / 10; turn++) {
            if (condition.call()) {
                return;
            }
            Thread.sleep(10);
        }
        throw new AssertionError("waited in vain for " + what);
    }

    /** Whether that process is there and no zombie. */
    public static boolean isAlive(long pid) {
        try {
            String status = Files.readString(Path.of("/proc/" + pid + "/stat"), StandardCharsets.ISO_8859_1);
            return status.charAt(status.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException e) {
            // ENOENT, or ESRCH where it went away between open and read.
            return false;
        }
    }

    public static void assertGone(long... pids) {
        for (long pid : pids) {
            assertThat(isAlive(pid)).as("process " + pid + " is alive").isFalse();
        }
    }
}
