package dev.hufu.server.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Signed checkpoints of the audit log.
 *
 * @param every so many entries
 * @param interval or after so long, where there is any entry
 * @param file null for the one in the data directory
 * @param webhook where each is sent to as well; null for nowhere
 * @param syslog where each is sent to as well; null for nowhere
 */
public record CheckpointConfig(
        long every,
        Duration interval,
        @Nullable Path file,
        @Nullable URI webhook,
        @Nullable Syslog syslog) {
    public static final CheckpointConfig DEFAULTS =
            new CheckpointConfig(1_000, Duration.ofMinutes(1), null, null, null);

    private static final long MOST_ENTRIES = 1_000_000_000;
    private static final int DEFAULT_SYSLOG_PORT = 514;
    private static final Pattern SYSLOG =
            Pattern.compile("(?:(udp|tcp)://)?(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?");

    /** Where syslog messages go. */
    public record Syslog(boolean tcp, String host, int port) {}

    static CheckpointConfig of(ConfigSection section) {
        return new CheckpointConfig(
                section.number("every", DEFAULTS.every(), 1, MOST_ENTRIES),
                section.duration("interval", DEFAULTS.interval(), Duration.ofSeconds(1), Duration.ofDays(1)),
                section.path("file", true).orElse(null),
                section.text(
                                "webhook",
                                "must be an https:// address, or an http:// address of this machine, without a user",
                                CheckpointConfig::webhook)
                        .orElse(null),
                section.text("syslog", "must be udp://HOST:PORT or tcp://HOST:PORT", CheckpointConfig::syslog)
                        .orElse(null));
    }

    private static @Nullable URI webhook(String text) {
        try {
            URI address = new URI(text);
            String host = address.getHost();
            if (host == null || address.getUserInfo() != null || address.getFragment() != null) {
                return null;
            }
            return switch (String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT)) {
                case "https" -> address;
                case "http" -> isThisMachine(host) ? address : null;
                default -> null;
            };
        } catch (URISyntaxException noAddress) {
            return null;
        }
    }

    /** By its spelling alone: a name could be made to lead elsewhere. */
    private static boolean isThisMachine(String host) {
        return host.equals("localhost") || host.equals("[::1]") || host.matches("127(\\.(0|[1-9][0-9]{0,2})){3}");
    }

    private static @Nullable Syslog syslog(String text) {
        Matcher parts = SYSLOG.matcher(text);
        if (!parts.matches()) {
            return null;
        }
        String port = parts.group(3);
        int number = port == null ? DEFAULT_SYSLOG_PORT : Integer.parseInt(port);
        String host = parts.group(2);
        return number < 1 || number > 65_535
                ? null
                : new Syslog(
                        "tcp".equals(parts.group(1)),
                        host.startsWith("[") ? host.substring(1, host.length() - 1) : host,
                        number);
    }
}
