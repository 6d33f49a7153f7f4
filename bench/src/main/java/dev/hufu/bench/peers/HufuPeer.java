package dev.hufu.bench.peers;

import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLaunchers;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StopCause;
import dev.hufu.exec.StreamName;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicLong;

/** Ours. */
public final class HufuPeer extends JavaPeer {
    private final ProcessLauncher launcher;
    private final Path directory;
    private final AtomicLong attempts = new AtomicLong();

    /** @param directory empty, for the attempts' files */
    public HufuPeer(Path directory) throws IOException {
        this.directory = directory;
        launcher = ProcessLaunchers.nativeLauncher(
                LauncherConfig.defaults(), InstantSource.system(), Threads.virtualFactory("peer-"));
    }

    @Override
    public String name() {
        return "hufu-exec";
    }

    @Override
    public Ran run(Order order) throws Exception {
        Path file = directory.resolve("a" + attempts.getAndIncrement());
        ProcessSpec spec = ProcessSpec.builder(file, new Program.CommandLine(order.argv()))
                .environment("PATH", "/usr/bin:/bin")
                .stdin(order.stdin())
                .timeout(order.timeout())
                .killGrace(Duration.ZERO)
                .build();
        try (RunningProcess process = launcher.launch(spec)) {
            ProcessResult result = process.awaitExit();
            ByteBuffer kept = ByteBuffer.allocate(
                    Math.toIntExact(Math.min(result.output().stdoutBytes(), ProcessSpec.DEFAULT_OUTPUT_LIMIT)));
            if (kept.hasRemaining()) {
                try (OutputReader output = process.output()) {
                    int read = output.read(StreamName.STDOUT, 0, kept);
                    while (read > 0 && kept.hasRemaining()) {
                        read = output.read(StreamName.STDOUT, kept.position(), kept);
                    }
                }
            }
            return new Ran(end(result), kept.array());
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static String end(ProcessResult result) {
        if (result.stopCause() == StopCause.DEADLINE) {
            return "timeout";
        }
        return switch (result.status()) {
            case ExitStatus.Exited(int code) -> "exit " + code;
            case ExitStatus.Signaled signaled -> "signal " + signaled.signal();
            case ExitStatus.LaunchFailed failed -> "not started: " + failed;
            case ExitStatus.Unknown unknown -> "unknown: " + unknown;
        };
    }

    @Override
    public void close() {
        launcher.close();
    }
}
