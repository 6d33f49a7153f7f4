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
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** P1: the process library alone, full result, against vfork and exec in C with the output captured. */
final class ExecBench implements Benchmark {
    static final int CONCURRENCY = 8;
    private static final int WARM_UP = 3_000;

    @Override
    public int defaultCount() {
        return 2_000;
    }

    @Override
    public void run(Setting setting, Report report) throws Exception {
        LauncherConfig config = LauncherConfig.defaults();
        int count = Math.max(setting.count(), CONCURRENCY);
        Place place = setting.place();
        try (ProcessLauncher launcher =
                ProcessLaunchers.nativeLauncher(config, InstantSource.system(), Threads.virtualFactory("bench-"))) {
            for (List<String> argv : List.of(List.of("/bin/sh", "-c", "echo hello"), List.of("/bin/true"))) {
                ours(launcher, place, argv, Math.min(WARM_UP, count));
                List<Sample> ours = new ArrayList<>();
                List<Sample> limits = new ArrayList<>();
                for (int round = 0; round < setting.rounds(); round++) {
                    limits.add(limit(place, argv, count));
                    ours.add(ours(launcher, place, argv, count));
                }
                report.rates("P1", String.join(" ", argv) + ", 8 at a time", ours, limits, "C, vfork and exec");
            }
        }
    }

    static Sample limit(Place place, List<String> argv, int count) throws IOException, InterruptedException {
        List<String> arguments =
                new ArrayList<>(List.of("spawn", Integer.toString(CONCURRENCY), Integer.toString(count)));
        arguments.addAll(argv);
        return place.limitSample(arguments.toArray(String[]::new));
    }

    static Sample ours(ProcessLauncher launcher, Place place, List<String> argv, int count)
            throws InterruptedException, ExecutionException, IOException {
        Path round = Files.createDirectory(place.fresh("round"));
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
}
