package dev.hufu.server;

import dev.hufu.server.units.Durations;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a server needs to be told.
 *
 * @param data the data directory, absolute
 * @param listen where to listen; port 0 picks one
 * @param maxRunning attempts that run on node {@code local} at once
 * @param maxPending tasks that wait at most; more are refused
 * @param drain how long a stop waits for requests that are being answered
 */
public record ServerConfig(Path data, InetSocketAddress listen, int maxRunning, long maxPending, Duration drain) {
    public static final int DEFAULT_PORT = 7433;
    public static final int DEFAULT_MAX_RUNNING = 1_000;
    public static final long DEFAULT_MAX_PENDING = 100_000;
    public static final Duration DEFAULT_DRAIN = Duration.ofSeconds(10);

    private static final int LARGEST_MAX_RUNNING = 100_000;
    private static final long LARGEST_MAX_PENDING = 100_000_000;
    private static final Duration LONGEST_DRAIN = Duration.ofHours(1);

    /** What was given on the command line, as it was given; null where it was not. */
    public record Options(
            @Nullable String data,
            @Nullable String listen,
            @Nullable String maxRunning,
            @Nullable String queue,
            @Nullable String drain) {}

    /** @throws InvalidConfigException naming every problem */
    public static ServerConfig of(Options options, Map<String, String> environment) {
        List<String> problems = new ArrayList<>();
        Path data = data(options.data(), environment, problems);
        InetSocketAddress listen = listen(options.listen(), problems);
        long maxRunning =
                number("--max-running", options.maxRunning(), DEFAULT_MAX_RUNNING, LARGEST_MAX_RUNNING, problems);
        long maxPending = number("--queue", options.queue(), DEFAULT_MAX_PENDING, LARGEST_MAX_PENDING, problems);
        Duration drain = drain(options.drain(), problems);
        if (!problems.isEmpty()) {
            throw new InvalidConfigException(problems);
        }
        return new ServerConfig(data, listen, (int) maxRunning, maxPending, drain);
    }

    private static Path data(@Nullable String option, Map<String, String> environment, List<String> problems) {
        String home = given(environment, "HOME").orElse(System.getProperty("user.home"));
        String text = Optional.ofNullable(option)
                .or(() -> given(environment, "HUFU_DATA"))
                // The convention asks for relative paths in XDG variables to be ignored.
                .or(() -> given(environment, "XDG_DATA_HOME")
                        .filter(path -> path.startsWith("/"))
                        .map(path -> path + "/hufu"))
                .orElse(home + "/.local/share/hufu");
        try {
            if (text.isEmpty()) {
                problems.add("--data must not be empty");
            }
            return Path.of(text).toAbsolutePath().normalize();
        } catch (InvalidPathException invalid) {
            problems.add("--data is not a path: " + invalid.getReason());
            return Path.of("/");
        }
    }

    private static Optional<String> given(Map<String, String> environment, String name) {
        return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
    }

    private static InetSocketAddress listen(@Nullable String option, List<String> problems) {
        InetSocketAddress fallback = new InetSocketAddress(InetAddress.getLoopbackAddress(), DEFAULT_PORT);
        if (option == null) {
            return fallback;
        }
        int colon = option.lastIndexOf(':');
        String host = colon < 0 ? "" : option.substring(0, colon);
        if (host.startsWith("[") && host.endsWith("]")) {
            host = host.substring(1, host.length() - 1);
        }
        int port = colon < 0 ? -1 : port(option.substring(colon + 1));
        if (host.isEmpty() || port < 0) {
            problems.add("--listen must be HOST:PORT, as in 127.0.0.1:" + DEFAULT_PORT + ", not " + option);
            return fallback;
        }
        try {
            return new InetSocketAddress(InetAddress.getAllByName(host)[0], port);
        } catch (UnknownHostException unknown) {
            problems.add("--listen names a host that is not known: " + host);
            return fallback;
        }
    }

    private static int port(String text) {
        return text.length() <= 5 && isDigits(text) && Integer.parseInt(text) <= 65_535 ? Integer.parseInt(text) : -1;
    }

    private static long number(String name, @Nullable String option, long absent, long most, List<String> problems) {
        if (option == null) {
            return absent;
        }
        if (option.length() <= 18 && isDigits(option)) {
            long number = Long.parseLong(option);
            if (number >= 1 && number <= most) {
                return number;
            }
        }
        problems.add(name + " must be a whole number, 1 to " + most + ", not " + option);
        return absent;
    }

    private static boolean isDigits(String text) {
        return !text.isEmpty() && text.chars().allMatch(each -> each >= '0' && each <= '9');
    }

    private static Duration drain(@Nullable String option, List<String> problems) {
        if (option == null) {
            return DEFAULT_DRAIN;
        }
        Optional<Duration> drain = Durations.parse(option).filter(each -> each.compareTo(LONGEST_DRAIN) <= 0);
        if (drain.isEmpty()) {
            problems.add("--drain must be a duration such as 10s, at most 1h, not " + option);
        }
        return drain.orElse(DEFAULT_DRAIN);
    }
}
