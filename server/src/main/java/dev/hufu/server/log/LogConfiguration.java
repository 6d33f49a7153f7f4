package dev.hufu.server.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Logs go to standard error only: one JSON object a line, or lines for people where it is a terminal. Found by logback
 * through the service loader, so that no logger is ever used before it is configured.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
    /** The environment variable with the level of our own loggers. */
    public static final String LEVEL_VARIABLE = "HUFU_LOG";

    /** Set by the launcher script where standard error is a terminal. */
    private static final String TERMINAL_PROPERTY = "hufu.terminal.stderr";

    private static final String[] CHATTY = {"org.eclipse.jetty", "io.javalin", "org.flywaydb", "org.sqlite"};

    /** For the service loader. */
    public LogConfiguration() {}

    @Override
    public ExecutionStatus configure(LoggerContext loggerContext) {
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(loggerContext);
        appender.setName("stderr");
        appender.setTarget("System.err");
        appender.setEncoder(Boolean.getBoolean(TERMINAL_PROPERTY) ? readable(loggerContext) : json(loggerContext));
        appender.start();
        Logger root = loggerContext.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.addAppender(appender);
        root.setLevel(level(System.getenv()));
        for (String name : CHATTY) {
            loggerContext.getLogger(name).setLevel(Level.WARN);
        }
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** The level asked for; INFO where none is, or none that exists. */
    static Level level(Map<String, String> environment) {
        @Nullable String name = environment.get(LEVEL_VARIABLE);
        return name == null ? Level.INFO : Level.toLevel(name.toUpperCase(Locale.ROOT), Level.INFO);
    }

    static Encoder<ILoggingEvent> json(LoggerContext loggerContext) {
        JsonEncoder encoder = new JsonEncoder();
        encoder.setContext(loggerContext);
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithContext(false);
        encoder.setWithMessage(false);
        encoder.setWithArguments(false);
        encoder.setWithFormattedMessage(true);
        encoder.start();
        return encoder;
    }

    private static Encoder<ILoggingEvent> readable(LoggerContext loggerContext) {
        ReadableLayout layout = new ReadableLayout();
        layout.setContext(loggerContext);
        layout.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(loggerContext);
        encoder.setCharset(StandardCharsets.UTF_8);
        encoder.setLayout(layout);
        encoder.start();
        return encoder;
    }
}
