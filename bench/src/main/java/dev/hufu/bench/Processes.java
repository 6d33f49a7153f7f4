package dev.hufu.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the kernel says of processes. Pure reading. */
final class Processes {
    private static final Pattern USED = Pattern.compile("total \\d+K, used (\\d+)K");

    private Processes() {}

    /** Resident memory, bytes. */
    static long resident(long pid) throws IOException {
        return figure(Path.of("/proc", Long.toString(pid), "status"), "VmRSS:") << 10;
    }

    static long threads(long pid) throws IOException {
        return figure(Path.of("/proc", Long.toString(pid), "status"), "Threads:");
    }

    /**
     * Memory of the supervisors below a server, bytes: resident, each page counted in every process that has it, and
     * proportional, each page counted once.
     */
    record Memory(int processes, long resident, long proportional) {}

    static Memory supervisors(long server) throws IOException {
        int processes = 0;
        long resident = 0;
        long proportional = 0;
        ProcessHandle launcher = ProcessHandle.of(server)
                .flatMap(each -> each.children().findFirst())
                .orElseThrow(() -> new IOException("the server has no launcher"));
        List<ProcessHandle> all = launcher.descendants()
                .filter(each -> runSameProgram(each, launcher))
                .toList();
        for (ProcessHandle each : all) {
            Path process = Path.of("/proc", Long.toString(each.pid()));
            try {
                resident += figure(process.resolve("smaps_rollup"), "Rss:") << 10;
                proportional += figure(process.resolve("smaps_rollup"), "Pss:") << 10;
                processes++;
            } catch (NoSuchFileException ended) {
                // Between the listing and the look: nothing to count.
            }
        }
        return new Memory(processes, resident, proportional);
    }

    /** Supervisors are forks of their launcher; the file itself is gone from its directory by then. */
    static boolean runSameProgram(ProcessHandle one, ProcessHandle other) {
        return program(one).equals(program(other)) && !program(one).isEmpty();
    }

    private static String program(ProcessHandle process) {
        try {
            return Files.readSymbolicLink(Path.of("/proc", Long.toString(process.pid()), "exe"))
                    .toString();
        } catch (IOException ended) {
            return "";
        }
    }

    /** Bytes of the heap in use after a full collection, as {@code jcmd} tells it. */
    static long heapAfterCollection(long pid) throws IOException, InterruptedException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        Program.output(List.of(jcmd, Long.toString(pid), "GC.run"), Map.of());
        String info = Program.output(List.of(jcmd, Long.toString(pid), "GC.heap_info"), Map.of());
        long used = 0;
        // One line for each generation, the metaspace after them.
        for (String line :
                info.lines().takeWhile(each -> !each.contains("Metaspace")).toList()) {
            Matcher matcher = USED.matcher(line);
            used += matcher.find() ? Long.parseLong(matcher.group(1)) << 10 : 0;
        }
        return used;
    }

    private static long figure(Path file, String name) throws IOException {
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith(name)) {
                return Long.parseLong(line.replaceAll("\\D+", ""));
            }
        }
        throw new IOException(file + " has no " + name);
    }
}
