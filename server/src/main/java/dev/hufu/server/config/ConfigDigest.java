package dev.hufu.server.config;

import java.lang.reflect.RecordComponent;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What tells one configuration from another: a digest over every value in force, given or by default. Pure. */
public final class ConfigDigest {
    private ConfigDigest() {}

    /** 64 hexadecimal digits, the same in every process that is configured the same. */
    public static String of(ServerConfig config) {
        StringBuilder text = new StringBuilder();
        append(text, "", config);
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }

    private static void append(StringBuilder text, String path, @Nullable Object value) {
        switch (value) {
            case null -> line(text, path, "");
            case Record record -> {
                for (RecordComponent component : record.getClass().getRecordComponents()) {
                    append(text, path + "." + component.getName(), read(record, component));
                }
            }
            case Map<?, ?> map ->
                // By name: the order in which a map gives what it holds may be another in each process.
                map.entrySet().stream()
                        .sorted((one, other) ->
                                one.getKey().toString().compareTo(other.getKey().toString()))
                        .forEach(entry -> append(text, path + "." + entry.getKey(), entry.getValue()));
            case Set<?> set ->
                line(
                        text,
                        path,
                        set.stream().map(Object::toString).sorted().toList().toString());
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    append(text, path + "[" + i + "]", list.get(i));
                }
            }
            case InetSocketAddress address ->
                line(text, path, address.getAddress().getHostAddress() + ":" + address.getPort());
            default -> line(text, path, value.toString());
        }
    }

    private static void line(StringBuilder text, String path, String value) {
        text.append(path)
                .append('=')
                .append(value.length())
                .append(':')
                .append(value)
                .append('\n');
    }

    private static @Nullable Object read(Record record, RecordComponent component) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException impossible) {
            throw new IllegalStateException("every record's components can be read", impossible);
        }
    }
}
