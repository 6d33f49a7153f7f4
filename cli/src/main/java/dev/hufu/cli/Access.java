package dev.hufu.cli;

import dev.hufu.client.HufuClient;
import java.io.IOException;
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
 */
record Access(URI address, @Nullable String token) {
    private static final String DEFAULT = "http://127.0.0.1:7433";

    /** @throws IllegalArgumentException when address or token are malformed, saying where they came from */
    static Access of(@Nullable String option, Map<String, String> env) {
        URI address = address(option, env);
        String token = env.getOrDefault("HUFU_TOKEN", "");
        if (!token.isEmpty()) {
            return new Access(address, token);
        }
        // Another machine's server has not written the file here, and must not be shown what is in it.
        return new Access(address, local(address) ? stored(tokenFile(env)).orElse(null) : null);
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
        return host.equals("localhost") || host.equals("[::1]") || host.matches("127(\\.[0-9]{1,3}){3}");
    }

    HufuClient.Builder client() {
        HufuClient.Builder builder = HufuClient.builder(address);
        return token == null ? builder : builder.token(token);
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
