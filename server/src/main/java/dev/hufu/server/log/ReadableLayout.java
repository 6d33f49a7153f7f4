package dev.hufu.server.log;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;

/** One event as lines for people: time, level, where, what, and the ids it belongs to. Control characters are made visible. */
final class ReadableLayout extends LayoutBase<ILoggingEvent> {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

    private final ThrowableProxyConverter throwables = new ThrowableProxyConverter();

    @Override
    public void start() {
        throwables.start();
        super.start();
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(128);
        line.append(TIME.format(Instant.ofEpochMilli(event.getTimeStamp())));
        line.append(String.format(" %-5s ", event.getLevel()));
        line.append(event.getLoggerName().substring(event.getLoggerName().lastIndexOf('.') + 1));
        line.append(": ");
        appendVisibly(line, event.getFormattedMessage());
        event.getMDCPropertyMap().forEach((name, value) -> {
            line.append(' ').append(name).append('=');
            appendVisibly(line, value);
        });
        line.append('\n');
        if (event.getThrowableProxy() != null) {
            for (String each : throwables.convert(event).split("\n", -1)) {
                if (!each.isBlank()) {
                    line.append("    ");
                    appendVisibly(line, each.strip());
                    line.append('\n');
                }
            }
        }
        return line.toString();
    }

    private static void appendVisibly(StringBuilder line, String text) {
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (isInvisible(character)) {
                line.append(String.format("\\u%04x", (int) character));
            } else {
                line.append(character);
            }
        }
    }

    /** Controls, what breaks lines elsewhere, and what turns the direction of writing. */
    private static boolean isInvisible(char character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            default -> false;
        };
    }
}
