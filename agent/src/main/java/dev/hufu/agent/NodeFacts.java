package dev.hufu.agent;

import dev.hufu.exec.Isolation;
import dev.hufu.exec.ProcessLauncher;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What an agent can say of its machine without asking anybody. What it does not know it leaves out. */
final class NodeFacts {
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");
    private static final int BYTES_PER_KIB = 1_024;

    private NodeFacts() {}

    static Map<String, String> of(Set<ProcessLauncher.Capability> capabilities, Isolation isolation) {
        Map<String, String> facts = new TreeMap<>();
        facts.put("os", System.getProperty("os.name", ""));
        facts.put("arch", System.getProperty("os.arch", ""));
        facts.put("kernel", System.getProperty("os.version", ""));
        facts.put("javaVersion", Runtime.version().toString());
        facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
        facts.put("launcherCapabilities", names(capabilities));
        Set<ProcessLauncher.Capability> lacking = EnumSet.allOf(ProcessLauncher.Capability.class);
        lacking.removeAll(capabilities);
        facts.put("launcherLacks", names(lacking));
        facts.put("controlGroups", word(isolation.cgroups()));
        facts.put("limitMemory", word(isolation.memory()));
        facts.put("limitCpu", word(isolation.cpu()));
        facts.put("limitPids", word(isolation.processes()));
        facts.put("limitFiles", word(isolation.openFiles()));
        facts.put("otherUsers", Boolean.toString(isolation.canChangeUser()));
        read(HOST_NAME).ifPresent(name -> facts.put("hostname", name.strip()));
        read(MEMORY).flatMap(NodeFacts::memoryBytes).ifPresent(bytes -> facts.put("memoryBytes", Long.toString(bytes)));
        facts.values().removeIf(String::isEmpty);
        return facts;
    }

    private static String names(Set<ProcessLauncher.Capability> capabilities) {
        return capabilities.stream().map(NodeFacts::word).sorted().collect(Collectors.joining(","));
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The machine's memory, from the kernel's account of it (source: {@code proc_meminfo(5)}, where kB is KiB). */
    static Optional<Long> memoryBytes(String account) {
        return account.lines()
                .filter(line -> line.matches("MemTotal: +\\d{1,15} kB"))
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")) * BYTES_PER_KIB)
                .findFirst();
    }

    private static Optional<String> read(Path file) {
        try {
            return Optional.of(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
        } catch (IOException _) {
            // Not a Linux, or not readable: one fact less.
            return Optional.empty();
        }
    }
}
