package dev.hufu.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import dev.hufu.server.config.LogConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class LogConfigurationTest {
    private final LoggerContext context = new LoggerContext();

    private LoggingEvent event(String message, Throwable failure) {
        LoggingEvent event = new LoggingEvent(
                "", context.getLogger("dev.hufu.server.http.Some"), Level.WARN, message, failure, null);
        event.setMDCPropertyMap(Map.of("run", "r1", "trace", "t1"));
        return event;
    }

    @Test
    void anEventIsOneJsonObjectOnOneLine() {
        byte[] bytes = LogConfiguration.json(context)
                .encode(event("a\nb\u001b[31m\"c\" {}", new IllegalStateException("x\ny")));
        String line = new String(bytes, StandardCharsets.UTF_8);
        assertThat(line).endsWith("\n");
        assertThat(line.strip()).doesNotContain("\n").doesNotContain("\u001b");
        JsonNode json = JsonMapper.shared().readTree(line);
        assertThat(json.get("formattedMessage").asString()).isEqualTo("a\nb\u001b[31m\"c\" {}");
        assertThat(json.get("level").asString()).isEqualTo("WARN");
        assertThat(json.at("/mdc/run").asString()).isEqualTo("r1");
        assertThat(json.at("/mdc/trace").asString()).isEqualTo("t1");
        assertThat(json.at("/throwable/message").asString()).isEqualTo("x\ny");
    }

    @Test
    void b58_linesForPeopleShowControlCharacters() {
        ReadableLayout layout = new ReadableLayout();
        layout.start();
        String text = layout.doLayout(event("a\nb\u001b[31m\u202e\u2028", new IllegalStateException("x\u0007")));
        String[] lines = text.split("\n", -1);
        assertThat(lines[0])
                .contains("WARN  Some: a\\u000ab\\u001b[31m\\u202e\\u2028")
                .contains("run=r1")
                .contains("trace=t1");
        assertThat(lines[1]).contains("java.lang.IllegalStateException: x\\u0007");
        assertThat(text).doesNotContain("\u001b").doesNotContain("\u0007");
    }

    @Test
    void levelsAreThoseOfOurOwnLoggersOnly() {
        LogConfig config = new LogConfig(
                LogConfig.Format.JSON, LogConfig.Level.DEBUG, Map.of("dev.hufu.server.http", LogConfig.Level.ERROR));
        LogConfiguration.apply(config, context);
        LogConfiguration.apply(config, context);
        assertThat(context.getLogger("dev.hufu.agent").getEffectiveLevel()).isEqualTo(Level.DEBUG);
        assertThat(context.getLogger("dev.hufu.server.http.Gate").getEffectiveLevel())
                .isEqualTo(Level.ERROR);
        assertThat(context.getLogger("org.eclipse.jetty.server").getEffectiveLevel())
                .isEqualTo(Level.WARN);
        assertThat(context.getLogger("com.example").getEffectiveLevel()).isEqualTo(Level.INFO);
        List<Appender<ILoggingEvent>> appenders = new ArrayList<>();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)
                .iteratorForAppenders()
                .forEachRemaining(appenders::add);
        assertThat(appenders).hasSize(1);
    }

    @Test
    void thisConfigurationIsTheOneInForce() {
        LoggerContext inForce = (LoggerContext) LoggerFactory.getILoggerFactory();
        assertThat(inForce.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).getAppender("stderr"))
                .isNotNull();
        assertThat(inForce.getLogger("org.eclipse.jetty").getLevel()).isEqualTo(Level.WARN);
    }
}
