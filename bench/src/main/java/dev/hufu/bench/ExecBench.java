package dev.hufu.bench;

import dev.hufu.exec.ExitStatus;
import dev.hufu.exec.LauncherConfig;
import dev.hufu.exec.OutputReader;
import dev.hufu.exec.ProcessLauncher;
import dev.hufu.exec.ProcessLaunchers;
import dev.hufu.exec.ProcessResult;
import dev.hufu.exec.ProcessSpec;
import dev.hufu.exec.Program;
import dev.hufu.exec.RunningProcess;
import dev.hufu.exec.StreamName;
import dev.hufu.support.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** P1: the process library alone, full result, against vfork and exec in C with the output captured. */
final class ExecBench {
    private static final Pattern FIGURE = Pattern.compile("\"(\\w+)\"\\s*:\\s*([0-9.]+)");
    private static final int CONCURRENCY = 8;
    private static final int WARM_UP = 500;

    private final Path baseline;
    private final Path directory;
    private int attempts;

    ExecBench(Path baseline, Path directory) {
        this.baseline = baseline;
        this.directory = directory;
    }

    void run(int rounds, int count) throws IOException, InterruptedException, ExecutionException {
        LauncherConfig config = LauncherConfig.defaults();
        try (ProcessLauncher launcher =
                ProcessLaunchers.nativeLauncher(config, InstantSource.system(), Threads.virtualFactory("bench-"))) {
            for (List<String> argv : List.of(List.of("/bin/sh", "-c", "echo hello"), List.of("/bin/true"))) {
                ours(launcher, argv, WARM_UP);
                List<Sample> ours = new ArrayList<>();
                List<Sample> theirs = new ArrayList<>();
                for (int round = 0; round < rounds; round++) {
                    theirs.add(baseline(argv, count));
                    ours.add(ours(launcher, argv, count));
                }
                System.out.println(Sample.compare("P1 " + String.join(" ", argv), ours, theirs));
            }
        }
    }

    private Sample ours(ProcessLauncher launcher, List<String> argv, int count)
            throws InterruptedException, ExecutionException, IOException {
        Path round = Files.createDirectory(directory.resolve("round-" + attempts++));
        long[] nanos = new long[count];
        AtomicInteger next = new AtomicInteger();
        long start = System.nanoTime();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < CONCURRENCY; i++) {
                all.add(callers.submit(() -> {
                    ByteBuffer buffer = ByteBuffer.allocate(64);
                    for (int each = next.getAndIncrement(); each < count; each = next.getAndIncrement()) {
                        long begin = System.nanoTime();
                        one(launcher, round.resolve("a" + each), argv, buffer.clear());
                        nanos[each] = System.nanoTime() - begin;
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get();
            }
        }
        Sample sample = Sample.of(nanos, System.nanoTime() - start);
        try (var files = Files.list(round)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        return sample;
    }

    private static void one(ProcessLauncher launcher, Path file, List<String> argv, ByteBuffer buffer)
            throws IOException, InterruptedException {
        ProcessSpec spec = ProcessSpec.builder(file, new Program.CommandLine(argv))
                .environment("PATH", "/usr/bin:/bin")
                .build();
        try (RunningProcess process = launcher.launch(spec)) {
            ProcessResult result = process.awaitExit();
            if (!result.status().equals(new ExitStatus.Exited(0))) {
                throw new IOException("ended with " + result.status());
            }
            if (result.output().stdoutBytes() > 0) {
                try (OutputReader output = process.output()) {
                    output.read(StreamName.STDOUT, 0, buffer);
                }
            }
        }
    }

    private Sample baseline(List<String> argv, int count) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(baseline.toString(), Integer.toString(CONCURRENCY), Integer.toString(count)));
        command.addAll(argv);
        Matcher figures = FIGURE.matcher(Peer.output(command, Map.of()));
        double rate = 0;
        double p50 = 0;
        double p99 = 0;
        while (figures.find()) {
            double value = Double.parseDouble(figures.group(2));
            String name = figures.group(1);
            if (name.equals("perSecond")) {
                rate = value;
            } else if (name.equals("p50Micros")) {
                p50 = value;
            } else if (name.equals("p99Micros")) {
                p99 = value;
            }
        }
        return new Sample(rate, p50, p99);
    }
}
