package dev.hufu.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hufu.cli.page.Quantities;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ExitCodeTest {
    @ParameterizedTest
    @CsvSource({
        "SIGHUP, 1",
        "SIGINT, 2",
        "SIGKILL, 9",
        "SIGSEGV, 11",
        "SIGTERM, 15",
        "SIGSYS, 31",
        "signal 32, 32",
        "SIGRTMIN, 34",
        "SIGRTMIN+3, 37",
        "SIGRTMAX-1, 63",
        "SIGNOPE, 0",
        "KILL, 0",
        "'', 0"
    })
    void aSignalHasItsNumber(String name, int number) {
        assertThat(ExitCode.number(name)).isEqualTo(number);
    }

    @ParameterizedTest
    @CsvSource({"0, 0 ms", "999, 999 ms", "1000, 1.0 s", "59999, 59.9 s", "61000, 1 min 1 s", "7380000, 2 h 3 min"})
    void aDurationIsReadable(long millis, String text) {
        assertThat(Quantities.show(Duration.ofMillis(millis))).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "1023, 1023 B",
        "1024, 1.0 KiB",
        "1048575, 1023.9 KiB",
        "4404020, 4.2 MiB",
        "1073741824, 1.0 GiB",
        "9223372036854775807, 8388608.0 TiB"
    })
    void aSizeIsReadable(long bytes, String text) {
        assertThat(Quantities.showBytes(bytes)).isEqualTo(text);
    }
}
