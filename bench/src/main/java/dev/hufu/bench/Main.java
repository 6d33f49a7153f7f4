package dev.hufu.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Measures: {@code exec ROUNDS COUNT} or {@code wait ROUNDS COUNT}, started from the repository's root. */
public final class Main {
    private Main() {}

    /** Builds what is measured against, measures, and prints one line for each case. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 3) {
            System.err.println("usage: exec|wait ROUNDS COUNT");
            System.exit(2);
        }
        Path root = Path.of("").toAbsolutePath();
        Path directory = Files.createTempDirectory("hufu-bench-");
        int rounds = Integer.parseInt(arguments[1]);
        int count = Integer.parseInt(arguments[2]);
        try {
            if (arguments[0].equals("exec")) {
                Path baseline = directory.resolve("baseline");
                Path source = root.resolve("exec/src/test/native/baseline.c");
                Peer.output(List.of("cc", "-O2", "-o", baseline.toString(), source.toString()), Map.of());
                new ExecBench(baseline, directory).run(rounds, count);
            } else {
                Path gin = directory.resolve("gin");
                Path source = root.resolve("bench/src/main/peers/gin/main.go");
                Map<String, String> go = Map.of("GO111MODULE", "off", "GOPATH", "/usr/share/gocode");
                Peer.output(List.of("go", "build", "-o", gin.toString(), source.toString()), go);
                new WaitBench(root.resolve("bin/hufu"), gin, directory).run(rounds, count);
            }
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
