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
import dev.hufu.server.config.LogConfig;
import java.nio.charset.StandardCharsets;
import org.slf4j.LoggerFactory;

/**
 * Logs go to standard error only: one JSON object a line, or lines for people where it is a terminal. Found by logback
 * through the service loader, so that no logger is ever used before it is configured.
 */
public final class LogConfiguration extends ContextAwareBase implements Configurator {
    /** Set by the launcher script where standard error is a terminal. */
    private static final String TERMINAL_PROPERTY = "hufu.terminal.stderr";

    private static final String APPENDER = "stderr";
    private static final String[] CHATTY = {"org.eclipse.jetty", "io.javalin", "org.sqlite"};

    /** For the service loader. */
    public LogConfiguration() {}

    @Override
    public ExecutionStatus configure(LoggerContext loggerContext) {
        apply(LogConfig.DEFAULTS, loggerContext);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /** Logs so from now on. */
    public static void apply(LogConfig config) {
        apply(config, (LoggerContext) LoggerFactory.getILoggerFactory());
    }

    static void apply(LogConfig config, LoggerContext loggerContext) {
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(loggerContext);
        appender.setName(APPENDER);
        appender.setTarget("System.err");
        appender.setEncoder(
                switch (config.format()) {
                    case JSON -> json(loggerContext);
                    case TEXT -> readable(loggerContext);
                    case AUTO -> Boolean.getBoolean(TERMINAL_PROPERTY) ? readable(loggerContext) : json(loggerContext);
                });
        appender.start();
        Logger root = loggerContext.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.detachAppender(APPENDER);
        root.addAppender(appender);
        // Libraries log headers where they log much, and so tokens: the level asked for is that of our own loggers.
        root.setLevel(level(config.level() == LogConfig.Level.DEBUG ? LogConfig.Level.INFO : config.level()));
        loggerContext.getLogger("dev.hufu").setLevel(level(config.level()));
        for (String name : CHATTY) {
            loggerContext.getLogger(name).setLevel(Level.WARN);
        }
        config.levels().forEach((name, level) -> loggerContext.getLogger(name).setLevel(level(level)));
    }

    private static Level level(LogConfig.Level level) {
        return switch (level) {
            case ERROR -> Level.ERROR;
            case WARN -> Level.WARN;
            case INFO -> Level.INFO;
            case DEBUG -> Level.DEBUG;
        };
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
