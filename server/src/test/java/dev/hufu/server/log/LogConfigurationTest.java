package dev.hufu.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.charset.StandardCharsets;
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
        String text = layout.doLayout(event("a\nb\u001b[31m", new IllegalStateException("x\u0007")));
        String[] lines = text.split("\n", -1);
        assertThat(lines[0])
                .contains("WARN  Some: a\\u000ab\\u001b[31m")
                .contains("run=r1")
                .contains("trace=t1");
        assertThat(lines[1]).contains("java.lang.IllegalStateException: x\\u0007");
        assertThat(text).doesNotContain("\u001b").doesNotContain("\u0007");
    }

    @Test
    void theLevelIsAskedForByTheEnvironment() {
        assertThat(LogConfiguration.level(Map.of())).isEqualTo(Level.INFO);
        assertThat(LogConfiguration.level(Map.of("HUFU_LOG", "debug"))).isEqualTo(Level.DEBUG);
        assertThat(LogConfiguration.level(Map.of("HUFU_LOG", "nonsense"))).isEqualTo(Level.INFO);
    }

    @Test
    void thisConfigurationIsTheOneInForce() {
        LoggerContext inForce = (LoggerContext) LoggerFactory.getILoggerFactory();
        assertThat(inForce.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).getAppender("stderr"))
                .isNotNull();
        assertThat(inForce.getLogger("org.eclipse.jetty").getLevel()).isEqualTo(Level.WARN);
    }
}
