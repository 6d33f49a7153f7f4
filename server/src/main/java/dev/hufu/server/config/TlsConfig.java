package dev.hufu.server.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How connections are encrypted.
 *
 * @param certificate PEM: the server's certificate, then those that lead to its root
 * @param key PEM: the private key of the first certificate
 * @param reload how often the files are looked at; a pair that changed is taken for new connections
 * @param warnBefore how long before its end a certificate is warned of
 */
public record TlsConfig(Path certificate, Path key, Duration reload, Duration warnBefore) {
    public static final Duration DEFAULT_RELOAD = Duration.ofSeconds(10);
    public static final Duration DEFAULT_WARN_BEFORE = Duration.ofDays(14);

    static Optional<TlsConfig> of(ConfigSection section) {
        Optional<Path> certificate = section.path("certificate", true);
        Optional<Path> key = section.path("key", true);
        Duration reload = section.duration("reload", DEFAULT_RELOAD, Duration.ofSeconds(1), Duration.ofDays(1));
        Duration warnBefore = section.duration("warnBefore", DEFAULT_WARN_BEFORE, Duration.ZERO, Duration.ofDays(365));
        if (section.has("certificate") && !section.has("key")) {
            section.wrong("certificate", "is given without its key");
        }
        if (section.has("key") && !section.has("certificate")) {
            section.wrong("key", "is given without its certificate");
        }
        boolean either = section.has("certificate") || section.has("key");
        if (!either && section.has("reload")) {
            section.wrong("reload", "is given without a certificate");
        }
        if (!either && section.has("warnBefore")) {
            section.wrong("warnBefore", "is given without a certificate");
        }
        return certificate.isEmpty() || key.isEmpty()
                ? Optional.empty()
                : Optional.of(new TlsConfig(certificate.get(), key.get(), reload, warnBefore));
    }
}
