package dev.hufu.cli;

import dev.hufu.cli.terminal.DataDirectory;
import dev.hufu.client.HufuClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where the server is, and what it is told to let us in.
 *
 * @param token null where there is none, which the server then refuses
 * @param authorities the file of those that are believed; null for those that this Java believes
 */
record Access(URI address, @Nullable String token, @Nullable String authorities) {
    private static final String DEFAULT = "http://127.0.0.1:7433";

    /** @throws IllegalArgumentException when address or token are malformed, saying where they came from */
    static Access of(@Nullable String option, @Nullable String authorities, Map<String, String> env) {
        URI address = address(option, env);
        String file = authorities != null ? authorities : env.getOrDefault("HUFU_CACERT", "");
        String token = env.getOrDefault("HUFU_TOKEN", "");
        // Another machine's server has not written the file here, and must not be shown what is in it.
        if (token.isEmpty() && local(address)) {
            token = stored(tokenFile(env)).orElse("");
        }
        return new Access(address, token.isEmpty() ? null : token, file.isEmpty() ? null : file);
    }

    static URI address(@Nullable String option, Map<String, String> env) {
        String url = env.getOrDefault("HUFU_URL", "");
        String text = option != null ? option : url.isEmpty() ? DEFAULT : url;
        try {
            URI address = new URI(text);
            HufuClient.builder(address);
            return address;
        } catch (URISyntaxException | IllegalArgumentException malformed) {
            throw new IllegalArgumentException(
                    (option != null ? "--server" : "HUFU_URL") + ": '" + text + "' is not an address such as "
                            + DEFAULT,
                    malformed);
        }
    }

    static Path tokenFile(Map<String, String> env) {
        return DataDirectory.of(env).resolve("admin.token");
    }

    static boolean local(URI address) {
        String host = address.getHost();
        if (host.equals("localhost")) {
            return true;
        }
        try {
            return InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException name) {
            return false;
        }
    }

    HufuClient.Builder client() {
        HufuClient.Builder builder = HufuClient.builder(address);
        if (token != null) {
            builder.token(token);
        }
        if (authorities != null) {
            try {
                builder.authorities(Path.of(authorities));
            } catch (IOException failure) {
                throw new Complaints.CannotException(
                        "no certificates from --cacert or HUFU_CACERT: " + Complaints.reason(failure));
            }
        }
        return builder;
    }

    private static Optional<String> stored(Path file) {
        try {
            String token = Files.readString(file, StandardCharsets.US_ASCII).strip();
            return token.isEmpty() ? Optional.empty() : Optional.of(token);
        } catch (IOException absent) {
            // The server refuses what comes without a token, and the message then names the file.
            return Optional.empty();
        }
    }
}
