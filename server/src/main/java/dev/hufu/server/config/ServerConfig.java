package dev.hufu.server.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a server needs to be told.
 *
 * @param data the data directory, absolute
 * @param drain how long a stop waits for requests that are being answered
 */
public record ServerConfig(
        Path data,
        ListenConfig listen,
        ExecutionConfig execution,
        QueueConfig queue,
        LimitsConfig limits,
        StoreConfig store,
        AuditConfig audit,
        LogConfig log,
        RuntimeConfig runtime,
        Duration drain) {
    public static final Duration DEFAULT_DRAIN = Duration.ofSeconds(10);

    private static final Duration LONGEST_DRAIN = Duration.ofHours(1);

    /** What was given on the command line, as it was given; null where it was not. */
    public record Options(
            @Nullable String config,
            @Nullable String data,
            @Nullable String listen,
            @Nullable String maxRunning,
            @Nullable String queue,
            @Nullable String drain,
            @Nullable String tlsCertificate,
            @Nullable String tlsKey,
            @Nullable String logFormat,
            @Nullable String logLevel,
            @Nullable String store) {
        public static final Options NONE =
                new Options(null, null, null, null, null, null, null, null, null, null, null);

        /** By the key that each stands for. */
        private Map<String, ConfigSection.Option> byKey() {
            Map<String, ConfigSection.Option> given = new LinkedHashMap<>();
            put(given, "data", "--data", data);
            put(given, "listen.address", "--listen", listen);
            put(given, "execution.maxRunning", "--max-running", maxRunning);
            put(given, "queue.capacity", "--queue", queue);
            put(given, "drain", "--drain", drain);
            put(given, "listen.tls.certificate", "--tls-cert", tlsCertificate);
            put(given, "listen.tls.key", "--tls-key", tlsKey);
            put(given, "log.format", "--log-format", logFormat);
            put(given, "log.level", "--log-level", logLevel);
            put(given, "store.url", "--store", store);
            return given;
        }

        private static void put(
                Map<String, ConfigSection.Option> target, String key, String name, @Nullable String text) {
            if (text != null) {
                target.put(key, new ConfigSection.Option(name, text));
            }
        }
    }

    /**
     * Reads the file, where one is named, with the options over it.
     *
     * @throws InvalidConfigException naming every problem
     */
    public static ServerConfig of(Options options, Map<String, String> environment) {
        List<ConfigProblem> problems = new ArrayList<>();
        ConfigNode.Mapping root = null;
        Path file = Path.of("");
        if (options.config() != null) {
            file = Path.of(options.config());
            root = ConfigFile.read(file, problems);
        }
        Path directory = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
        ConfigSection.Reading reading =
                new ConfigSection.Reading(directory, options.byKey(), problems, new TreeSet<>());
        ServerConfig config = of(new ConfigSection(reading, "", root), environment);
        if (!problems.isEmpty()) {
            throw invalid(problems, file.toString());
        }
        return config;
    }

    /** Every key that a file may have, by its path. */
    static Set<String> keys() {
        ConfigSection.Reading reading =
                new ConfigSection.Reading(Path.of("/"), Map.of(), new ArrayList<>(), new TreeSet<>());
        of(new ConfigSection(reading, "", null), Map.of());
        return reading.keys();
    }

    private static ServerConfig of(ConfigSection root, Map<String, String> environment) {
        ServerConfig config = new ServerConfig(
                root.path("data", true).orElseGet(() -> usualData(environment)),
                ListenConfig.of(root.section("listen")),
                ExecutionConfig.of(root.section("execution")),
                QueueConfig.of(root.section("queue")),
                LimitsConfig.of(root.section("limits")),
                StoreConfig.of(root.section("store")),
                AuditConfig.of(root.section("audit")),
                LogConfig.of(root.section("log")),
                RuntimeConfig.of(root.section("runtime")),
                root.duration("drain", DEFAULT_DRAIN, Duration.ZERO, LONGEST_DRAIN));
        root.refuseUnknown();
        return config;
    }

    private static InvalidConfigException invalid(List<ConfigProblem> problems, String file) {
        Comparator<ConfigProblem> byPlace = Comparator.comparing(
                        ConfigProblem::place, Comparator.nullsFirst(Comparator.comparingInt(ConfigProblem.Place::line)))
                .thenComparing(
                        ConfigProblem::place,
                        Comparator.nullsFirst(Comparator.comparingInt(ConfigProblem.Place::column)));
        return new InvalidConfigException(
                problems.stream()
                        .sorted(byPlace)
                        .map(each -> each.text(file))
                        .distinct()
                        .toList(),
                problems.stream().anyMatch(each -> each.place() == null));
    }

    private static Path usualData(Map<String, String> environment) {
        String home = given(environment, "HOME").orElse(System.getProperty("user.home"));
        String text = given(environment, "HUFU_DATA")
                // The convention asks for relative paths in XDG variables to be ignored.
                .or(() -> given(environment, "XDG_DATA_HOME")
                        .filter(path -> path.startsWith("/"))
                        .map(path -> path + "/hufu"))
                .orElse(home + "/.local/share/hufu");
        return Path.of(text).toAbsolutePath().normalize();
    }

    private static Optional<String> given(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }
}
