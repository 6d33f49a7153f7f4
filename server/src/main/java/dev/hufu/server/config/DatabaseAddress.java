package dev.hufu.server.config;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What became of an address such as {@code postgresql://user@host:port/database}. What is wrong never quotes it: it may hold a password. */
sealed interface DatabaseAddress {
    record Wrong(String what) implements DatabaseAddress {}

    record Right(String host, int port, String database, String user, Map<String, String> parameters)
            implements DatabaseAddress {
        DatabaseConfig with(@Nullable Path passwordFile) {
            return new DatabaseConfig(host, port, database, user, parameters, passwordFile);
        }
    }

    int USUAL_PORT = 5432;

    Map<String, Pattern> PARAMETERS = Map.of(
            "sslmode", Pattern.compile("disable|allow|prefer|require|verify-ca|verify-full"),
            "sslrootcert", Pattern.compile("/.+"),
            "sslcert", Pattern.compile("/.+"),
            "sslkey", Pattern.compile("/.+"),
            "schema", Pattern.compile("[a-z_][a-z0-9_]{0,62}"));

    static DatabaseAddress read(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException malformed) {
            return new Wrong("must be as in postgresql://user@host:5432/database?sslmode=verify-full");
        }
        if (!"postgresql".equals(uri.getScheme()) && !"postgres".equals(uri.getScheme())) {
            return new Wrong("must begin with postgresql://");
        }
        String user = uri.getUserInfo();
        String host = uri.getHost();
        String path = uri.getPath();
        if (user != null && user.contains(":")) {
            return new Wrong(
                    "must have no password, which others could see: PGPASSWORD, .pgpass or store.passwordFile");
        }
        if (user == null || user.isEmpty() || host == null || uri.getFragment() != null) {
            return new Wrong("must name user and host, as in postgresql://user@host:5432/database");
        }
        if (path == null || !path.matches("/[^/]+")) {
            return new Wrong("must name one database, as in postgresql://user@host:5432/database");
        }
        if (uri.getPort() == 0 || uri.getPort() > 65_535) {
            return new Wrong("must have a port from 1 to 65535");
        }
        Map<String, String> parameters = new TreeMap<>();
        String wrong = readParameters(uri.getRawQuery(), parameters);
        return wrong != null
                ? new Wrong(wrong)
                : new Right(
                        host.replaceAll("[\\[\\]]", ""),
                        uri.getPort() < 0 ? USUAL_PORT : uri.getPort(),
                        path.substring(1),
                        user,
                        parameters);
    }

    private static @Nullable String readParameters(@Nullable String query, Map<String, String> parameters) {
        if (query == null) {
            return null;
        }
        for (String each : query.split("&", -1)) {
            int equals = each.indexOf('=');
            String name = equals < 0 ? each : each.substring(0, equals);
            Pattern pattern = PARAMETERS.get(name);
            if (pattern == null) {
                return "has a parameter that is none of sslmode, sslrootcert, sslcert, sslkey, schema";
            }
            String value = equals < 0 ? "" : URLDecoder.decode(each.substring(equals + 1), StandardCharsets.UTF_8);
            if (!pattern.matcher(value).matches() || parameters.put(name, value) != null) {
                return "has a parameter " + name + " that is none, or has it twice";
            }
        }
        return null;
    }
}
