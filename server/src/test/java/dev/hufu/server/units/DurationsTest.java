package dev.hufu.server.units;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DurationsTest {
    @ParameterizedTest
    @CsvSource({
        "500ms,PT0.5S",
        "30s,PT30S",
        "1h30m,PT1H30M",
        "30d,P30D",
        "0s,PT0S",
        "1d2h3m4s5ms,P1DT2H3M4.005S",
        "90m,PT1H30M",
        "007s,PT7S"
    })
    void reads(String text, Duration expected) {
        assertThat(Durations.parse(text)).contains(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", "5", "s", "-1s", "1.5s", "1s1m", "1s1s", "1 s", " 1s", "1S", "1w", "1s500", "٣s", "1e3s", "NaN",
                "none"
            })
    void refusesWhatIsNoDuration(String text) {
        assertThat(Durations.parse(text)).isEmpty();
    }

    @Test
    void refusesWhatDoesNotFit() {
        assertThat(Durations.parse(Long.MAX_VALUE + "d")).isEmpty();
        assertThat(Durations.parse("9223372036854775808ms")).isEmpty();
        assertThat(Durations.parse("9".repeat(10_000) + "s")).isEmpty();
        assertThat(Durations.parse(Long.MAX_VALUE + "ms")).contains(Duration.ofMillis(Long.MAX_VALUE));
    }
}
